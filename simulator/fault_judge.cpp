#include "simulator/fault_judge.h"

#include "simulator/process.h"

namespace windlass::simulator {

namespace {

constexpr int kArmed = 300;  // of a thousand worlds, for each point
constexpr int kTenThousand = 10'000;

// The most that a world with it can bear and still go on, per ten thousand times that it is
// reached.
int rate_max(FaultPoint point) {
  switch (point) {
    case FaultPoint::batch_of_one:
    case FaultPoint::frame_of_one:
    case FaultPoint::credit_of_one:
    case FaultPoint::acknowledge_late:
    case FaultPoint::report_queue_full:
    case FaultPoint::offers_late:
      return 9'900;
    case FaultPoint::shard_message_lost:
      return 5'000;
    case FaultPoint::resend_at_once:
    case FaultPoint::crash_after_grants:
    case FaultPoint::lease_given_up_early:
      return 2'000;
    case FaultPoint::answer_lost:
      return 1'000;
    case FaultPoint::order_queue_full:
    case FaultPoint::crash_before_speaking:
    case FaultPoint::crash_before_spawn:
    case FaultPoint::crash_after_spawn:
    case FaultPoint::stall_before_speaking:
    case FaultPoint::stall_before_reports:
      return 300;
  }
  return 0;
}

const char* name(FaultPoint point) {
  return kFaultPointNames[static_cast<std::size_t>(point)];
}

}  // namespace

FaultJudge::FaultJudge(World& world) : world_(world), random_(world.options.seed ^ 0x9e6c63d0u) {
  for (std::size_t i = 0; i < kFaultPoints; ++i) {
    const auto rate = static_cast<int>(random_.between(1, rate_max(static_cast<FaultPoint>(i))));
    if (random_.chance(kArmed) && world.options.fault_points) uses_[i].rate = rate;
  }
  fault_judge = this;
}

bool FaultJudge::bites(FaultPoint point) {
  FaultPointUse& use = uses_[static_cast<std::size_t>(point)];
  if (use.rate == 0 || world_.calm || world_.acting == nullptr) return false;
  if (random_.between(0, kTenThousand - 1) >= use.rate) return false;
  ++use.hits;
  return true;
}

void FaultJudge::die(FaultPoint point) {
  if (bites(point)) throw Crashed(name(point));
}

void FaultJudge::stall(FaultPoint point) {
  if (!bites(point)) return;
  const Duration longest =
      random_.chance(300) ? Duration(std::chrono::seconds(20)) : Duration(std::chrono::seconds(2));
  world_.acting->stall(random_.between(std::chrono::milliseconds(10), longest), name(point));
}

std::string FaultJudge::text() const {
  std::string text = "fault points:";
  for (std::size_t i = 0; i < kFaultPoints; ++i) {
    if (uses_[i].rate > 0)
      text += " " + std::string(kFaultPointNames[i]) + "=" + std::to_string(uses_[i].rate);
  }
  return text;
}

}  // namespace windlass::simulator
