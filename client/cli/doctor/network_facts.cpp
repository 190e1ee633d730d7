// What is seen of others: a gateway's clock, and whether an endpoint of the bus takes connections.
#include "client/cli/doctor/gather.h"
#include "client/http_client.h"
#include "model/time_text.h"
#include "runtime/address.h"
#include "runtime/clock.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace windlass::cli::doctor {
namespace {

constexpr std::chrono::seconds kPatience{3};

std::string error_text(int error) {
  return std::generic_category().message(error);
}

// Empty: a connection was made, and is closed again.
std::string connect_to(const sockaddr* address, socklen_t length) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error_text(errno);
  std::string problem;
  if (::connect(fd, address, length) != 0) {
    if (errno == EINPROGRESS) {
      pollfd wait{fd, POLLOUT, 0};
      const int ready =
          ::poll(&wait, 1,
                 static_cast<int>(
                     std::chrono::duration_cast<std::chrono::milliseconds>(kPatience).count()));
      int error = ready > 0 ? 0 : ETIMEDOUT;
      socklen_t size = sizeof error;
      if (ready > 0) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) problem = error_text(error);
    } else {
      problem = error_text(errno);
    }
  }
  ::close(fd);
  return problem;
}

std::string connect_by_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return "the path is too long for a socket";
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::string connect_by_name(const std::string& text) {
  const auto parsed = runtime::parse_address(text);
  if (!parsed) return "this is not tcp://HOST:PORT";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code =
      ::getaddrinfo(parsed->host.c_str(), std::to_string(parsed->port).c_str(), &hints, &found);
  if (code != 0) return ::gai_strerror(code);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::string problem = "no address";
  for (const addrinfo* at = found; at != nullptr && !problem.empty(); at = at->ai_next)
    problem = connect_to(at->ai_addr, at->ai_addrlen);
  return problem;
}

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

ReachFacts reach(const std::string& what, const std::string& endpoint) {
  constexpr std::string_view kIpc = "ipc://";
  constexpr std::string_view kTcp = "tcp://";
  ReachFacts facts{what, endpoint, {}};
  if (endpoint.starts_with(kIpc))
    facts.problem = connect_by_path(endpoint.substr(kIpc.size()));
  else
    facts.problem =
        connect_by_name(endpoint.starts_with(kTcp) ? endpoint.substr(kTcp.size()) : endpoint);
  return facts;
}

ClockFacts clock_facts(const std::string& endpoint, const std::string& ca_file) {
  ClockFacts facts;
  timex state{};
  const int answer = ::adjtimex(&state);  // modes 0: only asks
  if (answer >= 0) facts.synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  facts.gateway = endpoint;
  if (endpoint.empty()) return facts;
  const auto url = client::parse_url(endpoint);
  if (!url) {
    facts.problem = "this is no URL";
    return facts;
  }
  try {
    client::HttpClient http(*url, ca_file, kPatience);
    client::HttpRequest request;
    request.target = "/";
    const WallTime before = runtime::wall_now();
    const client::HttpResponse response = http.send(request);
    const WallTime after = runtime::wall_now();
    const auto said = parse_http_date(response.header("date"));
    if (!said) {
      facts.problem = "its answer has no date";
      return facts;
    }
    // The header is cut to the second: on average half of one is missing.
    const double here = seconds_of(before - *said) + seconds_of(after - before) / 2;
    facts.ahead_seconds = here - 0.5;
  } catch (const client::Unreachable& failure) {
    facts.problem = failure.what();
  }
  return facts;
}

}  // namespace windlass::cli::doctor
