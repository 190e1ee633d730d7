// Where a development cluster keeps its things, below one data folder:
//
//   lock            held by the running `windlass dev`
//   cluster.json    addresses, accounts, roles: what `windlass env` and `dev status` read
//   accounts/       one file a key, 0600; accounts.toml names them for the gateway
//   tls/            development authority and certificate (--https)
//   run/            status files, pids of children, the bus's sockets
//   logs/           standard error of each role
//   scheduler/ blobs/ worker-N/   the roles' own folders
#pragma once

#include <string>

namespace windlass::cli::dev {

class Layout {
 public:
  explicit Layout(const std::string& folder);  // made absolute

  const std::string& folder() const { return folder_; }
  std::string cluster_file() const { return folder_ + "/cluster.json"; }
  std::string accounts() const { return folder_ + "/accounts"; }
  std::string accounts_file() const { return folder_ + "/accounts/accounts.toml"; }
  std::string tls() const { return folder_ + "/tls"; }
  std::string run() const { return folder_ + "/run"; }
  std::string logs() const { return folder_ + "/logs"; }
  std::string log_of(const std::string& name) const { return logs() + "/" + name + ".log"; }
  std::string status_of(const std::string& name) const { return run() + "/" + name + ".json"; }
  std::string pid_of(const std::string& name) const { return run() + "/" + name + ".pid"; }
  std::string scheduler() const { return folder_ + "/scheduler"; }
  std::string blobs() const { return folder_ + "/blobs"; }

  // Makes the folders: keys, sockets, logs and databases are for the owner only; the folder itself
  // can be passed through, because as root tasks run as another user below worker-N.
  void make() const;

  // Where the bus's sockets are: run/ unless its path is too long for a socket (107 characters),
  // then a folder of our own under /tmp, remembered in run/sockets. Loopback TCP is no way out:
  // any user of the host, tasks included, could speak on it.
  std::string sockets() const;

  std::string worker(int number) const { return folder_ + "/worker-" + std::to_string(number); }

  // Where worker N keeps its nodes' files when that cannot be below its own folder: as root, tasks
  // run as another user, who must be able to walk there. Empty when the usual place will do; else a
  // folder under /var/lib/windlass, because one on the way to ours is closed to others.
  std::string nodes_elsewhere(int number) const;

 private:
  std::string folder_;
};

// The folder when --data is not given: XDG; as root /var/lib/windlass/dev (no other user can enter
// root's home, and tasks of root's cluster run as another user).
std::string default_folder();

}  // namespace windlass::cli::dev
