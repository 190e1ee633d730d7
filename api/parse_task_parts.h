// Readers of what tasks of several kinds hold: those that clients add, and those of a job itself.
// Internal to the parsers of api/.
#pragma once

#include "api/parse_common.h"
#include "model/task.h"

#include <optional>
#include <vector>

namespace windlass::api {

struct ConstraintsGiven {
  std::optional<std::int32_t> retries_max;
  std::optional<Duration> max_wall_clock_time;
  std::optional<Duration> retention_time;
};

void read_constraints(const Value& value, ConstraintsGiven& out);
void read_required_slots(const Value& value, SlotCount& out);
void read_output_files(const Value& value, std::vector<OutputFile>& out);
void read_token_settings(const Value& value, TaskDocument& document);

}  // namespace windlass::api
