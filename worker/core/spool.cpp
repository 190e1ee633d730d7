#include "worker/core/spool.h"

#include "worker/core/archive.h"
#include "worker/core/crc32c.h"
#include "worker/core/fields.h"

#include <algorithm>

namespace windlass::worker {

template <class Archive>
void fields(Archive& archive, Run& v) {
  archive(v.id, v.shard, v.node_id, v.folder, v.assignment, v.start_time, v.stop);
}
template <class Archive>
void fields(Archive& archive, Unreported& v) {
  archive(v.report, v.node_id, v.folder);
}
template <class Archive>
void fields(Archive& archive, KeptFolder& v) {
  archive(v.node_id, v.folder, v.until);
}

namespace {

// 1: assignments without preparation_id; 2: ends without counted calls and bytes; 3: runs of one
// command
constexpr std::uint32_t kVersion = 4;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::uint32_t kPayloadBytesMax = 16u << 20;

enum class Kind : std::uint8_t {
  run_begun = 1,
  run_dropped,
  ended,
  acknowledged,
  folder_kept,
  folder_gone,
  run_next
};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return number;
}

void set_number(std::string& bytes, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(number >> (8 * i));
}

// The archive writes through references that it also reads through; it never changes what it
// writes.
template <class T>
T& writable(const T& value) {
  return const_cast<T&>(value);
}

template <class... Values>
void append_frame(std::string& out, Kind kind, const Values&... values) {
  const std::size_t start = out.size();
  out.append(kHeaderBytes, '\0');
  ArchiveWriter writer(out);
  std::uint32_t version = kVersion;
  writer(version, kind, writable(values)...);
  const auto payload = std::string_view(out).substr(start + kHeaderBytes);
  const std::uint32_t crc = crc32c(payload);
  set_number(out, start, static_cast<std::uint32_t>(payload.size()));
  set_number(out, start + 4, crc);
}

void apply(SpoolContent& content, std::string_view payload) {
  ArchiveReader reader(payload);
  std::uint32_t version = 0;
  Kind kind{};
  reader(version, kind);
  if (reader.failed() || version == 0 || version > kVersion) return;
  switch (kind) {
    case Kind::run_begun: {
      Run run;
      reader(run);
      if (version >= 2 && run.assignment) reader(run.assignment->preparation_id);
      if (version >= 4 && run.assignment)
        reader(run.assignment->instance, run.coordination, run.command_begun);
      run.phase =
          run.coordination != 0 && !run.command_begun ? RunPhase::coordinating : RunPhase::running;
      if (reader.failed()) break;
      content.run_next = std::max({content.run_next, run.id + 1, run.coordination + 1});
      content.runs[run.id] = std::move(run);
      break;
    }
    case Kind::run_next: {
      RunId next = 0;
      reader(next);
      content.run_next = std::max(content.run_next, next);
      break;
    }
    case Kind::run_dropped: {
      RunId run = 0;
      reader(run);
      content.runs.erase(run);
      break;
    }
    case Kind::ended: {
      RunId run = 0;
      Unreported ended;
      reader(run, ended);
      if (version >= 3) {
        ResourceUsage& usage = ended.report.usage;
        reader(usage.read_operations, usage.write_operations, usage.read_bytes, usage.write_bytes);
      }
      if (reader.failed()) break;
      content.runs.erase(run);
      content.unreported[ended.report.id] = std::move(ended);
      break;
    }
    case Kind::acknowledged: {
      AttemptId id;
      reader(id);
      content.unreported.erase(id);
      break;
    }
    case Kind::folder_kept: {
      KeptFolder kept;
      reader(kept);
      if (!reader.failed()) content.kept[folder_key(kept.node_id, kept.folder)] = std::move(kept);
      break;
    }
    case Kind::folder_gone: {
      std::string node_id;
      std::string folder;
      reader(node_id, folder);
      content.kept.erase(folder_key(node_id, folder));
      break;
    }
  }
}

}  // namespace

std::string folder_key(std::string_view node_id, std::string_view folder) {
  std::string key;
  key.reserve(node_id.size() + 1 + folder.size());
  key += node_id;
  key += '/';
  key += folder;
  return key;
}

void spool_run_begun(std::string& out, const Run& run) {
  // Its end is decided, but not written yet. Who starts instead of us must not take for the
  // command's own end what we do to it.
  const bool is_cleared = run.phase == RunPhase::clearing && !run.command_begun;
  if (is_cleared && run.stop == StopCause::none) {
    Run left = run;
    left.stop = StopCause::lost;
    return spool_run_begun(out, left);
  }
  if (run.assignment)
    append_frame(out, Kind::run_begun, run, run.assignment->preparation_id,
                 run.assignment->instance, run.coordination, run.command_begun);
  else
    append_frame(out, Kind::run_begun, run);
}
void spool_run_next(std::string& out, RunId next) {
  append_frame(out, Kind::run_next, next);
}
void spool_run_dropped(std::string& out, RunId run) {
  append_frame(out, Kind::run_dropped, run);
}
void spool_ended(std::string& out, RunId run, const Unreported& unreported) {
  const ResourceUsage& usage = unreported.report.usage;
  append_frame(out, Kind::ended, run, unreported, usage.read_operations, usage.write_operations,
               usage.read_bytes, usage.write_bytes);
}
void spool_acknowledged(std::string& out, const AttemptId& id) {
  append_frame(out, Kind::acknowledged, id);
}
void spool_folder_kept(std::string& out, const KeptFolder& kept) {
  append_frame(out, Kind::folder_kept, kept);
}
void spool_folder_gone(std::string& out, std::string_view node_id, std::string_view folder) {
  append_frame(out, Kind::folder_gone, std::string(node_id), std::string(folder));
}

SpoolContent read_spool(std::string_view bytes) {
  SpoolContent content;
  std::size_t at = 0;
  while (bytes.size() - at >= kHeaderBytes) {
    const std::uint32_t size = number_at(bytes, at);
    const std::uint32_t crc = number_at(bytes, at + 4);
    if (size == 0) break;  // zeros, where a power cut has left a hole, would match
    if (size > kPayloadBytesMax || size > bytes.size() - at - kHeaderBytes) break;
    const std::string_view payload = bytes.substr(at + kHeaderBytes, size);
    if (crc32c(payload) != crc) break;
    apply(content, payload);
    at += kHeaderBytes + size;
  }
  content.bytes_read = at;
  return content;
}

}  // namespace windlass::worker
