// What a client gives as a certificate: a .cer file (DER or PEM) or a .pfx file (PKCS #12). Only
// certificates are read out of it; a private key stays sealed, and is kept nowhere.
#pragma once

#include "model/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::api {

enum class CertificateFormat : std::uint8_t { pfx, cer };

// A password is tried by so many rounds of its derivation, all containers of the file together.
inline constexpr std::int64_t kPasswordRoundsMax = 1'000'000;

// The certificate in it that has this SHA-1 thumbprint (40 hex digits, in any case), as DER. An
// error names the property that is to blame, and shows neither data nor password.
Result<std::string> certificate_with_thumbprint(std::string_view thumbprint,
                                                CertificateFormat format,
                                                const std::string& content,
                                                const std::string& password);

}  // namespace windlass::api
