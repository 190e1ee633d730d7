// $filter over a shard's own records.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <memory>
#include <string>

namespace windlass::scheduler {

enum class ListKind { pools, jobs, tasks, nodes, nodecounts };

class RowFilter {
 public:
  // An empty text matches everything. The gateway has checked the text with the same parser.
  static Result<RowFilter> parse(const std::string& text, ListKind kind);

  bool matches(const PoolView& pool) const;
  bool matches(const NodeView& node) const;
  bool matches(const PoolNodeCounts& counts) const;
  bool matches(const JobRecord& job) const;
  bool matches(const TaskRecord& task) const;

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;  // null: matches everything
};

}  // namespace windlass::scheduler
