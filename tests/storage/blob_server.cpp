// The blob endpoint alone, for tests that talk to it over the network:
//
//   blob_server --folder DIR [--port N] [--threads N] [--free-bytes-min N] [--chunk-timeout S]
//               [--connections-max N] ACCOUNT=BASE64KEY...
//
// Prints "ready http://127.0.0.1:PORT" when it listens; ends at SIGTERM or SIGINT.
#include "storage/blob_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace windlass;

int main(int argc, char** argv) try {
  storage::BlobServerOptions options;
  options.service.on_problem = [](std::string_view sentence) { std::cerr << sentence << "\n"; };
  unsigned threads = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) throw std::runtime_error(std::string(flag) + " needs a value");
      return argv[++i];
    };
    if (flag == "--folder") {
      options.service.folder = value();
    } else if (flag == "--port") {
      options.port = static_cast<std::uint16_t>(std::stoul(value()));
    } else if (flag == "--threads") {
      threads = static_cast<unsigned>(std::stoul(value()));
    } else if (flag == "--free-bytes-min") {
      options.service.free_bytes_min = std::stoull(value());
    } else if (flag == "--chunk-timeout") {
      options.chunk_timeout = std::chrono::seconds{std::stoul(value())};
    } else if (flag == "--head-timeout") {
      options.head_timeout = std::chrono::seconds{std::stoul(value())};
    } else if (flag == "--connections-max") {
      options.connections_max = std::stoul(value());
    } else if (const auto equals = flag.find('='); equals != std::string_view::npos) {
      options.service.accounts.push_back(
          {std::string(flag.substr(0, equals)), {std::string(flag.substr(equals + 1))}});
    } else {
      throw std::runtime_error("unknown argument " + std::string(flag));
    }
  }
  boost::asio::io_context io;
  storage::BlobServer server(io, std::move(options));
  server.start();
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) { server.stop(); });
  std::cout << "ready " << server.public_url() << std::endl;
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i) others.emplace_back([&io] { io.run(); });
    io.run();
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
