// The directory of members as one file in the cluster's folder on the control host. Everybody who
// changes it holds the lock for that moment; readers see the old or the new one, never a part.
#pragma once

#include "bus/key_pair.h"
#include "model/member.h"

#include <functional>
#include <optional>
#include <string>

namespace windlass::members {

// The cluster's folder: directory.json, enrolment.key, lock.
class DirectoryFile {
 public:
  explicit DirectoryFile(std::string folder);

  // Makes the folder's files. Throws StartRefused when there is a cluster already.
  void create(const MemberDirectory& directory, const bus::KeyPair& enrolment_keys);

  // Throws StartRefused when there is none, or none that can be read.
  MemberDirectory load() const;
  bus::KeyPair enrolment_keys() const;

  // Loads, changes and writes under the lock. `change` says whether there is something to write.
  void update(const std::function<bool(MemberDirectory&)>& change);

  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

// Reads a directory (or a broker's copy) again when its file changes.
class WatchedDirectory {
 public:
  explicit WatchedDirectory(std::string path) : path_(std::move(path)) {}

  // The directory when it is another one than the last time; nothing also when it cannot be read,
  // which `problem` then says.
  std::optional<MemberDirectory> look(std::string& problem);

 private:
  std::string path_;
  std::string seen_;  // which file: inode, size, time
};

}  // namespace windlass::members
