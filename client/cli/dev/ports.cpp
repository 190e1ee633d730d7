#include "client/cli/dev/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <random>
#include <system_error>

namespace windlass::cli::dev {
namespace {

constexpr std::uint16_t kFirstPort = 10000;  // below are ports that services are known by
constexpr int kDrawsMax = 200;

// The first port that the kernel gives to whoever asks for any, as each connection does (ip(7)).
std::uint16_t first_ephemeral_port() {
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  std::uint16_t first = 0;
  return range >> first ? first : std::uint16_t{0};
}

// The port that was bound, 0 when it cannot be.
std::uint16_t bind_once(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes,
               sizeof yes);  // as servers do: old connections do not count
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::listen(fd, 1) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

}  // namespace

std::uint16_t free_port() {
  const std::uint16_t end = first_ephemeral_port();
  if (end > kFirstPort) {
    std::random_device random;
    std::uniform_int_distribution<unsigned> draw(kFirstPort, end - 1U);
    for (int i = 0; i < kDrawsMax; ++i) {
      if (const std::uint16_t port = bind_once(static_cast<std::uint16_t>(draw(random))); port != 0)
        return port;
    }
  }
  const std::uint16_t port = bind_once(0);
  if (port == 0) throw std::system_error(errno, std::generic_category(), "no free port");
  return port;
}

bool port_is_free(std::uint16_t port) {
  return bind_once(port) != 0;
}

}  // namespace windlass::cli::dev
