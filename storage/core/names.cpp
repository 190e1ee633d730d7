#include "storage/core/names.h"

#include "storage/core/url.h"

namespace windlass::storage {
namespace {

// With its extension (at most 24 bytes) a file name stays below the usual limit of 255.
constexpr std::size_t kStemBytesMax = 200;
constexpr std::string_view kKept = "-_.";

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string readable_stem(std::string_view name) {
  std::string stem = percent_encoded(name, kKept);
  if (stem.starts_with('.')) stem.replace(0, 1, "%2E");
  return stem;
}

}  // namespace

bool valid_account_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 24) return false;
  for (const char c : name) {
    if (!lower_or_digit(c)) return false;
  }
  return true;
}

Check check_container_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) {
    return refuse(BlobError::resource_name_length, "Container names have 3 to 63 characters.");
  }
  bool hyphen_allowed = false;
  for (const char c : name) {
    if (c == '-' ? !hyphen_allowed : !lower_or_digit(c)) return BlobError::invalid_resource_name;
    hyphen_allowed = c != '-';
  }
  if (name.back() == '-') return BlobError::invalid_resource_name;
  return allowed();
}

Check check_blob_name(std::string_view name) {
  if (name.empty() || !valid_utf8(name)) return BlobError::invalid_uri;
  if (name.find('\0') != std::string_view::npos) return BlobError::invalid_uri;
  if (utf16_length(name) > kBlobNameUnitsMax) {
    return refuse(BlobError::resource_name_length, "Blob names have 1 to 1024 characters.");
  }
  return allowed();
}

bool needs_digest(std::string_view blob_name) {
  return readable_stem(blob_name).size() > kStemBytesMax;
}

std::string file_stem(std::string_view blob_name, std::string_view digest_hex) {
  std::string stem = readable_stem(blob_name);
  if (stem.size() <= kStemBytesMax) return stem;
  return "#" + std::string(digest_hex);
}

std::optional<std::string> name_of_stem(std::string_view stem) {
  if (stem.empty() || stem.starts_with('#')) return std::nullopt;
  return percent_decoded(stem);
}

}  // namespace windlass::storage
