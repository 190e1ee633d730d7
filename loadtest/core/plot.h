// Line plots as SVG, for pages that need nothing else.
#pragma once

#include "loadtest/core/report.h"

#include <map>
#include <string>

namespace windlass::loadtest {

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool x_logarithmic = false;
  bool y_logarithmic = false;                           // points at or below 0 are left out
  std::map<std::string, Series> lines;                  // by the name in the legend
  std::vector<std::pair<double, std::string>> x_ticks;  // empty: round numbers
};

std::string svg_of(const Plot& plot);

// A latency's percentiles over "nines": x is 1 / (1 - share), for a logarithmic axis.
Series percentile_curve(const Histogram& histogram);

}  // namespace windlass::loadtest
