// The key of a certificate in a URL: what stands between the brackets of
// /certificates(thumbprintAlgorithm=sha1,thumbprint=...).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::gateway {

struct CertificateKey {
  std::string algorithm;
  std::string thumbprint;
};

// Decoded already. Both names in either order, each once, values with or without quotes; else
// nothing.
std::optional<CertificateKey> parse_certificate_key(std::string_view text);

}  // namespace windlass::gateway
