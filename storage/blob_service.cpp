#include "storage/blob_service.h"

#include "runtime/refusal.h"
#include "storage/core/names.h"
#include "storage/core/shared_key.h"
#include "storage/crypto.h"

#include <chrono>

namespace windlass::storage {
namespace {

BlobServiceOptions completed(BlobServiceOptions options) {
  if (!options.now) {
    options.now = [] {
      const auto since = std::chrono::system_clock::now().time_since_epoch();
      return WallTime{std::chrono::duration_cast<Duration>(since).count()};
    };
  }
  if (!options.on_problem) options.on_problem = [](std::string_view) {};
  while (options.public_url.ends_with('/')) options.public_url.pop_back();
  return options;
}

}  // namespace

BlobService::BlobService(BlobServiceOptions options)
    : options_(completed(std::move(options))),
      store_(options_.folder, options_.now, options_.on_problem) {
  for (const BlobAccount& account : options_.accounts) {
    if (!valid_account_name(account.name)) {
      throw runtime::StartRefused("Storage account '" + account.name +
                                  "': the name must be 3 to 24 lower-case letters and digits.");
    }
    KnownAccount known{account.name, {}};
    for (const std::string& key : account.keys) {
      const auto decoded = base64_decoded(key);
      if (!decoded || decoded->empty()) {
        throw runtime::StartRefused("Storage account '" + account.name + "': a key is not base64.");
      }
      known.keys.push_back(*decoded);
    }
    accounts_.push_back(std::move(known));
  }
}

std::string BlobService::account_url(std::string_view account) const {
  return options_.public_url + "/" + std::string(account) + "/";
}

const BlobService::KnownAccount* BlobService::find_account(std::string_view name) const {
  for (const KnownAccount& account : accounts_) {
    if (account.name == name) return &account;
  }
  return nullptr;
}

Check BlobService::authenticate(const BlobRequest& request) const {
  std::string signature;
  std::vector<std::string> texts;
  if (const auto header = parse_shared_key(request.header("authorization"))) {
    if (header->account != request.account) return BlobError::authentication_failed;
    WINDLASS_REFUSE_IF(check_date(request, now()));
    signature = header->signature;
    texts = strings_to_sign(request);
  } else if (request.has_header("authorization")) {
    return refuse(BlobError::authentication_failed,
                  "Only SharedKey and shared access signatures are known here.");
  } else if (bears_sas(request)) {
    auto text = sas_string_to_sign(request);
    if (!text) return text.refusal();
    signature = request.query.get("sig");
    texts.push_back(*std::move(text));
  } else {
    return BlobError::no_authentication;
  }
  const auto decoded = base64_decoded(signature);
  const KnownAccount* account = find_account(request.account);
  static const std::vector<std::string> kNoKeys;
  for (const std::string& key : account == nullptr ? kNoKeys : account->keys) {
    for (const std::string& text : texts) {
      if (decoded && equal_secrets(hmac_sha256(key, text), *decoded)) return allowed();
    }
  }
  return refuse(BlobError::authentication_failed,
                "The signature does not match; it must cover: " + texts.front());
}

Outcome<Access> BlobService::authorize(const BlobRequest& request, Operation operation) const {
  // As above: a header decides, a signature in the query is then no more than text.
  if (request.has_header("authorization")) return Access{};
  return check_sas(request, operation, now());
}

Check BlobService::check_space(std::uint64_t bytes) const {
  const std::uint64_t free = store_.bytes_free();
  const std::uint64_t needed = bytes + options_.free_bytes_min;
  if (free >= needed) return allowed();
  return refuse(BlobError::server_busy,
                "The disk of the blob folder is full. FreeBytes: " + std::to_string(free) +
                    ". NeededBytes: " + std::to_string(needed) + ".");
}

}  // namespace windlass::storage
