// What the records answer when a filter asks for their properties.
#pragma once

#include "model/certificate.h"
#include "model/file_message.h"
#include "model/job.h"
#include "model/job_schedule.h"
#include "model/pool.h"
#include "model/task.h"
#include "query/filter.h"

namespace windlass::query {

PropertyValue property_of(const PoolView& pool, Property property);
PropertyValue property_of(const JobRecord& job, Property property);
PropertyValue property_of(const JobScheduleRecord& schedule, Property property);
PropertyValue property_of(const CertificateRecord& certificate, Property property);
PropertyValue property_of(const TaskRecord& task, Property property);
PropertyValue property_of(const JobNodeView& view, Property property);
PropertyValue property_of(const NodeRecord& node, Property property);
PropertyValue property_of(const NodeView& node, Property property);
PropertyValue property_of(const PoolNodeCounts& counts, Property property);
PropertyValue property_of(const FileProperties& file, Property property);

// Any record that has a property_of.
template <class Record>
bool matches(const Filter& filter, const Record& record) {
  struct Source final : PropertySource {
    explicit Source(const Record& r) : record_(r) {}
    PropertyValue property(Property property) const override {
      return property_of(record_, property);
    }
    const Record& record_;
  };
  return filter.matches_everything() || filter.matches(Source(record));
}

}  // namespace windlass::query
