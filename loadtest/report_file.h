// Reports as JSON files.
#pragma once

#include "loadtest/core/report.h"

#include <string>

namespace windlass::loadtest {

// Throws std::runtime_error, naming the file.
void write_report(const Report& report, const std::string& file);
Report read_report(const std::string& file);

}  // namespace windlass::loadtest
