// The operations on blobs.
#include "storage/core/byte_range.h"
#include "storage/core/dates.h"
#include "storage/crypto.h"
#include "storage/exchange.h"

namespace windlass::storage {
namespace {

constexpr std::string_view kTypeDefault = "application/octet-stream";
// x-ms-range-get-content-md5 is for ranges up to 4 MiB.
constexpr std::uint64_t kRangeMd5BytesMax = 4u << 20;

std::string either(std::string_view first, std::string_view second) {
  return std::string(first.empty() ? second : first);
}

// What the client says of a blob's content. A Put Blob may use the plain HTTP headers too; with
// other operations those speak of the request's own body.
ContentHeaders content_headers(const BlobRequest& request, bool plain_too) {
  const auto plain = [&](std::string_view name) {
    return plain_too ? request.header(name) : std::string_view{};
  };
  return {
      either(request.header("x-ms-blob-content-type"), plain("content-type")),
      either(request.header("x-ms-blob-content-encoding"), plain("content-encoding")),
      either(request.header("x-ms-blob-content-language"), plain("content-language")),
      std::string(request.header("x-ms-blob-content-disposition")),
      either(request.header("x-ms-blob-cache-control"), plain("cache-control")),
      std::string(request.header("x-ms-blob-content-md5")),
  };
}

Check check_md5_form(std::string_view md5) {
  if (md5.empty()) return allowed();
  const auto bytes = base64_decoded(md5);
  if (!bytes || bytes->size() != 16) return BlobError::invalid_md5;
  return allowed();
}

}  // namespace

Outcome<WriteTerms> Exchange::write_terms() const {
  auto conditions = conditions_of(*request_);
  if (!conditions) return conditions.refusal();
  WriteTerms terms;
  terms.conditions = *std::move(conditions);
  terms.may_overwrite = access_.may_overwrite;
  terms.content = content_headers(*request_, *operation_ == Operation::put_blob);
  terms.metadata = request_->metadata;
  if (terms.content.type.empty()) terms.content.type = kTypeDefault;
  WINDLASS_REFUSE_IF(check_md5_form(terms.content.md5));
  return terms;
}

Check Exchange::begin_put_blob() {
  WINDLASS_REFUSE_IF(check_body(kPutBlobBytesMax));
  WINDLASS_REFUSE_IF(check_md5_form(request_->header("content-md5")));
  const auto terms = write_terms();
  if (!terms) return terms.refusal();
  auto found = container();
  if (!found) return found.refusal();
  WINDLASS_REFUSE_IF(container_->check_terms(request_->blob, *terms));
  WINDLASS_REFUSE_IF(service_.check_space(*request_->content_length()));
  auto upload = container_->begin_blob(request_->blob);
  if (!upload) return upload.refusal();
  upload_.emplace(*std::move(upload));
  return allowed();
}

Check Exchange::begin_put_block() {
  WINDLASS_REFUSE_IF(check_body(kPutBlockBytesMax));
  WINDLASS_REFUSE_IF(check_md5_form(request_->header("content-md5")));
  if (*request_->content_length() == 0) {
    return refuse(BlobError::invalid_header_value, "A block has at least one byte.");
  }
  if (!request_->query.has("blockid")) {
    return refuse(BlobError::missing_query, "blockid is needed.");
  }
  auto found = container();
  if (!found) return found.refusal();
  WINDLASS_REFUSE_IF(service_.check_space(*request_->content_length()));
  auto upload = container_->begin_block(request_->blob, *request_->query.find("blockid"));
  if (!upload) return upload.refusal();
  upload_.emplace(*std::move(upload));
  return allowed();
}

// `computed` is base64.
Check Exchange::check_md5(const std::string& computed) const {
  for (const std::string_view name : {"content-md5", "x-ms-blob-content-md5"}) {
    const std::string_view claimed = request_->header(name);
    if (!claimed.empty() && claimed != computed) return BlobError::md5_mismatch;
  }
  return allowed();
}

Check Exchange::finish_put_blob() {
  auto terms = write_terms();
  if (!terms) return terms.refusal();
  terms->content.md5 = base64_encoded(upload_->md5());
  WINDLASS_REFUSE_IF(check_md5(terms->content.md5));
  const auto record = container_->commit_blob(request_->blob, *std::move(upload_), *terms);
  upload_.reset();
  if (!record) return record.refusal();
  answer_.status = 201;
  set_validators(record->changed, record->modified);
  answer_.set("Content-MD5", record->content.md5);
  answer_.set("x-ms-request-server-encrypted", "false");
  return allowed();
}

Check Exchange::finish_put_block() {
  const std::string md5 = base64_encoded(upload_->md5());
  WINDLASS_REFUSE_IF(check_md5(md5));
  WriteTerms terms;
  terms.may_overwrite = access_.may_overwrite;
  const Check done = container_->commit_block(request_->blob, *request_->query.find("blockid"),
                                              *std::move(upload_), terms);
  upload_.reset();
  if (!done) return done.refusal();
  answer_.status = 201;
  answer_.set("Content-MD5", md5);
  answer_.set("x-ms-request-server-encrypted", "false");
  return allowed();
}

Check Exchange::finish_put_block_list() {
  const auto terms = write_terms();
  if (!terms) return terms.refusal();
  if (const std::string_view claimed = request_->header("content-md5"); !claimed.empty()) {
    Md5 md5;
    md5.update(std::as_bytes(std::span(small_body_)));
    if (base64_encoded(md5.finish()) != claimed) return BlobError::md5_mismatch;
  }
  const auto choices = parse_block_list(small_body_);
  if (!choices) return BlobError::invalid_xml;
  std::uint64_t staged_bytes = 0;
  if (const auto lists = container_->block_lists(request_->blob)) {
    for (const StagedBlock& block : lists->uncommitted) staged_bytes += block.size;
  }
  WINDLASS_REFUSE_IF(service_.check_space(staged_bytes));  // blocks are copied into the blob
  const auto record = container_->commit_block_list(request_->blob, *choices, *terms);
  if (!record) return record.refusal();
  answer_.status = 201;
  set_validators(record->changed, record->modified);
  answer_.set("x-ms-request-server-encrypted", "false");
  return allowed();
}

void Exchange::set_blob_headers(const BlobRecord& record) {
  set_validators(record.changed, record.modified);
  set_metadata(record.metadata);
  if (request_->query.get("comp") == "metadata") return;
  answer_.set("x-ms-creation-time", http_date(record.created));
  answer_.set("x-ms-blob-type", "BlockBlob");
  answer_.set("x-ms-lease-status", "unlocked");
  answer_.set("x-ms-lease-state", "available");
  answer_.set("x-ms-server-encrypted", "false");
  answer_.set("Accept-Ranges", "bytes");
  const auto content = [&](std::string_view name, const std::string& value) {
    std::string shown = either(sas_override(*request_, name), value);
    // What a signature brings in must not end the line and start another header.
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    if (!shown.empty()) answer_.set(std::string(name), std::move(shown));
  };
  content("Content-Type", record.content.type);
  content("Content-Encoding", record.content.encoding);
  content("Content-Language", record.content.language);
  content("Content-Disposition", record.content.disposition);
  content("Cache-Control", record.content.cache_control);
}

Check Exchange::get_blob() {
  auto found = container();
  if (!found) return found.refusal();
  auto open = container_->open_blob(request_->blob);
  if (!open) return open.refusal();
  const BlobRecord& record = open->record;
  const auto conditions = conditions_of(*request_);
  if (!conditions) return conditions.refusal();
  WINDLASS_REFUSE_IF(check_read(*conditions, record.validators()));

  const std::string range_text = either(request_->header("x-ms-range"), request_->header("range"));
  ByteRange range{0, record.size};
  if (!range_text.empty()) {
    const auto parsed = parse_range(range_text, record.size);
    if (!parsed) {
      if (parsed.refusal().error != BlobError::invalid_range) return parsed.refusal();
      fail(parsed.refusal());
      answer_.set("Content-Range", "bytes */" + std::to_string(record.size));
      return allowed();
    }
    range = *parsed;
    answer_.status = 206;
    answer_.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                     std::to_string(range.end - 1) + "/" +
                                     std::to_string(record.size));
  }
  const bool range_md5 = request_->header("x-ms-range-get-content-md5") == "true";
  if (range_md5) {
    if (range_text.empty() || range.length() > kRangeMd5BytesMax) {
      return refuse(BlobError::invalid_header_value,
                    "x-ms-range-get-content-md5 needs a range of at most 4 MiB.");
    }
    std::vector<std::byte> bytes(range.length());
    if (open->data.read_at(range.first, bytes) != bytes.size()) return BlobError::internal_error;
    Md5 md5;
    md5.update(bytes);
    answer_.set("Content-MD5", base64_encoded(md5.finish()));
  }
  if (!record.content.md5.empty()) {
    answer_.set(range_text.empty() ? "Content-MD5" : "x-ms-blob-content-md5", record.content.md5);
  }
  set_blob_headers(record);
  file_.emplace(FileBody{std::move(open->data), range.first, range.length()});
  return allowed();
}

