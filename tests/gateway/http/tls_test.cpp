#include "gateway/core/http_date.h"
#include "gateway/http/server.h"
#include "runtime/refusal.h"
#include "tests/gateway/http/in_loop.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace windlass::gateway;
namespace asio = boost::asio;

BOOST_AUTO_TEST_SUITE(gateway_http_tls)

namespace {

struct Certificate {
  Certificate() {
    char name[] = "/tmp/windlass_tls_XXXXXX";
    folder = ::mkdtemp(name);
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
        folder + "/key.pem -out " + folder + "/cert.pem 2>/dev/null";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
  }
  ~Certificate() { std::filesystem::remove_all(folder); }
  TlsFiles files() const { return {folder + "/cert.pem", folder + "/key.pem"}; }
  std::string folder;
};

class Hello final : public RequestHandler {
 public:
  Async<HttpResponse> handle(const HttpRequest& request) override {
    HttpResponse response;
    if (request.target == "/join" && !request.body.empty()) {
      joined.push_back(std::make_unique<Later<int>>());
      Later<int>& later = *joined.back();
      // Both wait for the second.
      if (joined.size() == 2) {
        joined[1]->set(2);
        joined[0]->set(1);
      }
      const int number = co_await later;
      response.body = std::to_string(number) + std::string(request.body);
      co_return response;
    }
    response.body = request.secure ? "secure" : "plain";
    response.body += std::string(request.target == "/large" ? 2'000'000 : 0, 'x');
    co_return response;
  }
  bool may_be_joined(const HttpRequest& request) const override {
    return request.target == "/join";
  }
  HttpResponse refuse(int status, std::string_view) override {
    HttpResponse response;
    response.status = status;
    return response;
  }

  std::vector<std::unique_ptr<Later<int>>> joined;
};

// The server on a thread of its own.
struct Running {
  explicit Running(const Certificate& certificate)
      : server(std::make_unique<HttpServer>(io, hello)),
        port(server->listen_tls({"127.0.0.1", 0}, certificate.files(), "--listen-tls").port),
        thread([this] { io.run(); }) {}
  ~Running() {
    io.stop();
    thread.join();
    server.reset();
  }
  template <class Function>
  auto in_loop(Function function) {
    return windlass::tests::in_loop(io, std::move(function));
  }
  void connect(asio::ip::tcp::socket& socket) const {
    socket.connect({asio::ip::make_address("127.0.0.1"), port});
  }

  asio::io_context io{1};
  Hello hello;
  std::unique_ptr<HttpServer> server;
  std::uint16_t port;
  std::jthread thread;
};

}  // namespace

