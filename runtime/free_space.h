// How much a file system still takes.
#pragma once

#include <string>

namespace windlass::runtime {

// Bytes that this process may still write below `folder`; 0 when the folder cannot be asked.
double free_bytes(const std::string& folder);

}  // namespace windlass::runtime
