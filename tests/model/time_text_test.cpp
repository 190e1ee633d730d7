#include "model/time_text.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace std::chrono_literals;

namespace {

struct DurationCase {
  std::string_view text;
  Duration duration;
  std::string_view printed;
};
std::ostream& operator<<(std::ostream& out, const DurationCase& c) {
  return out << c.text;
}

const DurationCase kDurations[] = {
    {"PT15M", 15min, "PT15M"},
    {"P1DT2H", 26h, "P1DT2H"},
    {"PT0.5S", 500ms, "PT0.5S"},
    {"PT0S", 0s, "PT0S"},
    {"P0D", 0s, "PT0S"},
    {"PT03S", 3s, "PT3S"},
    {"PT02M00S", 2min, "PT2M"},
    {"PT03H00M00S", 3h, "PT3H"},
    {"P7D", 168h, "P7D"},
    {"P1W", 168h, "P7D"},
    {"P1Y2M", 24h * 425, "P425D"},
    {"PT90M", 90min, "PT1H30M"},
    {"PT1,5S", 1500ms, "PT1.5S"},
    {"PT0.00000001S", 0s, "PT0S"},
    {"-PT5S", -5s, "-PT5S"},
    {"P10675199DT2H48M5.4775807S", kInfinite, "P10675199DT2H48M5.4775807S"},
    {"P10675199DT2H48M5.4775806S", kInfinite - Duration{1}, "P10675199DT2H48M5.4775806S"},
    {"P10675199DT2H48M5.477581S", kInfinite, "P10675199DT2H48M5.4775807S"},
    {"P99999999999999999999999D", kInfinite, "P10675199DT2H48M5.4775807S"},
};

struct TimeCase {
  std::string_view text;
  std::string_view printed;
};
std::ostream& operator<<(std::ostream& out, const TimeCase& c) {
  return out << c.text;
}

const TimeCase kTimes[] = {
    {"2016-09-06T06:59:15.1161429Z", "2016-09-06T06:59:15.1161429Z"},
    {"2016-09-06", "2016-09-06T00:00:00.0000000Z"},
    {"2016-09-06T06:59Z", "2016-09-06T06:59:00.0000000Z"},
    {"2016-09-06T06:59", "2016-09-06T06:59:00.0000000Z"},
    {"2016-09-06T06:59:15", "2016-09-06T06:59:15.0000000Z"},
    {"2016-09-06T06:59:15+02:00", "2016-09-06T04:59:15.0000000Z"},
    {"2016-09-06T23:59:15.5-0530", "2016-09-07T05:29:15.5000000Z"},
    {"2016-09-06T06:59:15+02", "2016-09-06T04:59:15.0000000Z"},
    {"2016-09-06T06:59:15.123456789Z", "2016-09-06T06:59:15.1234567Z"},
    {"1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.9999999Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z"},
    {"9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"},
    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.0000000Z"},
    {"Tue, 03 Jan 2023 10:20:30 GMT", "2023-01-03T10:20:30.0000000Z"},
};

const std::string_view kNoDurations[] = {"",      "P",     "PT",     "P1DT",  "15M",   "PT15",
                                         "P1H",   "PT1D",  "PT1M1H", "PT.5S", "PT1.S", "PT1.5M",
                                         "P1.5D", " PT1S", "PT1S ",  "pt1s",  "P-1D",  "PT1S1S"};
const std::string_view kNoTimes[] = {"",
                                     "2016",
                                     "2016-13-01",
                                     "2023-02-29",
                                     "2016-09-06T",
                                     "2016-09-06T06",
                                     "2016-09-06T24:00",
                                     "2016-09-06T06:60:00",
                                     "2016-09-06T06:59:15.Z",
                                     "2016-09-06T06:59:15X",
                                     "2016-09-06T06:59:15Zx",
                                     "2016-09-06T06:59:15+25:00",
                                     "0000-01-01",
                                     "yesterday",
                                     "Tue, 3 Jan 2023 10:20:30 GMT",
                                     "Tue, 30 Feb 2023 10:20:30 GMT",
                                     "Tue, 03 Jan 2023 10:20:30 CET"};

}  // namespace

BOOST_AUTO_TEST_SUITE(model_time_text)

BOOST_DATA_TEST_CASE(duration_is_read_and_printed, bdata::make(kDurations), c) {
  const std::optional<Duration> parsed = parse_duration(c.text);
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->count() == c.duration.count());
  BOOST_TEST(duration_text(*parsed) == c.printed);
  BOOST_TEST(parse_duration(c.printed)->count() == c.duration.count());
}

BOOST_DATA_TEST_CASE(what_is_no_duration_is_refused, bdata::make(kNoDurations), text) {
  BOOST_TEST(!parse_duration(text).has_value());
}

BOOST_DATA_TEST_CASE(time_is_read_and_printed, bdata::make(kTimes), c) {
  const std::optional<WallTime> parsed = parse_timestamp(c.text);
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(timestamp_text(*parsed) == c.printed);
  BOOST_TEST(parse_timestamp(c.printed)->ticks == parsed->ticks);
}

BOOST_DATA_TEST_CASE(what_is_no_time_is_refused, bdata::make(kNoTimes), text) {
  BOOST_TEST(!parse_timestamp(text).has_value());
}

BOOST_AUTO_TEST_CASE(http_dates_have_whole_seconds) {
  const WallTime time = *parse_timestamp("2023-01-03T10:20:30.9999999Z");
  BOOST_TEST(http_date_text(time) == "Tue, 03 Jan 2023 10:20:30 GMT");
  BOOST_TEST(http_date_text(WallTime{0}) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(times_out_of_the_calendar_are_clamped) {
  BOOST_TEST(timestamp_text(WallTime{INT64_MAX}) == "9999-12-31T23:59:59.9999999Z");
  BOOST_TEST(timestamp_text(WallTime{INT64_MIN}) == "0001-01-01T00:00:00.0000000Z");
}

BOOST_AUTO_TEST_SUITE_END()
