// The same work as collections, but straight to the shard: without HTTP and JSON, as a floor.
#include "loadtest/scenarios/parts.h"

#include "bus/peer_endpoint.h"
#include "bus/task_document.h"
#include "runtime/clock.h"

#include <poll.h>

#include <stdexcept>

namespace windlass::loadtest {

namespace {

constexpr int kPollMs = 100;
constexpr std::chrono::seconds kPatience{600};

class BusClient {
 public:
  BusClient(const std::string& broker, std::string account)
      : account_(std::move(account)), bus_(options(broker)) {}

  void turn() {
    for (bus::PeerEvent& event : bus_.poll(runtime::mono_now())) {
      if (auto* answered = std::get_if<bus::Answered>(&event)) {
        for (auto& [sequence, answer] : answered->answers) {
          if (const auto* error = std::get_if<Error>(&answer)) {
            throw std::runtime_error("the shard refuses: " + std::string(to_string(error->code)));
          }
          answers_[{answered->shard, sequence}] = std::move(answer);
        }
      } else if (std::holds_alternative<bus::SessionLost>(event)) {
        throw std::runtime_error("the session with the shard was lost");
      }
    }
    bus_.flush(runtime::mono_now());
  }

  void wait() {
    pollfd fd{bus_.fd(), POLLIN, 0};
    ::poll(&fd, 1, kPollMs);
  }

  Sequence send(ShardId shard, const windlass::Request& request) {
    while (true) {
      if (const auto sequence = bus_.send(shard, Command{account_, request})) return *sequence;
      turn();
      wait();
    }
  }
  std::optional<Answer> take(ShardId shard, Sequence sequence) {
    const auto found = answers_.find({shard, sequence});
    if (found == answers_.end()) return std::nullopt;
    Answer answer = std::move(found->second);
    answers_.erase(found);
    return answer;
  }
  Answer ask(ShardId shard, const windlass::Request& request) {
    const Sequence sequence = send(shard, request);
    while (true) {
      turn();
      if (auto answer = take(shard, sequence)) return std::move(*answer);
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

 private:
  static bus::EndpointOptions options(const std::string& broker) {
    bus::EndpointOptions made;
    made.kind = PeerKind::gateway;
    made.instance = bus::random_instance();
    made.brokers = {broker};
    return made;
  }

  std::string account_;
  bus::PeerEndpoint bus_;
  std::map<std::pair<ShardId, Sequence>, Answer> answers_;
};

AddTasks some_tasks(const std::string& job, std::int64_t first, std::int64_t last,
                    const std::string& document) {
  AddTasks add{job, {}};
  for (std::int64_t number = first; number < last; ++number) {
    NewTask task;
    task.id = task_id(number);
    task.document = document;
    add.tasks.push_back(std::move(task));
  }
  return add;
}

std::string broker_of(const Site& site) {
  for (const Site::Role& role : site.roles()) {
    if (role.role == "broker") return role.address;
  }
  throw std::runtime_error("no broker: the bus is measured on a development cluster (--data)");
}

Round on_the_bus(Site& site, const Parameters& parameters) {
  Round round;
  BusClient bus(broker_of(site), site.target().account);
  const std::string pool = site.unique_id("pool");
  const ShardId shards = bus.shards_total();
  const ShardId shard = shard_of(site.target().account, pool, shards);
  std::string job = site.unique_id("job");  // one whose home is the same shard
  while (shard_of(site.target().account, job, shards) != shard) job += "x";
  site.make_pool(pool, parameters.number("nodes"), parameters.number("slots"));
  site.make_job(job, pool);

  TaskDocument document;
  document.command_line = "true";
  const std::string bytes = encode_task_document(document);
  const std::int64_t total = parameters.number("tasks"),
                     collection = parameters.number("collection");
  const auto window = static_cast<std::size_t>(parameters.number("window"));
  {
    const UseMeter meter(site);
    std::int64_t sent = 0, answered = 0;
    std::vector<Sequence> outstanding;
    const auto start = Clock::now();
    while (answered < total) {
      while (sent < total && outstanding.size() < window) {
        const std::int64_t last = std::min(total, sent + collection);
        outstanding.push_back(bus.send(shard, some_tasks(job, sent, last, bytes)));
        sent = last;
      }
      bus.turn();
      const std::size_t before = outstanding.size();
      std::erase_if(outstanding, [&](Sequence sequence) {
        const auto answer = bus.take(shard, sequence);
        if (!answer) return false;
        answered += static_cast<std::int64_t>(std::get<TasksAdded>(*answer).outcomes.size());
        return true;
      });
      if (outstanding.size() == before) bus.wait();
    }
    while (true) {
      const Answer answer = bus.ask(shard, GetTaskCounts{job});
      if (std::get<windlass::TaskCounts>(answer).tasks.completed() == total) break;
      if (Clock::now() - start > kPatience) throw std::runtime_error("tasks did not complete");
      ::poll(nullptr, 0, 1);
    }
    round.numbers["tasks_per_second"] =
        static_cast<double>(total) / std::chrono::duration<double>(Clock::now() - start).count();
    meter.tell(round, static_cast<double>(total));
  }
  site.remove_job(job);
  site.remove_pool(pool);
  return round;
}

}  // namespace

std::vector<Scenario> bus_scenarios() {
  return {{"bus",
           "collections of tasks straight to the shard, over the broker alone",
           {{"tasks", {"200000", "how many"}},
            {"collection", {"100", "tasks in a command"}},
            {"window", {"32", "commands under way"}},
            {"nodes", {"16", "nodes of the pool"}},
            {"slots", {"64", "task slots of each"}}},
           on_the_bus}};
}

}  // namespace windlass::loadtest
