#include "storage/store/blob_store.h"

#include "storage/core/names.h"

namespace windlass::storage {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFolderFlag = "--blob-folder";  // for the refusal's line to type

}  // namespace

BlobStore::BlobStore(fs::path folder, std::function<WallTime()> now,
                     std::function<void(std::string_view)> on_problem)
    : folder_(std::move(folder)), lock_(folder_.string(), kFolderFlag) {
  make_folder(folder_ / "accounts");
  make_folder(folder_ / "trash");
  for (const std::string& name : names_in(folder_ / "trash")) {
    fs::remove_all(folder_ / "trash" / name);
  }
  generations_ = std::make_unique<Generations>(folder_ / "generation");
  context_ = {std::move(now), std::move(on_problem), folder_ / "trash", generations_.get()};
  for (const std::string& account : names_in(folder_ / "accounts")) {
    for (const std::string& name : names_in(account_folder(account))) {
      containers_.emplace(Key{account, name},
                          std::make_shared<Container>(account_folder(account) / name, context_));
    }
  }
}

fs::path BlobStore::account_folder(const std::string& account) const {
  return folder_ / "accounts" / account;
}

Outcome<ContainerRecord> BlobStore::create_container(const std::string& account,
                                                     const std::string& name,
                                                     const Metadata& metadata) {
  WINDLASS_ASSERT(valid_account_name(account));
  WINDLASS_REFUSE_IF(check_container_name(name));
  const std::lock_guard changing(changing_);
  if (container(account, name)) return BlobError::container_exists;
  const WallTime now = context_.now();
  ContainerRecord record{generations_->next(now), now, metadata};
  const fs::path cradle = context_.trash / std::to_string(record.changed);
  make_folder(cradle);
  try {
    Container::prepare(cradle, record);
    make_folder(account_folder(account));
    rename_over(cradle, account_folder(account) / name);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(cradle, ignored);
    throw;
  }
  sync_folder(account_folder(account));
  sync_folder(folder_ / "accounts");
  auto made = std::make_shared<Container>(account_folder(account) / name, context_);
  const std::lock_guard lock(containers_mutex_);
  containers_.emplace(Key{account, name}, std::move(made));
  return record;
}

Check BlobStore::delete_container(const std::string& account, const std::string& name,
                                  const Conditions& conditions) {
  fs::path grave;
  {
    const std::lock_guard changing(changing_);
    auto found = container(account, name);
    if (!found) return found.refusal();
    grave = context_.trash / std::to_string(generations_->next(context_.now()));
    WINDLASS_REFUSE_IF((*found)->bury(conditions, grave));
    sync_folder(account_folder(account));
    const std::lock_guard lock(containers_mutex_);
    containers_.erase(Key{account, name});
  }
  // An upload may still be adding its last file to the grave; what is left goes at the next start.
  std::error_code ignored;
  fs::remove_all(grave, ignored);
  return allowed();
}

Outcome<std::shared_ptr<Container>> BlobStore::container(const std::string& account,
                                                         const std::string& name) const {
  const std::lock_guard lock(containers_mutex_);
  const auto found = containers_.find(Key{account, name});
  if (found == containers_.end()) return BlobError::container_not_found;
  return found->second;
}

ContainerList BlobStore::list_containers(const std::string& account,
                                         const ListRequest& request) const {
  std::set<std::string, std::less<>> names;
  {
    const std::lock_guard lock(containers_mutex_);
    for (auto at = containers_.lower_bound(Key{account, ""});
         at != containers_.end() && at->first.first == account; ++at) {
      names.insert(at->first.second);
    }
  }
  ListPage page = select_page(names, request);
  ContainerList list{{}, std::move(page.next)};
  for (const ListEntry& entry : page.entries) {
    if (const auto found = container(account, entry.name)) {
      list.containers.push_back({entry.name, (*found)->record()});
    }
  }
  return list;
}

std::uint64_t BlobStore::bytes_free() const {
  return free_bytes(folder_);
}

}  // namespace windlass::storage
