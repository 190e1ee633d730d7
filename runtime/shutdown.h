// The wish to end: SIGINT and SIGTERM become a stop token and a file descriptor that loops poll.
//
// Build one in main before any other thread. Handlers are reset by exec, but SIGPIPE stays ignored
// in children: who starts programs of others (the spawner) sets SIGPIPE back to its default.
#pragma once

#include <stop_token>
#include <thread>

namespace windlass::runtime {

class Shutdown {
 public:
  Shutdown();
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  // Readable from the first signal (or request()) on, for ever: poll it, never read it.
  int fd() const { return fd_; }

  std::stop_token token() const { return source_.get_token(); }
  bool requested() const;

  // The same as a signal; from any thread.
  void request();

  // Blocks until a signal or request().
  void wait() const;

 private:
  int fd_;
  std::stop_source source_;
  std::jthread watcher_;  // turns the descriptor into the token: stopping a source is no work for a
                          // signal handler
};

}  // namespace windlass::runtime
