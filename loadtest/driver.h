// Sends requests over many connections from one thread, and times them.
#pragma once

#include "loadtest/core/arrivals.h"
#include "loadtest/core/report.h"
#include "loadtest/request_text.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace windlass::loadtest {

using Clock = std::chrono::steady_clock;

struct Request {
  std::string kind;  // what it is counted under
  std::string verb;
  std::string path;  // encoded
  std::string body;
};

struct Load {
  Rhythm rhythm = Rhythm::closed;
  double per_second = 0;  // of all connections together; closed: not used
  std::uint64_t seed = 1;
  unsigned connections = 1;
  // Requests that a connection sends before it waits for an answer (HTTP pipelining); more than one
  // only in a closed loop.
  unsigned pipelined = 1;
  // The n-th request, from 0; nothing: that was all. Called once for each n, in order.
  std::function<std::optional<Request>(std::int64_t)> next;
  std::chrono::nanoseconds lasts{0};  // 0: until `next` says that was all
  // What is due within the time but finds no free connection is sent late, until then; the rest is
  // counted as never sent.
  std::chrono::nanoseconds late_max = std::chrono::seconds(10);
};

struct LoadResult {
  // From the moment it was due (open loop) or was sent (closed) to the whole answer.
  std::map<std::string, Histogram> answered;  // 2xx, by kind
  std::map<std::string, Histogram> refused;   // any other status
  std::map<int, std::uint64_t> statuses;      // 0: the connection broke
  Series answered_per_second;                 // 2xx in each second
  std::uint64_t never_sent = 0;
  double seconds = 0;
  double own_cpu_seconds = 0;  // of this thread
  std::string first_problem;   // the first answer that was none of 2xx, 503

  std::uint64_t answered_total() const;
};

// Throws std::runtime_error when nobody listens there.
LoadResult run_load(const Target& target, Load load);

}  // namespace windlass::loadtest
