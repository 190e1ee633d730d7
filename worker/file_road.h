// The thread that answers gateways about node files, the worker's own log and users of nodes, on a
// socket of its own: leases and reports never queue behind a disk.
#pragma once

#include "bus/bulk_endpoint.h"
#include "worker/files/file_server.h"
#include "worker/files/service_logs.h"
#include "worker/node_users/node_users.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace windlass::worker {

class FileRoad {
 public:
  // The logs must live longer than this. Without users this host makes none.
  FileRoad(bus::EndpointOptions options, std::string nodes_folder, ServiceLogs& logs,
           std::unique_ptr<NodeUsers> users);
  ~FileRoad();
  FileRoad(const FileRoad&) = delete;
  FileRoad& operator=(const FileRoad&) = delete;

  bool connected() const { return connected_; }  // some broker answers

 private:
  void run(const std::stop_token& stop);
  FileReply answer(const FileRequest& request);
  std::optional<Error> answer_about_user(const FileRequest& request);

  const bus::EndpointOptions options_;
  const FileServer server_;
  ServiceLogs& logs_;
  const std::unique_ptr<NodeUsers> users_;
  Fd wake_;
  std::atomic<bool> connected_ = false;
  std::jthread thread_;
};

}  // namespace windlass::worker
