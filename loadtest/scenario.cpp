#include "loadtest/scenario.h"

#include "loadtest/scenarios/parts.h"

#include <charconv>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

template <class Number>
Number read_number(const std::string& name, const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || stop != end || number < 0) {
    throw std::runtime_error("--set " + name + "=" + text + ": a number from 0 on is expected");
  }
  return number;
}

}  // namespace

std::int64_t Parameters::number(const std::string& name) const {
  return read_number<std::int64_t>(name, text(name));
}

double Parameters::real(const std::string& name) const {
  return read_number<double>(name, text(name));
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = [] {
    std::vector<Scenario> made;
    for (auto* part :
         {task_scenarios, waiting_scenarios, reading_scenarios, node_scenarios, bus_scenarios}) {
      for (Scenario& scenario : part()) made.push_back(std::move(scenario));
    }
    return made;
  }();
  return all;
}

}  // namespace windlass::loadtest
