// The admin door of every role, on its own port and thread: /healthz says that the process lives,
// /readyz that it can do its work (503 and the reason while it cannot), /metrics what it counts.
// A busy or stuck main loop does not keep these from answering.
#pragma once

#include "runtime/address.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace windlass::runtime {

class Metrics;

// "Not ready" with a reason until someone says otherwise. Any thread may set or read it.
class Readiness {
 public:
  struct State {
    bool ready = false;
    std::string reason = "starting";
  };

  void set_ready();
  void set_not_ready(std::string reason);
  State state() const;

 private:
  mutable std::mutex mutex_;
  State state_;
};

// More pages for GET, path to content (plain text or JSON). Called on the admin thread.
using AdminPages = std::map<std::string, std::function<std::string()>>;

class AdminServer {
 public:
  // Binds and serves at once. Port 0 picks one. Throws StartRefused for a taken port.
  AdminServer(const Address& address, const Metrics& metrics, const Readiness& readiness,
              AdminPages pages = {});
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // With the port that was bound.
  const Address& address() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace windlass::runtime
