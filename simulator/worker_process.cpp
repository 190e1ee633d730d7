#include "simulator/worker_process.h"

#include "model/fault_points.h"
#include "schema/codec/task_document.h"

#include <algorithm>

namespace windlass::simulator {

namespace {

constexpr Duration kRetry = std::chrono::milliseconds(10);  // while a shard's queue is full

std::optional<TaskDocument> decode_document(std::string_view bytes) {
  auto document = decode_task_document(bytes);
  if (!document) return std::nullopt;
  return std::move(*document);
}

}  // namespace

WorkerProcess::WorkerProcess(World& world, Network& network, Auditor& auditor, std::size_t number,
                             std::size_t place)
    : Process(world, "worker-" + std::to_string(number), place),
      network_(network),
      worker_id_(world.random.bits() | 1),
      guard_(world, auditor, *this) {}

void WorkerProcess::boot(Now now) {
  ++life_;
  worker::GrantBook book;
  if (!grants_.empty()) {
    auto kept = worker::decode_grant_book(grants_);
    if (kept)
      book = std::move(*kept);
    else
      world_.violated("protocol", name() + " cannot read its grants");
  }
  book.worker_id = worker_id_;
  worker::enter_generation(book, 1);

  worker::AgentOptions options;
  options.offers = {{"*", !world_.options.spot_nodes, world_.options.offers}};
  options.nodes_folder = "/nodes";
  options.account_url = "http://simulated";
  options.node_addresses = {"127.0.0.1"};
  options.decode_document = decode_document;
  options.random = [this] { return world_.random.bits(); };
  agent_.emplace(std::move(options), std::move(book), worker::read_spool(spool_),
                 "boot-" + std::to_string(host_boots_), now);

  bus::EndpointOptions bus;
  bus.kind = PeerKind::worker;
  bus.instance = world_.random.bits() | 1;
  bus.worker = worker_id_;
  bus.brokers.resize(static_cast<std::size_t>(world_.options.brokers));
  endpoint_ = std::make_unique<bus::PeerEndpoint>(bus, network_.open(bus.instance, *this));
  agent_bus_.emplace(*agent_, *endpoint_, true);

  guard_.connect();
  agent_->start(now, effects_);
  apply();
  spool_ = agent_->compacted_spool();
  agent_bus_->open_sessions(static_cast<ShardId>(world_.options.shards));
}

void WorkerProcess::die() {
  guard_.disconnect();
  agent_bus_.reset();
  endpoint_.reset();
  agent_.reset();
  effects_.clear();
  begun_.clear();
  file_news_.clear();
  guard_met_ = false;
}

void WorkerProcess::host_crash() {
  world_.bit("host crash");
  guard_.host_crash();
  ++host_boots_;
  // The spool is written without flush.
  if (world_.random.chance(500))
    spool_.resize(static_cast<std::size_t>(
        world_.random.between(0, static_cast<std::int64_t>(spool_.size()))));
  end("its host crashes");
  clock().reboot(world_.timeline.now(), MonoTime{10'000'000});
}

void WorkerProcess::turn(Now now) {
  for (const bus::SessionOpen& open : agent_bus_->hear(now, now.mono, effects_).opened)
    tell("has a session with shard " + std::to_string(open.shard) +
         (open.resumed ? ", the one from before" : ", a new one"));
  hear_guard(now);
  while (!file_news_.empty()) {
    const FileNews news = std::move(file_news_.front());
    file_news_.pop_front();
    news(*agent_, now, effects_);
  }
  agent_->tick(now, effects_);
  agent_->finish_turn(effects_);
  apply();
  agent_bus_->outgoing().retry();
  endpoint_->flush(now.mono);
  agent_->check_invariants();
}

std::optional<MonoTime> WorkerProcess::next_turn(Now now) {
  std::optional<MonoTime> next = endpoint_->next_deadline();
  const auto consider = [&](MonoTime at) { next = next ? std::min(*next, at) : at; };
  if (const auto left = agent_->next_deadline(now)) consider(now.mono + *left);
  if (!agent_bus_->outgoing().backlog_empty()) consider(now.mono + kRetry);
  return next;
}

void WorkerProcess::hear_guard(Now now) {
  for (const GuardEvent& event : guard_.receive()) {
    if (const auto* found = std::get_if<GuardFound>(&event)) {
      if (!std::exchange(guard_met_, true)) agent_->guard_found(found->known, now, effects_);
    } else if (const auto* started = std::get_if<GuardStarted>(&event)) {
      agent_->process_started(started->run, effects_);
    } else if (const auto* failed = std::get_if<GuardStartFailed>(&event)) {
      agent_->start_failed(failed->run, std::nullopt, now, effects_);
    } else if (const auto* settled = std::get_if<GuardSettled>(&event)) {
      agent_->process_settled(settled->run, now, effects_);
    } else if (const auto* ended = std::get_if<GuardEnded>(&event)) {
      agent_->process_ended(ended->run, ended->end, now, effects_);
    }
  }
}

void WorkerProcess::apply() {
  if (!effects_.empty()) worker::carry_out(effects_, *this);
}

void WorkerProcess::save_grants() {
  grants_ = worker::encode_grant_book(agent_->book());
}

void WorkerProcess::append_spool(const std::string& frames) {
  if (frames.empty()) return;
  spool_ += frames;
  for (auto& [id, run] : worker::read_spool(frames).runs) {
    if (run.assignment) begun_[id] = *run.assignment;
    if (run.coordination != 0) begun_[run.coordination] = *run.assignment;
  }
}

void WorkerProcess::send(std::vector<worker::Outgoing>& messages) {
  agent_bus_->outgoing().send(messages);
}

void WorkerProcess::do_work(const std::vector<worker::Work>& work) {
  using namespace worker;
  for (const Work& item : work) {
    if (const auto* process = std::get_if<StartProcess>(&item)) {
      may_die(FaultPoint::crash_before_spawn);  // also between two starts
      start(*process);
    } else if (const auto* forget = std::get_if<ForgetProcess>(&item)) {
      guard_.acknowledge(forget->run);
      begun_.erase(forget->run);
    } else if (const auto* stop = std::get_if<StopProcess>(&item)) {
      guard_.stop(stop->run, stop->grace);
    } else if (const auto* lease = std::get_if<ExtendLease>(&item)) {
      guard_.set_lease(lease->node_id, lease->deadline);
    } else if (const auto* no_lease = std::get_if<ForgetLease>(&item)) {
      guard_.forget_lease(no_lease->node_id);
    } else if (const auto* stage = std::get_if<StageIn>(&item)) {
      later([run = stage->run, failure = file_failure()](NodeAgent& agent, Now now,
                                                         Effects& effects) {
        agent.staged_in(run, failure, now, effects);
      });
    } else if (const auto* upload = std::get_if<UploadOutputs>(&item)) {
      later([run = upload->run, failure = file_failure()](NodeAgent& agent, Now now,
                                                          Effects& effects) {
        agent.uploaded(run, failure, now, effects);
      });
    } else if (const auto* make = std::get_if<MakeNode>(&item)) {
      later([node = make->node_id, failure = file_failure()](NodeAgent& agent, Now now,
                                                             Effects& effects) {
        agent.node_made(node, failure, now, effects);
      });
    } else if (const auto* wipe = std::get_if<WipeNode>(&item)) {
      later([node = wipe->node_id](NodeAgent& agent, Now now, Effects& effects) {
        agent.node_wiped(node, now, effects);
      });
    }
  }
}

std::optional<FailureInfo> WorkerProcess::file_failure() {
  if (world_.calm || !world_.random.chance(world_.options.file_failures)) return std::nullopt;
  world_.bit("failure with files");
  return FailureInfo{ErrorCategory::servererror, "ResourceFileWriteFailed", "simulated", {}};
}

void WorkerProcess::start(const worker::StartProcess& request) {
  std::optional<Auditor::Start> of;
  const auto begun = begun_.find(request.run);
  if (begun != begun_.end()) {
    const auto& grant = agent_->book().grants.at(request.node_id);
    of = Auditor::Start{
        begun->second.id, request.node_id, begun->second.required_slots,
        grant.plan.task_slots_per_node,
        begun->second.account + "/" + begun->second.job_id + "/" + begun->second.task_id};
    // Each node has its own preparation and release, and its instance of a task.
    if (is_node_task(of->id.task) || is_subtask(of->id.task))
      of->task_name += "@" + request.node_id;
    // A primary has two commands; the slot is held by its own.
    const auto& instance = begun->second.instance;
    if (request.keeps_children && instance && instance->number == 0) {
      of->id.task = coordination_key(of->id.task);
      of->task_name += "@coordination";
      of->slots = 0;
    }
  }
  guard_.start(request, of);
}

void WorkerProcess::later(FileNews news) {
  world_.timeline.after(
      world_.random.between(std::chrono::milliseconds(1), std::chrono::milliseconds(50)),
      [this, life = life_, news = std::move(news)] {
        if (life != life_ || !running()) return;
        file_news_.push_back(news);
        wake();
      });
}

}  // namespace windlass::simulator
