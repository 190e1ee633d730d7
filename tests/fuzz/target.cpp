#include "tests/fuzz/target.h"

#include <algorithm>

namespace windlass::fuzz {

namespace {

std::vector<const Target*>& all() {
  static std::vector<const Target*> targets;
  return targets;
}

}  // namespace

Target::Target(std::string_view target_name, void (*target_run)(std::string_view),
               std::vector<std::string> (*target_seeds)())
    : name(target_name), run(target_run), seeds(target_seeds) {
  const auto behind = std::find_if(all().begin(), all().end(),
                                   [this](const Target* other) { return other->name > name; });
  all().insert(behind, this);
}

const std::vector<const Target*>& targets() {
  return all();
}

std::vector<std::string> behind_choices(std::size_t choices,
                                        const std::vector<std::string_view>& texts) {
  std::vector<std::string> seeds;
  for (const std::string_view text : texts) {
    for (std::size_t choice = 0; choice < choices; ++choice) seeds.push_back(chosen(choice, text));
  }
  return seeds;
}

}  // namespace windlass::fuzz
