// The spool: what a worker process must still know after it was killed. One file of framed records,
// appended without flush (PROTOCOLS.md 6: a process crash loses nothing, a host crash re-runs the
// task). This is its content and format; worker/spool_file.h writes it.
//
// Frame: payload size and CRC32C of the payload (4 bytes each, little-endian), payload. Reading
// stops at the first frame that is cut or does not match: only a tail can be torn.
#pragma once

#include "worker/core/run.h"

#include <map>
#include <string>
#include <string_view>

namespace windlass::worker {

// A report that no shard has acknowledged, and the folder it is about.
struct Unreported {
  AttemptEnded report;
  std::string node_id;
  std::string folder;
  bool operator==(const Unreported&) const = default;
};

// A task folder that stays until its retention ends.
inline constexpr WallTime kForEver{INT64_MAX};
struct KeptFolder {
  std::string node_id;
  std::string folder;
  WallTime until;
  bool operator==(const KeptFolder&) const = default;
};

struct SpoolContent {
  std::map<RunId, Run> runs;  // begun and not ended
  RunId run_next = 1;         // above the number of each that ever began
  std::map<AttemptId, Unreported> unreported;
  std::map<std::string, KeptFolder> kept;  // by folder_key()
  std::size_t bytes_read = 0;              // of whole frames
};

std::string folder_key(std::string_view node_id, std::string_view folder);

// Each appends one frame to `out`.
void spool_run_begun(std::string& out, const Run& run);
void spool_run_next(std::string& out, RunId next);
void spool_run_dropped(std::string& out, RunId run);
void spool_ended(std::string& out, RunId run, const Unreported& unreported);
void spool_acknowledged(std::string& out, const AttemptId& id);
void spool_folder_kept(std::string& out, const KeptFolder& kept);
void spool_folder_gone(std::string& out, std::string_view node_id, std::string_view folder);

SpoolContent read_spool(std::string_view bytes);

}  // namespace windlass::worker
