// A certificate authority for one development cluster, and a certificate for this host under it.
#pragma once

#include <string>

namespace windlass::cli::dev {

struct TlsFiles {
  std::string ca;           // PEM; what clients are told to trust
  std::string certificate;  // PEM
  std::string key;          // PEM, 0600
};

// Makes the authority once (its key, 0600, stays in the folder) and a fresh certificate for
// localhost, 127.0.0.1, ::1 and the host's name at each call.
TlsFiles make_certificates(const std::string& folder);

}  // namespace windlass::cli::dev