Check Exchange::get_blob_properties() {
  auto found = container();
  if (!found) return found.refusal();
  const auto record = container_->blob(request_->blob);
  if (!record) return record.refusal();
  const auto conditions = conditions_of(*request_);
  if (!conditions) return conditions.refusal();
  WINDLASS_REFUSE_IF(check_read(*conditions, record->validators()));
  set_blob_headers(*record);
  if (request_->query.get("comp") == "metadata") return allowed();
  if (!record->content.md5.empty()) answer_.set("Content-MD5", record->content.md5);
  answer_.set("x-ms-access-tier", "Hot");
  answer_.set("x-ms-access-tier-inferred", "true");
  head_length_ = record->size;
  return allowed();
}

Check Exchange::set_blob_properties() {
  for (const std::string_view name : {"x-ms-blob-content-length", "x-ms-sequence-number-action"}) {
    if (request_->has_header(name)) {
      return refuse(BlobError::not_implemented, std::string(name) +
                                                    " is for page blobs, which are "
                                                    "not built here yet.");
    }
  }
  auto found = container();
  if (!found) return found.refusal();
  auto terms = write_terms();
  if (!terms) return terms.refusal();
  const auto record =
      container_->edit_blob(request_->blob, terms->conditions,
                            [&](BlobRecord& changed) { changed.content = terms->content; });
  if (!record) return record.refusal();
  set_validators(record->changed, record->modified);
  return allowed();
}

