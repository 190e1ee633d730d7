#include "storage/core/xml.h"

#include "storage/core/url.h"

#include <algorithm>

namespace windlass::storage {
namespace {

// Length of the character that the text (not empty) begins with; 0 when XML 1.0 cannot hold it.
std::size_t xml_character(std::string_view text) {
  const char first = text.front();
  if (static_cast<std::uint8_t>(first) < 0x20)
    return first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF")) return 0;
  return utf8_sequence(text);
}

}  // namespace

XmlWriter::XmlWriter() : text_("<?xml version=\"1.0\" encoding=\"utf-8\"?>") {}

void XmlWriter::open(std::string_view name, std::string_view attributes) {
  text_.append("<").append(name).append(attributes).append(">");
}

void XmlWriter::close(std::string_view name) {
  text_.append("</").append(name).append(">");
}

void XmlWriter::element(std::string_view name, std::string_view text) {
  if (text.empty()) {
    text_.append("<").append(name).append(" />");
    return;
  }
  open(name);
  text_ += xml_escaped(text);
  close(name);
}

void XmlWriter::element(std::string_view name, std::uint64_t number) {
  element(name, std::to_string(number));
}

void XmlWriter::blob_name(std::string_view name) {
  if (xml_can_hold(name)) {
    element("Name", name);
  } else {
    open("Name", " Encoded=\"true\"");
    text_ += percent_encoded(name);
    close("Name");
  }
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = xml_character(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(character.size());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (character == "&") {
      out += "&amp;";
    } else if (character == "<") {
      out += "&lt;";
    } else if (character == ">") {
      out += "&gt;";
    } else if (character == "\"") {
      out += "&quot;";
    } else if (character == "\r") {
      out += "&#xD;";  // a parser would read a bare one as a line feed
    } else {
      out += character;
    }
  }
  return out;
}

bool xml_can_hold(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = xml_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

namespace {

// Walks over tags and the text between them. Enough for a document of two levels.
class Walker {
 public:
  explicit Walker(std::string_view xml) : rest_(xml) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  // The next tag without its brackets ("BlockList", "/Latest", "BlockList /"), having skipped white
  // space, comments and declarations. Nothing at the end or when malformed.
  std::optional<std::string_view> tag() {
    for (;;) {
      skip_space();
      if (!rest_.starts_with('<')) return std::nullopt;
      if (rest_.starts_with("<!--")) {
        if (!skip_past("-->")) return std::nullopt;
      } else if (rest_.starts_with("<?")) {
        if (!skip_past("?>")) return std::nullopt;
      } else if (rest_.starts_with("<!")) {
        return std::nullopt;  // document types and the tricks played with them
      } else {
        const auto end = rest_.find('>');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view name = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        return name;
      }
    }
  }

  std::string_view text() {
    const auto end = rest_.find('<');
    const std::string_view found = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end);
    return found;
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    const auto start = rest_.find_first_not_of(" \t\r\n");
    rest_ = start == std::string_view::npos ? std::string_view{} : rest_.substr(start);
  }

  bool skip_past(std::string_view end) {
    const auto found = rest_.find(end);
    if (found == std::string_view::npos) return false;
    rest_.remove_prefix(found + end.size());
    return true;
  }

  std::string_view rest_;
};

// The element's name: a tag without attributes and the slash of an empty element.
std::string_view name_of(std::string_view tag) {
  return tag.substr(0, tag.find_first_of(" \t\r\n/"));
}

std::optional<BlockSource> source_named(std::string_view name) {
  if (name == "Latest") return BlockSource::latest;
  if (name == "Committed") return BlockSource::committed;
  if (name == "Uncommitted") return BlockSource::uncommitted;
  return std::nullopt;
}

bool is_base64(std::string_view text) {
  for (const char c : text) {
    const bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '+' || c == '/' || c == '=';
    if (!good) return false;
  }
  return !text.empty();
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::optional<std::vector<BlockChoice>> parse_block_list(std::string_view xml) {
  Walker walker(xml);
  const auto root = walker.tag();
  if (!root || name_of(*root) != "BlockList") return std::nullopt;
  std::vector<BlockChoice> choices;
  if (root->ends_with('/')) {
    if (!walker.at_end()) return std::nullopt;
    return choices;
  }
  for (;;) {
    const auto tag = walker.tag();
    if (!tag) return std::nullopt;
    if (*tag == "/BlockList") break;
    const auto source = source_named(name_of(*tag));
    const std::string_view id = trimmed(walker.text());
    const auto end = walker.tag();
    if (!source || !is_base64(id) || !end || *end != "/" + std::string(name_of(*tag))) {
      return std::nullopt;
    }
    choices.push_back({*source, std::string(id)});
  }
  if (!walker.at_end()) return std::nullopt;
  return choices;
}

}  // namespace windlass::storage
