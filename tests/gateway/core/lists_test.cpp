#include "gateway/core/byte_range.h"
#include "gateway/core/list_parameters.h"
#include "gateway/core/merge.h"
#include "gateway/core/skip_token.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::gateway;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(gateway_core_lists)

BOOST_AUTO_TEST_CASE(skip_tokens_come_back_and_are_plain) {
  for (const std::string& key :
       {std::string("a"), std::string("task-10"), std::string("\xff\x00\xfe", 3),
        std::string("wd/\xc3\xa4 b.txt"), std::string(64, 'z'), std::string("s:job-1")}) {
    const std::string token = skip_token(key);
    BOOST_TEST(token.find_first_not_of(
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
               std::string::npos);
    const auto back = parse_skip_token(token);
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(*back == key);
  }
  for (const char* bad : {"", "k", "x", "kA", "kY=", "kYQ==", "aYQ", "kYQ%", "kYR", "k YQ"})
    BOOST_TEST(!parse_skip_token(bad).has_value(), bad);
}

BOOST_AUTO_TEST_CASE(parameters_are_checked) {
  BOOST_TEST((*request_timeout(Query("")) == Duration(std::chrono::seconds(30))));
  BOOST_TEST((*request_timeout(Query("timeOut=7")) == Duration(std::chrono::seconds(7))));
  BOOST_TEST((*request_timeout(Query("timeout=45")) == Duration(std::chrono::seconds(30))));
  const auto code = [](const auto& result) { return to_string(result.error().code); };
  BOOST_TEST(code(request_timeout(Query("timeout=abc"))) == "invalid_query_parameter_value");
  BOOST_TEST(code(request_timeout(Query("timeout=0"))) == "out_of_range_query_parameter_value");
  BOOST_TEST(code(request_timeout(Query("timeout="))) == "invalid_query_parameter_value");

  BOOST_TEST(*page_entries(Query(""), 1000) == 1000u);
  BOOST_TEST(*page_entries(Query("MaxResults=10"), 10) == 10u);
  BOOST_TEST(code(page_entries(Query("maxresults=11"), 10)) ==
             "out_of_range_query_parameter_value");
  BOOST_TEST(code(page_entries(Query("maxresults=0"), 10)) == "out_of_range_query_parameter_value");
  BOOST_TEST(code(page_entries(Query("maxresults=99999999999999999999"), 10)) ==
             "out_of_range_query_parameter_value");
  BOOST_TEST(code(page_entries(Query("maxresults=1.5"), 10)) == "invalid_query_parameter_value");

  BOOST_TEST(*page_after(Query("$skipToken=" + skip_token("t9"))) == "t9");
  BOOST_TEST(code(page_after(Query("$skiptoken=nonsense"))) == "invalid_query_parameter_value");
  BOOST_TEST(*flag_parameter(Query("recursive=TRUE"), "recursive"));
  BOOST_TEST(!*flag_parameter(Query(""), "recursive"));
  BOOST_TEST(code(flag_parameter(Query("recursive=1"), "recursive")) ==
             "invalid_query_parameter_value");
}

BOOST_AUTO_TEST_CASE(next_link_repeats_what_was_asked) {
  const auto target = parse_target(
      "/jobs/j1/tasks?api-version=2022-10-01.16.0&$filter=state%20eq%20'active'&$SkipToken=old&"
      "maxresults=5");
  BOOST_TEST(next_link("http://h:1", *target, "kabc") ==
             "http://h:1/jobs/j1/tasks?api-version=2022-10-01.16.0&$filter=state%20eq%20'active'&"
             "maxresults=5&$skiptoken=kabc");
  BOOST_TEST(next_link("http://h", *parse_target("/pools"), "k") == "http://h/pools?$skiptoken=k");
  BOOST_TEST(valid_authority("127.0.0.1:80"));
  BOOST_TEST(valid_authority("[::1]:80"));
  BOOST_TEST(!valid_authority("a\"b"));
  BOOST_TEST(!valid_authority(""));
}

namespace {

Page<std::string> page(std::vector<std::string> entries,
                       std::optional<std::string> next = std::nullopt) {
  return {std::move(entries), std::move(next)};
}

std::string text_of(std::vector<std::pair<ShardId, Page<std::string>>> pages,
                    std::uint32_t entries_max) {
  const auto merged =
      merge_pages(std::move(pages), entries_max, [](const std::string& s) { return s; });
  std::string out;
  for (const auto& entry : merged.entries) out += entry.view + std::to_string(entry.shard) + " ";
  return out + "> " + merged.next.value_or("-");
}

}  // namespace

BOOST_AUTO_TEST_CASE(pages_merge_in_id_order_without_case) {
  BOOST_TEST(text_of({{0, page({"A", "c"})}, {1, page({"b", "D"})}}, 10) == "A0 b1 c0 D1 > -");
  BOOST_TEST(text_of({{0, page({})}, {1, page({})}}, 10) == "> -");
}

BOOST_AUTO_TEST_CASE(merged_page_is_cut_and_goes_on_behind_its_last_entry) {
  BOOST_TEST(text_of({{0, page({"a", "c"})}, {1, page({"B", "d"})}}, 2) == "a0 B1 > b");
}

BOOST_AUTO_TEST_CASE(nothing_is_shown_beyond_what_all_shards_have_looked_at) {
  // Shard 1 stopped at "b": a "bb" may follow there, so "c" must wait.
  BOOST_TEST(text_of({{0, page({"a", "c"})}, {1, page({"b"}, "b")}}, 10) == "a0 b1 > b");
  // A page may be empty and still go on.
  BOOST_TEST(text_of({{0, page({"m"})}, {1, page({}, "f")}}, 10) == "> f");
  BOOST_TEST(text_of({{0, page({"a"}, "k")}, {1, page({}, "f")}}, 10) == "a0 > f");
}

namespace {

struct RangeCase {
  const char* name;
  const char* text;
  std::uint64_t size;
  const char* expected;  // "offset+length" or the code
};
std::ostream& operator<<(std::ostream& out, const RangeCase& c) {
  return out << c.name;
}
const RangeCase kRangeCases[] = {
    {"inside", "bytes=2-4", 10, "2+3"},
    {"one byte", "bytes=0-0", 10, "0+1"},
    {"open end", "bytes=7-", 10, "7+3"},
    {"end is cut", "bytes=7-99999999999999999999", 10, "7+3"},
    {"unit in capitals", "Bytes=0-1", 10, "0+2"},
    {"start at the end", "bytes=10-", 10, "invalid_range"},
    {"start past the end", "bytes=11-12", 10, "invalid_range"},
    {"empty file", "bytes=0-", 0, "invalid_range"},
    {"suffix", "bytes=-5", 10, "invalid_header_value"},
    {"backwards", "bytes=5-4", 10, "invalid_header_value"},
    {"two ranges", "bytes=0-1,3-4", 10, "invalid_header_value"},
    {"other unit", "lines=0-1", 10, "invalid_header_value"},
    {"no number", "bytes=a-b", 10, "invalid_header_value"},
    {"no dash", "bytes=5", 10, "invalid_header_value"},
    {"nothing", "bytes=", 10, "invalid_header_value"},
};

std::string range_text(const char* text, std::uint64_t size) {
  const auto range = parse_byte_range(text);
  if (!range) return std::string(to_string(range.error().code));
  const auto span = span_of(*range, size);
  if (!span) return std::string(to_string(span.error().code));
  return std::to_string(span->offset) + "+" + std::to_string(span->length);
}

}  // namespace

BOOST_DATA_TEST_CASE(byte_range_is_read, bdata::make(kRangeCases), c) {
  BOOST_TEST(range_text(c.text, c.size) == c.expected);
}

BOOST_AUTO_TEST_SUITE_END()
