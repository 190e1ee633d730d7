#include "tests/scheduler/crash/stored_shard.h"

#include "model/assert.h"
#include "scheduler/core/invariants.h"
#include "schema/codec/command.h"
#include "schema/codec/events.h"
#include "schema/codec/rows.h"
#include "schema/codec/task_document.h"
#include "schema/codec/task_row.h"

#include <algorithm>
#include <utility>

namespace windlass::test {

namespace {

using namespace scheduler;

constexpr ShardId kShard = 3;
constexpr ShardId kOther = 1;
constexpr ShardId kShardsTotal = 8;
constexpr SessionId kGateway = 7;
constexpr std::uint64_t kWorker = 77;
constexpr char kAccount[] = "acct";
constexpr std::uint64_t kJobs = 3;  // ids in use at a time
constexpr std::uint64_t kTasks = 40;
constexpr Sequence kAnswersKept = 12;

// The nth id of this beginning that lives on a shard.
std::string id_on(ShardId shard, const std::string& beginning, std::uint64_t n) {
  for (int i = 0;; ++i) {
    std::string id = beginning + std::to_string(n) + "-" + std::to_string(i);
    if (shard_of(kAccount, id, kShardsTotal) == shard) return id;
  }
}

void add(std::string& out, const char* what, std::string_view bytes) {
  out += what;
  out += ' ' + std::to_string(bytes.size()) + ':';
  out += bytes;
  out += '\n';
}

template <class Task>
void add_task_row(std::string& out, const char* what, const Task& task, const TaskKey& key) {
  std::string bytes = std::to_string(key.job) + "/" + std::to_string(key.task) + " ";
  encode_task_row(bytes, task);
  add(out, what, bytes);
}

}  // namespace

StoreOptions stored_shard_options(const std::string& folder) {
  StoreOptions options;
  options.folder = folder;
  options.generation = 5;
  options.shard = kShard;
  options.shards_total = kShardsTotal;
  options.map_bytes_max = 64ULL << 20;
  options.journal_bytes_max = 64ULL << 10;  // so that the log is trimmed, too
  return options;
}

StoredShard::StoredShard(StoreOptions options, std::uint64_t seed, CommitHooks hooks)
    : random_(seed), hooks_(std::move(hooks)), store_(std::move(options)), journal_(store_) {
  if (!hooks_.begun) hooks_.begun = [] {};
  if (!hooks_.acknowledged) hooks_.acknowledged = [](Store&) {};
  hooks_.acknowledged(store_);
  hooks_.begun();
  journal_.claim(store_.claim());
  hooks_.acknowledged(store_);
  open();
}

void StoredShard::open() {
  core_ = std::make_unique<Shard>(kShard, kShardsTotal, Settings());
  batch_ = store_.begin();
  core_->recover(*batch_, now_);
  gateway_.id = kGateway;
  gateway_.instance = 1;
  batch_->each_session([this](SessionState session) {
    if (session.id == kGateway) gateway_ = session;
  });
  batch_->put_session(gateway_);
  events_before_ = core_->state().counters.events;
  connect_worker();
  commit();
}

// A worker that has lost what it ran, and speaks for the nodes that the shard knows.
void StoredShard::connect_worker() {
  give(WorkerConnected{kWorker, 1000 + store_.epoch()});
  report(RenewLease{1, 0});
  Resync resync;
  for (const auto& [seq, node] : core_->state().nodes)
    resync.nodes.push_back({node.record.id, node.record.claim, node.record.boot, NodeState::idle});
  report(resync);
  report(OffersFree{{{"*", true, 8}}});
}

void StoredShard::turn() {
  now_.wall = now_.wall + std::chrono::milliseconds(300);
  now_.mono = now_.mono + std::chrono::milliseconds(300);
  batch_ = store_.begin();
  report(RenewLease{1, 0});
  for (std::uint64_t inputs = 1 + random_.below(4); inputs > 0; --inputs) draw_input();
  commit();
}

// As OwnedShard::end_batch.
void StoredShard::commit() {
  core_->end_batch(now_, *batch_, effects_);
  for (const Outgoing& message : effects_.messages) {
    const auto* reply = std::get_if<ToClient>(&message);
    if (reply == nullptr || std::holds_alternative<Error>(*reply->answer)) continue;
    batch_->put_answer(reply->origin.session, reply->origin.sequence, encode(*reply->answer));
  }
  const Sequence last = gateway_.inbox.acknowledged_through;
  if (last > kAnswersKept) batch_->erase_answers(kGateway, last - kAnswersKept);
  batch_->put_session(gateway_);
  journal_.append(events_before_ + 1, effects_.events);
  events_before_ = core_->state().counters.events;
  hooks_.begun();
  batch_->commit();
  batch_.reset();
  hooks_.acknowledged(store_);
  obey();
}

void StoredShard::obey() {
  for (const Outgoing& message : std::exchange(effects_.messages, {})) {
    if (const auto* to_shard = std::get_if<ToShard>(&message)) {
      if (const auto* request = std::get_if<ShardMessage>(&to_shard->message))
        sent_.push_back(*request);
    }
    const auto* order = std::get_if<ToWorkerProcess>(&message);
    if (order == nullptr) continue;
    if (const auto* assignment = std::get_if<Assignment>(&order->message))
      running_[assignment->id] = *assignment;
    if (const auto* end = std::get_if<EndAttempt>(&order->message)) stopping_.insert(end->id);
    if (const auto* claim = std::get_if<ClaimNodes>(&order->message)) claims_.push_back(*claim);
  }
  effects_.clear();
}

void StoredShard::give(Input input) {
  core_->handle(input, now_, *batch_, effects_);
}

void StoredShard::report(FromWorker message) {
  give(WorkerInput{kWorker, std::move(message)});
}

void StoredShard::ask(Request request) {
  const Origin origin{kGateway, ++gateway_.inbox.acknowledged_through};
  give(ClientInput{origin, {kAccount, std::move(request)}});
}

void StoredShard::draw_input() {
  if (!claims_.empty()) {
    for (const ClaimNodes& claim : std::exchange(claims_, {})) {
      ClaimAnswered answer{claim.claim, {}};
      for (std::int32_t i = 0; i < claim.count; ++i)
        answer.nodes.push_back(
            {"node" + std::to_string(claim.claim) + "-" + std::to_string(i), 1, "127.0.0.1"});
      report(answer);
      for (const GrantedNode& node : answer.nodes)
        report(NodeStatus{node.node_id, 1, NodeState::idle, std::nullopt, {}});
    }
    return;
  }
  switch (random_.below(5)) {
    case 0:
    case 1:
      return draw_command();
    case 2:
    case 3:
      return end_one(false);
    default:
      if (sent_.empty()) return end_one(true);
      const ShardMessage message = sent_.front();
      sent_.clear();
      return give(ShardAcknowledge{kOther, message.id});
  }
}

std::string StoredShard::some_job() {
  return id_on(kShard, "job", random_.below(kJobs));
}

std::string StoredShard::some_task() {
  return "Task-" + std::to_string(random_.below(kTasks));
}

void StoredShard::draw_command() {
  if (core_->state().pools.empty()) {
    PoolSpec pool;
    pool.id = id_on(kShard, "pool", 0);
    pool.vm_size = "any";
    pool.target_dedicated_nodes = 3;
    pool.task_slots_per_node = 2;
    return ask(AddPool{pool});
  }
  JobSpec job;
  job.id = some_job();
  job.pool_id = id_on(kShard, "pool", 0);
  job.constraints.task_retries_max = 1;
  job.kept_json = std::string(random_.below(300), 'j');
  if (core_->state().find_job(kAccount, job.id) == nullptr) return ask(AddJob{job});
  switch (random_.below(12)) {
    case 0:  // held by another shard: a message waits in the outbox
      job.id = id_on(kShard, "far", random_.below(1000));
      job.pool_id = id_on(kOther, "pool", 0);
      return ask(AddJob{job});
    case 1:
      if (random_.below(3) == 0) return ask(DeleteJob{job.id, {}});
      return ask(EnableJob{job.id, {}});
    case 2:
      return ask(DisableJob{job.id, {}, random_.one_of(DisableTasks::wait)});
    case 3:
      return ask(DeleteTask{job.id, some_task(), {}});
    case 4:
      return ask(TerminateTask{job.id, some_task(), {}});
    case 5:
      return ask(ReactivateTask{job.id, some_task(), {}});
    default:
      break;
  }
  AddTasks tasks{job.id, {}};
  for (std::uint64_t count = 1 + random_.below(6); count > 0; --count) {
    NewTask task;
    task.id = some_task();
    TaskDocument document;
    document.command_line = "/bin/true";
    document.kept_json = std::string(random_.below(4) * random_.below(2500), 'd');
    task.document = encode_task_document(document);
    tasks.tasks.push_back(std::move(task));
  }
  ask(tasks);
}

void StoredShard::end_one(bool stopped_only) {
  for (auto it = running_.begin(); it != running_.end(); ++it) {
    const AttemptId id = it->first;
    const bool stopped = stopping_.contains(id);
    if (stopped_only && !stopped) continue;
    running_.erase(it);
    stopping_.erase(id);
    AttemptEnded ended;
    ended.id = id;
    ended.end = stopped ? AttemptEnd::stopped : AttemptEnd::exited;
    ended.start_time = now_.wall;
    ended.end_time = now_.wall;
    if (!stopped) ended.exit_code = random_.below(4) == 0 ? 1 : 0;
    return report(ended);
  }
}

std::vector<std::string> StoredShard::broken() {
  const std::unique_ptr<Batch> batch = store_.begin();
  std::vector<std::string> sentences = broken_invariants(core_->state(), *batch);
  JournalPosition position = 0;
  EventNumber next = 0;
  journal_.read(0, [&](const JournalRecord& record) {
    if (position != 0 && record.position != position + 1)
      sentences.push_back("the log has a gap after " + std::to_string(position));
    if (next != 0 && record.first_event != next)
      sentences.push_back("events are missing before " + std::to_string(record.first_event));
    position = record.position;
    next = record.first_event + record.events.size();
    return true;
  });
  if (next != 0 && next != core_->state().counters.events + 1)
    sentences.push_back("the log ends at event " + std::to_string(next - 1) + ", the counters at " +
                        std::to_string(core_->state().counters.events));
  return sentences;
}

std::string start_of(Store& store) {
  const std::unique_ptr<Batch> batch = store.begin();
  std::string out = "epoch " + std::to_string(store.epoch()) + '\n';
  const auto row = [&out](const char* what) {
    return [&out, what](const auto& value) { add(out, what, encode_row(value)); };
  };
  add(out, "counters", encode_row(batch->counters()));
  batch->each_pool(row("pool"));
  batch->each_node(row("node"));
  batch->each_job(row("job"));
  batch->each_claim(row("claim"));
  batch->each_lingering(row("lingering"));
  batch->each_reservation(row("reservation"));
  batch->each_outbox(row("outbox"));
  batch->each_progress(row("progress"));
  batch->each_session(row("session"));
  batch->each_open_task(
      [&](const OpenTask& task) { add_task_row(out, "open", task, task.record.key); });
  return out;
}

std::string contents_of(Store& store) {
  std::string out = start_of(store);
  const std::unique_ptr<Batch> batch = store.begin();
  const JobSeq jobs = batch->counters().jobs;
  for (JobSeq job = 1; job <= jobs; ++job) {
    batch->scan_task_ids(job, "", [&](std::string_view id, TaskSeq task) {
      const TaskKey key{job, task};
      add(out, "id", id);
      if (const auto open = batch->open_task(key)) add_task_row(out, "open", *open, key);
      if (const auto done = batch->done_task(key)) add_task_row(out, "done", *done, key);
      add(out, "document", batch->document(key));
      return true;
    });
  }
  batch->each_session([&](const SessionState& session) {
    const Sequence last = session.inbox.acknowledged_through;
    for (Sequence i = last - std::min(last, 2 * kAnswersKept); i <= last; ++i) {
      if (const auto answer = batch->answer(session.id, i)) add(out, "answer", *answer);
    }
  });
  LocalJournal journal(store);
  out += "log " + std::to_string(journal.claim(store.epoch())) + '\n';
  journal.read(0, [&](const JournalRecord& record) {
    out += "record " + std::to_string(record.position) + ' ' + std::to_string(record.epoch) + ' ' +
           std::to_string(record.first_event) + ' ' + std::to_string(record.chain) + '\n';
    add(out, "events", encode_events(record.events, EventDocuments::inlined));
    return true;
  });
  return out;
}

std::string contents_of(const std::string& folder) {
  Store store(stored_shard_options(folder));
  return contents_of(store);
}

std::string start_of(const std::string& folder) {
  Store store(stored_shard_options(folder));
  return start_of(store);
}

}  // namespace windlass::test
