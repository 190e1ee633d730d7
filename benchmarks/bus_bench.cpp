// The bus alone: a gateway and a shard's endpoint through a real broker process, nothing behind
// them. Prints round trips when idle, single commands under load, and collections of 100 tasks.
//
//   windlass-broker --bus-bind ipc:///tmp/bench.bus --bulk-bind ipc:///tmp/bench.bulk &
//   bus_bench ipc:///tmp/bench.bus [seconds per figure]
#include "bus/peer_endpoint.h"
#include "bus/shard_endpoint.h"
#include "bus/task_document.h"
#include "runtime/clock.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace windlass;
using runtime::mono_now;

namespace {

template <class Endpoint>
void wait(const Endpoint& endpoint) {
  pollfd fd{endpoint.fd(), POLLIN, 0};
  int timeout = 1000;
  if (const auto at = endpoint.next_deadline()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at - mono_now()).count();
    timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
  }
  ::poll(&fd, 1, timeout);
}

// Answers everything at once and acknowledges as if it had committed.
void serve(const std::string& broker, const std::atomic<bool>& stop) {
  bus::ShardEndpoint endpoint(
      {.kind = PeerKind::scheduler, .instance = bus::random_instance(), .brokers = {broker}});
  endpoint.own(0, 1, 1, {});
  SessionId sessions = 0;
  while (!stop) {
    const MonoTime now = mono_now();
    for (bus::ShardInput& input : endpoint.poll(now)) {
      if (auto* wanted = std::get_if<bus::OpenWanted>(&input)) {
        endpoint.opened(
            0, SessionState{++sessions, wanted->kind, wanted->instance, wanted->worker, {}}, now);
      } else if (auto* commands = std::get_if<bus::Commands>(&input)) {
        for (bus::ReceivedCommand& c : commands->commands) {
          if (auto* add = std::get_if<AddTasks>(&c.command.request)) {
            TasksAdded added;
            added.outcomes.resize(add->tasks.size());
            endpoint.answer(0, commands->session, c.sequence, added);
          } else {
            endpoint.answer(0, commands->session, c.sequence, Done{});
          }
        }
        endpoint.committed(0, commands->session, endpoint.inbox(0, commands->session));
      }
    }
    endpoint.flush(now);
    wait(endpoint);
  }
}

AddTasks hundred_tasks() {
  AddTasks add{"job-1", {}};
  for (int i = 0; i < 100; ++i) {
    NewTask task;
    task.id = "task-" + std::to_string(i);
    TaskDocument document;
    document.command_line = "/bin/sh -c 'echo hello " + std::to_string(i) + "'";
    document.environment_settings = {{"NAME", "value"}};
    task.document = encode_task_document(document);
    add.tasks.push_back(std::move(task));
  }
  return add;
}

double seconds_since(MonoTime start) {
  return std::chrono::duration<double>(mono_now() - start).count();
}

class Gateway {
 public:
  explicit Gateway(const std::string& broker)
      : endpoint_(
            {.kind = PeerKind::gateway, .instance = bus::random_instance(), .brokers = {broker}}) {}

  // One turn; returns how many answers came.
  std::size_t turn() {
    std::size_t answers = 0;
    for (bus::PeerEvent& event : endpoint_.poll(mono_now())) {
      if (auto* answered = std::get_if<bus::Answered>(&event)) answers += answered->answers.size();
    }
    return answers;
  }

  // Keeps `depth` commands under way for `seconds`; returns commands answered in a second.
  double rate(const Command& command, std::size_t depth, double seconds) {
    std::size_t under_way = 0;
    std::size_t done = 0;
    const MonoTime start = mono_now();
    while (seconds_since(start) < seconds) {
      while (under_way < depth && endpoint_.send(0, command)) ++under_way;
      endpoint_.flush(mono_now());
      wait(endpoint_);
      const std::size_t answers = turn();
      under_way -= answers;
      done += answers;
    }
    const double elapsed = seconds_since(start);
    while (under_way > 0) {
      endpoint_.flush(mono_now());
      wait(endpoint_);
      under_way -= turn();
    }
    return static_cast<double>(done) / elapsed;
  }

  std::vector<double> round_trips(const Command& command, double seconds) {
    std::vector<double> out;
    const MonoTime start = mono_now();
    while (seconds_since(start) < seconds) {
      const MonoTime sent = mono_now();
      endpoint_.send(0, command);
      endpoint_.flush(mono_now());
      for (std::size_t answers = 0; answers == 0;) {
        wait(endpoint_);
        answers = turn();
        endpoint_.flush(mono_now());
      }
      out.push_back(std::chrono::duration<double, std::micro>(mono_now() - sent).count());
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  const bus::BusCounters& counters() const { return endpoint_.counters(); }

 private:
  bus::PeerEndpoint endpoint_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bus_bench BROKER_ENDPOINT [SECONDS]\n");
    return 2;
  }
  const std::string broker = argv[1];
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  std::atomic<bool> stop = false;
  std::thread shard([&] { serve(broker, stop); });
  {
    Gateway gateway(broker);
    const Command one{"acct", DeleteJob{"job-1", {}}};
    gateway.rate(one, 1, 0.5);  // sessions open, caches fill
    const std::vector<double> trips = gateway.round_trips(one, seconds);
    std::printf("idle round trip        p50 %.0f us  p99 %.0f us  (%zu)\n", trips[trips.size() / 2],
                trips[trips.size() * 99 / 100], trips.size());
    std::printf("single commands        %.0f /s\n", gateway.rate(one, 2000, seconds));
    const Command many{"acct", hundred_tasks()};
    std::printf("collections of 100     %.0f tasks/s\n", 100 * gateway.rate(many, 64, seconds));
    std::printf("repeated %llu, duplicates %llu, unsendable %llu\n",
                static_cast<unsigned long long>(gateway.counters().retransmissions),
                static_cast<unsigned long long>(gateway.counters().duplicates),
                static_cast<unsigned long long>(gateway.counters().unsendable));
  }
  stop = true;
  shard.join();
  return 0;
}
