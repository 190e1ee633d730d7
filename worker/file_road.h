// The thread that answers gateways about node files and about the worker's own log, on a socket of
// its own: leases and reports never queue behind a disk.
#pragma once

#include "bus/bulk_endpoint.h"
#include "worker/files/file_server.h"
#include "worker/files/service_logs.h"

#include <atomic>
#include <functional>
#include <thread>

namespace windlass::worker {

class FileRoad {
 public:
  // The logs must live longer than this.
  FileRoad(bus::EndpointOptions options, std::string nodes_folder, ServiceLogs& logs);
  ~FileRoad();
  FileRoad(const FileRoad&) = delete;
  FileRoad& operator=(const FileRoad&) = delete;

  bool connected() const { return connected_; }  // some broker answers

 private:
  void run(const std::stop_token& stop);
  FileReply answer(const FileRequest& request);

  const bus::EndpointOptions options_;
  const FileServer server_;
  ServiceLogs& logs_;
  Fd wake_;
  std::atomic<bool> connected_ = false;
  std::jthread thread_;
};

}  // namespace windlass::worker
