// The uncommitted blocks of a container, and joining them into blobs.
#include "storage/core/names.h"
#include "storage/store/container.h"

namespace windlass::storage {
namespace fs = std::filesystem;
namespace {

std::string stem_of(const std::string& name) {
  return file_stem(name, needs_digest(name) ? hex_encoded(sha256(name)) : std::string{});
}

}  // namespace

// `block_id` is as sent, in base64, and was checked.
fs::path Container::block_path(const std::string& stem, const std::string& block_id) const {
  return staged_folder_ / stem / hex_encoded(*base64_decoded(block_id));
}

Outcome<Upload> Container::begin_block(const std::string& name, const std::string& block_id) {
  const auto id = base64_decoded(block_id);
  if (!id || id->empty() || id->size() > kBlockIdBytesMax) {
    return refuse(BlobError::invalid_query_value,
                  "blockid must be base64 of 1 to 64 bytes, percent-encoded.");
  }
  const Generation generation = context_.generations->next(context_.now());
  const std::string stem = stem_of(name);
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  const auto staged = staged_.find(stem);
  if (staged != staged_.end()) {
    if (staged->second.id_bytes != id->size()) {
      return refuse(BlobError::invalid_block_id, "All block ids of a blob have the same length.");
    }
    if (staged->second.count >= kUncommittedBlocksMax) return BlobError::block_count_exceeded;
  }
  // Beside the blobs' bytes, under a name that no record will ever hold.
  return Upload(blobs_ / (stem + "." + std::to_string(generation) + ".block.new"), generation);
}

Check Container::commit_block(const std::string& name, const std::string& block_id, Upload upload,
                              const WriteTerms& terms) {
  const std::string stem = stem_of(name);
  upload.sync();
  {
    const std::lock_guard lock(mutex_);
    if (buried_) return BlobError::container_not_found;
    WINDLASS_REFUSE_IF(check_existing(current(name), terms));
    make_folder(staged_folder_ / stem);
    const fs::path path = block_path(stem, block_id);
    const bool again = fs::exists(path);
    rename_over(upload.path(), path);
    upload.keep();
    Staged& facts = staged_[stem];
    if (!again) ++facts.count;
    facts.id_bytes = path.filename().string().size() / 2;
    sync_folder(staged_folder_ / stem);
  }
  sync_folder(staged_folder_);
  return allowed();
}

std::vector<StagedBlock> Container::staged_blocks(const std::string& stem) const {
  std::vector<StagedBlock> blocks;
  if (!staged_.contains(stem)) return blocks;
  for (const std::string& file : names_in(staged_folder_ / stem)) {
    const auto id = hex_decoded(file);
    if (!id) continue;
    blocks.push_back({base64_encoded(*id), fs::file_size(staged_folder_ / stem / file)});
  }
  return blocks;
}

Outcome<BlockLists> Container::block_lists(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  BlockLists lists{current(name), staged_blocks(stem_of(name))};
  if (!lists.blob && lists.uncommitted.empty()) return BlobError::blob_not_found;
  return lists;
}

void Container::drop_staged(const std::string& stem) {
  fs::path grave;
  {
    const std::lock_guard lock(mutex_);
    if (buried_ || staged_.erase(stem) == 0) return;
    grave = context_.trash / std::to_string(context_.generations->next(context_.now()));
    rename_over(staged_folder_ / stem, grave);
  }
  fs::remove_all(grave);
}

Outcome<Upload> Container::join_blocks(const std::string& name,
                                       const std::vector<BlockChoice>& choices,
                                       std::vector<CommittedBlock>& blocks, Generation& used) {
  const std::string stem = stem_of(name);
  struct Stretch {
    std::uint64_t offset;
    std::uint64_t size;
  };
  std::map<std::string, Stretch> committed;
  std::set<std::string> uncommitted;
  std::optional<File> old;
  Generation old_data = 0;
  {
    const std::lock_guard lock(mutex_);
    if (buried_) return BlobError::container_not_found;
    if (const auto existing = current(name)) {
      std::uint64_t offset = 0;
      for (const CommittedBlock& block : existing->blocks) {
        committed.emplace(block.id, Stretch{offset, block.size});
        offset += block.size;
      }
      old = File::open(data_path(stem, existing->data));
      old_data = existing->data;
    }
    for (StagedBlock& block : staged_blocks(stem)) uncommitted.insert(std::move(block.id));
  }
  auto upload = begin_blob(name);
  if (!upload) return upload.refusal();
  for (const BlockChoice& choice : choices) {
    const bool staged = choice.source != BlockSource::committed && uncommitted.contains(choice.id);
    const auto stretch =
        choice.source == BlockSource::uncommitted ? committed.end() : committed.find(choice.id);
    if (staged) {
      const auto block = File::open_if_there(block_path(stem, choice.id));
      if (!block) return refuse(BlobError::invalid_block_list, "Another writer took the blocks.");
      const std::uint64_t size = block->size();
      upload->append(*block, 0, size);
      blocks.push_back({choice.id, size});
    } else if (stretch != committed.end()) {
      upload->append(*old, stretch->second.offset, stretch->second.size);
      blocks.push_back({choice.id, stretch->second.size});
      used = old_data;
    } else {
      return refuse(BlobError::invalid_block_list, "There is no block " + choice.id + ".");
    }
  }
  return upload;
}

Outcome<BlobRecord> Container::commit_block_list(const std::string& name,
                                                 const std::vector<BlockChoice>& choices,
                                                 const WriteTerms& terms) {
  if (choices.size() > kCommittedBlocksMax) return BlobError::block_list_too_long;
  WINDLASS_REFUSE_IF(check_terms(name, terms));
  std::vector<CommittedBlock> blocks;
  Generation used = 0;
  auto upload = join_blocks(name, choices, blocks, used);
  if (!upload) return upload.refusal();
  return commit_over(name, *std::move(upload), terms, std::move(blocks), used);
}

}  // namespace windlass::storage
