// Members that the service keeps and returns without acting on them. They are checked all the same:
// names, types, what is required, and words in their canonical spelling.
#pragma once

#include "api/json_in.h"
#include "api/json_writer.h"

#include <span>
#include <string>
#include <string_view>

namespace windlass::api {

enum class KeptType : std::uint8_t { text, integer, boolean, word, model, anything };

struct KeptModel;

struct KeptField {
  std::string_view name;
  KeptType type = KeptType::text;
  bool list = false;
  bool required = false;
  enum class Fate : std::uint8_t { kept, dropped, not_built } fate = Fate::kept;
  const KeptModel* model = nullptr;
  std::span<const std::string_view> words = {};
  std::size_t items_max = SIZE_MAX;
};

struct KeptModel {
  std::span<const KeptField> fields;
  void (*check)(const Value& object) = nullptr;  // what the fields alone do not say
};

// Appends member `name` with the checked value to the object that `kept_json` is; an empty text
// becomes an object. Null adds nothing.
void keep(const Value& value, std::string_view name, const KeptModel& model,
          std::string& kept_json);
void keep_anything(const Value& value, std::string_view name, std::string& kept_json);

const KeptModel& cloud_service_configuration_model();
const KeptModel& virtual_machine_configuration_model();
const KeptModel& network_configuration_model();
const KeptModel& job_network_configuration_model();
const KeptModel& exit_conditions_model();

}  // namespace windlass::api
