// Where a run was made.
#pragma once

#include <map>
#include <string>

namespace windlass::loadtest {

// cores, processor, kernel, file system of the data (if told), time, version.
std::map<std::string, std::string> machine_words(const std::string& data);

}  // namespace windlass::loadtest
