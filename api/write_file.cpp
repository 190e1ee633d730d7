#include "api/write_file.h"

#include "api/json_writer.h"
#include "model/percent_encoding.h"

namespace windlass::api {

namespace {

// Slashes stay: they are part of the path.
std::string encoded_path(std::string_view path) {
  std::string out;
  for (bool more = true; more;) {
    const std::size_t slash = path.find('/');
    more = slash != std::string_view::npos;
    out += percent_encoded(path.substr(0, slash));
    if (!more) break;
    out += '/';
    path.remove_prefix(slash + 1);
  }
  return out;
}

}  // namespace

void write_file(std::string& out, const FileProperties& file, std::string_view files_url) {
  JsonWriter json(out);
  json.begin_object();
  json.member("name", file.name);
  json.member("url", std::string(files_url) + encoded_path(file.name));
  json.member("isDirectory", file.is_directory);
  if (!file.is_directory) {
    json.name("properties");
    json.begin_object();
    if (file.creation_time) json.member("creationTime", *file.creation_time);
    json.member("lastModified", file.last_modified);
    json.member("contentLength", file.content_length);
    json.member("contentType", "application/octet-stream");
    json.member("fileMode", file_mode_text(file.mode, false));
    json.end_object();
  }
  json.end_object();
}

std::string file_mode_text(std::uint32_t mode, bool is_directory) {
  constexpr std::uint32_t kRegularFile = 0100000;
  constexpr std::uint32_t kDirectory = 0040000;
  std::uint32_t rest = (mode & 07777) | (is_directory ? kDirectory : kRegularFile);
  std::string digits;
  for (; rest != 0; rest /= 8) digits.insert(digits.begin(), static_cast<char>('0' + rest % 8));
  return "0o" + digits;
}

}  // namespace windlass::api
