#include "loadtest/core/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace windlass::loadtest {

namespace {

constexpr double kWidth = 760, kHeight = 300;
constexpr double kLeft = 80, kRight = 180, kTop = 34, kBottom = 44;
constexpr std::array kColours = {"#0b6bcb", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0f766e"};
constexpr double kNanosecondsPerMillisecond = 1e6;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string number(double value) {
  char text[32];
  const double size = std::abs(value);
  if (size >= 1e6)
    std::snprintf(text, sizeof text, "%.3gM", value / 1e6);
  else if (size >= 1e4)
    std::snprintf(text, sizeof text, "%.3gk", value / 1e3);
  else
    std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

struct Axis {
  bool logarithmic = false;
  double low = 0, high = 1;  // as shown: logarithms on a logarithmic axis

  bool can_show(double value) const { return !logarithmic || value > 0; }
  double shown(double value) const { return logarithmic ? std::log10(value) : value; }
  double share(double value) const { return (shown(value) - low) / (high - low); }

  std::vector<std::pair<double, std::string>> ticks() const {
    std::vector<std::pair<double, std::string>> all;
    if (logarithmic) {
      for (double power = std::floor(low); power <= high + 1e-9; ++power) {
        if (power >= low - 1e-9) all.emplace_back(std::pow(10, power), number(std::pow(10, power)));
      }
      return all;
    }
    const double rough = (high - low) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double step = rough / power > 5 ? 10 * power : rough / power > 2 ? 5 * power : 2 * power;
    for (double at = std::ceil(low / step) * step; at <= high + step * 1e-6; at += step) {
      all.emplace_back(at, number(at));
    }
    return all;
  }
};

Axis axis_over(const Plot& plot, bool x) {
  Axis axis;
  axis.logarithmic = x ? plot.x_logarithmic : plot.y_logarithmic;
  double low = INFINITY, high = -INFINITY;
  for (const auto& [name, line] : plot.lines) {
    for (const auto& point : line) {
      const double value = x ? point.first : point.second;
      if (!axis.can_show(value)) continue;
      low = std::min(low, axis.shown(value));
      high = std::max(high, axis.shown(value));
    }
  }
  if (low > high) low = 0, high = 1;
  if (!x && !axis.logarithmic) low = std::min(low, 0.0);  // a rate's plot begins at nothing
  if (low == high) high = low + 1;
  axis.low = low;
  axis.high = x ? high : high + (high - low) * 0.05;
  return axis;
}

std::string at(const char* name, double value) {
  char text[48];
  std::snprintf(text, sizeof text, " %s=\"%.1f\"", name, value);
  return text;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return "<text" + at("x", x) + at("y", y) + " text-anchor=\"" + anchor + "\">" + escaped(text) +
         "</text>\n";
}

std::string line_at(double x1, double y1, double x2, double y2) {
  return "<line" + at("x1", x1) + at("y1", y1) + at("x2", x2) + at("y2", y2) +
         " stroke=\"#d4d4d8\"/>\n";
}

}  // namespace

std::string svg_of(const Plot& plot) {
  const Axis x_axis = axis_over(plot, true), y_axis = axis_over(plot, false);
  const double right = kWidth - kRight, bottom = kHeight - kBottom;
  const auto x_of = [&](double value) { return kLeft + x_axis.share(value) * (right - kLeft); };
  const auto y_of = [&](double value) { return bottom - y_axis.share(value) * (bottom - kTop); };
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 300\" width=\"760\" "
      "font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"" +
      escaped(plot.title) + "\">\n";
  svg +=
      "<g font-size=\"14\" font-weight=\"600\">" + text_at(kLeft, 18, "start", plot.title) + "</g>";
  for (const auto& [value, label] : y_axis.ticks()) {
    svg += line_at(kLeft, y_of(value), right, y_of(value));
    svg += text_at(kLeft - 6, y_of(value) + 4, "end", label);
  }
  for (const auto& [value, label] : plot.x_ticks.empty() ? x_axis.ticks() : plot.x_ticks) {
    if (!x_axis.can_show(value) || x_axis.share(value) < 0 || x_axis.share(value) > 1) continue;
    svg += line_at(x_of(value), bottom, x_of(value), bottom + 4);
    svg += text_at(x_of(value), bottom + 18, "middle", label);
  }
  svg += text_at((kLeft + right) / 2, kHeight - 8, "middle", plot.x_label);
  svg += "<g transform=\"rotate(-90 14 150)\">" + text_at(14, 150, "middle", plot.y_label) + "</g>";
  std::size_t number_of_line = 0;
  for (const auto& [name, line] : plot.lines) {
    const char* colour = kColours[number_of_line % kColours.size()];
    std::string points;
    for (const auto& [x, y] : line) {
      if (!x_axis.can_show(x) || !y_axis.can_show(y)) continue;
      char text[48];
      std::snprintf(text, sizeof text, "%.1f,%.1f ", x_of(x), y_of(y));
      points += text;
    }
    const double y = kTop + 16 * static_cast<double>(number_of_line++);
    svg += std::string("<g stroke=\"") + colour +
           "\" fill=\"none\" stroke-width=\"1.6\"><polyline points=\"" + points +
           "\"/><path d=\"M" + std::to_string(right + 10) + " " + std::to_string(y - 4) +
           " h14\"/></g>\n";
    svg += text_at(right + 30, y, "start", name);
  }
  return svg + "</svg>\n";
}

Series percentile_curve(const Histogram& histogram) {
  Series curve;
  for (double nines = 1; nines <= static_cast<double>(histogram.count()) && nines <= 1e5;
       nines *= 1.25) {
    const double value = static_cast<double>(histogram.percentile(1 - 1 / nines));
    curve.emplace_back(nines, value / kNanosecondsPerMillisecond);
  }
  return curve;
}

}  // namespace windlass::loadtest
