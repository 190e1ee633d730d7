// The worker's main loop: bus, guard, files and clocks feed the node agent, and what it wants is
// done in the order that effects.h promises. One thread; files and file requests have their own.
#pragma once

#include "runtime/program.h"
#include "worker/agent_bus.h"
#include "worker/core/speech_pace.h"
#include "worker/grant_file.h"
#include "worker/guard_words.h"
#include "worker/spool_file.h"
#include "worker/task_identity.h"
#include "worker/worker_config.h"
#include "worker/worker_metrics.h"

#include <memory>
#include <optional>
#include <vector>

namespace windlass::worker {

class Files;
class FileRoad;
class ServiceLogs;

class Loop {
 public:
  Loop(const WorkerConfig& config, runtime::Program& program);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Until a shutdown is asked for and done. Throws what grants or folders could not be kept.
  int run();

 private:
  template <class Hands>
  friend void carry_out(Effects& effects, Hands& hands);

  void connect_guard();
  void turn();
  void speak();
  void wait();
  void hear_bus(Now now);
  void hear_guard(Now now);
  void hear_files(Now now);
  void apply(Effects& effects);
  void save_grants();
  void append_spool(const std::string& frames);
  void do_work(std::vector<Work>& work);
  void send(std::vector<Outgoing>& messages);
  void watch(int fd);
  void update_readiness();
  bool everything_said() const;
  void end();

  const WorkerConfig& config_;
  runtime::Program& program_;
  const bool null_executor_;
  const std::string nodes_folder_;
  TaskIdentity identity_;
  GrantFile grants_;
  std::unique_ptr<SpoolFile> spool_;  // none with the null executor
  bool spool_full_said_ = false;
  std::string start_trouble_said_;              // the last one logged
  std::vector<exec::AttemptKey> forget_later_;  // while the spool cannot be written

  std::optional<members::Place> place_;
  std::optional<NodeAgent> agent_;
  Effects effects_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<exec::SpawnerClient> guard_;
  bool guard_met_ = false;
  std::unique_ptr<bus::PeerEndpoint> endpoint_;
  std::optional<AgentBus> agent_bus_;
  SpeechPace pace_;
  std::optional<MonoTime> speak_at_;
  std::unique_ptr<ServiceLogs> logs_;
  std::unique_ptr<FileRoad> file_road_;
  WorkerMetrics metrics_;
  Fd epoll_;
};

}  // namespace windlass::worker
