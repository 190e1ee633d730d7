// Shapes that several entities show.
#pragma once

#include "api/json_writer.h"
#include "api/select.h"
#include "model/common.h"
#include "model/pool.h"

#include <string_view>
#include <vector>

namespace windlass::api {

// [{"name":...,"value":...}]
void write_name_values(JsonWriter& json, const std::vector<NameValue>& items);

// [{"name":...,"value":...}] as member `name`; left out when empty or not selected.
void write_name_values(JsonWriter& json, std::string_view name, const std::vector<NameValue>& items,
                       const Select& select);

void write_user_identity(JsonWriter& json, const UserIdentity& identity);
void write_resource_files(JsonWriter& json, const std::vector<ResourceFile>& files);
void write_failure(JsonWriter& json, const FailureInfo& failure);
void write_start_task(JsonWriter& json, const StartTask& start_task);

// The members that the service keeps without looking into them.
void write_kept(JsonWriter& json, std::string_view kept_json, const Select& select);

// A member that is selected and present.
template <class T>
void write_selected(JsonWriter& json, const Select& select, std::string_view name, const T& value) {
  if (select.wants(name)) json.member(name, value);
}
template <class T>
void write_selected(JsonWriter& json, const Select& select, std::string_view name,
                    const std::optional<T>& value) {
  if (value && select.wants(name)) json.member(name, *value);
}
template <class T>
void write_present(JsonWriter& json, std::string_view name, const std::optional<T>& value) {
  if (value) json.member(name, *value);
}
inline void write_present(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.member(name, text);
}

}  // namespace windlass::api
