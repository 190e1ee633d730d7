#include "scheduler/core/row_filter.h"

namespace windlass::scheduler {

struct RowFilter::Parsed {};

Result<RowFilter> RowFilter::parse(const std::string& text, ListKind) {
  if (!text.empty()) return not_implemented("$filter");
  return RowFilter{};
}

bool RowFilter::matches(const PoolView&) const {
  return true;
}
bool RowFilter::matches(const NodeView&) const {
  return true;
}
bool RowFilter::matches(const PoolNodeCounts&) const {
  return true;
}
bool RowFilter::matches(const JobRecord&) const {
  return true;
}
bool RowFilter::matches(const TaskRecord&) const {
  return true;
}

}  // namespace windlass::scheduler
