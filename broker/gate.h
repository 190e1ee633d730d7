// The broker's gate: asks the directory of members about every connection and every frame, counts
// and logs what it refuses. Both roads share one; it lives in the loop's thread.
#pragma once

#include "bus/gate.h"
#include "bus/router.h"
#include "members/core/admission.h"
#include "members/directory_file.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#include <array>
#include <functional>
#include <optional>
#include <string>

namespace windlass::broker {

class Gate final : public bus::Gate {
 public:
  // `directory` is the path of the directory's file or of the copy of it.
  Gate(std::string directory, runtime::Metrics& metrics, runtime::Log& log);

  bool admits(std::string_view public_key, std::string_view address) override;
  void handshake_failed(bus::HandshakeFailure why, std::string_view address) override;

  // Whether the frame may go on; a refused one has been counted.
  bool admits(const bus::PassingFrame& frame);

  // Reads the directory again when it has changed. True: it is another one than at the last call,
  // so somebody may have lost his place.
  bool look();
  bool still_admitted(InstanceId instance) const { return admission_.still_admitted(instance); }

  template <class Known>
  void forget_unless(Known&& known) {
    admission_.forget_unless(known);
  }

 private:
  // Refusals come as fast as strangers like, so the log has one line a second for each reason.
  struct Tally {
    runtime::Counter counter;
    std::uint64_t unlogged = 0;
    MonoTime quiet_until;
  };

  bool read_again();
  void count(members::Refusal refusal, std::string_view key, std::string_view address,
             std::string_view what);

  runtime::Log& log_;
  members::WatchedDirectory file_;
  members::Admission admission_;
  bool changed_ = false;  // since the last look()
  std::array<Tally, members::kRefusalsTotal> tallies_;
};

}  // namespace windlass::broker
