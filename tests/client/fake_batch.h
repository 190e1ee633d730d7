// A small Batch service for testing the client: pools, jobs, tasks and files in memory, signatures
// checked, pages short. Tasks end as soon as they are added: a command that contains "fail" with
// exit code 3, one that contains "hang" never.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace windlass::test {

class FakeBatch {
 public:
  FakeBatch();
  ~FakeBatch();
  FakeBatch(const FakeBatch&) = delete;
  FakeBatch& operator=(const FakeBatch&) = delete;

  static constexpr const char* kAccount = "myaccount";
  static constexpr const char* kKey = "bXlhY2NvdW50LXRlc3Qta2V5LTAxMjM0NTY3ODk=";

  std::string endpoint() const;
  std::size_t task_count(const std::string& job) const;
  std::string command_line(const std::string& job, const std::string& task) const;
  std::size_t requests() const;  // answered so far

  // Makes every hanging task of the job end with this exit code.
  void finish(const std::string& job, int exit_code);
  void append_stdout(const std::string& job, const std::string& task, const std::string& text);

  // The next so many requests are answered 503 with Retry-After 1... or refused as too large.
  void be_busy(int requests);
  void items_fail_once();  // addtaskcollection: each item answers servererror the first time
  void take_at_most(std::size_t tasks_per_request);  // 100 otherwise

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace windlass::test
