// A real windlass-worker process, a real broker and a shard that a test plays: what the worker
// promises, seen from where it is promised to.
#pragma once

#include "bus/task_document.h"
#include "tests/broker/road.h"

#include <boost/test/unit_test.hpp>

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <csignal>
#include <fstream>

namespace windlass::test {

// Commits at once and remembers all it hears.
class PlayedShard : public Participant {
 public:
  explicit PlayedShard(const std::string& broker) {
    endpoint_ = std::make_unique<bus::ShardEndpoint>(bus::EndpointOptions{
        .kind = PeerKind::scheduler, .instance = bus::random_instance(), .brokers = {broker}});
    endpoint_->own(0, 1, 1, {});
  }

  int fd() const override { return endpoint_->fd(); }
  std::optional<MonoTime> next_deadline() const override { return endpoint_->next_deadline(); }
  void turn(MonoTime now) override {
    for (bus::ShardInput& input : endpoint_->poll(now)) {
      if (auto* wanted = std::get_if<bus::OpenWanted>(&input)) {
        if (session != 0) endpoint_->close(0, session);
        SessionState state{++last_session_, wanted->kind, wanted->instance, wanted->worker, {}};
        session = state.id;
        worker_id = wanted->worker;
        worker_instance = wanted->instance;
        endpoint_->opened(0, state, now);
      } else if (auto* heard = std::get_if<bus::Reports>(&input)) {
        for (bus::ReceivedReport& report : heard->reports) take(heard->session, report.report);
        if (acknowledging)
          endpoint_->committed(0, heard->session, endpoint_->inbox(0, heard->session));
      }
    }
    endpoint_->flush(now);
  }

  void tell(const ToWorker& message) { BOOST_REQUIRE(endpoint_->tell(0, session, message)); }

  SessionId session = 0;
  std::uint64_t worker_id = 0;
  InstanceId worker_instance = 0;
  bool acknowledging = true;
  Duration lease = std::chrono::seconds(30);  // zero: renewals are not answered

  std::map<std::string, NodeStatus> status;
  std::vector<ClaimAnswered> claims;
  std::vector<Resync> resyncs;
  std::vector<std::string> returned;
  std::int32_t offers = -1;
  std::map<AttemptId, std::vector<AttemptEnded>> ended;
  std::size_t ended_total = 0;

 private:
  void take(SessionId from, const FromWorker& report) {
    if (const auto* renewal = std::get_if<RenewLease>(&report)) {
      if (lease > Duration::zero())
        endpoint_->tell_unnumbered(0, from, LeaseRenewed{renewal->sent_at, lease});
    } else if (const auto* sync = std::get_if<Resync>(&report)) {
      resyncs.push_back(*sync);
      Resynced answer;
      for (const AttemptId& id : sync->unreported) {
        if (ended.contains(id)) answer.recorded.push_back(id);
      }
      endpoint_->tell(0, from, answer);
    } else if (const auto* over = std::get_if<AttemptEnded>(&report)) {
      ended[over->id].push_back(*over);
      ++ended_total;
    } else if (const auto* s = std::get_if<NodeStatus>(&report)) {
      status[s->node_id] = *s;
    } else if (const auto* claim = std::get_if<ClaimAnswered>(&report)) {
      claims.push_back(*claim);
    } else if (const auto* back = std::get_if<NodeReturned>(&report)) {
      returned.push_back(back->node_id);
    } else if (const auto* free = std::get_if<OffersFree>(&report)) {
      offers = free->classes.empty() ? 0 : free->classes[0].free;
    }
  }

  std::unique_ptr<bus::ShardEndpoint> endpoint_;
  SessionId last_session_ = 0;
};

// A gateway's end of the bulk road.
class PlayedGateway : public Participant {
 public:
  explicit PlayedGateway(const std::string& broker)
      : endpoint_(bus::EndpointOptions{
            .kind = PeerKind::gateway, .instance = bus::random_instance(), .brokers = {broker}}) {}
  int fd() const override { return endpoint_.fd(); }
  std::optional<MonoTime> next_deadline() const override { return endpoint_.next_deadline(); }
  void turn(MonoTime now) override {
    for (bus::BulkEvent& event : endpoint_.poll(now)) {
      if (auto* reply = std::get_if<bus::FileReplied>(&event)) replies.push_back(reply->reply);
    }
    endpoint_.flush(now);
  }
  bool ask(InstanceId worker, const FileRequest& request) {
    return endpoint_.connected() && endpoint_.send(worker, request);
  }
  std::vector<FileReply> replies;

