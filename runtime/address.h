// "host:port" as configuration and status files write it; IPv6 hosts in brackets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::runtime {

struct Address {
  std::string host;
  std::uint16_t port = 0;  // 0: the system picks one
  bool operator==(const Address&) const = default;
};

std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);

// Who listens on a TCP port of this host, as far as /proc tells us.
struct PortOwner {
  int pid = 0;          // 0: a process that we may not look into
  std::string command;  // its command line, cut to a readable length
};
std::optional<PortOwner> owner_of_port(std::uint16_t port);

// The message of a refused bind: the owner and the line to type. `flag` is the option that chose
// the address, such as "--listen". Throw it as StartRefused.
std::string taken_port_message(const Address& address, std::string_view flag);

// The same where the way out is not an address: `choice` is what to add to the command line.
std::string taken_port_message_offering(const Address& address, std::string_view choice);

}  // namespace windlass::runtime
