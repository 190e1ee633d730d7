#include "runtime/admin_server.h"

#include "runtime/metrics.h"
#include "runtime/paths.h"
#include "runtime/refusal.h"
#include "tests/runtime/temporary_folder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <set>

using namespace windlass::runtime;

namespace {

// Everything that is answered to these bytes until the connection ends.
std::string answer_to(const Address& address, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
  BOOST_REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const timeval patience{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  BOOST_REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return answer;
}

std::string get(const Address& address, const std::string& path) {
  return answer_to(address, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Door {
  Metrics metrics{"test"};
  Readiness readiness;
  AdminServer server{Address{"127.0.0.1", 0}, metrics, readiness, {{"/debug/x", [] {
                                                                      return std::string("{}");
                                                                    }}}};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(runtime_admin_server)

BOOST_AUTO_TEST_CASE(health_and_readiness_answer) {
  Door door;
  BOOST_TEST(has(get(door.server.address(), "/healthz"), "200 OK"));
  BOOST_TEST(has(get(door.server.address(), "/readyz"), "503 "));
  door.readiness.set_not_ready("waiting for the broker");
  BOOST_TEST(has(get(door.server.address(), "/readyz"), "waiting for the broker"));
  door.readiness.set_ready();
  BOOST_TEST(has(get(door.server.address(), "/readyz"), "200 OK"));
  BOOST_TEST(has(get(door.server.address(), "/debug/x"), "application/json"));
  BOOST_TEST(has(get(door.server.address(), "/nothing"), "404 "));
}

BOOST_AUTO_TEST_CASE(bodies_are_not_waited_for) {
  Door door;
  const std::string head = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
  BOOST_TEST(has(answer_to(door.server.address(), chunked), "200 OK"));
  const std::string sized = head + "Content-Length: 5\r\n\r\n";
  BOOST_TEST(has(answer_to(door.server.address(), sized), "Connection: close"));
  BOOST_TEST(has(get(door.server.address(), "/healthz"), "200 OK"));
}

BOOST_AUTO_TEST_CASE(metrics_count_what_was_counted) {
  Door door;
  Counter requests = door.metrics.counter(metric::gateway_requests, {"Pool_List", "200"});
  requests.add();
  door.metrics.counter(metric::gateway_requests, {"Pool_List", "200"}).add(2);
  door.metrics.histogram(metric::gateway_request_seconds, {"Pool_List"}).observe(0.003);
  door.metrics.gauge(metric::gateway_connections).set(4);
  const std::string text = get(door.server.address(), "/metrics");
  BOOST_TEST(has(text, R"(windlass_gateway_requests_total{code="200",operation="Pool_List"} 3)"));
  BOOST_TEST(
      has(text, R"(windlass_gateway_request_seconds_bucket{operation="Pool_List",le="0.005"} 1)"));
  BOOST_TEST(has(text, "windlass_gateway_connections 4"));
  BOOST_TEST(has(text, R"(windlass_build_info{role="test",version=")"));
}

BOOST_AUTO_TEST_CASE(catalogue_names_are_unique_and_promtool_likes_all_of_them) {
  Metrics metrics("test");
  std::set<std::string_view> names;
  const auto values = [](const MetricInfo& info) {
    return info.labels.empty() ? 0 : std::count(info.labels.begin(), info.labels.end(), ',') + 1;
  };
  for (const MetricInfo& info : kMetricCatalogue) {
    BOOST_TEST(names.insert(info.name).second, info.name);
    const auto make = [&](LabelValues labels) {
      switch (info.type) {
        case MetricType::counter:
          metrics.counter(info, labels).add();
          break;
        case MetricType::gauge:
          metrics.gauge(info, labels).set(1);
          break;
        case MetricType::latency:
        case MetricType::lifetime:
        case MetricType::amount:
          metrics.histogram(info, labels).observe(1);
          break;
      }
    };
    switch (values(info)) {
      case 0:
        make({});
        break;
      case 1:
        make({"a"});
        break;
      case 2:
        make({"a", "b"});
        break;
      default:
        BOOST_FAIL("a metric with more than two labels");
    }
  }
  const windlass::test::TemporaryFolder folder;
  const std::string file = folder.path() + "/metrics";
  write_file_atomically(file, metrics.text());
  if (std::system("command -v promtool >/dev/null") != 0) {
    BOOST_TEST_MESSAGE("promtool is not installed: not checked");
    return;
  }
  BOOST_TEST(std::system(("promtool check metrics < " + file).c_str()) == 0);
}

BOOST_AUTO_TEST_CASE(observations_gathered_are_those_observed_one_by_one) {
  Metrics one_by_one("test");
  Metrics at_once("test");
  Histogram each = one_by_one.histogram(metric::scheduler_task_wait_seconds);
  Observations<MetricType::lifetime> gathered;
  for (const double value : {0.0, 0.001, 0.0011, 7.0, 100000.0, 200000.0}) {
    each.observe(value);
    gathered.add(value);
  }
  at_once.histogram(metric::scheduler_task_wait_seconds).observe(gathered);
  const auto lines = [](const Metrics& metrics) {
    const std::string text = metrics.text();
    return text.substr(text.find("windlass_scheduler_task_wait_seconds"));
  };
  BOOST_TEST(lines(one_by_one) == lines(at_once));
  BOOST_TEST(has(lines(at_once), "windlass_scheduler_task_wait_seconds_count 6"));
}

BOOST_AUTO_TEST_CASE(a_rising_counter_adds_what_is_new) {
  Metrics metrics("test");
  RisingCounter counter(metrics.counter(metric::bus_duplicates));
  for (const std::uint64_t now : {0U, 3U, 3U, 10U}) counter.reach(now);
  BOOST_TEST(has(metrics.text(), "windlass_bus_duplicates_total 10\n"));
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_at_the_scrape_is_as_new_as_the_scrape) {
  Metrics metrics("test");
  double level = 0;
  metrics.at_scrape([&level, gauge = metrics.gauge(metric::ready)]() mutable { gauge.set(level); });
  level = 1;
  BOOST_TEST(has(metrics.text(), "windlass_ready 1\n"));
  level = 0;
  BOOST_TEST(has(metrics.text(), "windlass_ready 0\n"));
  for (const char* name : {"process_start_time_seconds", "process_cpu_seconds_total",
                           "process_resident_memory_bytes", "process_open_fds"})
    BOOST_TEST(has(metrics.text(), name), name);
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_refused_with_its_owner) {
  Door door;
  Metrics metrics("other");
  Readiness readiness;
  try {
    AdminServer second(door.server.address(), metrics, readiness);
    BOOST_FAIL("bound twice");
  } catch (const StartRefused& refusal) {
    const std::string text = refusal.what();
    BOOST_TEST(has(text, "pid " + std::to_string(::getpid())), text);
    BOOST_TEST(has(text, "--admin-address 127.0.0.1:0"), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
