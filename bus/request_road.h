// One question, one answer, over a CURVE socket of its own that takes any key: the enrolment door.
// What the asker may do is decided by who reads the question; the key it came with is told.
#pragma once

#include "bus/key_pair.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace windlass::bus {

struct Question {
  std::string asker;    // the name of the connection, for the answer
  std::string key;      // Z85; the asker holds its secret
  std::string address;  // where it came from, for the log; empty when not known
  std::string bytes;
};

class QuestionSocket {
 public:
  // Larger questions end their connection. Throws std::runtime_error that names the endpoint.
  QuestionSocket(const std::string& endpoint, const KeyPair& keys, std::size_t question_bytes_max);
  ~QuestionSocket();
  QuestionSocket(const QuestionSocket&) = delete;
  QuestionSocket& operator=(const QuestionSocket&) = delete;

  const std::string& endpoint() const;  // with the port that was bound

  // Tells of news only: receive() until there is nothing before waiting on it.
  int fd() const;
  std::optional<Question> receive();
  void answer(const Question& question, const std::string& bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Nothing: no answer came in this time.
std::optional<std::string> ask(const std::string& endpoint, const std::string& server_key,
                               const KeyPair& own, const std::string& question,
                               std::chrono::milliseconds timeout);

}  // namespace windlass::bus
