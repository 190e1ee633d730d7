// The hot paths alone, without network: what a task costs in the JSON of the API, in the codec, in
// the core's decisions, and with its rows in LMDB; a filter's match; a shard's way back into
// memory.
//
//   hot_paths [--benchmark_filter=recovery/10000000]     (folders of shards go below
//   WINDLASS_BENCH_DIR)
//
// Times are processor time of this process, so that neighbours count less; `real` includes flushes.
#include "api/parse_task.h"
#include "api/write_task.h"
#include "query/properties.h"
#include "scheduler/core/shard.h"
#include "scheduler/journal/local_journal.h"
#include "scheduler/store/store.h"
#include "schema/codec/command.h"
#include "schema/codec/task_document.h"
#include "tests/support/map_rows.h"

#include <benchmark/benchmark.h>
#include <jemalloc/jemalloc.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>

namespace {

using namespace windlass;
using benchmark::State;

constexpr int kTasks = 100;  // of a request, and of a batch
constexpr std::uint64_t kWorker = 7;
constexpr std::int32_t kNodes = 16;
constexpr SlotCount kSlots = 64;
constexpr char kAccount[] = "windlass";

// ---- the API's JSON ----------------------------------------------------------------------------

std::string collection_json() {
  std::string body = R"({"value":[)";
  for (int i = 0; i < kTasks; ++i) {
    if (i != 0) body += ',';
    body += R"({"id":"task-)" + std::to_string(i) + R"(","commandLine":"/bin/true",)" +
            R"("requiredSlots":1,"constraints":{"maxTaskRetryCount":3}})";
  }
  return body + "]}";
}

TaskRecord completed_task() {
  TaskRecord task;
  task.id = "task-17";
  task.state = TaskState::completed;
  task.previous_state = TaskState::running;
  task.previous_state_time = task.start_time = task.end_time = WallTime{1};
  task.exit_code = 1;
  task.result = ExecutionResult::failure;
  task.node = TaskNode{"pool", "tvmps_0123456789abcdef_d", 1};
  return task;
}

// items_per_second is of tasks.
void per_task(State& state) {
  state.SetItemsProcessed(state.iterations() * kTasks);
}

void json_in(State& state) {
  const std::string body = collection_json();
  for (auto _ : state) benchmark::DoNotOptimize(api::parse_add_task_collection(body));
  per_task(state);
}

void json_outcomes(State& state) {
  const api::Viewer viewer{"http://127.0.0.1:8080", {}};
  for (auto _ : state) {
    std::string out;
    for (int i = 0; i < kTasks; ++i) {
      api::write_task_outcome(out, "job", "task-17", TaskOutcome{}, 1, viewer, "", WallTime{1});
    }
    benchmark::DoNotOptimize(out);
  }
  per_task(state);
}

void json_out(State& state) {
  const api::Viewer viewer{"http://127.0.0.1:8080", {}};
  const TaskRecord task = completed_task();
  const TaskDocument document =
      api::parse_add_task_collection(collection_json())->front().task->document;
  for (auto _ : state) {
    std::string out;
    for (int i = 0; i < kTasks; ++i) api::write_task(out, task, &document, "job", 1, viewer);
    benchmark::DoNotOptimize(out);
  }
  per_task(state);
}

void filter_match(State& state) {
  const TaskRecord task = completed_task();
  const query::Filter filter =
      query::parse_filter("state eq 'completed' and executionInfo/exitCode ne 0",
                          query::task_filter_schema())
          .value();
  for (auto _ : state) benchmark::DoNotOptimize(query::matches(filter, task));
}

// ---- the codec ---------------------------------------------------------------------------------

AddTasks some_tasks(std::int64_t first) {
  static const std::string document = [] {
    TaskDocument made;
    made.command_line = std::string(256, 'c');
    return encode_task_document(made);
  }();
  AddTasks add{"job", {}};
  for (int i = 0; i < kTasks; ++i) {
    NewTask& task = add.tasks.emplace_back();
    task.id = "task-" + std::to_string(1'000'000'000 + first + i);
    task.document = document;
  }
  return add;
}

void encode_collection(State& state) {
  const Command command{kAccount, some_tasks(0)};
  for (auto _ : state) benchmark::DoNotOptimize(encode(command));
  per_task(state);
}

void decode_collection(State& state) {
  const std::string bytes = encode(Command{kAccount, some_tasks(0)});
  for (auto _ : state) benchmark::DoNotOptimize(decode_command(bytes));
  per_task(state);
}

// ---- a shard -----------------------------------------------------------------------------------

// Rows in memory: what is left is deciding and applying.
class InMemory {
 public:
  scheduler::Rows& begin() { return rows_; }
  void commit(EventNumber, const scheduler::Effects&) {}

 private:
  test::MapRows rows_;
};

std::string bench_folder() {
  const char* told = std::getenv("WINDLASS_BENCH_DIR");
  std::string pattern = std::string(told != nullptr ? told : "/tmp") + "/hot-paths-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  return pattern;
}

// Rows and log in LMDB, flushed at each commit.
class OnDisk {
 public:
  OnDisk() : folder_(bench_folder()) { open(); }
  ~OnDisk() {
    journal_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;

  scheduler::Rows& begin() {
    batch_ = store_->begin();
    return *batch_;
  }
  void commit(EventNumber first, const scheduler::Effects& effects) {
    journal_->append(first, effects.events);
    batch_->commit();
    batch_.reset();
  }
  void reopen() {
    batch_.reset();
    journal_.reset();
    store_.reset();
    open();
  }

 private:
  void open() {
    scheduler::StoreOptions options;
    options.folder = folder_;
    options.shards_total = 1;
    store_ = std::make_unique<scheduler::Store>(options);
    journal_ = std::make_unique<scheduler::LocalJournal>(*store_);
    journal_->claim(store_->claim());
  }

  std::string folder_;
  std::unique_ptr<scheduler::Store> store_;
  std::unique_ptr<scheduler::LocalJournal> journal_;
  std::unique_ptr<scheduler::Batch> batch_;
};

// A shard with one pool of idle nodes and one job, and a worker that does as it is told.
template <class Keeper>
class Bench {
 public:
  explicit Bench(std::int32_t nodes) {
    restart();
    give({scheduler::WorkerConnected{kWorker, 1}, from_worker(RenewLease{1, 0}),
          from_worker(Resync{}), from_worker(OffersFree{{{"*", true, nodes}}})});
    AddPool pool;
    pool.spec.id = "pool";
    pool.spec.vm_size = "any";
    pool.spec.target_dedicated_nodes = nodes;
    pool.spec.task_slots_per_node = kSlots;
    give({from_client(pool)});
    for (const ClaimNodes& claim : std::exchange(claims_, {})) {
      ClaimAnswered answer{claim.claim, {}};
      std::vector<scheduler::Input> inputs;
      for (std::int32_t i = 0; i < claim.count; ++i) {
        const std::string id = "node" + std::to_string(++nodes_);
        answer.nodes.push_back({id, 1, "127.0.0.1"});
        inputs.push_back(from_worker(NodeStatus{id, 1, NodeState::idle, std::nullopt, {}}));
      }
      inputs.insert(inputs.begin(), from_worker(std::move(answer)));
      give(std::move(inputs));
    }
    AddJob job;
    job.spec.id = "job";
    job.spec.pool_id = "pool";
    give({from_client(job)});
  }

  // Memory is forgotten and comes back from the rows.
  void restart() {
    shard_ = std::make_unique<scheduler::Shard>(ShardId{0}, ShardId{1}, scheduler::Settings());
    scheduler::Rows& rows = keeper_.begin();
    shard_->recover(rows, now_);
    keeper_.commit(shard_->state().counters.events + 1, {});
  }
  Keeper& keeper() { return keeper_; }
  void forget() { shard_.reset(); }

  void add() {
    give({from_client(some_tasks(tasks_))});
    tasks_ += kTasks;
  }
  // Ends all that was given to the worker; answers how many.
  std::size_t end_all() {
    std::vector<scheduler::Input> inputs;
    for (const Assignment& assignment : std::exchange(assigned_, {})) {
      AttemptEnded ended;
      ended.id = assignment.id;
      ended.start_time = ended.end_time = now_.wall;
      ended.exit_code = 0;
      inputs.push_back(from_worker(std::move(ended)));
    }
    const std::size_t count = inputs.size();
    give(std::move(inputs));
    return count;
  }

 private:
  static scheduler::Input from_worker(FromWorker message) {
    return scheduler::WorkerInput{kWorker, std::move(message)};
  }
  scheduler::Input from_client(Request request) {
    return scheduler::ClientInput{{1, ++sequence_}, {kAccount, std::move(request)}};
  }

  void give(std::vector<scheduler::Input> inputs) {
    now_.wall = now_.wall + std::chrono::microseconds(100);
    now_.mono = now_.mono + std::chrono::microseconds(100);
    scheduler::Effects effects;
    const EventNumber first = shard_->state().counters.events + 1;
    scheduler::Rows& rows = keeper_.begin();
    scheduler::Input lease = from_worker(RenewLease{1, 0});
    shard_->handle(lease, now_, rows, effects);
    for (scheduler::Input& input : inputs) shard_->handle(input, now_, rows, effects);
    shard_->end_batch(now_, rows, effects);
    keeper_.commit(first, effects);
    for (scheduler::Outgoing& out : effects.messages) {
      if (auto* reply = std::get_if<scheduler::ToClient>(&out)) {
        if (const auto* error = std::get_if<Error>(&*reply->answer)) {
          throw std::runtime_error("refused: " + error->message);
        }
      }
      auto* order = std::get_if<scheduler::ToWorkerProcess>(&out);
      if (order == nullptr) continue;
      if (auto* assignment = std::get_if<Assignment>(&order->message)) {
        assigned_.push_back(std::move(*assignment));
      } else if (const auto* claim = std::get_if<ClaimNodes>(&order->message)) {
        claims_.push_back(*claim);
      }
    }
  }

  Keeper keeper_;
  std::unique_ptr<scheduler::Shard> shard_;
  Now now_{WallTime{17'000'000'000'000'000}, MonoTime{1'000'000'000}};
  Sequence sequence_ = 0;
  std::int64_t tasks_ = 0;
  int nodes_ = 0;
  std::vector<Assignment> assigned_;
  std::vector<ClaimNodes> claims_;
};

// 100 tasks added and assigned in one batch, ended in the next.
template <class Keeper>
void task_life(State& state) {
  Bench<Keeper> bench(kNodes);
  for (auto _ : state) {
    bench.add();
    if (bench.end_all() != kTasks) state.SkipWithError("not all tasks were assigned");
  }
  per_task(state);
}

double allocated_bytes() {
  std::uint64_t epoch = 1;
  std::size_t allocated = 0, size = sizeof allocated;
  ::mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  ::mallctl("stats.allocated", &allocated, &size, nullptr, 0);
  return static_cast<double>(allocated);
}

// So many waiting tasks from their rows into memory; what each weighs there.
void recovery(State& state) {
  Bench<OnDisk> bench(0);
  for (std::int64_t tasks = 0; tasks < state.range(0); tasks += kTasks) bench.add();
  for (auto _ : state) {
    state.PauseTiming();
    bench.forget();
    const double before = allocated_bytes();
    state.ResumeTiming();
    bench.keeper().reopen();
    bench.restart();
    state.PauseTiming();
    const double grown = allocated_bytes() - before;
    state.counters["bytes_per_task"] = grown / static_cast<double>(state.range(0));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(json_in);
BENCHMARK(json_outcomes);
BENCHMARK(json_out);
BENCHMARK(filter_match);
BENCHMARK(encode_collection);
BENCHMARK(decode_collection);
BENCHMARK_TEMPLATE(task_life, InMemory)->Name("task_life/core");
BENCHMARK_TEMPLATE(task_life, OnDisk)->Name("task_life/stored");
BENCHMARK(recovery)->Arg(1'000'000)->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(recovery)->Arg(10'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
