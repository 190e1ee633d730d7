#include "loadtest/report_file.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

namespace json = boost::json;

json::object object_of(const std::map<std::string, std::string>& words) {
  json::object object;
  for (const auto& [name, word] : words) object[name] = word;
  return object;
}

std::map<std::string, std::string> words_of(const json::value& value) {
  std::map<std::string, std::string> words;
  for (const auto& [name, word] : value.as_object()) words[name] = word.as_string();
  return words;
}

json::object object_of(const Histogram& histogram) {
  json::array buckets;
  for (const auto& [bucket, times] : histogram.buckets()) buckets.push_back({bucket, times});
  return {
      {"min_ns", histogram.min()}, {"max_ns", histogram.max()}, {"buckets", std::move(buckets)}};
}

Histogram histogram_of(const json::value& value) {
  Histogram histogram;
  for (const json::value& pair : value.at("buckets").as_array()) {
    histogram.add_bucket(pair.at(0).to_number<std::uint32_t>(),
                         pair.at(1).to_number<std::uint64_t>());
  }
  if (histogram.count() != 0) {
    histogram.set_extremes(value.at("min_ns").to_number<std::uint64_t>(),
                           value.at("max_ns").to_number<std::uint64_t>());
  }
  return histogram;
}

json::object object_of(const Round& round) {
  json::object numbers, latencies, series;
  for (const auto& [name, number] : round.numbers) numbers[name] = number;
  for (const auto& [name, histogram] : round.latencies) latencies[name] = object_of(histogram);
  for (const auto& [name, points] : round.series) {
    json::array line;
    for (const auto& [x, y] : points) line.push_back({x, y});
    series[name] = std::move(line);
  }
  return {{"numbers", std::move(numbers)},
          {"latencies", std::move(latencies)},
          {"series", std::move(series)}};
}

Round round_of(const json::value& value) {
  Round round;
  for (const auto& [name, number] : value.at("numbers").as_object()) {
    round.numbers[name] = number.to_number<double>();
  }
  for (const auto& [name, histogram] : value.at("latencies").as_object()) {
    round.latencies[name] = histogram_of(histogram);
  }
  for (const auto& [name, points] : value.at("series").as_object()) {
    for (const json::value& point : points.as_array()) {
      round.series[name].emplace_back(point.at(0).to_number<double>(),
                                      point.at(1).to_number<double>());
    }
  }
  return round;
}

}  // namespace

void write_report(const Report& report, const std::string& file) {
  json::array rounds;
  for (const Round& round : report.rounds) rounds.push_back(object_of(round));
  const json::object object{{"scenario", report.scenario},
                            {"parameters", object_of(report.parameters)},
                            {"machine", object_of(report.machine)},
                            {"rounds", std::move(rounds)}};
  std::ofstream out(file);
  out << json::serialize(object) << '\n';
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
}

Report read_report(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::stringstream text;
  text << in.rdbuf();
  try {
    const json::value value = json::parse(text.str());
    Report report;
    report.scenario = value.at("scenario").as_string();
    report.parameters = words_of(value.at("parameters"));
    report.machine = words_of(value.at("machine"));
    for (const json::value& round : value.at("rounds").as_array()) {
      report.rounds.push_back(round_of(round));
    }
    return report;
  } catch (const std::exception& error) {
    throw std::runtime_error(file + " is not a report of windlass-loadtest: " + error.what());
  }
}

}  // namespace windlass::loadtest
