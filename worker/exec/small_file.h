// Files of the kernel (/proc, cgroups): read whole, written in one call.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::worker::exec {

std::optional<std::string> read_small_file(const std::string& path);

// One open, one write; makes nothing and truncates nothing. False when the kernel refuses.
bool write_small_file(const std::string& path, std::string_view content);

}  // namespace windlass::worker::exec
