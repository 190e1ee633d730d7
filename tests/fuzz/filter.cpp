// $filter: the text, and what a filter that was read says of entries.
#include "query/filter.h"
#include "model/ids.h"
#include "tests/fuzz/target.h"

#include <array>

namespace windlass::fuzz {
namespace {

using query::Property;
using query::PropertyValue;

using Schema = const query::FilterSchema& (*)();
constexpr std::array<Schema, 10> kSchemas = {
    query::pool_filter_schema,          query::job_filter_schema,
    query::schedule_job_filter_schema,  query::task_filter_schema,
    query::node_filter_schema,          query::file_filter_schema,
    query::image_filter_schema,         query::node_counts_filter_schema,
    query::usage_metrics_filter_schema, query::certificate_filter_schema};

// Answers with a value of the property's type, made from a few bits; or with nothing.
class Entry final : public query::PropertySource {
 public:
  Entry(const query::FilterSchema& schema, unsigned bits) : schema_(schema), bits_(bits) {}

  PropertyValue property(Property property) const override {
    const unsigned bits = bits_ + static_cast<unsigned>(property) * 7;
    if (property == Property::state) return kTexts[bits % kTexts.size()];
    if (property != Property::id && bits % 5 == 0) return std::monostate{};
    for (const query::FilterProperty& known : schema_.properties) {
      if (known.property != property) continue;
      switch (known.type) {
        case query::ValueType::text:
          return kTexts[bits % kTexts.size()];
        case query::ValueType::time:
          return WallTime{static_cast<std::int64_t>(bits % 3) * 16'000'000'000'000'000};
        case query::ValueType::integer:
          return static_cast<std::int64_t>(bits % 4) - 1;
        case query::ValueType::boolean:
          return bits % 2 == 0;
      }
    }
    assertion_failed("a filter asks only for what its list has", __FILE__, __LINE__);
  }

 private:
  static constexpr std::array<std::string_view, 8> kTexts = {
      "active", "running", "Completed", "a", "", "job-1", "\xFF\xFFz", "idle"};
  const query::FilterSchema& schema_;
  unsigned bits_;
};

void judge(const query::Filter& filter, const Entry& entry) {
  if (!filter.matches(entry)) return;
  const auto state = std::get<std::string_view>(entry.property(Property::state));
  WINDLASS_ASSERT(filter.may_match_state(state));
  if (const auto demanded = filter.state_equals()) WINDLASS_ASSERT(lower_cased(state) == *demanded);
}

void judge_id(const query::Filter& filter, const Entry& entry) {
  const query::IdRange range = filter.id_range();
  if (range == query::IdRange{} || !filter.matches(entry)) return;
  const std::string id = lower_cased(std::get<std::string_view>(entry.property(Property::id)));
  WINDLASS_ASSERT(range.from <= id);
  WINDLASS_ASSERT(!range.until || id < *range.until);
}

void run(std::string_view input) {
  Choices choices(input);
  const query::FilterSchema& schema = kSchemas[choices.below(kSchemas.size())]();
  const auto filter = query::parse_filter(choices.rest(), schema);
  if (!filter) {
    WINDLASS_ASSERT(filter.error().code == ErrorCode::invalid_query_parameter_value);
    WINDLASS_ASSERT(!filter.error().values.empty());
    return;
  }
  WINDLASS_ASSERT(choices.rest().size() <= query::kFilterBytesMax || filter->matches_everything());
  for (unsigned bits = 0; bits < 40; ++bits) {
    const Entry entry(schema, bits);
    judge(*filter, entry);
    judge_id(*filter, entry);
  }
}

std::vector<std::string> seeds() {
  return behind_choices(
      kSchemas.size(),
      {"state eq 'active'", "startswith(id,'job') and (state ne 'running' or not (state eq null))",
       "creationTime gt 2016-09-06T06:59:15Z and creationTime lt datetime'2020-01-01'",
       "executionInfo/exitCode ne 0 or executionInfo/result eq 'Failure'",
       "id ge 'a' and id lt 'b'", "'it''s' eq id", "poolId eq 'p' and id le 'Z'",
       "enableAutoScale eq true", "((((((((id eq 'x'))))))))", "not not id gt ''",
       "startswith(name, 'wd/')"});
}

const Target kTarget("filter", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
