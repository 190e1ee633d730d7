#include "api/parse_node.h"

#include "api/json_in.h"
#include "api/parse_common.h"

namespace windlass::api {

Result<DisableNodeScheduling> parse_disable_node_scheduling(std::string_view text) {
  DisableNodeScheduling command;
  if (is_blank(text)) return command;
  ParsedBody body(text);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name != "nodeDisableSchedulingOption") return name == "odata.metadata";
    value.read_word(command.option);
    return true;
  });
  if (body.failed()) return body.error();
  return command;
}

}  // namespace windlass::api
