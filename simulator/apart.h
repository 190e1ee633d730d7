// Work in a process of its own, because a failed assertion would end this one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace windlass::simulator {

class Apart {
 public:
  enum class Stderr : std::uint8_t { stays, is_said };

  // What the work writes to its stream comes here; what it prints is printed.
  explicit Apart(const std::function<void(std::ostream&)>& work, Stderr errors = Stderr::stays);
  Apart(Apart&& other) noexcept;
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;
  ~Apart();

  struct End {
    std::string said;
    int status = 0;  // as waitpid() says it
  };
  // Once.
  End wait();

 private:
  int pipe_ = -1;
  pid_t child_ = -1;
};

}  // namespace windlass::simulator
