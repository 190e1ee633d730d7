// One HTTP exchange of a task's files: a page of a container's list, a download into a file, a blob
// or a part of one from a file. It knows how to set itself up and what its outcome means;
// transfers.h decides when.
#pragma once

#include "model/common.h"
#include "worker/files/fd.h"

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windlass::worker {

struct TransferOptions {
  int tries_max = 5;
  std::chrono::milliseconds backoff{500};  // before the second try; doubles
  std::chrono::milliseconds backoff_max{10'000};
  std::chrono::seconds connect_timeout{15};
  std::chrono::seconds stall_timeout{60};  // without a byte moving
  int active_max = 32;
  int active_per_run_max = 4;
  std::uint64_t block_bytes = 32u << 20;           // larger files go up in blocks of this
  std::uint64_t single_put_bytes_max = 64u << 20;  // in one piece up to this
  std::string ca_file;                             // empty: the system's authorities
};

enum class TransferKind : std::uint8_t { list, download, put, put_block, put_block_list };

enum class Verdict : std::uint8_t { done, again, failed };

// What an exchange that ended so means. `status` is 0 when no answer came.
Verdict judge_transfer(CURLcode code, long status);

// The code of section 3.4 for one that failed for good.
std::string transfer_code(TransferKind kind, CURLcode code, long status);

struct Transfer {
  TransferKind kind = TransferKind::download;
  std::uint64_t run = 0;
  std::string url;
  std::string file_path;  // as people are told it
  int tries = 0;
  std::chrono::steady_clock::time_point due{};

  // list
  std::size_t source = 0;  // index of the resource file setting
  std::string body;        // received; or sent, for put_block_list

  // download
  Fd file;
  mode_t mode = 0770;
  int write_error = 0;

  // put and its parts
  std::shared_ptr<Fd> upload;
  std::uint64_t offset = 0;  // of this part
  std::uint64_t length = 0;
  std::uint64_t position = 0;
  std::uint64_t file_bytes = 0;
  std::uint32_t block = 0;
  std::vector<NameValue> headers;
  std::string blob;  // the blob's own URL

  // The easy handle while it is under way.
  CURL* easy = nullptr;
  curl_slist* header_list = nullptr;
  char error_text[CURL_ERROR_SIZE] = {};

  Transfer() = default;
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Makes the easy handle for a (further) try.
  void prepare(const TransferOptions& options);
  void release();

  FailureInfo failure(CURLcode code, long status) const;
};

}  // namespace windlass::worker
