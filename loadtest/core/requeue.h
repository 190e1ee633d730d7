// How soon the tasks of lost nodes began elsewhere, from the times that their records tell.
#pragma once

#include "loadtest/core/histogram.h"
#include "model/time.h"

#include <span>

namespace windlass::loadtest {

struct Requeue {
  Histogram to_start;  // of each task
  double seconds_to_first = 0;
  double seconds_to_last = 0;
};

// `lost` is when the nodes were given up. Throws std::runtime_error when there is no start, or one
// before that: that task ran elsewhere already, and what is measured is not what was meant.
Requeue requeue_of(WallTime lost, std::span<const WallTime> starts);

}  // namespace windlass::loadtest
