// Who may connect to a broker. The router asks at each handshake (ZeroMQ's ZAP) and passes on what
// the sockets tell of handshakes that got nowhere. Called on the router's thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace windlass::bus {

enum class HandshakeFailure : std::uint8_t {
  plaintext,  // the peer speaks another mechanism than CURVE
  wrong_key,  // it is not our public key that the peer speaks to, or its messages are forged
  broken_off  // anything else: not ZeroMQ, gone in the middle, too slow
};

class Gate {
 public:
  virtual ~Gate() = default;
  // The peer has shown that it holds the secret of this key (Z85).
  virtual bool admits(std::string_view public_key, std::string_view address) = 0;
  virtual void handshake_failed(HandshakeFailure why, std::string_view address) = 0;
};

}  // namespace windlass::bus
