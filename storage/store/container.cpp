#include "storage/store/container.h"

#include "storage/core/dates.h"
#include "storage/core/names.h"

#include <cstdio>

namespace windlass::storage {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kRecordEnd = ".blob";
constexpr std::string_view kUnfinishedEnd = ".new";
constexpr std::size_t kGenerationDigits = 16;

std::string stem_of(const std::string& name) {
  return file_stem(name, needs_digest(name) ? hex_encoded(sha256(name)) : std::string{});
}

std::string generation_text(Generation generation) {
  char text[kGenerationDigits + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(generation));
  return text;
}

// "STEM.0123456789abcdef" -> STEM
std::optional<std::string> stem_of_data_file(const std::string& file) {
  if (file.size() <= kGenerationDigits + 1) return std::nullopt;
  const auto dot = file.size() - kGenerationDigits - 1;
  if (file[dot] != '.' || !hex_decoded(std::string_view{file}.substr(dot + 1))) return std::nullopt;
  return file.substr(0, dot);
}

}  // namespace

void Container::prepare(const fs::path& folder, const ContainerRecord& record) {
  make_folder(folder / "blobs");
  make_folder(folder / "staged");
  replace_small(folder / "container", encode(record));
}

Container::Container(fs::path folder, StoreContext& context)
    : folder_(std::move(folder)),
      blobs_(folder_ / "blobs"),
      staged_folder_(folder_ / "staged"),
      context_(context) {
  const auto text = read_small(folder_ / "container");
  const auto record = text ? decode_container(*text) : std::nullopt;
  if (!record) throw FileError("no valid container record in", folder_, EIO);
  record_ = *record;
  load_blobs();
  load_staged();
}

void Container::load_blobs() {
  std::set<std::string> records;
  std::map<std::string, std::vector<std::string>> data;  // by stem
  for (const std::string& file : names_in(blobs_)) {
    if (file.ends_with(kUnfinishedEnd)) {
      remove_if_there(blobs_ / file);
    } else if (file.ends_with(kRecordEnd)) {
      records.insert(file.substr(0, file.size() - kRecordEnd.size()));
    } else if (const auto stem = stem_of_data_file(file)) {
      data[*stem].push_back(file);
    }
  }
  for (const auto& [stem, files] : data) {
    // One file beside a record is the record's own: records are only renamed over each other
    // after the new bytes are there, and old bytes go last.
    if (records.contains(stem) && files.size() == 1) continue;
    const auto record = records.contains(stem) ? read_record(stem) : std::nullopt;
    for (const std::string& file : files) {
      const bool in_use = record && blobs_ / file == data_path(stem, record->data);
      if (!in_use) remove_if_there(blobs_ / file);
    }
  }
  for (const std::string& stem : records) {
    if (!data.contains(stem)) {
      context_.on_problem("The bytes of a blob are missing: " + (blobs_ / stem).string());
      continue;
    }
    auto name = name_of_stem(stem);
    if (!name) {
      const auto record = read_record(stem);
      if (!record) continue;
      name = record->name;
    }
    names_.insert(*std::move(name));
  }
}

void Container::load_staged() {
  const auto age_max = std::chrono::duration_cast<std::chrono::hours>(kUncommittedAgeMax);
  const auto oldest = fs::file_time_type::clock::now() - age_max;
  for (const std::string& stem : names_in(staged_folder_)) {
    Staged facts;
    for (const std::string& file : names_in(staged_folder_ / stem)) {
      const fs::path path = staged_folder_ / stem / file;
      const auto id = hex_decoded(file);
      if (!id || fs::last_write_time(path) < oldest) {
        remove_if_there(path);
        continue;
      }
      ++facts.count;
      facts.id_bytes = id->size();
    }
    if (facts.count > 0) {
      staged_[stem] = facts;
    } else {
      fs::remove_all(staged_folder_ / stem);
    }
  }
}

std::optional<BlobRecord> Container::read_record(const std::string& stem) const {
  const auto text = read_small(record_path(stem));
  if (!text) return std::nullopt;
  auto record = decode_blob(*text);
  if (!record) throw FileError("damaged record", record_path(stem), EIO);
  return record;
}

std::optional<BlobRecord> Container::current(const std::string& name) const {
  if (!names_.contains(name)) return std::nullopt;
  return read_record(stem_of(name));
}

fs::path Container::record_path(const std::string& stem) const {
  return blobs_ / (stem + std::string(kRecordEnd));
}

fs::path Container::data_path(const std::string& stem, Generation generation) const {
  return blobs_ / (stem + "." + generation_text(generation));
}

ContainerRecord Container::record() const {
  const std::lock_guard lock(mutex_);
  return record_;
}

Outcome<ContainerRecord> Container::set_metadata(const Metadata& metadata,
                                                 const Conditions& conditions) {
  const WallTime now = context_.now();
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  const Validators validators{etag_of(record_.changed), whole_seconds(record_.modified)};
  WINDLASS_REFUSE_IF(check_write(conditions, &validators));
  ContainerRecord next{context_.generations->next(now), now, metadata};
  replace_small(folder_ / "container", encode(next));
  record_ = next;
  return next;
}

