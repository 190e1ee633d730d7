// $select and $expand: which members of an entity an answer shows.
#pragma once

#include "model/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::api {

enum class Entity {
  pool,
  node,
  node_extension,
  job,
  job_schedule,
  task,
  subtask,
  job_node,
  certificate
};

class Select {
 public:
  Select() = default;  // everything

  // A comma list of top-level names. A name that the entity does not have, or none at all:
  // InvalidQueryParameterValue. Absent: everything.
  static Result<Select> parse(std::optional<std::string_view> text, Entity entity);

  bool wants_all() const { return names_.empty(); }
  bool wants(std::string_view name) const;
  // Of $expand: nothing is added where $select leaves it out.
  void expand_stats() { stats_ = true; }
  bool wants_stats() const { return stats_ && wants("stats"); }
  // Whether a list of tasks needs their documents (command line, files, ...) at all.
  bool wants_task_document() const;

 private:
  std::vector<std::string_view> names_;  // of the tables of known names; empty: all
  bool stats_ = false;
};

// Every top-level name that some answer or some client's `$select` has for this entity.
std::span<const std::string_view> known_names(Entity entity);

// $expand knows `stats` only; others: InvalidQueryParameterValue. Returns whether it was asked for.
Result<bool> parse_expand(std::optional<std::string_view> text);

}  // namespace windlass::api
