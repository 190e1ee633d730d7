// What a request of the Batch API says beside its body: $select, $expand, api-version and the
// conditional headers.
#include "api/conditions.h"
#include "api/errors.h"
#include "api/select.h"
#include "api/version.h"
#include "tests/fuzz/target.h"

#include <boost/json.hpp>

namespace windlass::fuzz {
namespace {

// Every refusal can be worded, and the wording is JSON.
template <class T>
void judge_refusal(const Result<T>& result) {
  if (result) return;
  const std::string body = api::error_body(result.error(), "https://h", "id", WallTime{});
  WINDLASS_ASSERT(boost::json::parse(body).as_object().contains("code"));
  WINDLASS_ASSERT(api::face_of(result.error().code).status >= 400);
}

void judge_select(std::string_view text, api::Entity entity) {
  const auto select = api::Select::parse(text, entity);
  judge_refusal(select);
  if (!select || select->wants_all()) return;
  // Written again from what it wants, it wants the same.
  std::string again;
  for (const std::string_view name : api::known_names(entity)) {
    if (!select->wants(name)) continue;
    if (!again.empty()) again += ',';
    again += name;
  }
  const auto second = api::Select::parse(again, entity);
  WINDLASS_ASSERT(second.has_value());
  for (const std::string_view name : api::known_names(entity))
    WINDLASS_ASSERT(select->wants(name) == second->wants(name));
}

void run(std::string_view input) {
  Choices choices(input);
  const std::size_t choice = choices.below(8);
  const std::string_view text = choices.rest();
  if (choice < 4) {
    judge_select(text, static_cast<api::Entity>(choice));
  } else if (choice == 4) {
    judge_refusal(api::parse_expand(text));
  } else if (choice == 5) {
    const auto version = api::parse_api_version(text);
    judge_refusal(version);
    WINDLASS_ASSERT(!version || *version >= (api::ApiVersion{2018, 12, 1}));
  } else {
    api::ConditionHeaders headers;
    const std::uint8_t given = choices.byte();
    if (given & 1) headers.if_match = choices.text();
    if (given & 2) headers.if_none_match = choices.text();
    if (given & 4) headers.if_modified_since = choices.text();
    if (given & 8) headers.if_unmodified_since = choices.text();
    judge_refusal(api::parse_conditions(headers));
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> seeds =
      behind_choices(6, {"id", "id, state,url", "id,id", "commandLine,executionInfo", ",", "stats",
                         "2022-10-01.16.0", "2018-12-01.8.0", "2018-11-30.7.0", "2022-13-01.1.1"});
  seeds.push_back(chosen(6, "\x01\x0a\"0x8DABC\",*"));
  seeds.push_back(chosen(6, "\x02\x05W/\"a\""));
  seeds.push_back(chosen(6, "\x04\x1dTue, 03 Jan 2023 10:20:30 GMT"));
  seeds.push_back(chosen(6, "\x09\x01*\x1dTue, 03 Jan 2023 10:20:30 GMT"));
  return seeds;
}

const Target kTarget("api_parameters", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
