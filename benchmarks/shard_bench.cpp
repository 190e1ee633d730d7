// Measures a running cluster on the bus, without HTTP and JSON: commands go straight to the shard.
//
//   shard_bench --broker ipc:///.../bus.sock --tasks 400000 --window 32 --nodes 16 --slots 64
//
// Time runs from just before the first command is sent to the first answer that counts all tasks as
// completed. Prints one line of JSON.
#include "bus/peer_endpoint.h"
#include "bus/task_document.h"
#include "runtime/clock.h"

#include <poll.h>

#include <cstdio>
#include <map>
#include <stdexcept>

namespace {

using namespace windlass;

struct Options {
  std::map<std::string, std::string> values = {
      {"broker", ""},  {"account", "windlass"}, {"tasks", "200000"},  {"window", "32"},
      {"nodes", "16"}, {"slots", "64"},         {"collection", "100"}};
  std::int64_t number(const char* name) const { return std::stoll(values.at(name)); }
};

class Client {
 public:
  explicit Client(const Options& options)
      : account_(options.values.at("account")), bus_(made(options)) {}

  void turn() {
    const MonoTime now = runtime::mono_now();
    for (bus::PeerEvent& event : bus_.poll(now)) {
      if (auto* answered = std::get_if<bus::Answered>(&event)) {
        for (auto& [sequence, answer] : answered->answers) {
          if (const auto* error = std::get_if<Error>(&answer)) {
            throw std::runtime_error(std::string(to_string(error->code)));
          }
          answers_[{answered->shard, sequence}] = std::move(answer);
        }
      } else if (std::holds_alternative<bus::SessionLost>(event)) {
        throw std::runtime_error("the session was lost");
      }
    }
    bus_.flush(runtime::mono_now());
  }

  void wait() {
    pollfd fd{bus_.fd(), POLLIN, 0};
    ::poll(&fd, 1, 100);
  }

  Sequence send(ShardId shard, Request request) {
    while (true) {
      if (const auto sequence = bus_.send(shard, Command{account_, request})) return *sequence;
      turn();
      wait();
    }
  }
  bool take(ShardId shard, Sequence sequence, Answer& answer) {
    const auto found = answers_.find({shard, sequence});
    if (found == answers_.end()) return false;
    answer = std::move(found->second);
    answers_.erase(found);
    return true;
  }
  Answer ask(ShardId shard, Request request) {
    const Sequence sequence = send(shard, std::move(request));
    Answer answer;
    while (true) {
      turn();
      if (take(shard, sequence, answer)) return answer;
      wait();
    }
  }
  ShardId shards_total() {
    while (bus_.shards_total() == 0) {
      turn();
      wait();
    }
    return bus_.shards_total();
  }
  const std::string& account() const { return account_; }

 private:
  static bus::EndpointOptions made(const Options& options) {
    bus::EndpointOptions made;
    made.kind = PeerKind::gateway;
    made.instance = bus::random_instance();
    made.brokers = {options.values.at("broker")};
    return made;
  }

  std::string account_;
  bus::PeerEndpoint bus_;
  std::map<std::pair<ShardId, Sequence>, Answer> answers_;
};

int run(const Options& options) {
  Client client(options);
  const std::string stamp = std::to_string(runtime::wall_now().ticks);
  const std::string pool = "bus-pool-" + stamp;
  const ShardId shard = shard_of(client.account(), pool, client.shards_total());
  std::string job = "bus-job-" + stamp;  // one whose home is the same shard, to keep this simple
  while (shard_of(client.account(), job, client.shards_total()) != shard) job += "x";

  AddPool add_pool;
  add_pool.spec.id = pool;
  add_pool.spec.vm_size = "bench";
  add_pool.spec.target_dedicated_nodes = static_cast<std::int32_t>(options.number("nodes"));
  add_pool.spec.task_slots_per_node = static_cast<SlotCount>(options.number("slots"));
  client.ask(shard, add_pool);
  while (true) {
    const Answer answer = client.ask(shard, ListNodes{pool, {}});
    std::int64_t idle = 0;
    for (const NodeView& node : std::get<Page<NodeView>>(answer).entries) {
      if (node.record.state == NodeState::idle) ++idle;
    }
    if (idle == options.number("nodes")) break;
  }
  AddJob add_job;
  add_job.spec.id = job;
  add_job.spec.pool_id = pool;
  client.ask(shard, add_job);

  TaskDocument document;
  document.command_line = "/bin/true";
  const std::string bytes = encode_task_document(document);
  const std::int64_t total = options.number("tasks"), collection = options.number("collection");
  std::int64_t sent = 0, answered = 0;
  std::vector<Sequence> outstanding;
  const MonoTime start = runtime::mono_now();
  while (answered < total) {
    while (sent < total &&
           static_cast<std::int64_t>(outstanding.size()) < options.number("window")) {
      AddTasks add{job, {}};
      for (std::int64_t i = 0; i < collection && sent < total; ++i, ++sent) {
        char id[32];
        std::snprintf(id, sizeof id, "t%09lld", static_cast<long long>(sent));
        NewTask task;
        task.id = id;
        task.document = bytes;
        add.tasks.push_back(std::move(task));
      }
      outstanding.push_back(client.send(shard, std::move(add)));
    }
    client.turn();
    const std::size_t before = outstanding.size();
    std::erase_if(outstanding, [&](Sequence sequence) {
      Answer answer;
      if (!client.take(shard, sequence, answer)) return false;
      answered += static_cast<std::int64_t>(std::get<TasksAdded>(answer).outcomes.size());
      return true;
    });
    if (outstanding.size() == before) client.wait();
  }
  const Duration submitted = runtime::mono_now() - start;
  while (true) {
    const Answer answer = client.ask(shard, GetTaskCounts{job});
    if (std::get<TaskCounts>(answer).tasks.completed() == total) break;
    ::poll(nullptr, 0, 1);
  }
  const double seconds = static_cast<double>((runtime::mono_now() - start).count()) / 1e7;
  std::printf(
      "{\"tasks\":%lld,\"seconds\":%.3f,\"tasks_per_second\":%.0f,\"submit_seconds\":%.3f}\n",
      static_cast<long long>(total), seconds, static_cast<double>(total) / seconds,
      static_cast<double>(submitted.count()) / 1e7);
  client.ask(shard, DeleteJob{job, {}});
  client.ask(shard, DeletePool{pool, {}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = std::string(argv[i]).substr(0, 2) == "--" ? argv[i] + 2 : "";
    if (!options.values.contains(name)) {
      std::fprintf(stderr, "shard_bench does not know %s\n", argv[i]);
      return 2;
    }
    options.values[name] = argv[i + 1];
  }
  if (options.values.at("broker").empty()) {
    std::fprintf(stderr, "Usage: shard_bench --broker ENDPOINT [--tasks N] [--window N] ...\n");
    return 2;
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
