// Durations and points of time as texts, wherever they are read.
#include "gateway/core/http_date.h"
#include "model/time_text.h"
#include "storage/core/dates.h"
#include "tests/fuzz/target.h"

namespace windlass::fuzz {
namespace {

void run(std::string_view text) {
  if (const auto duration = parse_duration(text))
    WINDLASS_ASSERT(parse_duration(duration_text(*duration)) == duration);
  if (const auto time = parse_timestamp(text)) {
    // Offsets may lead out of the years 1 to 9999, which are all that can be written.
    const std::string written = timestamp_text(*time);
    const auto again = parse_timestamp(written);
    WINDLASS_ASSERT(again.has_value());
    WINDLASS_ASSERT(timestamp_text(*again) == written);
  }
  // Each room reads the dates of HTTP by itself: those that read one, read the same.
  const auto here = parse_http_date(text);
  const auto at_gateway = gateway::parse_http_date(text);
  const auto at_storage = storage::parse_http_date(text);
  if (here) {
    WINDLASS_ASSERT(parse_http_date(http_date_text(*here)) == here);
    WINDLASS_ASSERT(parse_timestamp(text) == here);
  }
  if (at_gateway) {
    WINDLASS_ASSERT(gateway::parse_http_date(gateway::http_date(*at_gateway)) == at_gateway);
    WINDLASS_ASSERT(!here || here == at_gateway);
  }
  if (at_storage) {
    WINDLASS_ASSERT(storage::parse_http_date(storage::http_date(*at_storage)) == at_storage);
    WINDLASS_ASSERT(storage::whole_seconds(*at_storage) == *at_storage);
    WINDLASS_ASSERT(!here || here == at_storage);
  }
  if (const auto time = storage::parse_sas_time(text))
    WINDLASS_ASSERT(storage::parse_sas_time(storage::iso_time(*time)) == time);
}

std::vector<std::string> seeds() {
  return {"PT15M",
          "P1DT2H3M4.5678901S",
          "-P1D",
          "P1Y2M3W4D",
          "PT0.5S",
          "P10675199DT2H48M5.4775807S",
          "P99999999999999999999D",
          "2016-09-06T06:59:15.1161429Z",
          "2016-09-06",
          "2016-02-29T24:00Z",
          "2016-09-06T06:59+02:00",
          "0001-01-01T00:00:00+23:59",
          "9999-12-31T23:59:59.9999999-2359",
          "Tue, 03 Jan 2023 10:20:30 GMT",
          "Tue, 24 Nov 2026 02:07:53 +0000",
          "2026-11-24T02:07Z",
          "2026-11-24T02:07:53.1234567Z"};
}

const Target kTarget("times", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
