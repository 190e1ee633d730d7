// Ranges, dates, conditions, XML: the small print of the protocol.
#include "storage/core/byte_range.h"
#include "storage/core/conditions.h"
#include "storage/core/dates.h"
#include "storage/core/request.h"
#include "storage/core/xml.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::storage;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(storage_core_protocol)

struct RangeCase {
  std::string_view text;
  std::uint64_t size;
  std::string_view expected;  // "first-end" or a code
};
std::ostream& operator<<(std::ostream& out, const RangeCase& c) {
  return out << c.text << " of " << c.size;
}

const RangeCase kRanges[] = {
    {"bytes=0-0", 10, "0-1"},
    {"bytes=2-4", 10, "2-5"},
    {"bytes=7-", 10, "7-10"},
    {"bytes=7-99", 10, "7-10"},
    {"bytes=0-18446744073709551615", 10, "0-10"},
    {"bytes=10-", 10, "InvalidRange"},
    {"bytes=10-20", 10, "InvalidRange"},
    {"bytes=0-", 0, "InvalidRange"},
    {"bytes=0-18446744073709551616", 10, "InvalidHeaderValue"},
    {"bytes=4-2", 10, "InvalidHeaderValue"},
    {"bytes=-5", 10, "InvalidHeaderValue"},
    {"bytes=-", 10, "InvalidHeaderValue"},
    {"bytes=0-1,4-5", 10, "InvalidHeaderValue"},
    {"bytes= 0-1", 10, "InvalidHeaderValue"},
    {"bytes=+1-2", 10, "InvalidHeaderValue"},
    {"lines=0-1", 10, "InvalidHeaderValue"},
    {"", 10, "InvalidHeaderValue"},
};

BOOST_DATA_TEST_CASE(ranges_are_read, bdata::make(kRanges), c) {
  const auto range = parse_range(c.text, c.size);
  const std::string found = range ? std::to_string(range->first) + "-" + std::to_string(range->end)
                                  : std::string(code_of(range.refusal().error));
  BOOST_TEST(found == c.expected);
}

BOOST_AUTO_TEST_CASE(dates_go_both_ways) {
  const auto time = parse_http_date("Tue, 24 Nov 2026 02:07:53 GMT");
  BOOST_REQUIRE(time.has_value());
  BOOST_TEST(http_date(*time) == "Tue, 24 Nov 2026 02:07:53 GMT");
  BOOST_TEST(iso_time(*time) == "2026-11-24T02:07:53.0000000Z");
  BOOST_TEST(http_date(WallTime{0}) == "Thu, 01 Jan 1970 00:00:00 GMT");
  BOOST_TEST((parse_sas_time("2026-11-24T02:07:53Z") == time));
  BOOST_TEST((parse_sas_time("2026-11-24T02:07:53.0000000Z") == time));
  BOOST_TEST(parse_sas_time("2026-11-24").has_value());
  BOOST_TEST(parse_sas_time("2026-11-24T02:07Z").has_value());
  for (const auto* bad : {"", "2026-02-30", "2026-11-24T25:00Z", "2026-11-24T02:07:53",
                          "2026-11-24T02:07:53+01:00", "2026-11-24x"}) {
    BOOST_TEST(!parse_sas_time(bad).has_value(), bad);
  }
  for (const auto* bad : {"", "24 Nov 2026 02:07:53 GMT", "Tue, 24 Nov 2026 02:07:53 CET",
                          "Tue, 32 Nov 2026 02:07:53 GMT", "Tue, 24 Nov 2026 02:07:53 GMT!"}) {
    BOOST_TEST(!parse_http_date(bad).has_value(), bad);
  }
}