BOOST_AUTO_TEST_CASE(https_is_answered_with_the_certificate_given) {
  const Certificate certificate;
  Running running(certificate);

  asio::io_context client_io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(certificate.files().certificate);
  context.set_verify_mode(asio::ssl::verify_peer);
  asio::ssl::stream<asio::ip::tcp::socket> client(client_io, context);
  client.set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
  running.connect(client.next_layer());
  client.handshake(asio::ssl::stream_base::client);
  asio::write(client,
              asio::buffer(std::string(
                  "GET /large HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n")));
  std::string all;
  boost::system::error_code error;
  while (!error) {
    char bytes[65536];
    all.append(bytes, client.read_some(asio::buffer(bytes), error));
  }
  // The end is a proper one, not a cut that could hide a missing part.
  BOOST_TEST(error == asio::error::eof);
  BOOST_TEST(all.find("\r\n\r\nsecurexxx") != std::string::npos);
  BOOST_TEST(all.ends_with("\r\n\r\nsecure"));
  BOOST_TEST(all.size() > 2'000'000u);

  // Who does not speak TLS is cut off, and the server goes on.
  asio::ip::tcp::socket plain(client_io);
  running.connect(plain);
  asio::write(plain, asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
  std::string rest;
  error = {};
  while (!error) {
    char bytes[1024];
    rest.append(bytes, plain.read_some(asio::buffer(bytes), error));
  }
  BOOST_TEST(rest.find("HTTP/1.1 200") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_new_certificate_is_for_new_connections_and_a_broken_one_changes_nothing) {
  const Certificate first;
  const Certificate second;
  Running running(first);
  asio::io_context client_io;

  // Whether a new connection shows this certificate and is answered.
  const auto shows = [&](const Certificate& certificate) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.load_verify_file(certificate.files().certificate);
    context.set_verify_mode(asio::ssl::verify_peer);
    asio::ssl::stream<asio::ip::tcp::socket> client(client_io, context);
    running.connect(client.next_layer());
    boost::system::error_code error;
    client.handshake(asio::ssl::stream_base::client, error);
    return !error;
  };
  // On the server's thread, as the gateway does it; says whether it was refused.
  const auto refuses = [&](const TlsFiles& files) {
    return running.in_loop([&] {
      try {
        running.server->replace_tls(files);
        return false;
      } catch (const windlass::runtime::StartRefused&) {
        return true;
      }
    });
  };

  BOOST_TEST(shows(first));
  BOOST_TEST(!shows(second));
  asio::ssl::context context(asio::ssl::context::tls_client);
  asio::ssl::stream<asio::ip::tcp::socket> open(client_io, context);
  running.connect(open.next_layer());
  open.handshake(asio::ssl::stream_base::client);

  BOOST_TEST(refuses({second.files().certificate, first.files().key}));  // half exchanged
  BOOST_TEST(refuses({"/nonexistent.pem", second.files().key}));
  BOOST_TEST(shows(first));
  BOOST_TEST(!refuses(second.files()));
  BOOST_TEST(shows(second));
  BOOST_TEST(!shows(first));

  asio::write(open, asio::buffer(std::string("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")));
  std::string all;
  boost::system::error_code error;
  while (!error) {
    char bytes[1024];
    all.append(bytes, open.read_some(asio::buffer(bytes), error));
  }
  BOOST_TEST(all.ends_with("secure"));  // the old connection lives on
}

BOOST_AUTO_TEST_CASE(missing_certificate_refuses_to_start) {
  asio::io_context io{1};
  Hello hello;
  HttpServer server(io, hello);
  BOOST_CHECK_EXCEPTION(
      server.listen_tls({"127.0.0.1", 0}, {"/nonexistent.pem", "/nonexistent.key"}, "--listen-tls"),
      windlass::runtime::StartRefused, [](const std::exception& refusal) {
        return std::string(refusal.what()).find("--tls-certificate") != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(taken_port_names_the_way_out) {
  asio::io_context io{1};
  Hello hello;
  HttpServer first(io, hello);
  const auto address = first.listen({"127.0.0.1", 0}, "--listen");
  HttpServer second(io, hello);
  BOOST_CHECK_EXCEPTION(second.listen(address, "--listen"), windlass::runtime::StartRefused,
                        [](const std::exception& refusal) {
                          return std::string(refusal.what()).find("--listen 127.0.0.1:0") !=
                                 std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(joined_requests_over_tls_are_answered_in_order_and_ended_properly) {
  const Certificate certificate;
  Running running(certificate);

  asio::io_context client_io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  asio::ssl::stream<asio::ip::tcp::socket> client(client_io, context);
  running.connect(client.next_layer());
  client.handshake(asio::ssl::stream_base::client);
  const auto post = [](const std::string& body) {
    return "POST /join HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  };
  std::string all;
  boost::system::error_code error;
  const auto read = [&] {
    char bytes[65536];
    all.append(bytes, client.read_some(asio::buffer(bytes), error));
  };
  asio::write(client, asio::buffer(post("")));
  while (!error && !all.ends_with("secure")) read();
  // The first waits, and a read is under way when the second comes; then so is one when the server
  // drains and ends the connection.
  asio::write(client, asio::buffer(post("a")));
  asio::write(client, asio::buffer(post("b")));
  while (!error && !all.ends_with("2b")) read();
  BOOST_TEST(all.find("\r\n\r\n1aHTTP/1.1 200") != std::string::npos);
  asio::write(client, asio::buffer(post("c")));
  while (running.in_loop([&] { return running.hello.joined.size(); }) < 3)
    std::this_thread::yield();
  running.in_loop([&] { return running.server->drain([] {}), running.hello.joined[2]->set(3), 0; });
  while (!error) read();
  BOOST_TEST(error == asio::error::eof);  // a proper end, not a cut
  BOOST_TEST(all.ends_with("\r\n\r\n3c"));
  BOOST_TEST(all.find("Connection: close") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
