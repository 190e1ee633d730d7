#include "loadtest/report_file.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

using namespace windlass::loadtest;

namespace {

std::string scratch(const char* name) {
  return std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_files)

BOOST_AUTO_TEST_CASE(a_report_comes_back_as_it_was) {
  Report report{"collections", {{"tasks", "100"}}, {{"cores", "2"}}, {}};
  Round& round = report.rounds.emplace_back();
  round.numbers["tasks_per_second"] = 12345.678;
  round.latencies["add"].record(1'234'567);
  round.latencies["add"].record(9'999'999'999);
  round.latencies["nothing"];
  round.series["completed"] = {{0, 1}, {0.5, 2.25}};
  const std::string file = scratch("report.json");
  write_report(report, file);
  const Report read = read_report(file);
  std::filesystem::remove(file);
  BOOST_TEST(read.scenario == report.scenario);
  BOOST_TEST((read.parameters == report.parameters));
  BOOST_TEST((read.machine == report.machine));
  BOOST_REQUIRE(read.rounds.size() == 1u);
  BOOST_TEST((read.rounds[0].numbers == round.numbers));
  BOOST_TEST((read.rounds[0].series == round.series));
  BOOST_TEST((read.rounds[0].latencies.at("add").buckets() == round.latencies.at("add").buckets()));
  BOOST_TEST(read.rounds[0].latencies.at("add").min() == 1'234'567u);
  BOOST_TEST(read.rounds[0].latencies.at("add").max() == 9'999'999'999u);
  BOOST_TEST(read.rounds[0].latencies.at("nothing").count() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_no_report_is_told_by_its_name) {
  const std::string file = scratch("none.json");
  for (const char* text : {"", "{", "{}", "{\"scenario\":1}", "[]"}) {
    std::ofstream(file) << text;
    BOOST_CHECK_EXCEPTION(read_report(file), std::runtime_error,
                          [&](const std::runtime_error& error) {
                            return std::string(error.what()).find(file) != std::string::npos;
                          });
  }
  std::filesystem::remove(file);
  BOOST_CHECK_THROW(read_report(file), std::runtime_error);
  BOOST_CHECK_THROW(write_report({}, "/nowhere/at/all.json"), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
