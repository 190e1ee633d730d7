// The little XML of the Blob protocol: writing answers, and reading the one document that clients
// send, a block list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::storage {

class XmlWriter {
 public:
  XmlWriter();
  // `attributes` is written as it stands, with a leading space.
  void open(std::string_view name, std::string_view attributes = {});
  void close(std::string_view name);
  void element(std::string_view name, std::string_view text);
  void element(std::string_view name, std::uint64_t number);
  // A blob's name; one that XML cannot hold is percent-encoded and marked Encoded="true".
  void blob_name(std::string_view name);
  std::size_t size() const { return text_.size(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Each byte of what XML cannot hold, which only hostile requests say, becomes U+FFFD.
std::string xml_escaped(std::string_view text);

// Whether the text is valid UTF-8 of characters that XML 1.0 can hold.
bool xml_can_hold(std::string_view text);

// Where Put Block List looks for a block.
enum class BlockSource { committed, uncommitted, latest };

struct BlockChoice {
  BlockSource source = BlockSource::latest;
  std::string id;  // base64, as sent
  bool operator==(const BlockChoice&) const = default;
};

// Nothing when the document is not a block list. Comments, processing instructions and white space
// are skipped; entities cannot occur in base64 and are refused.
std::optional<std::vector<BlockChoice>> parse_block_list(std::string_view xml);

}  // namespace windlass::storage
