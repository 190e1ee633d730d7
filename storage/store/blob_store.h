// All containers of all accounts in one folder:
//
//   lock                     held by the one process that serves the folder; names its owner
//   generation               see generations.h
//   trash/                   on its way out
//   accounts/ACCOUNT/NAME/   a container, see container.h
#pragma once

#include "runtime/folder_lock.h"
#include "storage/store/container.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace windlass::storage {

struct ContainerList {
  std::vector<ListedContainer> containers;
  std::string next;
};

// Usable from several threads.
class BlobStore {
 public:
  // Makes the folder if need be. Throws StartRefused if another process serves it.
  BlobStore(std::filesystem::path folder, std::function<WallTime()> now,
            std::function<void(std::string_view)> on_problem);
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  Outcome<ContainerRecord> create_container(const std::string& account, const std::string& name,
                                            const Metadata& metadata);
  Check delete_container(const std::string& account, const std::string& name,
                         const Conditions& conditions);
  Outcome<std::shared_ptr<Container>> container(const std::string& account,
                                                const std::string& name) const;
  ContainerList list_containers(const std::string& account, const ListRequest& request) const;

  std::uint64_t bytes_free() const;

 private:
  using Key = std::pair<std::string, std::string>;  // account, container

  std::filesystem::path account_folder(const std::string& account) const;

  std::filesystem::path folder_;
  runtime::FolderLock lock_;
  StoreContext context_;
  std::unique_ptr<Generations> generations_;
  std::mutex changing_;  // creates and deletes containers, one at a time
  mutable std::mutex containers_mutex_;
  std::map<Key, std::shared_ptr<Container>> containers_;
};

}  // namespace windlass::storage
