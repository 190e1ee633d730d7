#include "worker/loop.h"

#include "bus/task_document.h"
#include "bus/task_token.h"
#include "runtime/clock.h"
#include "runtime/refusal.h"
#include "runtime/version.h"
#include "worker/core/carry_out.h"
#include "worker/file_road.h"
#include "worker/files/failure.h"
#include "worker/files/files.h"
#include "worker/files/service_logs.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

namespace windlass::worker {
namespace {

constexpr Duration kWaitMax = std::chrono::seconds(1);
constexpr Duration kRetry = std::chrono::milliseconds(10);  // while a shard's queue is full
constexpr Duration kGuardPatience = std::chrono::seconds(10);
// On the way out: how long the last reports and processes get.
constexpr Duration kShutdownPatience = std::chrono::seconds(5);

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (number == 0) {
    if (::getrandom(&number, sizeof number, 0) != sizeof number) number = 0;
  }
  return number;
}

std::string nodes_folder(const WorkerConfig& config) {
  const std::string folder =
      config.nodes_dir.empty() ? config.data_dir + "/nodes" : config.nodes_dir;
  // Absolute and without links: tasks see it, and patterns of output files are compared with it.
  return std::filesystem::weakly_canonical(std::filesystem::absolute(folder)).string();
}

std::string host_boot_id() {
  std::string id = runtime::read_file("/proc/sys/kernel/random/boot_id");
  while (id.ends_with('\n')) id.pop_back();
  return id;
}

std::optional<TaskDocument> decode_document(std::string_view bytes) {
  auto document = decode_task_document(bytes);
  if (!document) return std::nullopt;
  return std::move(*document);
}

std::string token_of_task(const std::string& secret, const std::string& account,
                          const std::string& job_id, const std::string& task_id) {
  return task_token(secret, {account, task_id}, job_id);
}

AgentOptions agent_options(const WorkerConfig& config, const std::string& nodes) {
  AgentOptions options;
  options.offers = parse_offers(config.offers);
  options.executor = config.executor == "null" ? Executor::null : Executor::process;
  options.nodes_folder = nodes;
  options.version = runtime::version();
  options.account_url = config.account_url;
  options.node_addresses = parse_node_addresses(config.node_address, options.offers);
  options.reserved_disk_bytes = static_cast<std::uint64_t>(config.free_bytes_min);
  options.admin_tasks = config.admin_tasks;
  options.decode_document = decode_document;
  options.task_token = token_of_task;
  options.random = random_number;
  return options;
}

}  // namespace

