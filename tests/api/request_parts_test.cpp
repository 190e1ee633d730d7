#include "api/conditions.h"
#include "api/errors.h"
#include "api/select.h"
#include "api/version.h"
#include "model/time_text.h"

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::api;

namespace {

const std::string_view kVersions[] = {"2018-12-01.8.0",  "2019-08-01.10.0", "2022-10-01.16.0",
                                      "2024-07-01.20.0", "2025-06-01",      "2031-01-31.99.1"};
const std::string_view kNoVersions[] = {"2018-08-01.7.0", "2018-11-30",       "x",
                                        "2022-10-01.16",  "2022-10-01.16.0.", "2022-10-01.16.0 ",
                                        "2022-13-01.1.1", "2022-1-01.1.1",    "2022-10-01-preview",
                                        "2022-10-01..1",  "22022-10-01.1.1",  "-022-10-01"};

std::vector<ErrorCode> all_codes() {
  std::vector<ErrorCode> codes;
#define WINDLASS_X(name) codes.push_back(ErrorCode::name);
  WINDLASS_ERROR_CODES(WINDLASS_X)
#undef WINDLASS_X
  return codes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_request_parts)

BOOST_DATA_TEST_CASE(version_is_spoken, bdata::make(kVersions), text) {
  BOOST_TEST(parse_api_version(text).has_value());
}

BOOST_DATA_TEST_CASE(version_is_not_spoken, bdata::make(kNoVersions), text) {
  const Result<ApiVersion> version = parse_api_version(text);
  BOOST_REQUIRE(!version.has_value());
  BOOST_TEST((version.error().code == ErrorCode::unsupported_request_version));
}

BOOST_AUTO_TEST_CASE(version_is_mandatory) {
  BOOST_TEST((parse_api_version(std::nullopt).error().code ==
              ErrorCode::missing_required_query_parameter));
  BOOST_TEST((parse_api_version("").error().code == ErrorCode::missing_required_query_parameter));
}

BOOST_AUTO_TEST_CASE(old_versions_have_old_shapes) {
  BOOST_TEST(parse_api_version("2020-03-01.11.0")->slots_are_called_tasks());
  BOOST_TEST(!parse_api_version("2020-09-01.12.0")->slots_are_called_tasks());
  BOOST_TEST(parse_api_version("2020-03-01.11.0")->task_counts_are_flat());
}

BOOST_AUTO_TEST_CASE(each_code_has_a_face) {
  std::set<std::string_view> names;
  for (const ErrorCode code : all_codes()) {
    const ErrorFace face = face_of(code);
    BOOST_TEST_CONTEXT(to_string(code)) {
      BOOST_TEST(face.status >= 304);
      BOOST_TEST(!face.message.empty());
      // The wire name is our spelling in capitals, but for the pairs that share one.
      std::string spelled;
      for (const char c : face.code) {
        if (c >= 'A' && c <= 'Z' && !spelled.empty()) spelled += '_';
        spelled += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      }
      const bool shared = code == ErrorCode::not_modified ||
                          code == ErrorCode::authentication_missing ||
                          code == ErrorCode::task_files_cleaned_up || code == ErrorCode::io_error;
      if (!shared) BOOST_TEST(spelled == to_string(code));
    }
  }
}

BOOST_AUTO_TEST_CASE(error_body_is_the_documented_one) {
  const Error error = property_error(ErrorCode::invalid_property_value, "id", "a \"b\"", "Why.");
  const WallTime time = parse_timestamp("2026-01-02T03:04:05Z").value();
  BOOST_TEST(boost::json::parse(error_body(error, "https://h:1", "guid", time)) ==
             boost::json::parse(R"({
    "odata.metadata":"https://h:1/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
    "code":"InvalidPropertyValue",
    "message":{"lang":"en-US","value":"The value of one of the properties of the request body is invalid.\nRequestId:guid\nTime:2026-01-02T03:04:05.0000000Z"},
    "values":[{"key":"PropertyName","value":"id"},{"key":"PropertyValue","value":"a \"b\""},
      {"key":"Reason","value":"Why."}]})"));
  const Error plain{ErrorCode::pool_not_found, "Own words.", {}};
  const boost::json::value shown = boost::json::parse(error_body(plain, "b", "r", time));
  BOOST_TEST(!shown.as_object().contains("values"));
  BOOST_TEST(shown.at("message").at("value").as_string().starts_with("Own words.\nRequestId:r\n"));
}

BOOST_AUTO_TEST_CASE(tags_are_read_in_every_spelling) {
  const auto tags = [](std::string_view text) {
    return parse_conditions({text, {}, {}, {}})->if_match;
  };
  using Tags = std::vector<std::string>;
  BOOST_TEST((tags("\"0x1\"") == Tags{"0x1"}));
  BOOST_TEST((tags("0x1") == Tags{"0x1"}));
  BOOST_TEST((tags("W/\"0x1\" , 0x2,*") == Tags{"0x1", "0x2", "*"}));
  BOOST_TEST((tags("*") == Tags{"*"}));
  BOOST_TEST((tags(",") == Tags{""}));  // a condition that nothing meets
  BOOST_TEST(parse_conditions({"", " ", {}, {}})->empty());
}

BOOST_AUTO_TEST_CASE(the_tag_outranks_the_date_beside_it) {
  const std::string_view date = "Tue, 03 Jan 2023 10:20:30 GMT";
  const Result<Conditions> read = parse_conditions({{}, "a", date, {}});
  BOOST_TEST(read->if_none_match.size() == 1u);
  BOOST_TEST(!read->if_modified_since.has_value());
  const Result<Conditions> write = parse_conditions({"a", {}, {}, date});
  BOOST_TEST(write->if_match.size() == 1u);
  BOOST_TEST(!write->if_unmodified_since.has_value());
  BOOST_TEST(parse_conditions({{}, {}, date, {}})->if_modified_since.has_value());
  BOOST_TEST(parse_conditions({{}, {}, {}, date})->if_unmodified_since.has_value());
}

BOOST_AUTO_TEST_CASE(other_pairs_of_conditions_are_refused) {
  const std::string_view date = "Tue, 03 Jan 2023 10:20:30 GMT";
  const ConditionHeaders pairs[] = {{"a", "b", {}, {}},
                                    {"a", {}, date, {}},
                                    {{}, "b", {}, date},
                                    {{}, {}, date, date},
                                    {"a", "b", date, date}};
  for (const ConditionHeaders& pair : pairs) {
    BOOST_TEST((parse_conditions(pair).error().code ==
                ErrorCode::multiple_condition_headers_not_supported));
  }
  BOOST_TEST((parse_conditions({{}, {}, "yesterday", {}}).error().code ==
              ErrorCode::invalid_header_value));
}

BOOST_AUTO_TEST_CASE(select_knows_the_names_of_its_entity) {
  const Result<Select> select = Select::parse(" id, state ,id", Entity::task);
  BOOST_REQUIRE(select.has_value());
  BOOST_TEST(select->wants("id"));
  BOOST_TEST(select->wants("state"));
  BOOST_TEST(!select->wants("url"));
  BOOST_TEST(!select->wants_task_document());
  BOOST_TEST(Select::parse("id,commandLine", Entity::task)->wants_task_document());
  BOOST_TEST(Select().wants_all());
  BOOST_TEST(Select::parse(std::nullopt, Entity::pool)->wants_all());
  BOOST_TEST(Select::parse("", Entity::pool)->wants("anything"));
  for (const std::string_view bad :
       {"id,", ",", "Id", "id state", "executionInfo/exitCode", "vmSize"}) {
    const Result<Select> refused = Select::parse(bad, Entity::task);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == ErrorCode::invalid_query_parameter_value));
    BOOST_TEST(refused.error().values[0].value == "$select");
  }
}

BOOST_AUTO_TEST_CASE(only_stats_expand) {
  BOOST_TEST(parse_expand("stats").value());
  BOOST_TEST(!parse_expand(std::nullopt).value());
  BOOST_TEST((parse_expand("tasks").error().code == ErrorCode::invalid_query_parameter_value));
}

BOOST_AUTO_TEST_SUITE_END()
