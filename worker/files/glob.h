// Patterns of output files. `*`, `?` and `[...]` match inside one component, `**` any number of
// folders; as the last component `**` matches files at every depth. Names with a leading dot match
// like others (ruling 38). `[*]` is a literal star; a `[` without its `]` is literal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

// One component (no '/') against one name.
bool name_matches(std::string_view pattern, std::string_view name);

bool has_wildcard(std::string_view component);

// Components of a pattern against those of a path.
bool path_matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path);

// Whether something below the folder `path` may match.
bool path_may_match_below(const std::vector<std::string>& pattern,
                          const std::vector<std::string>& path);

}  // namespace windlass::worker
