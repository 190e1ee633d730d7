#include "loadtest/core/plot.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace windlass::loadtest;

BOOST_AUTO_TEST_SUITE(plots)

BOOST_AUTO_TEST_CASE(what_a_logarithmic_axis_cannot_show_is_left_out) {
  Plot plot{.title = "a < b",
            .x_label = "x",
            .y_label = "y",
            .x_logarithmic = true,
            .y_logarithmic = true,
            .lines = {{"line", {{0, 1}, {1, 0}, {1, 10}, {100, 1000}}}},
            .x_ticks = {}};
  const std::string svg = svg_of(plot);
  BOOST_TEST(svg.find("nan") == std::string::npos);
  BOOST_TEST(svg.find("inf") == std::string::npos);
  BOOST_TEST(svg.find("a &lt; b") != std::string::npos);
  const std::size_t points = svg.find("points=\"");
  BOOST_REQUIRE(points != std::string::npos);
  const std::string drawn = svg.substr(points + 8, svg.find('"', points + 8) - points - 8);
  BOOST_TEST(std::count(drawn.begin(), drawn.end(), ',') == 2);
}

BOOST_AUTO_TEST_CASE(a_plot_without_points_is_still_a_plot) {
  const std::string svg = svg_of(Plot{});
  BOOST_TEST(svg.find("</svg>") != std::string::npos);
  BOOST_TEST(svg.find("nan") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_percentile_curve_ends_where_the_values_do) {
  Histogram h;
  for (std::uint64_t i = 1; i <= 1000; ++i) h.record(i * 1'000'000);
  const Series curve = percentile_curve(h);
  BOOST_REQUIRE(!curve.empty());
  BOOST_TEST(curve.front().first == 1.0);
  BOOST_TEST(curve.back().first <= 1000.0);
  BOOST_TEST(curve.back().second >= 990.0);
  for (std::size_t i = 1; i < curve.size(); ++i) BOOST_TEST(curve[i].second >= curve[i - 1].second);
}

BOOST_AUTO_TEST_SUITE_END()
