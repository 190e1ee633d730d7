// Fault points: places where the code may be unlucky and still within its rights (a frame holds one
// message only, a lease is given up early, the process dies between two steps). The simulator
// decides by its seed when one of them bites (simulator/fault_judge.h). In the programs nobody
// does, and a point costs one branch on a null pointer. No promise may need a point not to bite.
#pragma once

#include <cstddef>
#include <cstdint>

namespace windlass {

// name, what happens when it bites
#define WINDLASS_FAULT_POINTS(X)                                                           \
  X(batch_of_one, "a scheduler's turn takes one frame from the bus")                       \
  X(frame_of_one, "a frame is closed after one message")                                   \
  X(credit_of_one, "a receiver grants credit for one message")                             \
  X(resend_at_once, "a session repeats what is under way without waiting for its timer")   \
  X(acknowledge_late, "a peer lets an acknowledgement wait until the other side repeats")  \
  X(answer_lost, "the answer to a client is lost; what it asked for is done")              \
  X(shard_message_lost, "what a shard says to another is lost")                            \
  X(order_queue_full, "an order finds the worker's queue full: the session ends")          \
  X(report_queue_full, "what a worker says waits for its queue: a claim is answered late") \
  X(offers_late, "a worker tells its free offers in a later turn")                         \
  X(lease_given_up_early, "a worker stops its tasks although its lease lasts")             \
  X(stall_before_speaking, "a scheduler is held up between a commit and its answers")      \
  X(stall_before_reports, "a worker is held up between its work and the reports of it")    \
  X(crash_before_speaking, "a scheduler dies between a commit and its answers")            \
  X(crash_after_grants, "a worker dies when its grants are written and nothing else is")   \
  X(crash_before_spawn, "a worker dies when a start is written down and has not happened") \
  X(crash_after_spawn, "a worker dies when a start has happened and nobody has heard of it")

enum class FaultPoint : std::uint8_t {
#define WINDLASS_FAULT_POINT_NAME(name, what) name,
  WINDLASS_FAULT_POINTS(WINDLASS_FAULT_POINT_NAME)
#undef WINDLASS_FAULT_POINT_NAME
};

class FaultJudge {
 public:
  virtual ~FaultJudge() = default;
  virtual bool bites(FaultPoint point) = 0;
  virtual void die(FaultPoint point) = 0;    // may throw: the process is over
  virtual void stall(FaultPoint point) = 0;  // may hold up what the process does from here on
};

inline FaultJudge* fault_judge = nullptr;  // set by the simulator alone

inline bool unlucky(FaultPoint point) {
  if (fault_judge == nullptr) [[likely]]
    return false;
  return fault_judge->bites(point);
}
inline void may_die(FaultPoint point) {
  if (fault_judge != nullptr) [[unlikely]]
    fault_judge->die(point);
}
inline void may_stall(FaultPoint point) {
  if (fault_judge != nullptr) [[unlikely]]
    fault_judge->stall(point);
}

}  // namespace windlass
