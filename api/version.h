// api-version: which versions are spoken, and the few places where an old one looks different.
#pragma once

#include "model/result.h"

#include <compare>
#include <optional>
#include <string_view>

namespace windlass::api {

// Versions are dates ("2022-10-01.16.0"); the minor numbers behind them say nothing new.
struct ApiVersion {
  int year = 2022;
  int month = 10;
  int day = 1;
  auto operator<=>(const ApiVersion&) const = default;

  // Below 2020-09 taskSlotsPerNode is called maxTasksPerNode, and task counts have no slot counts.
  bool slots_are_called_tasks() const { return *this < ApiVersion{2020, 9, 1}; }
  bool knows_certificates() const { return *this < ApiVersion{2024, 7, 1}; }
  bool task_counts_are_flat() const { return *this < ApiVersion{2020, 9, 1}; }
};

// Everything from 2018-12-01.8.0 on that is well formed, versions of the future included: shapes
// only ever grow. Absent: MissingRequiredQueryParameter; else UnsupportedRequestVersion.
Result<ApiVersion> parse_api_version(std::optional<std::string_view> text);

}  // namespace windlass::api
