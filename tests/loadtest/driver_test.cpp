#include "loadtest/driver.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace windlass::loadtest;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// A server of one connection, which does what a test says.
class Server {
 public:
  template <class Script>
  explicit Server(Script script)
      : acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}), thread_([this, script] {
          socket_ = acceptor_.accept();
          const timeval patience{20, 0};
          ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience,
                       sizeof patience);
          try {
            script(*this);
          } catch (const std::exception&) {  // too few requests: the load sees a broken connection
          }
          socket_.close();
        }) {}

  Target target() const {
    return {"127.0.0.1", acceptor_.local_endpoint().port(), "account", "key"};
  }

  // Returns when `total` requests are there. None of them may have been followed by another.
  void read(std::size_t total) {
    for (std::size_t i = 0; i < total; ++i) {
      std::size_t end = 0;
      while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        char bytes[4096];
        const ssize_t got = ::recv(socket_.native_handle(), bytes, sizeof bytes, 0);
        if (got <= 0) throw std::runtime_error("no request");
        input_.append(bytes, static_cast<std::size_t>(got));
      }
      paths_.push_back(input_.substr(4, input_.find('?') - 4));
      input_.erase(0, end + 4);
    }
    if (!input_.empty()) throw std::runtime_error("a request too many");
  }
  void answer(std::size_t total, const std::string& header = {}) {
    std::string text;
    for (std::size_t i = 0; i < total; ++i)
      text += "HTTP/1.1 200 OK\r\n" + header + "Content-Length: 2\r\n\r\nok";
    asio::write(socket_, asio::buffer(text));
  }

  std::vector<std::string> paths() {
    thread_.join();
    return paths_;
  }

 private:
  asio::io_context io_;
  tcp::acceptor acceptor_;
  tcp::socket socket_{io_};
  std::string input_;
  std::vector<std::string> paths_;
  std::jthread thread_;
};

Load gets(std::int64_t total, unsigned pipelined) {
  Load load;
  load.pipelined = pipelined;
  load.next = [total](std::int64_t number) -> std::optional<Request> {
    if (number >= total) return std::nullopt;
    return Request{"get", "GET", "/" + std::to_string(number), {}};
  };
  return load;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(driver)

BOOST_AUTO_TEST_CASE(a_connection_has_so_many_requests_under_way_and_no_more) {
  Server server([](Server& self) {
    self.read(4);
    self.answer(3);
    self.read(3);  // one for each answer
    self.answer(4);
  });
  const LoadResult result = run_load(server.target(), gets(7, 4));
  BOOST_TEST(result.statuses.at(200) == 7u);
  BOOST_TEST(result.statuses.size() == 1u);
  BOOST_TEST(
      (server.paths() == std::vector<std::string>{"/0", "/1", "/2", "/3", "/4", "/5", "/6"}));
}

BOOST_AUTO_TEST_CASE(a_connection_has_one_request_under_way_unless_told_otherwise) {
  Server server([](Server& self) {
    for (int i = 0; i < 3; ++i) {
      self.read(1);
      self.answer(1);
    }
  });
  const LoadResult result = run_load(server.target(), gets(3, 1));
  BOOST_TEST(result.statuses.at(200) == 3u);
  BOOST_TEST(server.paths().size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_was_sent_behind_the_last_answer_of_a_connection_is_told_as_broken) {
  Server server([](Server& self) {
    self.read(4);
    self.answer(1);
    self.answer(1, "Connection: close\r\n");
  });
  const LoadResult result = run_load(server.target(), gets(4, 4));
  BOOST_TEST(result.statuses.at(200) == 2u);
  BOOST_TEST(result.statuses.at(0) == 2u);
  BOOST_TEST(result.refused.at("get").count() == 2u);
  BOOST_TEST(result.first_problem.starts_with("GET /2 "));
}

BOOST_AUTO_TEST_CASE(an_open_loop_does_not_pipeline) {
  Load load = gets(1, 2);
  load.rhythm = Rhythm::even;
  load.per_second = 1;
  BOOST_CHECK_THROW(run_load({"127.0.0.1", 1, "account", "key"}, load), std::runtime_error);
  BOOST_CHECK_THROW(run_load({"127.0.0.1", 1, "account", "key"}, gets(1, 0)), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