const Validators kCurrent{"\"0x1\"", WallTime{1'000'000'000}};

unsigned read_status(const Conditions& conditions) {
  const Check check = check_read(conditions, kCurrent);
  return check ? 200 : status_of(check.refusal().error);
}

unsigned write_status(const Conditions& conditions, bool exists = true) {
  const Check check = check_write(conditions, exists ? &kCurrent : nullptr);
  return check ? 200 : status_of(check.refusal().error);
}

BOOST_AUTO_TEST_CASE(conditions_on_reads) {
  const WallTime before{kCurrent.last_modified.ticks - 10'000'000};
  const WallTime same = kCurrent.last_modified;
  BOOST_TEST(read_status({}) == 200u);
  BOOST_TEST(read_status({.if_match = "\"0x1\""}) == 200u);
  BOOST_TEST(read_status({.if_match = "0x1"}) == 200u);
  BOOST_TEST(read_status({.if_match = "*"}) == 200u);
  BOOST_TEST(read_status({.if_match = "\"0x2\""}) == 412u);
  BOOST_TEST(read_status({.if_none_match = "\"0x1\""}) == 304u);
  BOOST_TEST(read_status({.if_none_match = "\"0x2\""}) == 200u);
  BOOST_TEST(read_status({.if_none_match = "*"}) == 400u);
  BOOST_TEST(read_status({.if_modified_since = same}) == 304u);
  BOOST_TEST(read_status({.if_modified_since = before}) == 200u);
  BOOST_TEST(read_status({.if_unmodified_since = before}) == 412u);
  BOOST_TEST(read_status({.if_unmodified_since = same}) == 200u);
  // Either of the pair lets a read through.
  BOOST_TEST(read_status({.if_none_match = "\"0x1\"", .if_modified_since = before}) == 200u);
  BOOST_TEST(read_status({.if_none_match = "\"0x1\"", .if_modified_since = same}) == 304u);
}

BOOST_AUTO_TEST_CASE(conditions_on_writes) {
  const WallTime before{kCurrent.last_modified.ticks - 10'000'000};
  const WallTime same = kCurrent.last_modified;
  BOOST_TEST(write_status({}) == 200u);
  BOOST_TEST(write_status({.if_match = "\"0x2\""}) == 412u);
  BOOST_TEST(write_status({.if_match = "\"0x1\""}, false) == 412u);
  BOOST_TEST(write_status({.if_match = "*"}, false) == 412u);
  BOOST_TEST(write_status({.if_none_match = "*"}, false) == 200u);
  BOOST_TEST(write_status({.if_none_match = "*"}) == 412u);
  BOOST_TEST(write_status({.if_none_match = "\"0x1\""}) == 412u);
  BOOST_TEST(write_status({.if_modified_since = same}) == 412u);
  BOOST_TEST(write_status({.if_modified_since = before}) == 200u);
  BOOST_TEST(write_status({.if_unmodified_since = before}) == 412u);
  BOOST_TEST(write_status({.if_match = "\"0x1\"", .if_unmodified_since = before}) == 200u);
  BOOST_TEST(write_status({.if_match = "\"0x1\"", .if_none_match = "\"0x2\""}) == 400u);
  BOOST_TEST(write_status({.if_match = "\"0x1\"", .if_modified_since = before}) == 400u);
}

BOOST_AUTO_TEST_CASE(xml_is_escaped) {
  XmlWriter xml;
  xml.open("A", " b=\"c\"");
  xml.element("T", "<&>\"\r");
  xml.element("E", "");
  xml.element("N", std::uint64_t{7});
  xml.blob_name("a/b");
  xml.blob_name("a\x01");
  xml.close("A");
  BOOST_TEST(xml.take() ==
             "<?xml version=\"1.0\" encoding=\"utf-8\"?><A b=\"c\"><T>&lt;&amp;&gt;&quot;&#xD;</T>"
             "<E /><N>7</N><Name>a/b</Name><Name Encoded=\"true\">a%01</Name></A>");
}

BOOST_AUTO_TEST_CASE(what_xml_cannot_hold_is_shown_as_such) {
  BOOST_TEST(xml_escaped(std::string_view("a\x01\0\xFF\xC3<", 6)) ==
             "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD&lt;");
  BOOST_TEST(xml_escaped("\xEF\xBF\xBF").find("\xEF\xBF\xBF") == std::string::npos);
  BOOST_TEST(xml_escaped("n\xC3\xA4\xF0\x9F\x99\x82\t\n") == "n\xC3\xA4\xF0\x9F\x99\x82\t\n");
  BOOST_TEST(!xml_can_hold("\xFF"));
  BOOST_TEST(xml_can_hold("n\xC3\xA4"));
  // A refusal repeats what was asked.
  const BlobAnswer answer = answer_of(refuse(BlobError::invalid_query_value, "\xFF\x02"), "id", {});
  BOOST_TEST(xml_can_hold(answer.body));
}

struct BlockListCase {
  std::string_view name;
  std::string_view xml;
  int blocks;  // -1: refused
};
std::ostream& operator<<(std::ostream& out, const BlockListCase& c) {
  return out << c.name;
}

const BlockListCase kBlockLists[] = {
    {"usual", "<?xml version=\"1.0\"?>\n<BlockList>\n <Latest>AA==</Latest>\n</BlockList>\n", 1},
    {"three kinds",
     "<BlockList><Latest>AA==</Latest><Committed>AQ==</Committed><Uncommitted>Ag==</Uncommitted>"
     "</BlockList>",
     3},
    {"empty", "<BlockList></BlockList>", 0},
    {"empty element", "<BlockList />", 0},
    {"byte order mark and comment",
     "\xEF\xBB\xBF<!-- x --><BlockList><!-- <Latest> --></BlockList>", 0},
    {"spaces in an id's place", "<BlockList><Latest> AA== </Latest></BlockList>", 1},
    {"attributes", "<BlockList x=\"y\"><Latest a=\"b\">AA==</Latest></BlockList>", 1},
    {"nothing", "", -1},
    {"another root", "<Blocks></Blocks>", -1},
    {"unknown kind", "<BlockList><First>AA==</First></BlockList>", -1},
    {"empty id", "<BlockList><Latest></Latest></BlockList>", -1},
    {"not closed", "<BlockList><Latest>AA==</Latest>", -1},
    {"crossed", "<BlockList><Latest>AA==</Committed></BlockList>", -1},
    {"text after", "<BlockList></BlockList>x", -1},
    {"entity", "<BlockList><Latest>&lt;</Latest></BlockList>", -1},
    {"document type", "<!DOCTYPE x [<!ENTITY a \"b\">]><BlockList></BlockList>", -1},
    {"nested", "<BlockList><Latest><Latest>AA==</Latest></Latest></BlockList>", -1},
};

BOOST_DATA_TEST_CASE(block_lists_are_read, bdata::make(kBlockLists), c) {
  const auto list = parse_block_list(c.xml);
  BOOST_TEST((list ? static_cast<int>(list->size()) : -1) == c.blocks);
}

BOOST_AUTO_TEST_SUITE_END()
