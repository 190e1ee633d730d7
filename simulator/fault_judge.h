// Decides when the fault points of the production's code (model/fault_points.h) bite: each is armed
// in some worlds and not in others, at a rate of its own, all by the seed.
#pragma once

#include "model/fault_points.h"
#include "simulator/world.h"

#include <array>
#include <cstdint>
#include <string>

namespace windlass::simulator {

inline constexpr const char* kFaultPointNames[] = {
#define WINDLASS_FAULT_POINT_TEXT(name, what) #name,
    WINDLASS_FAULT_POINTS(WINDLASS_FAULT_POINT_TEXT)
#undef WINDLASS_FAULT_POINT_TEXT
};
inline constexpr std::size_t kFaultPoints = std::size(kFaultPointNames);

struct FaultPointUse {
  int rate = 0;  // per ten thousand times that it is reached; 0: not armed
  std::uint64_t hits = 0;
};
using FaultPointUses = std::array<FaultPointUse, kFaultPoints>;

// The one that counts (fault_judge) for as long as it lives.
class FaultJudge final : public windlass::FaultJudge {
 public:
  explicit FaultJudge(World& world);
  ~FaultJudge() override { fault_judge = nullptr; }
  FaultJudge(const FaultJudge&) = delete;
  FaultJudge& operator=(const FaultJudge&) = delete;

  // Nothing bites when the trouble is over, and outside the code of a process.
  bool bites(FaultPoint point) override;
  void die(FaultPoint point) override;
  void stall(FaultPoint point) override;

  const FaultPointUses& uses() const { return uses_; }
  std::string text() const;  // which are armed, and how

 private:
  World& world_;
  Random random_;
  FaultPointUses uses_{};
};

}  // namespace windlass::simulator