Check Exchange::set_blob_metadata() {
  auto found = container();
  if (!found) return found.refusal();
  auto terms = write_terms();
  if (!terms) return terms.refusal();
  const auto record =
      container_->edit_blob(request_->blob, terms->conditions,
                            [&](BlobRecord& changed) { changed.metadata = terms->metadata; });
  if (!record) return record.refusal();
  set_validators(record->changed, record->modified);
  answer_.set("x-ms-request-server-encrypted", "false");
  return allowed();
}

Check Exchange::delete_blob() {
  const std::string_view snapshots = request_->header("x-ms-delete-snapshots");
  if (!snapshots.empty() && snapshots != "include") {
    return refuse(BlobError::not_implemented,
                  "x-ms-delete-snapshots: " + std::string(snapshots) + " is not built here yet.");
  }
  auto found = container();
  if (!found) return found.refusal();
  const auto conditions = conditions_of(*request_);
  if (!conditions) return conditions.refusal();
  WINDLASS_REFUSE_IF(container_->delete_blob(request_->blob, *conditions));
  answer_.status = 202;
  answer_.set("x-ms-delete-type-permanent", "true");
  return allowed();
}

Check Exchange::get_block_list() {
  const std::string kind = either(request_->query.get("blocklisttype"), "committed");
  if (kind != "committed" && kind != "uncommitted" && kind != "all") {
    return refuse(BlobError::invalid_query_value,
                  "blocklisttype must be committed, uncommitted or all.");
  }
  auto found = container();
  if (!found) return found.refusal();
  const auto lists = container_->block_lists(request_->blob);
  if (!lists) return lists.refusal();
  static const std::vector<CommittedBlock> kNone;
  const auto* committed = kind == "uncommitted" ? nullptr : &kNone;
  if (lists->blob) {
    set_validators(lists->blob->changed, lists->blob->modified);
    answer_.set("x-ms-blob-content-length", std::to_string(lists->blob->size));
    if (committed != nullptr) committed = &lists->blob->blocks;
  } else {
    answer_.set("x-ms-blob-content-length", "0");
  }
  answer_.body = block_list_xml(committed, kind == "committed" ? nullptr : &lists->uncommitted);
  answer_.set("Content-Type", "application/xml");
  return allowed();
}

}  // namespace windlass::storage
