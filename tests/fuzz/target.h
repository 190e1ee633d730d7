// A fuzz target: one place of ours that reads what others wrote, as a function of bytes. Each file
// beside this one is a target. The preset `fuzz` makes a libFuzzer program of each; every other
// build has all of them in one test program, which replays the corpora (replay_test.cpp).
#pragma once

#include "model/assert.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::fuzz {

// Declared once in each target's file; lives as long as the program.
class Target {
 public:
  // `run` takes any bytes and returns; what must hold of them it asserts (WINDLASS_ASSERT).
  // `seeds` are inputs to begin with, in today's formats.
  Target(std::string_view name, void (*run)(std::string_view input),
         std::vector<std::string> (*seeds)());
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const std::string_view name;
  void (*const run)(std::string_view input);
  std::vector<std::string> (*const seeds)();
};

// By name.
const std::vector<const Target*>& targets();

// Takes choices off the front of an input. Where it has ended they are zero, so that every input
// has a meaning.
class Choices {
 public:
  explicit Choices(std::string_view input) : rest_(input) {}

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<std::uint8_t>(first);
  }
  std::size_t below(std::size_t end) { return byte() % end; }
  // A byte of length, then so many bytes, or what is left.
  std::string_view text() {
    const std::size_t size = byte();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// An input that begins with a choice.
inline std::string chosen(std::size_t choice, std::string_view rest) {
  return std::string(1, static_cast<char>(choice)) + std::string(rest);
}

// Seeds of texts: each behind each of the first `choices` choices.
std::vector<std::string> behind_choices(std::size_t choices,
                                        const std::vector<std::string_view>& texts);

}  // namespace windlass::fuzz
