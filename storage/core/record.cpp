#include "storage/core/record.h"

#include "storage/core/dates.h"

#include <charconv>
#include <cstdio>

namespace windlass::storage {
namespace {

constexpr std::string_view kContainerHead = "windlass-container 1\n";
constexpr std::string_view kBlobHead = "windlass-blob 1\n";

// FNV-1a: finds torn and flipped bytes, which is all it is for.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
  return hex;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Lines {
 public:
  explicit Lines(std::string_view head) : text_(head) {}
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    text_.append(key).append(" ").append(percent_encoded(value, "-._~/:+=;, ")).append("\n");
  }
  template <class Number>
  void count(std::string_view key, Number value) {
    text_.append(key).append(" ").append(std::to_string(value)).append("\n");
  }
  void metadata(const Metadata& all) {
    for (const auto& [name, value] : all) {
      // A value may be empty, so the line holds both.
      text("meta", name + "=" + value);
    }
  }
  std::string finish() {
    const std::string sum = checksum(text_);
    return text_ + "check " + sum + "\n";
  }

 private:
  std::string text_;
};

// Calls `take(key, value)` for each line; false if the frame or a line is not right.
template <class Take>
bool read_lines(std::string_view text, std::string_view head, Take take) {
  static constexpr std::size_t kTail = 6 + 16 + 1;  // "check ", sum, "\n"
  if (!text.starts_with(head) || text.size() < head.size() + kTail) return false;
  const std::string_view tail = text.substr(text.size() - kTail);
  text.remove_suffix(kTail);
  if (tail != "check " + checksum(text) + "\n") return false;
  text.remove_prefix(head.size());
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const auto value = percent_decoded(line.substr(space + 1));
    if (!value || !take(line.substr(0, space), *value)) return false;
  }
  return true;
}

bool take_metadata(Metadata& metadata, const std::string& value) {
  const auto equals = value.find('=');
  if (equals == std::string::npos) return false;
  metadata[value.substr(0, equals)] = value.substr(equals + 1);
  return true;
}

template <class Number>
bool take_number(Number& out, std::string_view value) {
  const auto parsed = number<Number>(value);
  if (parsed) out = *parsed;
  return parsed.has_value();
}

bool take_block(std::vector<CommittedBlock>& blocks, const std::string& value) {
  const auto space = value.find(' ');
  if (space == std::string::npos) return false;
  CommittedBlock block{value.substr(0, space), 0};
  if (!take_number(block.size, std::string_view{value}.substr(space + 1))) return false;
  blocks.push_back(std::move(block));
  return true;
}

}  // namespace

std::string etag_of(Generation generation) {
  char text[24];
  std::snprintf(text, sizeof text, "\"0x%016llX\"", static_cast<unsigned long long>(generation));
  return text;
}

Validators BlobRecord::validators() const {
  return {etag_of(changed), whole_seconds(modified)};
}

std::string encode(const ContainerRecord& record) {
  Lines lines(kContainerHead);
  lines.count("changed", record.changed);
  lines.count("modified", record.modified.ticks);
  lines.metadata(record.metadata);
  return lines.finish();
}

std::string encode(const BlobRecord& record) {
  Lines lines(kBlobHead);
  lines.text("name", record.name);
  lines.count("data", record.data);
  lines.count("size", record.size);
  lines.count("changed", record.changed);
  lines.count("created", record.created.ticks);
  lines.count("modified", record.modified.ticks);
  lines.text("type", record.content.type);
  lines.text("encoding", record.content.encoding);
  lines.text("language", record.content.language);
  lines.text("disposition", record.content.disposition);
  lines.text("cache", record.content.cache_control);
  lines.text("md5", record.content.md5);
  lines.metadata(record.metadata);
  for (const CommittedBlock& block : record.blocks) {
    lines.text("block", block.id + " " + std::to_string(block.size));
  }
  return lines.finish();
}

std::optional<ContainerRecord> decode_container(std::string_view text) {
  ContainerRecord record;
  const bool good =
      read_lines(text, kContainerHead, [&](std::string_view key, const std::string& value) {
        if (key == "changed") return take_number(record.changed, value);
        if (key == "modified") return take_number(record.modified.ticks, value);
        if (key == "meta") return take_metadata(record.metadata, value);
        return false;
      });
  if (!good) return std::nullopt;
  return record;
}

std::optional<BlobRecord> decode_blob(std::string_view text) {
  BlobRecord record;
  const auto take_text = [](std::string& out, const std::string& value) {
    out = value;
    return true;
  };
  const bool good =
      read_lines(text, kBlobHead, [&](std::string_view key, const std::string& value) {
        if (key == "name") return take_text(record.name, value);
        if (key == "data") return take_number(record.data, value);
        if (key == "size") return take_number(record.size, value);
        if (key == "changed") return take_number(record.changed, value);
        if (key == "created") return take_number(record.created.ticks, value);
        if (key == "modified") return take_number(record.modified.ticks, value);
        if (key == "type") return take_text(record.content.type, value);
        if (key == "encoding") return take_text(record.content.encoding, value);
        if (key == "language") return take_text(record.content.language, value);
        if (key == "disposition") return take_text(record.content.disposition, value);
        if (key == "cache") return take_text(record.content.cache_control, value);
        if (key == "md5") return take_text(record.content.md5, value);
        if (key == "meta") return take_metadata(record.metadata, value);
        if (key == "block") return take_block(record.blocks, value);
        return false;
      });
  if (!good || record.name.empty()) return std::nullopt;
  return record;
}

}  // namespace windlass::storage
