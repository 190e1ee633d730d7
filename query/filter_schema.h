// What `$filter` may say about the entries of each list: properties, their types, their operators.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace windlass::query {

// Every filterable property of every list; records answer for the ones they have (properties.h).
enum class Property : std::uint8_t {
  id,
  name,
  state,
  state_transition_time,
  creation_time,
  last_modified,
  allocation_state,
  allocation_state_transition_time,
  enable_auto_scale,
  enable_inter_node_communication,
  vm_size,
  start_time,
  end_time,
  exit_code,
  result,
  pool_id,
  do_not_run_until,
  do_not_run_after,
  node_id,
  last_boot_time,
  allocation_time,
  start_task_state,
  release_state,
  release_start_time,
  release_end_time,
  release_exit_code,
  release_result,
  os_type,
  verification_type,
  node_agent_sku_id
};

enum class ValueType : std::uint8_t { text, time, integer, boolean };

using Operators = std::uint8_t;  // a set of the bits below
inline constexpr Operators kEqual = 1, kNotEqual = 2, kOrdered = 4, kPrefix = 8;
inline constexpr Operators kComparisons = kEqual | kNotEqual | kOrdered;

struct FilterProperty {
  std::string_view name;  // on the wire; case matters
  Property property;
  ValueType type;
  Operators operators;
};

struct FilterSchema {
  std::string_view list;  // for messages
  std::span<const FilterProperty> properties;
};

const FilterSchema& pool_filter_schema();
const FilterSchema& job_filter_schema();
const FilterSchema& schedule_job_filter_schema();  // jobs of a schedule: without id
const FilterSchema& job_schedule_filter_schema();
const FilterSchema& task_filter_schema();
const FilterSchema& job_node_filter_schema();  // preparation and release of a job on nodes
const FilterSchema& node_filter_schema();
const FilterSchema& file_filter_schema();
const FilterSchema& image_filter_schema();
const FilterSchema& node_counts_filter_schema();
const FilterSchema& usage_metrics_filter_schema();
const FilterSchema& certificate_filter_schema();
const FilterSchema& no_filter_schema();  // of lists that take none

}  // namespace windlass::query
