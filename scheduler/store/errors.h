// How a store fails. All of it ends the process (guarantees: unsure means stop); the next start
// settles what a commit left open. The kinds differ in what the operator is told.
#pragma once

#include <stdexcept>
#include <string>

namespace windlass::scheduler {

// The engine or the disk refused: `what()` names the call and its reason.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A commit or its flush failed. Its outcome is unknown until the folder is opened again: all of the
// batch is there, or nothing. The error number is not trusted (a full disk can look like EIO).
class CommitError : public StoreError {
 public:
  using StoreError::StoreError;
};

// A value is not what was written: its checksum, its format version or its shape is wrong.
class CorruptError : public StoreError {
 public:
  using StoreError::StoreError;
};

// Another process owns the folder; `owner()` is its pid, 0 when it cannot be told.
class FolderInUse : public StoreError {
 public:
  FolderInUse(const std::string& message, int owner) : StoreError(message), owner_(owner) {}
  int owner() const { return owner_; }

 private:
  int owner_;
};

// The folder belongs to another shard, cluster, generation or format.
class WrongFolder : public StoreError {
 public:
  using StoreError::StoreError;
};

}  // namespace windlass::scheduler
