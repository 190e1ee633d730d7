#include "runtime/health_probe.h"

#include "runtime/status_file.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <cstdio>

namespace windlass::runtime {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

std::string text_of(const OptionTable& table, std::string_view name) {
  const Option* option = table.find(name);
  return option == nullptr ? "" : *std::get<std::string*>(option->target);
}

// One question over one connection; the steps follow each other until one fails.
class Question {
 public:
  Question(const tcp::endpoint& to, std::chrono::milliseconds patience) : stream_(context_) {
    stream_.expires_after(patience);
    stream_.async_connect(to, [this](beast::error_code error) {
      if (!failed(error)) ask();
    });
    context_.run();
  }
  const std::string& problem() const { return problem_; }

 private:
  void ask() {
    request_.set(http::field::host, "localhost");
    http::async_write(stream_, request_, [this](beast::error_code error, std::size_t) {
      if (!failed(error)) hear();
    });
  }

  void hear() {
    http::async_read(stream_, buffer_, response_, [this](beast::error_code error, std::size_t) {
      if (failed(error)) return;
      const std::string& body = response_.body();
      if (response_.result() != http::status::ok) problem_ = body.substr(0, body.find('\n'));
    });
  }

  bool failed(beast::error_code error) {
    if (error) problem_ = error == beast::error::timeout ? "no answer in time" : error.message();
    return static_cast<bool>(error);
  }

  asio::io_context context_{1};
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_{http::verb::get, "/readyz", 11};
  http::response<http::string_body> response_;
  std::string problem_;
};

}  // namespace

std::optional<Address> probe_address(const OptionTable& table) {
  auto address = parse_address(text_of(table, "admin-address"));
  if (address && address->port == 0) {
    const auto status = read_status_file(text_of(table, "status-file"));
    address = status ? parse_address(status->admin) : std::nullopt;
  }
  if (!address) return std::nullopt;
  if (address->host == "0.0.0.0" || address->host == "localhost") address->host = "127.0.0.1";
  if (address->host == "::") address->host = "::1";
  return address;
}

std::string why_not_ready(const Address& admin, std::chrono::milliseconds patience) {
  beast::error_code error;
  const auto ip = asio::ip::make_address(admin.host, error);
  if (error) return "--admin-address: '" + admin.host + "' is not an IP address";
  const std::string problem = Question(tcp::endpoint(ip, admin.port), patience).problem();
  return problem.empty() ? "" : to_string(admin) + ": " + problem;
}

int run_healthcheck(const OptionTable& table) {
  const auto address = probe_address(table);
  const std::string problem =
      address ? why_not_ready(*address)
              : "its admin address is not known: give --admin-address a port, or --status-file";
  if (problem.empty()) {
    std::puts("ready");
    return 0;
  }
  std::fprintf(stderr, "%s: not ready: %s\n", table.program().c_str(), problem.c_str());
  return 1;
}

}  // namespace windlass::runtime
