#include "storage/exchange.h"

#include "storage/core/dates.h"
#include "storage/core/names.h"
#include "storage/crypto.h"

#include <cerrno>

namespace windlass::storage {

Exchange::Exchange(BlobService& service, Outcome<BlobRequest> request, std::string request_id)
    : service_(service), request_(std::move(request)), request_id_(std::move(request_id)) {}

std::string_view Exchange::operation_name() const {
  return operation_ ? name_of(*operation_) : std::string_view{"unknown"};
}

std::string_view Exchange::error_code() const {
  return error_code_;
}

std::uint64_t Exchange::answer_length() const {
  if (head_length_) return *head_length_;
  return file_ ? file_->left : answer_.body.size();
}

// Turns refusals and failures of the disk into answers.
template <class Work>
void Exchange::guarded(Work work) {
  try {
    const Check check = work();
    if (!check) fail(check.refusal());
  } catch (const FileError& error) {
    if (error.disk_is_full()) {
      fail(refuse(BlobError::server_busy, "The disk of the blob folder is full."));
    } else if (error.error_number() == ENOENT && container_ &&
               !service_.store().container(request_->account, request_->container)) {
      fail(refuse(BlobError::container_not_found));  // deleted under our hands
    } else {
      service_.problem(error.what());
      fail(refuse(BlobError::internal_error));
    }
  } catch (const std::exception& error) {
    service_.problem(error.what());
    fail(refuse(BlobError::internal_error));
  }
}

void Exchange::fail(const Refusal& refusal) {
  upload_.reset();
  file_.reset();
  head_length_.reset();
  answer_ = answer_of(refusal, request_id_, service_.now());
  error_code_ = code_of(refusal.error);
  set_common_headers();
}

void Exchange::set_common_headers() {
  answer_.set("x-ms-request-id", request_id_);
  answer_.set("Date", http_date(service_.now()));
  if (!request_) {
    answer_.set("x-ms-version", std::string(kVersionNewest));
    return;
  }
  const std::string_view version = version_of(*request_);
  answer_.set(
      "x-ms-version",
      std::string(valid_version(version) && version < kVersionNewest ? version : kVersionNewest));
  const std::string_view client_id = request_->header("x-ms-client-request-id");
  if (!client_id.empty() && client_id.size() <= 1024) {
    answer_.set("x-ms-client-request-id", std::string(client_id));
  }
  if (request_->method == "HEAD" && !head_length_) {
    head_length_ = answer_.body.size();
    answer_.body.clear();
  }
}

bool Exchange::begin() {
  bool wants_body = false;
  guarded([&]() -> Check {
    WINDLASS_REFUSE_IF(judge());
    switch (*operation_) {
      case Operation::put_blob:
        WINDLASS_REFUSE_IF(begin_put_blob());
        break;
      case Operation::put_block:
        WINDLASS_REFUSE_IF(begin_put_block());
        break;
      case Operation::put_block_list: {
        WINDLASS_REFUSE_IF(check_body(kBlockListBodyBytesMax));
        auto found = container();
        if (!found) return found.refusal();
        break;
      }
      default: {
        WINDLASS_REFUSE_IF(run());
        if (error_code_.empty()) set_common_headers();
        return allowed();
      }
    }
    wants_body = true;
    return allowed();
  });
  return wants_body;
}

Check Exchange::judge() {
  if (!request_) return request_.refusal();
  BlobRequest& request = *request_;
  request.over_https = service_.behind_https();
  if (request.has_header("x-ms-version") && !valid_version(request.header("x-ms-version"))) {
    return refuse(BlobError::invalid_header_value, "x-ms-version is not a version known here.");
  }
  WINDLASS_REFUSE_IF(service_.authenticate(request));
  const auto operation = operation_of(request);
  if (!operation) return operation.refusal();
  operation_ = *operation;
  const auto access = service_.authorize(request, *operation);
  if (!access) return access.refusal();
  access_ = *access;
  if (request.level != Level::account) WINDLASS_REFUSE_IF(check_container_name(request.container));
  if (request.level == Level::blob) WINDLASS_REFUSE_IF(check_blob_name(request.blob));
  return check_metadata(request.metadata);
}

// Before a body is read: its length must be known and allowed.
Check Exchange::check_body(std::uint64_t bytes_max) {
  const auto length = request_->content_length();
  if (!length) return BlobError::missing_content_length;
  if (*length > bytes_max) {
    return refuse(BlobError::body_too_large, "The limit is " + std::to_string(bytes_max) +
                                                 " bytes, the request has " +
                                                 std::to_string(*length) + ".");
  }
  return allowed();
}

bool Exchange::take(std::span<const std::byte> bytes) {
  bool good = false;
  guarded([&]() -> Check {
    if (upload_) {
      upload_->write(bytes);
    } else {
      if (small_body_.size() + bytes.size() > kBlockListBodyBytesMax) {
        return BlobError::body_too_large;
      }
      small_body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    good = true;
    return allowed();
  });
  return good;
}

void Exchange::finish() {
  guarded([&]() -> Check {
    WINDLASS_REFUSE_IF(run_with_body());
    set_common_headers();
    return allowed();
  });
}

Check Exchange::run_with_body() {
  switch (*operation_) {
    case Operation::put_blob:
      return finish_put_blob();
    case Operation::put_block:
      return finish_put_block();
    default:
      return finish_put_block_list();
  }
}

Check Exchange::run() {
  switch (*operation_) {
    case Operation::list_containers:
      return list_containers();
    case Operation::create_container:
      return create_container();
    case Operation::get_container_properties:
      return get_container_properties();
    case Operation::set_container_metadata:
      return set_container_metadata();
    case Operation::delete_container:
      return delete_container();
    case Operation::list_blobs:
      return list_blobs();
    case Operation::get_blob:
      return get_blob();
    case Operation::get_blob_properties:
      return get_blob_properties();
    case Operation::set_blob_properties:
      return set_blob_properties();
    case Operation::set_blob_metadata:
      return set_blob_metadata();
    case Operation::delete_blob:
      return delete_blob();
    case Operation::get_block_list:
      return get_block_list();
    case Operation::put_blob:
    case Operation::put_block:
    case Operation::put_block_list:
      break;  // have bodies
  }
  return BlobError::internal_error;
}

std::size_t Exchange::read(std::span<std::byte> into) {
  if (!file_ || file_->left == 0) return 0;
  const std::uint64_t want = std::min<std::uint64_t>(into.size(), file_->left);
  const std::size_t got = file_->file.read_at(file_->offset, into.first(want));
  if (got < want) throw FileError("short", file_->file.path(), EIO);
  file_->offset += got;
  file_->left -= got;
  return got;
}

Outcome<std::shared_ptr<Container>> Exchange::container() {
  auto found = service_.store().container(request_->account, request_->container);
  if (found) container_ = *found;
  return found;
}

void Exchange::set_validators(Generation changed, WallTime modified) {
  answer_.set("ETag", etag_of(changed));
  answer_.set("Last-Modified", http_date(modified));
}

void Exchange::set_metadata(const Metadata& metadata) {
  for (const auto& [name, value] : metadata) answer_.set("x-ms-meta-" + name, value);
}

}  // namespace windlass::storage
