// Runs a program of ours to its end and keeps what it wrote; or starts it and lets the test wait.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace windlass::test {

struct Ended {
  int code = -1;  // exit code; 128 + number for a signal
  std::string out;
  std::string err;
};

using Variables = std::map<std::string, std::string>;  // added to the environment; empty removes

class Running {
 public:
  Running(const std::vector<std::string>& arguments, const Variables& variables = {},
          const std::string& input = {});
  ~Running();  // kills it when it still runs
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  int pid() const { return pid_; }
  void signal(int number) const;
  std::string out() const;  // what it has written so far
  std::string err() const;
  Ended wait();

 private:
  int pid_ = -1;
  std::string folder_;
  bool waited_ = false;
};

Ended run(const std::vector<std::string>& arguments, const Variables& variables = {},
          const std::string& input = {});

// The path of `name` beside the test program.
std::string program_path(const std::string& name);

// Looks again and again until the condition holds; false when it does not within the time.
bool eventually(const std::function<bool()>& condition,
                std::chrono::seconds longest = std::chrono::seconds(30));

}  // namespace windlass::test
