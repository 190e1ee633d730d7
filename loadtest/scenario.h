// A named way to load a cluster, with parameters. Each round begins and ends with an empty cluster.
#pragma once

#include "loadtest/core/report.h"
#include "loadtest/site.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace windlass::loadtest {

// Values by name, with the scenario's defaults filled in.
class Parameters {
 public:
  explicit Parameters(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  const std::string& text(const std::string& name) const { return values_.at(name); }
  // Throws std::runtime_error that names the parameter.
  std::int64_t number(const std::string& name) const;
  double real(const std::string& name) const;
  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

struct Parameter {
  std::string value;  // unless given
  std::string help;
};

struct Scenario {
  std::string name;
  std::string help;
  std::map<std::string, Parameter> parameters;
  std::function<Round(Site&, const Parameters&)> run;
};

const std::vector<Scenario>& scenarios();

}  // namespace windlass::loadtest
