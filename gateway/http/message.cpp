#include "gateway/http/message.h"

#include "gateway/core/target.h"

namespace windlass::gateway {

std::string_view HttpRequest::header(std::string_view name) const {
  for (const HeaderLine& line : headers) {
    if (equals_without_case(line.name, name)) return line.value;
  }
  return {};
}

bool HttpRequest::has_header(std::string_view name) const {
  for (const HeaderLine& line : headers) {
    if (equals_without_case(line.name, name)) return true;
  }
  return false;
}

}  // namespace windlass::gateway