Loop::Loop(const WorkerConfig& config, runtime::Program& program)
    : config_(config),
      program_(program),
      null_executor_(config.executor == "null"),
      nodes_folder_(nodes_folder(config)),
      grants_(config.data_dir),
      pace_(std::thread::hardware_concurrency()),
      metrics_(program.metrics, config.executor, nodes_folder_),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  std::unique_ptr<NodeUsers> users;
  if (config.node_users) users = std::make_unique<NodeUsers>(nodes_folder_, program.log);
  GrantBook book;
  if (auto kept = grants_.load()) book = std::move(*kept);
  place_.emplace(
      config.join,
      members::JoinWish{
          .role = PeerKind::worker, .key_dir = config.data_dir + "/key", .worker = book.worker_id},
      program);
  if (book.worker_id == 0) book.worker_id = place_->worker();
  if (book.worker_id == 0) book.worker_id = random_number();
  const std::uint64_t worker_id = book.worker_id;
  const ClusterGeneration generation = place_->joined()
                                           ? place_->membership().generation
                                           : static_cast<ClusterGeneration>(config.generation);
  const ClusterGeneration served = book.generation;
  const GenerationMet met = enter_generation(book, generation);
  if (met == GenerationMet::earlier)
    throw runtime::StartRefused("this worker has served generation " + std::to_string(served) +
                                " of its cluster, and this is generation " +
                                std::to_string(generation) + ", which was replaced; empty " +
                                config.data_dir + " to start a new worker");
  const bool restored = met == GenerationMet::later;
  if (restored)
    program_.log.warn("cluster_was_restored", {{"generation", generation}, {"served", served}});
  std::unordered_set<std::string> known;
  for (const auto& [id, grant] : book.grants) known.insert(id);

  SpoolContent content;
  if (!null_executor_) {
    identity_ = find_task_identity(config.task_user);
    // Tasks pass through the data folder to their own; they may not look around in it.
    if (identity_.user) ::chmod(config.data_dir.c_str(), 0711);
    const std::string flag = config.nodes_dir.empty() ? "--data-dir" : "--nodes-dir";
    require_reachable(identity_, std::filesystem::path(nodes_folder_).parent_path(), flag);
    program_.log.info("tasks_run_as",
                      {{"user", identity_.user ? identity_.name : "the worker's own user"}});
    spool_ = std::make_unique<SpoolFile>(config.data_dir + "/spool");
    if (!restored) content = read_spool(spool_->read());
    spool_->cut(content.bytes_read);

    FilesOptions files{nodes_folder_, identity_.owner(), {}, 0};
    files.transfers.ca_file = config.tls_ca_file;
    files.free_bytes_min = static_cast<std::uint64_t>(config.free_bytes_min);
    files_ = std::make_unique<Files>(std::move(files));
    files_->wipe_all_but(known);
    connect_guard();
  }
  program_.log.info("worker", {{"id", worker_id},
                               {"executor", config.executor},
                               {"nodes", book.grants.size()},
                               {"unreported", content.unreported.size()},
                               {"running_before", content.runs.size()}});
  agent_.emplace(agent_options(config, nodes_folder_), std::move(book), std::move(content),
                 host_boot_id(), runtime::now_boottime());

  bus::EndpointOptions options;
  options.kind = PeerKind::worker;
  options.instance = bus::random_instance();
  options.worker = worker_id;
  options.generation = generation;
  place_->equip_bulk(options, config.bulk_brokers, "--broker-bulk");
  TransferOptions uploads;
  uploads.ca_file = config.tls_ca_file;
  logs_ = std::make_unique<ServiceLogs>(
      log_folder(config), uploads,
      [&log = program_.log](const std::optional<FailureInfo>& failure) {
        if (failure)
          log.warn("logs_not_uploaded", {{"code", failure->code}, {"error", failure->message}});
        else
          log.info("logs_uploaded");
      });
  file_road_ = std::make_unique<FileRoad>(options, nodes_folder_, *logs_, std::move(users));
  place_->equip_bus(options, config.brokers, "--broker");
  endpoint_ = std::make_unique<bus::PeerEndpoint>(options);
  agent_bus_.emplace(*agent_, *endpoint_, !null_executor_);

  watch(endpoint_->fd());
  watch(program_.shutdown.fd());
  if (files_) watch(files_->fd());
  if (guard_) watch(guard_->fd());
}

Loop::~Loop() = default;

void Loop::connect_guard() {
  const std::string folder = config_.data_dir + "/guard";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category(), folder);
  exec::SpawnerOptions options;
  options.folder = folder;
  options.cgroups = config_.cgroups;
  guard_ = std::make_unique<exec::SpawnerClient>(std::move(options));
  guard_->connect(std::chrono::duration_cast<std::chrono::milliseconds>(kGuardPatience));
}

void Loop::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

int Loop::run() {
  agent_->start(runtime::now_boottime(), effects_);
  apply(effects_);
  if (spool_) spool_->replace(agent_->compacted_spool());
  agent_bus_->open_sessions(static_cast<ShardId>(config_.shards_total));
  program_.announce("", {});
  while (!program_.shutdown.requested()) {
    turn();
    wait();
  }
  end();
  return 0;
}

void Loop::turn() {
  const Now now = runtime::now_boottime();
  hear_bus(now);
  hear_guard(now);
  hear_files(now);
  agent_->tick(now, effects_);
  agent_->finish_turn(effects_);
  apply(effects_);
  agent_bus_->outgoing().retry();
  if (guard_) guard_->flush();
  speak();
  metrics_.count(*agent_, *endpoint_, now);
  if (files_) metrics_.count_cleared(files_->task_folders_cleared());
  if (spool_) metrics_.show_spool(spool_->bytes());
  place_->refresh();
  update_readiness();
}

void Loop::speak() {
  const MonoTime now = runtime::mono_now();
  const auto wanted = endpoint_->next_deadline();
  if (wanted && *wanted <= now) {
    const MonoTime due = pace_.due(agent_->counts().attempts_running, now);
    speak_at_ = due;
    if (due > now) return;
    pace_.spoke(now);
  }
  endpoint_->flush(now);
  speak_at_ = endpoint_->next_deadline();
}