 private:
  bus::BulkEndpoint endpoint_;
};

class WorkerProcess {
 public:
  explicit WorkerProcess(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}
  ~WorkerProcess() { kill(); }
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  void start() {
    std::vector<std::string> words = {WINDLASS_WORKER_PROGRAM};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    BOOST_REQUIRE_EQUAL(::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv.data(), environ), 0);
  }
  int pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  void kill() {
    if (pid_ <= 0) return;
    signal(SIGKILL);
    wait();
  }

 private:
  std::vector<std::string> arguments_;
  pid_t pid_ = -1;
};

class WorkerBench {
 public:
  explicit WorkerBench(std::vector<std::string> more = {})
      : folder_(made_folder()), worker(arguments(std::move(more))) {
    start_broker();
    shard.emplace(bus());
    gateway.emplace(bulk());
    worker.start();
  }
  ~WorkerBench() {
    // The guard ends when its folder is gone and nothing runs.
    worker.kill();
    std::filesystem::remove_all(folder_);
  }

  bool until(const std::function<bool()>& done) { return run_until({&*shard, &*gateway}, done); }
  void start_broker() { broker.emplace(bus(), bulk()); }

  std::string ready_node(SlotCount slots = 4) {
    BOOST_REQUIRE(until([&] { return !shard->resyncs.empty() && shard->offers > 0; }));
    const std::size_t before = shard->claims.size();
    shard->tell(ClaimNodes{before + 1, "any", 1, {"account", "pool", slots, true, std::nullopt}});
    BOOST_REQUIRE(until([&] { return shard->claims.size() > before; }));
    const std::string node = shard->claims.back().nodes.at(0).node_id;
    BOOST_REQUIRE(until([&] {
      return shard->status.contains(node) && shard->status[node].state == NodeState::idle;
    }));
    return node;
  }

  AttemptId run(const std::string& node, const std::string& command_line,
                AttemptNumber attempt = 1) {
    Assignment a;
    a.id = {0, {1, ++tasks_}, attempt};
    a.account = "account";
    a.job_id = "job";
    a.task_id = "t" + std::to_string(tasks_);
    a.node_id = node;
    a.node_boot = 1;
    TaskDocument document;
    document.command_line = command_line;
    document.environment_settings = {{"GREETING", "hello"}};
    a.document = encode_task_document(document);
    shard->tell(a);
    return a.id;
  }
  bool ended(const AttemptId& id) {
    return until([&] { return shard->ended.contains(id); });
  }
  std::string task_folder(const std::string& node, const AttemptId& id) const {
    return folder_ + "/data/nodes/" + node + "/workitems/job/job-1/t" +
           std::to_string(id.task.task);
  }
  std::string content(const std::string& path) const {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  const std::string& folder() const { return folder_; }

 private:
  static std::string made_folder() {
    char name[] = "/tmp/windlass-worker-XXXXXX";
    BOOST_REQUIRE(::mkdtemp(name) != nullptr);
    ::chmod(name, 0711);  // the task user passes through
    return name;
  }
  std::string bus() const { return "ipc://" + folder_ + "/bus"; }
  std::string bulk() const { return "ipc://" + folder_ + "/bulk"; }
  std::vector<std::string> arguments(std::vector<std::string> more) const {
    std::vector<std::string> all = {"--data-dir=" + folder_ + "/data",
                                    "--broker=" + bus(),
                                    "--broker-bulk=" + bulk(),
                                    "--shards-total=1",
                                    "--admin-address=127.0.0.1:0",
                                    "--log-level=warn",
                                    "--free-bytes-min=0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::string folder_;
  TaskSeq tasks_ = 0;

 public:
  std::optional<RunningBroker> broker;
  std::optional<PlayedShard> shard;
  std::optional<PlayedGateway> gateway;
  WorkerProcess worker;
};

}  // namespace windlass::test
