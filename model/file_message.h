// What gateways ask workers themselves, over the bulk road: a node's files, the worker's log, users
// of nodes. Every request stands alone (the worker keeps nothing between two of them) and may be
// repeated; the gateway pulls chunks with a small window, so slow clients hold nothing.
#pragma once

#include "model/error.h"
#include "model/node_user.h"
#include "model/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace windlass {

inline constexpr std::uint32_t kFileChunkBytesMax = 256 * 1024;

enum class FileAction : std::uint8_t {
  properties,
  read,
  list,
  remove,
  upload_logs,
  add_user,
  update_user,
  delete_user
};

struct FileRequest {
  std::uint64_t id = 0;  // echoed; the gateway's own number
  std::string node_id;
  std::string folder;  // relative to the node's root, from FilesFound
  std::string path;    // below that folder, as the client wrote it after one percent-decoding
  FileAction action = FileAction::properties;
  std::uint64_t offset = 0;                      // read
  std::uint32_t bytes_max = kFileChunkBytesMax;  // read
  bool recursive = false;                        // list, remove
  std::string after;                             // list: name of the last entry seen
  std::uint32_t entries_max = 1000;
  std::string name_prefix;  // list: filter startswith(name, ...)
  // upload_logs: the worker's own, from between these times, to `path` in this container
  std::string container_url;
  WallTime logs_from;
  std::optional<WallTime> logs_until;
  NodeUser user;  // add_user, update_user; its name: delete_user
  bool operator==(const FileRequest&) const = default;
};

struct FileProperties {
  std::string name;  // relative to the folder of the request
  bool is_directory = false;
  std::uint64_t content_length = 0;
  WallTime last_modified;
  std::optional<WallTime> creation_time;  // only where the file system knows it
  std::uint32_t mode = 0;                 // permission bits
  bool operator==(const FileProperties&) const = default;
};

struct FileReply {
  std::uint64_t id = 0;
  std::optional<Error> error;
  FileProperties properties;            // properties, read
  std::string data;                     // read: bytes from offset, fewer than asked at the end
  std::vector<FileProperties> entries;  // list, by name
  bool more = false;                    // list: entries follow the last one
  std::uint32_t files_total = 0;        // upload_logs: that will be uploaded
  bool operator==(const FileReply&) const = default;
};

}  // namespace windlass
