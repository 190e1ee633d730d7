// A report, or several, as a page with plots that needs nothing else.
#pragma once

#include "loadtest/core/report.h"

#include <string>
#include <vector>

namespace windlass::loadtest {

// For a terminal: each number's median, least and most over the rounds, and latencies.
std::string table_of(const Report& report);

// Numbers, latencies by percentile, and what happened over time.
std::string page_of(const Report& report);

// One plot for each number over a parameter ("pending"), a line for each scenario.
std::string growth_page_of(const std::vector<Report>& reports, const std::string& parameter);

}  // namespace windlass::loadtest
