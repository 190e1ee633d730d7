// Free ports of this host.
#pragma once

#include <cstdint>

namespace windlass::cli::dev {

// A port of 127.0.0.1 that nobody listens on now.
std::uint16_t free_port();

// Whether 127.0.0.1:port can be bound now.
bool port_is_free(std::uint16_t port);

}  // namespace windlass::cli::dev
