// What tells a folder from another one that stands at its path later.
#pragma once

#include <optional>
#include <string>

namespace windlass::worker {

// Empty: there is none. Nothing: that cannot be told now (a disk that fails, say).
std::optional<std::string> folder_mark(const std::string& path);

}  // namespace windlass::worker
