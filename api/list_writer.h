// The frame of a list: {"odata.metadata":..., "value":[...], "odata.nextLink":...}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::api {

// Entries are appended to `out` between construction and finish(); each by one of the write_
// functions, which set the comma in front themselves.
class ListWriter {
 public:
  // `set` is the last word of odata.metadata: "pools", "jobs", "tasks", "nodes", "files", ...
  ListWriter(std::string& out, std::string_view base_url, std::string_view set);
  void finish(const std::optional<std::string>& next_link = std::nullopt);

 private:
  std::string& out_;
};

}  // namespace windlass::api
