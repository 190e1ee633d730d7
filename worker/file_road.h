// The thread that answers gateways about node files, on a socket of its own: leases and reports
// never queue behind a disk.
#pragma once

#include "bus/bulk_endpoint.h"
#include "worker/files/file_server.h"

#include <atomic>
#include <functional>
#include <thread>

namespace windlass::worker {

class FileRoad {
 public:
  FileRoad(bus::EndpointOptions options, std::string nodes_folder);
  ~FileRoad();
  FileRoad(const FileRoad&) = delete;
  FileRoad& operator=(const FileRoad&) = delete;

  bool connected() const { return connected_; }  // some broker answers

 private:
  void run(const std::stop_token& stop);

  const bus::EndpointOptions options_;
  const FileServer server_;
  Fd wake_;
  std::atomic<bool> connected_ = false;
  std::jthread thread_;
};

}  // namespace windlass::worker
