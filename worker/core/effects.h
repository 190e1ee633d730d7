// What the node agent wants done. The loop does it in this order: grants to disk (flushed), spool
// to the file (not flushed), work, messages. So nothing is said before it is written, and nothing
// that the guard keeps is forgotten before the report of it is.
#pragma once

#include "worker/core/run.h"

#include <string>
#include <variant>
#include <vector>

namespace windlass::worker {

// ---- for the files ---------------------------------------------------------------------------

struct MakeNode {  // the node's folders; answered by node_made()
  std::string node_id;
};
struct StageIn {  // folder, wd and resource files; answered by staged_in()
  RunId run = 0;
  std::string node_id;
  std::string folder;
  std::vector<ResourceFile> resource_files;
  std::string shared_folder;  // made for the task user, and where the files go; empty: wd
};
struct UploadOutputs {  // answered by uploaded()
  RunId run = 0;
  std::string node_id;
  std::string folder;
  std::vector<OutputFile> output_files;
  std::vector<EnvironmentSetting> environment;  // patterns may name variables
};
struct CancelTransfers {  // of this run; its answer comes sooner, as a failure or not
  RunId run = 0;
};
struct RemoveFolder {
  std::string node_id;
  std::string folder;
};
struct WipeNode {  // answered by node_wiped()
  std::string node_id;
};

// ---- for the guard ---------------------------------------------------------------------------

struct StartProcess {  // answered by process_started() or start_failed(), then process_ended()
  RunId run = 0;
  std::string node_id;
  std::string folder;
  std::vector<std::string> arguments;
  std::vector<EnvironmentSetting> environment;
  Duration wall_clock_max = kInfinite;
  bool admin = false;
  bool keeps_children = false;  // after an exit with 0: process_settled(), and no end until a stop
  std::string output_prefix;    // of stdout.txt and stderr.txt
};
struct StopProcess {
  RunId run = 0;
  Duration grace{};  // zero: SIGKILL at once
};
struct ForgetProcess {
  RunId run = 0;
};
struct ExtendLease {
  std::string node_id;
  MonoTime deadline;
};
struct ForgetLease {
  std::string node_id;
};

using Work = std::variant<MakeNode, StageIn, UploadOutputs, CancelTransfers, RemoveFolder, WipeNode,
                          StartProcess, StopProcess, ForgetProcess, ExtendLease, ForgetLease>;

struct Outgoing {
  ShardId shard = 0;
  FromWorker message;
};

struct Effects {
  bool grants_changed = false;
  std::string spool;  // frames to append
  std::vector<Work> work;
  std::vector<Outgoing> messages;

  bool empty() const {
    return !grants_changed && spool.empty() && work.empty() && messages.empty();
  }
  void clear() {
    grants_changed = false;
    spool.clear();
    work.clear();
    messages.clear();
  }
};

}  // namespace windlass::worker
