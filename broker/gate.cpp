#include "broker/gate.h"

#include "runtime/clock.h"
#include "runtime/metric_catalogue.h"

#include <utility>

namespace windlass::broker {

using members::Refusal;

namespace {

constexpr Duration kLogInterval = std::chrono::seconds(1);

Refusal refusal_of(bus::HandshakeFailure why) {
  switch (why) {
    case bus::HandshakeFailure::plaintext:
      return Refusal::plaintext;
    case bus::HandshakeFailure::wrong_key:
      return Refusal::wrong_key;
    case bus::HandshakeFailure::broken_off:
      break;
  }
  return Refusal::broken_off;
}

}  // namespace

Gate::Gate(std::string directory, runtime::Metrics& metrics, runtime::Log& log)
    : log_(log), file_(std::move(directory)) {
  for (std::size_t i = 0; i < tallies_.size(); ++i)
    tallies_[i].counter = metrics.counter(runtime::metric::broker_peers_refused,
                                          {members::to_string(static_cast<Refusal>(i))});
  read_again();
}

bool Gate::look() {
  read_again();
  return std::exchange(changed_, false);
}

bool Gate::read_again() {
  std::string problem;
  std::optional<MemberDirectory> directory = file_.look(problem);
  if (!problem.empty()) log_.error("directory_refused", {{"error", problem}});
  if (!directory) return false;
  log_.info("directory_read",
            {{"version", directory->version}, {"members", directory->members.size()}});
  admission_.replace(std::move(*directory));
  changed_ = true;
  return true;
}

bool Gate::admits(std::string_view public_key, std::string_view address) {
  std::optional<Refusal> refusal = admission_.judge_key(public_key, runtime::wall_now());
  // A joiner knocks a moment after the directory has taken it in: look before turning it away.
  if (refusal == Refusal::unknown_key && read_again())
    refusal = admission_.judge_key(public_key, runtime::wall_now());
  if (!refusal) return true;
  count(*refusal, public_key, address, "connection");
  return false;
}

void Gate::handshake_failed(bus::HandshakeFailure why, std::string_view address) {
  count(refusal_of(why), {}, address, "connection");
}

bool Gate::admits(const bus::PassingFrame& frame) {
  members::FrameClaim claim;
  claim.instance = frame.from();
  claim.source_kind = frame.envelope().source_kind;
  claim.kind = frame.envelope().kind;
  if (claim.kind == FrameKind::open_session) {
    const Result<OpenSession> opens = bus::read_open_session(frame);
    if (!opens) {
      count(Refusal::wrong_role, frame.sender_key(), {}, "open_session");
      return false;
    }
    claim.opens = *opens;
  }
  const auto refusal = admission_.judge_frame(frame.sender_key(), claim, runtime::wall_now());
  if (!refusal) return true;
  count(*refusal, frame.sender_key(), {}, bus::to_string(claim.kind));
  return false;
}

void Gate::count(Refusal refusal, std::string_view key, std::string_view address,
                 std::string_view what) {
  Tally& tally = tallies_[static_cast<std::size_t>(refusal)];
  tally.counter.add();
  ++tally.unlogged;
  const MonoTime now = runtime::mono_now();
  if (now < tally.quiet_until) return;
  tally.quiet_until = now + kLogInterval;
  log_.warn("peer_refused", {{"reason", members::to_string(refusal)},
                             {"member", admission_.name_of(key)},
                             {"key", key},
                             {"address", address},
                             {"what", what},
                             {"times", std::exchange(tally.unlogged, 0)}});
}

}  // namespace windlass::broker
