#include "worker/files/transfer.h"

#include "model/assert.h"
#include "worker/files/failure.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace windlass::worker {
namespace {

constexpr std::size_t kListBytesMax = 32u << 20;

std::size_t keep_body(char* data, std::size_t, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  if (transfer.body.size() + count > kListBytesMax) return 0;
  transfer.body.append(data, count);
  return count;
}

std::size_t drop_body(char*, std::size_t, std::size_t count, void*) {
  return count;
}

std::size_t write_file(char* data, std::size_t, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  std::size_t written = 0;
  while (written < count) {
    const ssize_t n = ::write(transfer.file.get(), data + written, count - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      transfer.write_error = errno;
      return 0;
    }
    written += static_cast<std::size_t>(n);
  }
  return count;
}

std::size_t read_part(char* data, std::size_t size, std::size_t count, void* from) {
  auto& transfer = *static_cast<Transfer*>(from);
  const std::uint64_t rest = transfer.length - transfer.position;
  const std::size_t wanted = std::min<std::uint64_t>(size * count, rest);
  if (transfer.kind == TransferKind::put_block_list) {
    std::memcpy(data, transfer.body.data() + transfer.position, wanted);
    transfer.position += wanted;
    return wanted;
  }
  if (wanted == 0) return 0;
  ssize_t n = -1;
  do {
    n = ::pread(transfer.upload->get(), data, wanted,
                static_cast<off_t>(transfer.offset + transfer.position));
  } while (n < 0 && errno == EINTR);
  if (n <= 0) {
    transfer.write_error = n == 0 ? EIO : errno;  // 0: the file shrank under our hands
    return CURL_READFUNC_ABORT;
  }
  transfer.position += static_cast<std::uint64_t>(n);
  return static_cast<std::size_t>(n);
}

int seek_part(void* from, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(from);
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  transfer.position = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

bool is_upload(TransferKind kind) {
  return kind != TransferKind::list && kind != TransferKind::download;
}

}  // namespace

Verdict judge_transfer(CURLcode code, long status) {
  if (code == CURLE_OK && status >= 200 && status < 300) return Verdict::done;
  if (status == 408 || status == 429 || status >= 500) return Verdict::again;
  if (status >= 300) return Verdict::failed;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Verdict::again;
    default:
      return Verdict::failed;
  }
}

std::string transfer_code(TransferKind kind, CURLcode code, long status) {
  const bool up = is_upload(kind);
  if (status == 404) return up ? "FileUploadContainerNotFound" : "BlobNotFound";
  if (status == 401 || status == 403) return up ? "FileUploadAccessDenied" : "BlobAccessDenied";
  if (code == CURLE_OPERATION_TIMEDOUT) return up ? "FileUploadTimedOut" : "BlobDownloadTimedOut";
  return up ? "FileUploadMiscError" : "BlobDownloadMiscError";
}

Transfer::~Transfer() {
  release();
}

void Transfer::release() {
  if (easy != nullptr) curl_easy_cleanup(easy);
  if (header_list != nullptr) curl_slist_free_all(header_list);
  easy = nullptr;
  header_list = nullptr;
}

void Transfer::prepare(const TransferOptions& options) {
  release();
  ++tries;
  position = 0;
  write_error = 0;
  error_text[0] = '\0';
  easy = curl_easy_init();
  WINDLASS_ASSERT(easy != nullptr);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "windlass-worker");
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());

  if (is_upload(kind)) {
    bool has_version = false;
    for (const NameValue& header : headers) {
      const std::string lower = lower_cased(header.name);
      has_version = has_version || lower == "x-ms-version";
      const std::string line = header.name + ": " + header.value;
      header_list = curl_slist_append(header_list, line.c_str());
    }
    if (!has_version) header_list = curl_slist_append(header_list, "x-ms-version: 2020-10-02");
    if (kind == TransferKind::put)
      header_list = curl_slist_append(header_list, "x-ms-blob-type: BlockBlob");
    header_list = curl_slist_append(header_list, "Expect:");  // no waiting for a 100
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(length));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_part);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_part);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  if (kind == TransferKind::list) {
    body.clear();
    header_list = curl_slist_append(header_list, "x-ms-version: 2020-10-02");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
  } else {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_file);
  }
}

FailureInfo Transfer::failure(CURLcode code, long status) const {
  if (write_error != 0) {
    return system_failure(
        is_upload(kind) ? "FileUploadMiscError" : "ResourceFileWriteFailed",
        is_upload(kind) ? "cannot read " + file_path : "cannot write " + file_path, write_error);
  }
  std::string reason = status >= 300
                           ? "HTTP status " + std::to_string(status)
                           : (error_text[0] != '\0' ? std::string(error_text)
                                                    : std::string(curl_easy_strerror(code)));
  return transfer_failure(transfer_code(kind, code, status),
                          (is_upload(kind) ? "Upload of '" : "Download of '") + file_path +
                              "' failed after " + std::to_string(tries) + " tries: " + reason,
                          file_path, is_upload(kind) ? blob : url);
}

}  // namespace windlass::worker
