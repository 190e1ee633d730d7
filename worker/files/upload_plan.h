// Which files an output file setting means, and what each is called in its container (ruling 38).
#pragma once

#include "model/common.h"
#include "worker/files/confined.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace windlass::worker {

struct UploadPattern {
  std::string root;                // absolute: what must not be left
  std::vector<std::string> base;   // folders below root, without wildcards
  std::vector<std::string> parts;  // from the first component with a wildcard on, or the file name
  bool wildcard = false;
};

// $NAME and ${NAME}, from the task's environment; unknown names become nothing, as in a shell.
std::string expand_variables(std::string_view text,
                             const std::vector<EnvironmentSetting>& environment);

// Relative to `task`/wd and inside `task`; absolute ones inside `node_root`. Both are absolute
// paths. An error is a sentence.
std::variant<UploadPattern, std::string> parse_upload_pattern(std::string_view pattern,
                                                              const std::string& node_root,
                                                              const std::string& task);

struct UploadFile {
  std::string path;       // relative to the pattern's root
  std::string blob_name;  // in the container
};

inline constexpr std::size_t kUploadFilesMax = 100'000;

// Looks at the folders. `blob_path` is destination.container.path. Sorted by path.
std::vector<UploadFile> find_upload_files(const UploadPattern& pattern, std::string_view blob_path);

}  // namespace windlass::worker
