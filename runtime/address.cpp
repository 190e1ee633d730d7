#include "runtime/address.h"

#include "runtime/process_info.h"

#include <dirent.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace windlass::runtime {
namespace {

constexpr std::string_view kStateListen = "0A";

// Inodes of the sockets that listen on the port, from /proc/net/tcp and tcp6.
std::set<std::string> listening_inodes(std::uint16_t port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
          timeout >> inode;
      const auto colon = local.rfind(':');
      if (state != kStateListen || colon == std::string::npos) continue;
      unsigned value = 0;
      std::from_chars(local.data() + colon + 1, local.data() + local.size(), value, 16);
      if (value == port) inodes.insert(inode);
    }
  }
  return inodes;
}

bool holds_socket(const std::filesystem::path& fd_folder, const std::set<std::string>& inodes) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator it(fd_folder, ignored), end; it != end;
       it.increment(ignored)) {
    const std::string target = std::filesystem::read_symlink(it->path(), ignored).string();
    constexpr std::string_view kPrefix = "socket:[";
    if (target.starts_with(kPrefix) &&
        inodes.contains(target.substr(kPrefix.size(), target.size() - kPrefix.size() - 1))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  if (host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc{} || end != port.data() + port.size() || value > 65535)
    return std::nullopt;
  if (host.empty()) return std::nullopt;
  return Address{std::string(host), static_cast<std::uint16_t>(value)};
}

std::string to_string(const Address& address) {
  const bool bracket = address.host.find(':') != std::string::npos;
  return (bracket ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<PortOwner> owner_of_port(std::uint16_t port) {
  const std::set<std::string> inodes = listening_inodes(port);
  if (inodes.empty()) return std::nullopt;
  std::error_code ignored;
  for (std::filesystem::directory_iterator it("/proc", ignored), end; it != end;
       it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!holds_socket(it->path() / "fd", inodes)) continue;
    const int pid = std::stoi(name);
    return PortOwner{pid, command_of_process(pid)};
  }
  return PortOwner{};
}

std::string taken_port_message(const Address& address, std::string_view flag) {
  return taken_port_message_offering(address,
                                     std::string(flag) + " " + to_string(Address{address.host, 0}));
}

std::string taken_port_message_offering(const Address& address, std::string_view choice) {
  std::string text = "cannot listen on " + to_string(address) + ": the port is taken";
  const auto owner = owner_of_port(address.port);
  if (owner && owner->pid != 0) {
    text += " by pid " + std::to_string(owner->pid) + " (" + owner->command +
            ").\nStop it:  kill " + std::to_string(owner->pid) + "\nor choose another port:  ";
  } else {
    text += owner ? " by a process of another user." : ".";
    text += "\nSee who has it:  sudo ss -ltnp 'sport = :" + std::to_string(address.port) +
            "'\nor choose another port:  ";
  }
  text += std::string(choice) + "   (0 picks a free port)";
  return text;
}

}  // namespace windlass::runtime