void Loop::wait() {
  Duration left = agent_bus_->outgoing().backlog_empty() ? kWaitMax : kRetry;
  if (const auto due = agent_->next_deadline(runtime::now_boottime())) left = std::min(left, *due);
  if (speak_at_) left = std::min(left, *speak_at_ - runtime::mono_now());
  const timespec timeout = runtime::to_timespec(left);
  pollfd any{epoll_.get(), POLLIN, 0};
  ::ppoll(&any, 1, &timeout, nullptr);
}

void Loop::hear_bus(Now now) {
  const SessionNews news = agent_bus_->hear(now, runtime::mono_now(), effects_);
  for (const ShardId shard : news.lost) program_.log.warn("session_lost", {{"shard", shard}});
  for (const bus::SessionOpen& open : news.opened) {
    program_.log.info("session_open", {{"shard", open.shard},
                                       {"session", open.session},
                                       {"epoch", open.epoch},
                                       {"resumed", open.resumed}});
  }
}

void Loop::hear_guard(Now now) {
  if (!guard_) return;
  for (exec::SpawnerEvent& event : guard_->receive()) {
    if (const auto* ended = std::get_if<exec::Ended>(&event)) {
      agent_->process_ended(run_of_key(ended->key), process_end(*ended), now, effects_);
    } else if (const auto* started = std::get_if<exec::Started>(&event)) {
      agent_->process_started(run_of_key(started->key), effects_);
    } else if (const auto* failed = std::get_if<exec::StartFailed>(&event)) {
      auto failure = start_failure(*failed);
      // Runs again without a word to the user: where every start fails so, the log must say why.
      if (!failure && std::exchange(start_trouble_said_, failed->message) != failed->message)
        program_.log.warn("start_failed_runs_again", {{"error", failed->message}});
      agent_->start_failed(run_of_key(failed->key), std::move(failure), now, effects_);
    } else if (const auto* settled = std::get_if<exec::Settled>(&event)) {
      agent_->process_settled(run_of_key(settled->key), now, effects_);
    } else if (const auto* died = std::get_if<exec::SpawnerDied>(&event)) {
      program_.log.warn("guard_died", {{"reason", died->reason}});
    } else if (const auto* met = std::get_if<exec::Connected>(&event)) {
      program_.log.info("guard", {{"pid", met->spawner_pid},
                                  {"containment", met->mechanism},
                                  {"running", met->running.size()}});
      if (std::exchange(guard_met_, true)) continue;
      std::set<RunId> known;
      for (const auto& running : met->running) known.insert(run_of_key(running.key));
      for (const auto& key : met->unacknowledged) known.insert(run_of_key(key));
      agent_->guard_found(known, now, effects_);
    }
  }
}

void Loop::hear_files(Now now) {
  if (!files_) return;
  for (FileResult& result : files_->results()) {
    if (auto* staged = std::get_if<StagedIn>(&result)) {
      if (staged->failure && staged->failure->code == kHostShort)
        agent_->staging_refused(staged->run, now, effects_);
      else
        agent_->staged_in(staged->run, std::move(staged->failure), now, effects_);
    } else if (auto* uploaded = std::get_if<Uploaded>(&result)) {
      agent_->uploaded(uploaded->run, std::move(uploaded->failure), now, effects_);
    } else if (auto* made = std::get_if<NodeMade>(&result)) {
      agent_->node_made(made->node_id, std::move(made->failure), now, effects_);
    } else if (auto* wiped = std::get_if<NodeWiped>(&result)) {
      if (wiped->failure)
        program_.log.warn("node_not_wiped",
                          {{"node", wiped->node_id}, {"error", wiped->failure->message}});
      agent_->node_wiped(wiped->node_id, now, effects_);
    } else if (auto* stays = std::get_if<FolderNotRemoved>(&result)) {
      program_.log.warn("folder_not_removed",
                        {{"folder", stays->folder}, {"error", stays->failure.message}});
    }
  }
}

void Loop::apply(Effects& effects) {
  if (effects.empty()) {
    if (spool_ && spool_->has_unwritten()) append_spool({});
    return;
  }
  carry_out(effects, *this);
  if (spool_ && spool_->worth_compacting()) spool_->replace(agent_->compacted_spool());
}

void Loop::save_grants() {
  grants_.save(agent_->book());
}

