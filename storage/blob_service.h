// The blob endpoint without its network: accounts, limits, the store, and who may do what.
#pragma once

#include "storage/core/sas.h"
#include "storage/store/blob_store.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::storage {

struct BlobAccount {
  std::string name;               // 3 to 24 lower-case letters and digits
  std::vector<std::string> keys;  // base64; each is as good as the other
};

// The service's own limits on bodies.
inline constexpr std::uint64_t kPutBlobBytesMax = 5'000ull << 20;
inline constexpr std::uint64_t kPutBlockBytesMax = 4'000ull << 20;
inline constexpr std::uint64_t kBlockListBodyBytesMax = 8ull << 20;
// A body that an operation has no use for is read and dropped up to this size.
inline constexpr std::uint64_t kUselessBodyBytesMax = 64ull << 10;

struct BlobServiceOptions {
  std::filesystem::path folder;
  std::vector<BlobAccount> accounts;
  // As clients and workers see the endpoint, without the account: "http://127.0.0.1:10000".
  std::string public_url;
  // Uploads that would leave less than this are refused with 503 ServerBusy.
  std::uint64_t free_bytes_min = 64ull << 20;
  std::function<WallTime()> now;                     // default: the system's clock
  std::function<void(std::string_view)> on_problem;  // a sentence for the log; default: dropped
};

// Usable from several threads.
class BlobService {
 public:
  // Throws runtime::StartRefused: folder served by another process, account or key malformed.
  explicit BlobService(BlobServiceOptions options);

  WallTime now() const { return options_.now(); }
  void problem(std::string_view sentence) const { options_.on_problem(sentence); }
  BlobStore& store() { return store_; }
  std::string account_url(std::string_view account) const;  // with a slash at its end
  bool behind_https() const { return options_.public_url.starts_with("https:"); }

  // Who is asking: a SharedKey or a shared access signature by one of the account's keys.
  // Says nothing about an account that does not exist.
  Check authenticate(const BlobRequest& request) const;
  // What the bearer of a signature may do; the key itself may do everything.
  Outcome<Access> authorize(const BlobRequest& request, Operation operation) const;

  // Room for that many bytes more, with the reserve.
  Check check_space(std::uint64_t bytes) const;

 private:
  struct KnownAccount {
    std::string name;
    std::vector<std::string> keys;  // decoded
  };
  const KnownAccount* find_account(std::string_view name) const;

  BlobServiceOptions options_;
  std::vector<KnownAccount> accounts_;
  BlobStore store_;
};

}  // namespace windlass::storage
