// One container as a folder.
//
//   container               its record
//   blobs/STEM.blob         a blob's record; the blob exists when, and as long as, this file does
//   blobs/STEM.GENERATION   bytes; those that the record names are the blob's
//   staged/STEM/ID          uncommitted blocks, ids in hex
//
// A write puts its bytes under a new generation, flushes them, flushes a new record beside the old
// one and renames it over: that is the moment of change. The folder is flushed before anybody is
// told. Bytes that no record names are leftovers of a crash and go when the folder is opened.
#pragma once

#include "storage/core/conditions.h"
#include "storage/core/listing.h"
#include "storage/core/record.h"
#include "storage/core/xml.h"
#include "storage/store/generations.h"
#include "storage/store/upload.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace windlass::storage {

inline constexpr std::size_t kUncommittedBlocksMax = 100'000;
inline constexpr std::size_t kCommittedBlocksMax = 50'000;
// Uncommitted blocks older than this are dropped when the folder is opened.
inline constexpr Duration kUncommittedAgeMax = std::chrono::hours{24 * 7};

// What the whole store shares.
struct StoreContext {
  std::function<WallTime()> now;
  std::function<void(std::string_view)> on_problem;  // one sentence for the log
  std::filesystem::path trash;                       // removed at the next start at the latest
  Generations* generations = nullptr;
};

// What a write must respect, and what it leaves behind besides the bytes.
struct WriteTerms {
  Conditions conditions;
  bool may_overwrite = true;
  ContentHeaders content;
  Metadata metadata;
};

struct OpenBlob {
  BlobRecord record;
  File data;  // stays readable when the blob is replaced or deleted meanwhile
};

struct BlobList {
  std::vector<ListedBlob> blobs;
  std::string next;
};

struct BlockLists {
  std::optional<BlobRecord> blob;  // none: only uncommitted blocks exist
  std::vector<StagedBlock> uncommitted;
};

// Used by several disk threads at once. The mutex guards the names and the moment of change;
// bytes move and flush outside it.
class Container {
 public:
  // Makes the folder's contents anew under `folder`, which must exist and be empty.
  static void prepare(const std::filesystem::path& folder, const ContainerRecord& record);
  // Opens a folder: reads its names and removes leftovers.
  Container(std::filesystem::path folder, StoreContext& context);

  ContainerRecord record() const;
  Outcome<ContainerRecord> set_metadata(const Metadata& metadata, const Conditions& conditions);
  // Moves the folder to `grave` if the conditions allow; everything is refused from then on.
  Check bury(const Conditions& conditions, const std::filesystem::path& grave);

  Outcome<BlobRecord> blob(const std::string& name) const;
  Outcome<OpenBlob> open_blob(const std::string& name) const;
  BlobList list(const ListRequest& request) const;

  Outcome<Upload> begin_blob(const std::string& name);
  // Early look at the terms, so that a doomed upload is refused before its bytes are read.
  Check check_terms(const std::string& name, const WriteTerms& terms) const;
  Outcome<BlobRecord> commit_blob(const std::string& name, Upload upload, const WriteTerms& terms,
                                  std::vector<CommittedBlock> blocks = {});
  using Edit = std::function<void(BlobRecord&)>;
  Outcome<BlobRecord> edit_blob(const std::string& name, const Conditions& conditions,
                                const Edit& edit);
  Check delete_blob(const std::string& name, const Conditions& conditions);

  Outcome<Upload> begin_block(const std::string& name, const std::string& block_id);
  Check commit_block(const std::string& name, const std::string& block_id, Upload upload,
                     const WriteTerms& terms);
  Outcome<BlobRecord> commit_block_list(const std::string& name,
                                        const std::vector<BlockChoice>& choices,
                                        const WriteTerms& terms);
  Outcome<BlockLists> block_lists(const std::string& name) const;

 private:
  struct Staged {
    std::size_t count = 0;
    std::size_t id_bytes = 0;  // all ids of a blob have one length
  };

  void load_blobs();
  void load_staged();
  std::optional<BlobRecord> read_record(const std::string& stem) const;
  std::optional<BlobRecord> current(const std::string& name) const;  // with the mutex held
  static Check check_existing(const std::optional<BlobRecord>& existing, const WriteTerms& terms);
  std::filesystem::path record_path(const std::string& stem) const;
  std::filesystem::path data_path(const std::string& stem, Generation generation) const;
  std::filesystem::path block_path(const std::string& stem, const std::string& block_id) const;
  std::vector<StagedBlock> staged_blocks(const std::string& stem) const;
  void drop_staged(const std::string& stem);
  // Joins the chosen blocks; says in `replaced` whose committed blocks were used, if any.
  Outcome<Upload> join_blocks(const std::string& name, const std::vector<BlockChoice>& choices,
                              std::vector<CommittedBlock>& blocks, Generation& used);
  Outcome<BlobRecord> commit_over(const std::string& name, Upload upload, const WriteTerms& terms,
                                  std::vector<CommittedBlock> blocks, Generation only_over);

  std::filesystem::path folder_;
  std::filesystem::path blobs_;
  std::filesystem::path staged_folder_;
  StoreContext& context_;
  mutable std::mutex mutex_;
  bool buried_ = false;
  ContainerRecord record_;
  std::set<std::string, std::less<>> names_;
  std::map<std::string, Staged> staged_;  // by stem
};

}  // namespace windlass::storage
