// Certificates, from text to commands: as in parse_pool.h.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass::api {

// Base64 characters of `data`.
inline constexpr std::size_t kCertificateDataMax = 10 * 1024;
inline constexpr std::size_t kThumbprintDigits = 40;

// The command has the public part of what the body gives. Refusals show neither data nor password.
Result<AddCertificate> parse_add_certificate(std::string_view body);

// Without the blanks that it may have; nothing when it is none.
std::optional<std::string> parse_thumbprint(std::string_view text);

}  // namespace windlass::api
