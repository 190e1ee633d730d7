// Percent-encoding, as request lines, query strings and URLs of blobs use it.
#pragma once

#include <string>
#include <string_view>

namespace windlass {

enum class Plus { is_space, is_plus };  // forms write a space as '+', paths do not

// %41 -> A. A '%' without two hex digits stays as it is.
std::string percent_decoded(std::string_view text, Plus plus = Plus::is_plus);

// Everything but unreserved characters (A-Z a-z 0-9 - . _ ~) and those in `also_kept` is encoded.
std::string percent_encoded(std::string_view text, std::string_view also_kept = {});

}  // namespace windlass
