#include "runtime/health_probe.h"

#include "runtime/admin_server.h"
#include "runtime/load_config.h"
#include "runtime/metrics.h"
#include "runtime/status_file.h"
#include "tests/runtime/temporary_folder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace bdata = boost::unit_test::data;
using namespace windlass::runtime;
using windlass::test::TemporaryFolder;

namespace {

// The options of a role that has an admin door and nothing else.
struct Role {
  CommonConfig config;
  OptionTable table{"windlass-toy", "TOY", "A toy."};
  Role() { add_common_options(table, config); }
};

struct Place {
  const char* name;
  const char* admin_address;
  const char* asked;
};
std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << place.name;
}
const Place kPlaces[] = {
    {"as it is", "10.1.2.3:8460", "10.1.2.3:8460"},
    {"all of IPv4", "0.0.0.0:8460", "127.0.0.1:8460"},
    {"all of IPv6", "[::]:8460", "[::1]:8460"},
    {"a name", "localhost:8460", "127.0.0.1:8460"},
};

// Listens and never says a word.
struct SilentServer {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Address address{"127.0.0.1", 0};
  SilentServer() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0);
    BOOST_REQUIRE(::listen(fd, 1) == 0);
    BOOST_REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    address.port = ntohs(at.sin_port);
  }
  ~SilentServer() { ::close(fd); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(runtime_health_probe)

BOOST_DATA_TEST_CASE(the_admin_address_says_where_to_ask, bdata::make(kPlaces), place) {
  Role role;
  load_config(role.table, {"--admin-address", place.admin_address});
  const auto address = probe_address(role.table);
  BOOST_REQUIRE(address);
  BOOST_TEST(to_string(*address) == place.asked);
}

BOOST_AUTO_TEST_CASE(a_port_that_was_picked_stands_in_the_status_file) {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/status.json";
  Role role;
  load_config(role.table, {"--admin-address", "127.0.0.1:0", "--status-file", file});
  BOOST_TEST(!probe_address(role.table));
  BOOST_TEST(run_healthcheck(role.table) == 1);
  write_status_file(file, {"toy", 1, 1, "", "127.0.0.1:4711", {}});
  BOOST_TEST(to_string(probe_address(role.table).value()) == "127.0.0.1:4711");
}

BOOST_AUTO_TEST_CASE(the_answer_is_that_of_readyz) {
  const Metrics metrics("test");
  Readiness readiness;
  const AdminServer server(Address{"127.0.0.1", 0}, metrics, readiness);
  Role role;
  load_config(role.table, {"--admin-address", to_string(server.address())});
  readiness.set_not_ready("waiting for the broker");
  BOOST_TEST(why_not_ready(server.address()) ==
             to_string(server.address()) + ": waiting for the broker");
  BOOST_TEST(run_healthcheck(role.table) == 1);
  readiness.set_ready();
  BOOST_TEST(why_not_ready(server.address()) == "");
  BOOST_TEST(run_healthcheck(role.table) == 0);
}

BOOST_AUTO_TEST_CASE(nobody_there_and_nobody_answering_are_reasons) {
  Address closed;
  {
    const SilentServer silent;
    closed = silent.address;
    BOOST_TEST(why_not_ready(silent.address, std::chrono::milliseconds(50)) ==
               to_string(silent.address) + ": no answer in time");
  }
  BOOST_TEST(why_not_ready(closed) == to_string(closed) + ": Connection refused");
}

BOOST_AUTO_TEST_CASE(the_question_needs_none_of_the_required_options) {
  Role role;
  std::string data_dir;
  role.table.add({.name = "data-dir", .target = &data_dir, .meaning = "Folder.", .required = true});
  BOOST_TEST((load_config(role.table, {"--healthcheck"}) == ConfigAction::healthcheck));
}

BOOST_AUTO_TEST_SUITE_END()
