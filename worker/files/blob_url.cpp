#include "worker/files/blob_url.h"

#include "model/base64.h"
#include "model/percent_encoding.h"

#include <algorithm>
#include <cstdio>

namespace windlass::worker {
namespace {

// The text between <tag> and </tag> from `at` on; moves `at` behind it. `attributes` stand in the
// first, with a leading space.
std::optional<std::string_view> element(std::string_view xml, std::string_view tag, std::size_t& at,
                                        std::string_view attributes = {}) {
  const std::string open = "<" + std::string(tag) + std::string(attributes) + ">";
  const std::string close = "</" + std::string(tag) + ">";
  const auto start = xml.find(open, at);
  if (start == std::string_view::npos) return std::nullopt;
  const auto end = xml.find(close, start);
  if (end == std::string_view::npos) return std::nullopt;
  at = end + close.size();
  return xml.substr(start + open.size(), end - start - open.size());
}

void append_utf8(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | ((code >> 18) & 0x07));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// "&#x10FFFF;" and what else there is: the end of one is not searched for through the whole text.
constexpr std::size_t kEntityBytesMax = 12;

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view entity = text.substr(i, text[i] == '&' ? kEntityBytesMax : 0);
    if (entity.find(';') == std::string_view::npos) {
      out += text[i];
      continue;
    }
    const std::size_t end = i + entity.find(';');
    const std::string name(text.substr(i + 1, end - i - 1));
    if (name == "amp") {
      out += '&';
    } else if (name == "lt") {
      out += '<';
    } else if (name == "gt") {
      out += '>';
    } else if (name == "quot") {
      out += '"';
    } else if (name == "apos") {
      out += '\'';
    } else if (name.size() > 1 && name[0] == '#') {
      const bool hex = name[1] == 'x' || name[1] == 'X';
      append_utf8(out, std::strtoul(name.c_str() + (hex ? 2 : 1), nullptr, hex ? 16 : 10));
    } else {
      out.append(text.substr(i, end - i + 1));
    }
    i = end;
  }
  return out;
}

// A name that XML cannot hold comes percent-encoded, and says so.
std::optional<std::string> blob_name(std::string_view blob) {
  constexpr std::string_view kEncoded = " Encoded=\"true\"";
  constexpr std::string_view kBegin = "<Name";
  std::size_t at = std::min(blob.find(kBegin), blob.size());
  const bool encoded =
      blob.substr(at).substr(0, kBegin.size() + kEncoded.size()).ends_with(kEncoded);
  const auto name = element(blob, "Name", at, encoded ? kEncoded : std::string_view());
  if (!name) return std::nullopt;
  return encoded ? percent_decoded(unescaped(*name)) : unescaped(*name);
}

}  // namespace

bool is_http_url(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme) && url.find_first_of("/?#", scheme.size()) != scheme.size() &&
        url.size() > scheme.size())
      return url.find_first_of(std::string_view("\0\r\n ", 4)) == std::string_view::npos;
  }
  return false;
}

std::string encode_path(std::string_view path) {
  return percent_encoded(path, "/");
}
std::string encode_query_value(std::string_view value) {
  return percent_encoded(value);
}

std::string blob_url(std::string_view container_url, std::string_view blob_name) {
  const auto question = container_url.find('?');
  std::string out(container_url.substr(0, question));
  while (out.ends_with('/')) out.pop_back();
  out += '/';
  out += encode_path(blob_name);
  if (question != std::string_view::npos) out += container_url.substr(question);
  return out;
}

std::string with_query(std::string_view url, std::string_view parameters) {
  const auto question = url.find('?');
  std::string out(url.substr(0, question));
  out += '?';
  out += parameters;
  if (question != std::string_view::npos && question + 1 < url.size()) {
    out += '&';
    out += url.substr(question + 1);
  }
  return out;
}

std::string list_url(std::string_view container_url, std::string_view prefix,
                     std::string_view marker) {
  std::string parameters = "restype=container&comp=list";
  if (!prefix.empty()) parameters += "&prefix=" + encode_query_value(prefix);
  if (!marker.empty()) parameters += "&marker=" + encode_query_value(marker);
  return with_query(container_url, parameters);
}

std::optional<BlobPage> parse_blob_page(std::string_view xml) {
  if (xml.find("<EnumerationResults") == std::string_view::npos) return std::nullopt;
  BlobPage page;
  std::size_t at = 0;
  while (const auto blob = element(xml, "Blob", at)) {
    auto name = blob_name(*blob);
    if (!name) return std::nullopt;
    page.names.push_back(std::move(*name));
  }
  at = 0;
  if (const auto marker = element(xml, "NextMarker", at)) page.next_marker = unescaped(*marker);
  return page;
}

std::string block_id(std::uint32_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "block-%06u", number);
  return base64_encoded(text);
}

std::string block_list_xml(std::uint32_t blocks) {
  std::string out = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (std::uint32_t i = 0; i < blocks; ++i) out += "<Latest>" + block_id(i) + "</Latest>";
  return out + "</BlockList>";
}

}  // namespace windlass::worker
