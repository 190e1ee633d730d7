#include "loadtest/page.h"

#include "loadtest/core/plot.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace windlass::loadtest {

namespace {

constexpr std::array kShares = {0.5, 0.9, 0.99, 0.999, 0.9999};

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

// Four digits that say something, and no exponent.
std::string number_text(double value) {
  const double size = value < 0 ? -value : value;
  if (size >= 1000 || value == 0) return formatted("%.0f", value);
  if (size >= 10) return formatted("%.1f", value);
  return formatted("%.3f", value);
}

std::set<std::string> names_of(const Report& report) {
  std::set<std::string> names;
  for (const Round& round : report.rounds) {
    for (const auto& [name, number] : round.numbers) names.insert(name);
  }
  return names;
}

std::string head(const std::string& title) {
  return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + title +
         "</title><style>body{font:15px/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 "
         "1rem}"
         "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;text-align:right;"
         "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}</style><h1>" +
         title + "</h1>\n";
}

std::string row(const std::vector<std::string>& cells, const char* kind) {
  std::string text = "<tr>";
  for (const std::string& cell : cells)
    text += std::string("<") + kind + ">" + cell + "</" + kind + ">";
  return text + "</tr>\n";
}

std::string list_of(const std::map<std::string, std::string>& words) {
  std::string text;
  for (const auto& [name, word] : words) {
    if (!text.empty()) text += ", ";
    text += name + " " + word;
  }
  return text;
}

std::vector<std::vector<std::string>> number_rows(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : names_of(report)) {
    const std::vector<double> values = values_of(report, name);
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    rows.push_back({name, number_text(median(values)), number_text(*least), number_text(*most)});
  }
  return rows;
}

std::vector<std::vector<std::string>> latency_rows(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, histogram] : merged_latencies(report)) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells = {name, std::to_string(histogram.count())};
    for (const double share : kShares) {
      cells.push_back(formatted("%.2f", static_cast<double>(histogram.percentile(share)) / 1e6));
    }
    cells.push_back(formatted("%.2f", static_cast<double>(histogram.max()) / 1e6));
  }
  return rows;
}

const std::vector<std::string> kNumberHead = {"number", "median", "least", "most"};
const std::vector<std::string> kLatencyHead = {"ms",   "times",  "50 %",    "90 %",
                                               "99 %", "99.9 %", "99.99 %", "most"};

std::string html_table(const std::vector<std::string>& head_cells,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string text = "<table>" + row(head_cells, "th");
  for (const auto& cells : rows) text += row(cells, "td");
  return text + "</table>\n";
}

std::string text_table(const std::vector<std::string>& head_cells,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    text += formatted("  %-42s", cells[0].c_str());
    for (std::size_t i = 1; i < cells.size(); ++i) text += formatted(" %11s", cells[i].c_str());
    text += '\n';
  };
  line(head_cells);
  for (const auto& cells : rows) line(cells);
  return text;
}

}  // namespace

std::string table_of(const Report& report) {
  std::string text = report.scenario + ": " + list_of(report.parameters) + "\n" +
                     text_table(kNumberHead, number_rows(report));
  const auto latencies = latency_rows(report);
  if (!latencies.empty()) text += text_table(kLatencyHead, latencies);
  return text;
}

std::string page_of(const Report& report) {
  std::string page = head("windlass-loadtest: " + report.scenario);
  page += "<p>" + list_of(report.parameters) + "</p><p>" + list_of(report.machine) + "; " +
          std::to_string(report.rounds.size()) + " rounds</p>\n";
  page += html_table(kNumberHead, number_rows(report));
  const auto latencies = merged_latencies(report);
  if (!latencies.empty()) {
    page += html_table(kLatencyHead, latency_rows(report));
    Plot plot{.title = "Latency by percentile",
              .x_label = "share of all requests",
              .y_label = "ms",
              .x_logarithmic = true,
              .y_logarithmic = true,
              .lines = {},
              .x_ticks = {{1, "0 %"},
                          {2, "50 %"},
                          {10, "90 %"},
                          {100, "99 %"},
                          {1e3, "99.9 %"},
                          {1e4, "99.99 %"},
                          {1e5, "99.999 %"}}};
    for (const auto& [name, histogram] : latencies) plot.lines[name] = percentile_curve(histogram);
    page += svg_of(plot);
  }
  std::map<std::string, Plot> over_time;
  for (std::size_t i = 0; i < report.rounds.size(); ++i) {
    for (const auto& [name, points] : report.rounds[i].series) {
      Plot& plot = over_time[name];
      plot.title = name;
      plot.x_label = "seconds";
      plot.lines["round " + std::to_string(i + 1)] = points;
    }
  }
  for (const auto& [name, plot] : over_time) page += svg_of(plot);
  return page;
}

std::string growth_page_of(const std::vector<Report>& reports, const std::string& parameter) {
  std::map<std::string, Plot> plots;
  std::string page = head("windlass-loadtest: growth over " + parameter);
  for (const Report& report : reports) {
    const auto at = report.parameters.find(parameter);
    if (at == report.parameters.end()) continue;
    const double x = std::max(1.0, std::strtod(at->second.c_str(), nullptr));
    for (const std::string& name : names_of(report)) {
      Plot& plot = plots[name];
      plot.title = name;
      plot.x_label = parameter;
      plot.x_logarithmic = true;
      plot.lines[report.scenario].emplace_back(x, median(values_of(report, name)));
    }
  }
  for (auto& [name, plot] : plots) {
    for (auto& [scenario, line] : plot.lines) std::sort(line.begin(), line.end());
    page += svg_of(plot);
  }
  return page;
}

}  // namespace windlass::loadtest
