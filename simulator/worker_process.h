// A worker: the production's node agent over simulated links, files and guard. Grants, spool and
// guard belong to the host and outlive the program.
#pragma once

#include "bus/peer_endpoint.h"
#include "simulator/guard.h"
#include "simulator/network.h"
#include "worker/agent_bus.h"
#include "worker/core/carry_out.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace windlass::simulator {

class WorkerProcess final : public Process {
 public:
  WorkerProcess(World& world, Network& network, Auditor& auditor, std::size_t number,
                std::size_t place);

  // The host goes down at once: its processes are gone, and what was not flushed.
  void host_crash();
  std::size_t alive() const { return guard_.alive(); }

 private:
  template <class Hands>
  friend void worker::carry_out(worker::Effects& effects, Hands& hands);
  using FileNews = std::function<void(worker::NodeAgent&, Now, worker::Effects&)>;

  void boot(Now now) override;
  void turn(Now now) override;
  void die() override;
  std::optional<MonoTime> next_turn(Now now) override;

  void hear_guard(Now now);
  void apply();
  std::optional<FailureInfo> file_failure();

  void save_grants();
  void append_spool(const std::string& frames);
  void do_work(const std::vector<worker::Work>& work);
  void send(std::vector<worker::Outgoing>& messages);
  void start(const worker::StartProcess& request);
  void later(FileNews news);

  Network& network_;
  const std::uint64_t worker_id_;

  // The host.
  Guard guard_;
  std::string grants_;  // as the file holds them
  std::string spool_;
  std::uint64_t host_boots_ = 1;

  // The program.
  std::uint64_t life_ = 0;
  std::optional<worker::NodeAgent> agent_;
  std::unique_ptr<bus::PeerEndpoint> endpoint_;
  std::optional<worker::AgentBus> agent_bus_;
  worker::Effects effects_;
  std::map<worker::RunId, Assignment> begun_;
  std::deque<FileNews> file_news_;
  bool guard_met_ = false;
};

}  // namespace windlass::simulator
