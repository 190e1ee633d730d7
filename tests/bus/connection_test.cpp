// The sockets themselves; what is said over them is tested with brokers (tests/broker).
#include "bus/connection.h"
#include "bus/zmq.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace windlass::bus {
namespace {

// Until it is gone, the process may open no more descriptors.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    BOOST_REQUIRE(lowest_free >= 0);
    ::close(lowest_free);
    const rlimit none{static_cast<rlim_t>(lowest_free), before_.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bus_connection)

BOOST_AUTO_TEST_CASE(a_link_that_cannot_be_renewed_stays_as_it_is) {
  EndpointOptions options;
  options.instance = 1;
  options.brokers = {"tcp://127.0.0.1:1"};
  Connection connection(options);
  // UBSan needs a descriptor to look at the first object of a kind.
  try {
    throw NoSocketLeft("as it will be thrown");
  } catch (const NoSocketLeft&) {
  }
  bool went_on = false;
  bool received = false;
  {
    // Nothing of Boost's in here, for the same reason.
    const NoDescriptorLeft none;
    connection.renew(0);
    connection.settle();
    received = connection.receive().has_value();
    went_on = true;
  }
  BOOST_TEST(went_on);
  BOOST_TEST(!received);
  BOOST_CHECK_NO_THROW(connection.renew(0));
  BOOST_CHECK_NO_THROW(connection.settle());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::bus
