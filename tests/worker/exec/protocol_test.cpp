#include "worker/exec/protocol.h"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace windlass;
using namespace windlass::worker::exec;

namespace {

const AttemptKey kKey{.shard = 3, .job = 1ULL << 40, .task = UINT64_MAX, .attempt = 7, .kind = 2};

std::vector<Request> some_requests() {
  return {Hello{},
          StartRequest{.key = kKey,
                       .node = "tvm-1",
                       .arguments = {"/bin/sh", "-c", "echo \"x\""},
                       .environment = {"A=1", "B="},
                       .working_folder = "/w",
                       .stdout_path = "/w/stdout.txt",
                       .stderr_path = "/w/stderr.txt",
                       .user = TaskUser{.uid = 65534, .gid = 7, .groups = {1, 2, 3}},
                       .wall_clock_max = std::chrono::minutes(15),
                       .limits = {{7, 1024, UINT64_MAX}},
                       .processes_max = 0,
                       .no_new_privileges = false,
                       .keeps_children = true},
          StartRequest{},
          KillRequest{.key = kKey, .grace = std::chrono::seconds(15)},
          LeaseRequest{.node = "tvm-1", .deadline = MonoTime{123456789}},
          LeaseRequest{.node = "", .deadline = std::nullopt},
          AcknowledgeRequest{.key = kKey},
          ShutDownRequest{.grace = std::chrono::seconds(1)}};
}

std::vector<Reply> some_replies() {
  const Started started{.key = kKey, .pid = 4711, .start_wall = {5}, .start_boot = {6}};
  return {Welcome{.instance = 9,
                  .pid = 1,
                  .mechanism = "m",
                  .running = {started, started},
                  .unacknowledged = {kKey}},
          started,
          StartFailed{.key = kKey,
                      .failure = StartFailure::not_executable,
                      .error_number = 13,
                      .message = "no"},
          Settled{.key = kKey, .end_wall = {11}},
          Ended{.key = kKey,
                .reason = EndReason::wall_clock,
                .exit_code = 143,
                .signal = 15,
                .start_wall = {-5},
                .end_wall = {7},
                .usage = {Duration{8}, Duration{9}, 10, 11, 12, 13}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_exec_protocol)

BOOST_AUTO_TEST_CASE(every_message_survives_its_frame) {
  std::string stream;
  for (const Request& request : some_requests()) BOOST_REQUIRE(append_frame(stream, request));
  FrameReader reader;
  reader.append(stream);
  for (const Request& request : some_requests()) {
    const auto frame = reader.next();
    BOOST_REQUIRE(frame.has_value());
    const auto read = decode_request(*frame);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((*read == request));
  }
  BOOST_TEST(!reader.next().has_value());

  for (const Reply& reply : some_replies()) {
    std::string frame;
    BOOST_REQUIRE(append_frame(frame, reply));
    const auto read = decode_reply(std::string_view(frame).substr(4));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((*read == reply));
  }
}

BOOST_AUTO_TEST_CASE(frames_are_found_however_the_bytes_arrive) {
  std::string stream;
  for (const Request& request : some_requests()) append_frame(stream, request);
  FrameReader reader;
  std::size_t found = 0;
  for (const char c : stream) {
    reader.append({&c, 1});
    while (const auto frame = reader.next()) {
      BOOST_TEST((decode_request(*frame) == some_requests()[found]));
      ++found;
    }
  }
  BOOST_TEST(found == some_requests().size());
}

BOOST_AUTO_TEST_CASE(a_frame_cut_short_or_too_long_is_refused) {
  for (const Request& request : some_requests()) {
    std::string frame;
    append_frame(frame, request);
    frame.erase(0, 4);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      BOOST_REQUIRE(!decode_request(std::string_view(frame).substr(0, size)).has_value());
    }
    frame += 'x';
    BOOST_REQUIRE(!decode_request(frame).has_value());
  }
}

BOOST_AUTO_TEST_CASE(an_announced_length_beyond_the_limit_breaks_the_stream) {
  FrameReader reader;
  reader.append("\xff\xff\xff\xff");
  BOOST_TEST(!reader.next().has_value());
  BOOST_TEST(reader.broken());
}

BOOST_AUTO_TEST_CASE(a_request_beyond_the_limit_is_not_sent) {
  StartRequest request;
  request.arguments = {std::string(kFrameBytesMax, 'x')};
  std::string out = "before";
  BOOST_TEST(!append_frame(out, request));
  BOOST_TEST(out == "before");
}

BOOST_AUTO_TEST_CASE(hostile_bytes_are_read_or_refused_and_never_believed) {
  std::mt19937 random(42);
  for (int round = 0; round < 50000; ++round) {
    std::string frame;
    if (round % 2 == 0) {
      const auto requests = some_requests();
      append_frame(frame, requests[random() % requests.size()]);
    } else {
      const auto replies = some_replies();
      append_frame(frame, replies[random() % replies.size()]);
    }
    frame.erase(0, 4);
    for (std::size_t changes = random() % 4 + 1; changes > 0; --changes) {
      frame[random() % frame.size()] = static_cast<char>(random());
    }
    // What is accepted must be a message like any other: it writes back to what was read.
    if (const auto request = decode_request(frame)) {
      std::string again;
      BOOST_REQUIRE(append_frame(again, *request));
      BOOST_REQUIRE(again.substr(4) == frame);
    }
    if (const auto reply = decode_reply(frame)) {
      std::string again;
      BOOST_REQUIRE(append_frame(again, *reply));
      BOOST_REQUIRE(again.substr(4) == frame);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
