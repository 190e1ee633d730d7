// What worker and spawner say to each other over their local socket.
#include "tests/fuzz/target.h"
#include "worker/exec/protocol.h"

namespace windlass::fuzz {
namespace {

namespace exec = worker::exec;

template <class Message>
void judge(const std::optional<Message>& message,
           std::optional<Message> (*decode)(std::string_view)) {
  if (!message) return;
  std::string bytes;
  WINDLASS_ASSERT(exec::append_frame(bytes, *message));
  const auto again = decode(std::string_view(bytes).substr(4));
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(*again == *message);
}

// A stream; in pieces it is the same frames.
void run(std::string_view bytes) {
  exec::FrameReader whole;
  exec::FrameReader pieces;
  std::vector<std::string> frames;
  whole.append(bytes);
  while (const auto frame = whole.next()) {
    frames.emplace_back(*frame);
    judge<exec::Request>(exec::decode_request(*frame), exec::decode_request);
    judge<exec::Reply>(exec::decode_reply(*frame), exec::decode_reply);
  }
  std::size_t seen = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    pieces.append(bytes.substr(at, 7));
    while (const auto frame = pieces.next()) {
      WINDLASS_ASSERT(seen < frames.size() && frames[seen] == *frame);
      ++seen;
    }
  }
  WINDLASS_ASSERT(seen == frames.size());
  WINDLASS_ASSERT(pieces.broken() == whole.broken());
}

std::vector<std::string> seeds() {
  exec::StartRequest start;
  start.node = "node";
  start.arguments = {"/bin/sh", "-c", "true"};
  start.environment = {"A=1", "B="};
  start.working_folder = "/wd";
  start.stdout_path = "/out";
  start.stderr_path = "/err";
  start.wall_clock_max = std::chrono::seconds(5);
  exec::Welcome welcome;
  welcome.mechanism = "cgroup";
  welcome.running = {exec::Started{}, exec::Started{}};
  welcome.unacknowledged = {exec::AttemptKey{}};
  std::vector<std::string> seeds(1);
  for (const exec::Request& request :
       {exec::Request{exec::Hello{}}, exec::Request{start}, exec::Request{exec::KillRequest{}},
        exec::Request{exec::LeaseRequest{"node", MonoTime{5}}},
        exec::Request{exec::LeaseRequest{"node", std::nullopt}},
        exec::Request{exec::AcknowledgeRequest{}}, exec::Request{exec::ShutDownRequest{}}})
    exec::append_frame(seeds.emplace_back(), request);
  for (const exec::Reply& reply : {exec::Reply{welcome}, exec::Reply{exec::Started{}},
                                   exec::Reply{exec::StartFailed{}}, exec::Reply{exec::Ended{}}})
    exec::append_frame(seeds.emplace_back(), reply);
  for (std::size_t i = 1; i < 12; ++i) seeds[0] += seeds[i];
  return seeds;
}

const Target kTarget("spawner", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