void Loop::send(std::vector<Outgoing>& messages) {
  metrics_.count(messages);
  agent_bus_->outgoing().send(messages);
}

void Loop::append_spool(const std::string& frames) {
  if (!spool_) return;
  if (frames.empty() && !spool_->has_unwritten()) return;
  if (spool_->append(frames)) {
    spool_full_said_ = false;
    for (const exec::AttemptKey& key : std::exchange(forget_later_, {})) guard_->acknowledge(key);
  } else if (!std::exchange(spool_full_said_, true)) {
    program_.log.error("spool_not_written", {{"folder", config_.data_dir}});
  }
}

void Loop::do_work(std::vector<Work>& work) {
  std::vector<FileJob> jobs;
  for (Work& item : work) {
    if (auto* start = std::get_if<StartProcess>(&item)) {
      guard_->start(start_request(std::move(*start), nodes_folder_, identity_));
    } else if (const auto* forget = std::get_if<ForgetProcess>(&item)) {
      if (spool_->has_unwritten())
        forget_later_.push_back(key_of_run(forget->run));
      else
        guard_->acknowledge(key_of_run(forget->run));
    } else if (const auto* stop = std::get_if<StopProcess>(&item)) {
      guard_->kill(key_of_run(stop->run), stop->grace);
    } else if (const auto* lease = std::get_if<ExtendLease>(&item)) {
      guard_->set_lease(lease->node_id, lease->deadline);
    } else if (const auto* no_lease = std::get_if<ForgetLease>(&item)) {
      guard_->forget_lease(no_lease->node_id);
    } else if (auto* stage = std::get_if<StageIn>(&item)) {
      jobs.emplace_back(StageInJob{stage->run, std::move(stage->node_id), std::move(stage->folder),
                                   std::move(stage->resource_files),
                                   std::move(stage->shared_folder)});
    } else if (auto* upload = std::get_if<UploadOutputs>(&item)) {
      jobs.emplace_back(UploadOutputsJob{upload->run, std::move(upload->node_id),
                                         std::move(upload->folder), std::move(upload->output_files),
                                         std::move(upload->environment)});
    } else if (const auto* cancel = std::get_if<CancelTransfers>(&item)) {
      jobs.emplace_back(CancelJob{cancel->run});
    } else if (auto* remove = std::get_if<RemoveFolder>(&item)) {
      jobs.emplace_back(RemoveFolderJob{std::move(remove->node_id), std::move(remove->folder)});
    } else if (auto* make = std::get_if<MakeNode>(&item)) {
      jobs.emplace_back(MakeNodeJob{std::move(make->node_id)});
    } else if (auto* wipe = std::get_if<WipeNode>(&item)) {
      jobs.emplace_back(WipeNodeJob{std::move(wipe->node_id)});
    }
  }
  if (!jobs.empty()) files_->submit(std::move(jobs));
}

void Loop::update_readiness() {
  bool reached = false;
  for (const ShardId shard : agent_bus_->opened()) reached = reached || endpoint_->reachable(shard);
  const bool ready = program_.readiness.state().ready;
  if (reached && !ready) program_.readiness.set_ready();
  if (!reached && (ready || program_.readiness.state().reason == "starting"))
    program_.readiness.set_not_ready("no broker that knows a shard answers");
}

bool Loop::everything_said() const {
  if (!agent_->idle()) return false;
  for (const ShardId shard : agent_bus_->opened()) {
    if (endpoint_->reachable(shard) && !agent_bus_->outgoing().all_acknowledged(shard))
      return false;
  }
  return true;
}

// Tasks are not left to the guard: who ends a worker wants its processes gone. What is lost so is
// told at once, and runs elsewhere.
void Loop::end() {
  program_.log.info("stopping", {{"running", agent_->counts().attempts_running}});
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, program_.shutdown.fd(), nullptr);
  const MonoTime patience = runtime::mono_now() + kShutdownPatience;
  agent_->shut_down(runtime::now_boottime(), effects_);
  turn();
  while (!everything_said() && runtime::mono_now() < patience) {
    wait();
    turn();
  }
  if (!guard_) return;
  guard_->shut_down(Duration::zero());
  turn();
  while (!guard_->shut_down_done() && runtime::mono_now() < patience + kShutdownPatience) {
    wait();
    turn();
  }
}

}  // namespace windlass::worker
