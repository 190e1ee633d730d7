// Brokers are named by host names, and a name server may not answer for seconds: when a container
// is replaced, its name is gone for a moment.
#include "tests/broker/road.h"

#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <mutex>

using namespace windlass;
using namespace windlass::test;

namespace {

constexpr char kUnanswered[] = "unanswered.test";

// While one lives, whoever looks up kUnanswered waits.
class SilentNameServer {
 public:
  SilentNameServer() { set(true); }
  ~SilentNameServer() { set(false); }
  SilentNameServer(const SilentNameServer&) = delete;
  SilentNameServer& operator=(const SilentNameServer&) = delete;

  static void wait() {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [] { return !silent_; });
  }
  static int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  static void set(bool silent) {
    const std::lock_guard lock(mutex_);
    silent_ = silent;
    changed_.notify_all();
  }

  inline static std::mutex mutex_;
  inline static std::condition_variable changed_;
  inline static bool silent_ = false;
  inline static int asked_ = 0;
};

}  // namespace

// In place of the C library's, for ZeroMQ too.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (node != nullptr && std::strcmp(node, kUnanswered) == 0) {
    SilentNameServer::wait();
    return EAI_AGAIN;
  }
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(node, service, hints, found);
}

BOOST_AUTO_TEST_SUITE(broker_names)

BOOST_AUTO_TEST_CASE(a_broker_whose_name_is_not_answered_holds_up_no_other) {
  SocketFolder folder;
  const std::vector<std::string> both{"tcp://" + std::string(kUnanswered) + ":8450",
                                      folder.endpoint("bus")};
  const RunningBroker broker(folder.endpoint("bus"), folder.endpoint("bulk"));
  TestShard shard(both);
  TestPeer gateway(PeerKind::gateway, both);
  const SilentNameServer silent;  // answers again before the others end
  gateway.delete_job(0, "j0");
  BOOST_TEST(run_until({&gateway, &shard}, [&] {
    return gateway.answers.size() == 1 && SilentNameServer::asked() >= 2;
  }));
}

BOOST_AUTO_TEST_SUITE_END()
