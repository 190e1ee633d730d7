#pragma once

#include <string_view>

namespace windlass::runtime {

// The project's version, such as "0.1.0".
std::string_view version();

}  // namespace windlass::runtime