Check Container::bury(const Conditions& conditions, const fs::path& grave) {
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  const Validators validators{etag_of(record_.changed), whole_seconds(record_.modified)};
  WINDLASS_REFUSE_IF(check_write(conditions, &validators));
  rename_over(folder_, grave);
  buried_ = true;
  return allowed();
}

Outcome<BlobRecord> Container::blob(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  auto record = current(name);
  if (!record) return BlobError::blob_not_found;
  return *std::move(record);
}

Outcome<OpenBlob> Container::open_blob(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  auto record = current(name);
  if (!record) return BlobError::blob_not_found;
  File data = File::open(data_path(stem_of(name), record->data));
  if (data.size() != record->size) throw FileError("wrong length of", data.path(), EIO);
  return OpenBlob{*std::move(record), std::move(data)};
}

BlobList Container::list(const ListRequest& request) const {
  ListPage page;
  {
    const std::lock_guard lock(mutex_);
    page = select_page(names_, request);
  }
  BlobList list{{}, std::move(page.next)};
  for (ListEntry& entry : page.entries) {
    if (entry.is_prefix) {
      list.blobs.push_back({std::move(entry), {}});
    } else if (auto record = read_record(stem_of(entry.name))) {  // else deleted meanwhile
      list.blobs.push_back({std::move(entry), *std::move(record)});
    }
  }
  return list;
}

Check Container::check_existing(const std::optional<BlobRecord>& existing,
                                const WriteTerms& terms) {
  if (!existing) return check_write(terms.conditions, nullptr);
  if (only_if_absent(terms.conditions)) return BlobError::blob_exists;
  const Validators validators = existing->validators();
  WINDLASS_REFUSE_IF(check_write(terms.conditions, &validators));
  if (!terms.may_overwrite) return BlobError::unauthorized_overwrite;
  return allowed();
}

Check Container::check_terms(const std::string& name, const WriteTerms& terms) const {
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  return check_existing(current(name), terms);
}

Outcome<Upload> Container::begin_blob(const std::string& name) {
  const Generation generation = context_.generations->next(context_.now());
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  return Upload(data_path(stem_of(name), generation), generation);
}

Outcome<BlobRecord> Container::commit_blob(const std::string& name, Upload upload,
                                           const WriteTerms& terms,
                                           std::vector<CommittedBlock> blocks) {
  return commit_over(name, std::move(upload), terms, std::move(blocks), 0);
}

// With `only_over` not zero the blob must still have the bytes of that generation: some of them
// are in the upload.
Outcome<BlobRecord> Container::commit_over(const std::string& name, Upload upload,
                                           const WriteTerms& terms,
                                           std::vector<CommittedBlock> blocks,
                                           Generation only_over) {
  const WallTime now = context_.now();
  const std::string stem = stem_of(name);
  BlobRecord record{.name = name,
                    .data = upload.generation(),
                    .size = upload.size(),
                    .changed = context_.generations->next(now),
                    .created = now,
                    .modified = now,
                    .content = terms.content,
                    .metadata = terms.metadata,
                    .blocks = std::move(blocks)};
  upload.sync();
  Provisional fresh(upload.path().string() + std::string(kUnfinishedEnd));
  {
    File file = File::create(fresh.path());
    const std::string text = encode(record);
    file.write(std::as_bytes(std::span(text)));
    file.sync();
  }
  std::optional<BlobRecord> existing;
  {
    const std::lock_guard lock(mutex_);
    if (buried_) return BlobError::container_not_found;
    existing = current(name);
    WINDLASS_REFUSE_IF(check_existing(existing, terms));
    if (only_over != 0 && (!existing || existing->data != only_over)) {
      return refuse(BlobError::server_busy, "The blob changed while its blocks were joined.");
    }
    rename_over(fresh.path(), record_path(stem));
    fresh.keep();
    upload.keep();
    names_.insert(name);
  }
  sync_folder(blobs_);
  if (existing) remove_if_there(data_path(stem, existing->data));
  drop_staged(stem);
  return record;
}

Outcome<BlobRecord> Container::edit_blob(const std::string& name, const Conditions& conditions,
                                         const Edit& edit) {
  const WallTime now = context_.now();
  const std::lock_guard lock(mutex_);
  if (buried_) return BlobError::container_not_found;
  auto record = current(name);
  if (!record) return BlobError::blob_not_found;
  const Validators validators = record->validators();
  WINDLASS_REFUSE_IF(check_write(conditions, &validators));
  edit(*record);
  record->changed = context_.generations->next(now);
  record->modified = now;
  replace_small(record_path(stem_of(name)), encode(*record));
  return *std::move(record);
}

Check Container::delete_blob(const std::string& name, const Conditions& conditions) {
  const std::string stem = stem_of(name);
  std::optional<BlobRecord> existing;
  {
    const std::lock_guard lock(mutex_);
    if (buried_) return BlobError::container_not_found;
    existing = current(name);
    if (!existing) return BlobError::blob_not_found;
    const Validators validators = existing->validators();
    WINDLASS_REFUSE_IF(check_write(conditions, &validators));
    remove_if_there(record_path(stem));
    names_.erase(name);
  }
  sync_folder(blobs_);
  remove_if_there(data_path(stem, existing->data));
  drop_staged(stem);
  return allowed();
}

}  // namespace windlass::storage
