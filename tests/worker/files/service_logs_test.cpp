#include "worker/files/service_logs.h"

#include "tests/worker/files/scratch.h"
#include "tests/worker/files/tiny_http.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <mutex>
#include <set>

using namespace windlass;
using namespace windlass::worker;
using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace {

constexpr WallTime kNoon{17'000'000'000'000'000};

WallTime at(int minutes) {
  return kNoon + std::chrono::minutes(minutes);
}

// worker.2.log is the oldest; nobody knows when worker.1.log begins.
const std::vector<LogPart> kParts = {{"worker.1.log", std::nullopt, at(20)},
                                     {"worker.2.log", at(0), at(10)},
                                     {"worker.log", at(20), at(30)}};

struct RangeCase {
  const char* name;
  int from;
  std::optional<int> until;
  std::vector<std::string> wanted;
};
std::ostream& operator<<(std::ostream& out, const RangeCase& c) {
  return out << c.name;
}
const RangeCase kRanges[] = {
    {"all of it", -5, std::nullopt, {"worker.1.log", "worker.2.log", "worker.log"}},
    {"from the last line of one on",
     10,
     std::nullopt,
     {"worker.1.log", "worker.2.log", "worker.log"}},
    {"from behind it on", 11, std::nullopt, {"worker.1.log", "worker.log"}},
    {"until the first line of one", 11, 20, {"worker.1.log", "worker.log"}},
    {"until before it", 11, 19, {"worker.1.log"}},
    {"before all", -5, -1, {"worker.1.log"}},
    {"behind all", 31, std::nullopt, {}},
};

// A worker's log folder, and a container that takes what comes.
struct Fixture {
  Scratch scratch;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::optional<FailureInfo>> ends;
  int status = 201;
  TinyHttp container{[this](const TinyRequest&) { return TinyAnswer{status, "", "", SIZE_MAX}; }};
  ServiceLogs logs{
      scratch.path(), {.tries_max = 1}, [this](const std::optional<FailureInfo>& failure) {
        const std::lock_guard lock(mutex);
        ends.push_back(failure);
        changed.notify_all();
      }};

  FileRequest request() const {
    FileRequest wanted;
    wanted.id = 7;
    wanted.path = "pool/node/once";
    wanted.container_url = container.url("/cont?sig=secret");
    return wanted;
  }
  void wait(std::size_t count) {
    std::unique_lock lock(mutex);
    BOOST_REQUIRE(changed.wait_for(lock, 60s, [&] { return ends.size() >= count; }));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_files_service_logs)

BOOST_AUTO_TEST_CASE(only_files_of_the_log_are_its_parts) {
  for (const char* name : {"worker.log", "worker.1.log", "worker.12.log"})
    BOOST_TEST(is_log_part(name), name);
  for (const char* name : {"", ".log", "worker", "worker.logs", "worker..log", "worker.x.log",
                           "worker1.log", "my.worker.log", "worker.1.log.gz", "work.log"})
    BOOST_TEST(!is_log_part(name), name);
}

BOOST_AUTO_TEST_CASE(a_line_tells_its_time) {
  const auto time = time_of_log_line(R"({"time":"2026-01-02T03:04:05.678Z","level":"info"})");
  BOOST_TEST_REQUIRE(time.has_value());
  BOOST_TEST(time->ticks % 10'000'000 == 6'780'000);
  BOOST_TEST(!time_of_log_line("time=2026-01-02T03:04:05.678Z level=info").has_value());
  BOOST_TEST(!time_of_log_line(R"({"time":"2026-01-02T03)").has_value());
  BOOST_TEST(!time_of_log_line(R"({"time":"noon"})").has_value());
  BOOST_TEST(!time_of_log_line("").has_value());
}

BOOST_DATA_TEST_CASE(what_may_have_a_line_of_that_time_is_wanted, bdata::make(kRanges), c) {
  const auto until = c.until ? std::optional(at(*c.until)) : std::nullopt;
  BOOST_TEST(parts_between(kParts, at(c.from), until) == c.wanted,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(files_go_up_whole_into_a_folder_of_their_own) {
  Fixture fixture;
  fixture.scratch.write("worker.log", "{\"time\":\"2026-01-02T03:04:05.678Z\"}\nmore\n");
  fixture.scratch.write("worker.1.log", "older\n");
  fixture.scratch.write("secrets.txt", "not the log's");
  BOOST_REQUIRE(::symlink("/etc/passwd", (fixture.scratch / "worker.2.log").c_str()) == 0);
  const FileReply reply = fixture.logs.upload(fixture.request());
  BOOST_TEST(reply.id == 7u);
  BOOST_TEST(!reply.error.has_value());
  BOOST_TEST(reply.files_total == 2u);
  fixture.wait(1);
  BOOST_TEST(!fixture.ends.front().has_value());
  std::map<std::string, std::string> blobs;
  for (const TinyRequest& put : fixture.container.requests()) blobs[put.target] = put.body;
  BOOST_TEST(blobs.size() == 2u);
  BOOST_TEST(blobs["/cont/pool/node/once/worker.1.log?sig=secret"] == "older\n");
  BOOST_TEST(blobs["/cont/pool/node/once/worker.log?sig=secret"] ==
             "{\"time\":\"2026-01-02T03:04:05.678Z\"}\nmore\n");
}

BOOST_AUTO_TEST_CASE(what_fails_is_told_without_the_signature) {
  Fixture fixture;
  fixture.status = 403;
  fixture.scratch.write("worker.log", "line\n");
  BOOST_TEST(fixture.logs.upload(fixture.request()).files_total == 1u);
  fixture.wait(1);
  const auto& failure = fixture.ends.front();
  BOOST_TEST_REQUIRE(failure.has_value());
  BOOST_TEST(failure->code == "FileUploadAccessDenied");
  BOOST_TEST(failure->message.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(where_there_is_nothing_nothing_goes_up) {
  Fixture fixture;
  BOOST_TEST(fixture.logs.upload(fixture.request()).files_total == 0u);
  fixture.scratch.write("worker.log", "line\n");
  FileRequest late = fixture.request();
  late.logs_from = WallTime{INT64_MAX};
  BOOST_TEST(fixture.logs.upload(late).files_total == 0u);
  BOOST_TEST(fixture.container.requests().empty());
}

BOOST_AUTO_TEST_CASE(uploads_under_way_have_a_limit) {
  std::mutex gate;
  std::unique_lock closed(gate);
  Scratch scratch;
  scratch.write("worker.log", "line\n");
  TinyHttp container([&](const TinyRequest&) {
    const std::lock_guard open(gate);
    return TinyAnswer{201, "", "", SIZE_MAX};
  });
  std::atomic<int> ended = 0;
  ServiceLogs logs(scratch.path(), {.tries_max = 1},
                   [&](const std::optional<FailureInfo>&) { ++ended; });
  FileRequest request;
  request.container_url = container.url("/cont");
  for (int i = 0; i < kLogUploadsMax; ++i) BOOST_TEST(!logs.upload(request).error.has_value());
  const FileReply refused = logs.upload(request);
  BOOST_TEST_REQUIRE(refused.error.has_value());
  BOOST_TEST((refused.error->code == ErrorCode::server_busy));
  closed.unlock();
}

BOOST_AUTO_TEST_SUITE_END()
