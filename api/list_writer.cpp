#include "api/list_writer.h"

#include "api/json_writer.h"

namespace windlass::api {

ListWriter::ListWriter(std::string& out, std::string_view base_url, std::string_view set)
    : out_(out) {
  JsonWriter json(out_);
  json.begin_object();
  json.member("odata.metadata", std::string(base_url) + "/$metadata#" + std::string(set));
  json.name("value");
  json.begin_array();
}

void ListWriter::finish(const std::optional<std::string>& next_link) {
  JsonWriter json(out_);
  json.end_array();
  if (next_link) json.member("odata.nextLink", *next_link);
  json.end_object();
}

}  // namespace windlass::api
