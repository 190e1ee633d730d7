// Free ports of this host.
#pragma once

#include <cstdint>

namespace windlass::cli::dev {

// A port of 127.0.0.1 that nobody listens on now. It lies outside of the range that the kernel
// gives to connections, so that none of them has it while the server that it is for starts, or
// starts again after it was killed.
std::uint16_t free_port();

// Whether 127.0.0.1:port can be bound now.
bool port_is_free(std::uint16_t port);

}  // namespace windlass::cli::dev
