// Base64 as keys and signatures use it (RFC 4648, standard alphabet, padded).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass {

std::string base64_encoded(std::string_view bytes);

// Nothing for any character outside the alphabet, wrong padding or wrong length.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace windlass
