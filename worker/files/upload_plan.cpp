#include "worker/files/upload_plan.h"

#include "worker/files/glob.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>

namespace windlass::worker {
namespace {

constexpr std::size_t kDepthMax = 128;

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

struct Walk {
  const UploadPattern& pattern;
  std::vector<std::string> found;  // relative to the base

  void visit(int folder, std::vector<std::string>& path) {
    each_entry(folder, [&](const char* name, unsigned char type) {
      path.emplace_back(name);
      if (type == DT_DIR) {
        if (path.size() < kDepthMax && path_may_match_below(pattern.parts, path)) {
          const Fd below = open_beneath(folder, name, O_RDONLY | O_DIRECTORY, 0, Links::refuse);
          if (below) visit(below.get(), path);
        }
      } else if ((type == DT_REG || type == DT_LNK) && path_matches(pattern.parts, path)) {
        found.push_back(joined(path));
      }
      path.pop_back();
      return found.size() < kUploadFilesMax;
    });
  }
};

}  // namespace

std::string expand_variables(std::string_view text,
                             const std::vector<EnvironmentSetting>& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const bool braces = text[i + 1] == '{';
    const std::size_t start = i + (braces ? 2 : 1);
    std::size_t end = start;
    while (end < text.size() && name_character(text[end])) ++end;
    if (end == start || (braces && (end == text.size() || text[end] != '}'))) {
      out += text[i];
      continue;
    }
    const std::string_view name = text.substr(start, end - start);
    for (const EnvironmentSetting& setting : environment) {
      if (setting.name == name) out += setting.value;
    }
    i = braces ? end : end - 1;
  }
  return out;
}

std::variant<UploadPattern, std::string> parse_upload_pattern(std::string_view pattern,
                                                              const std::string& node_root,
                                                              const std::string& task) {
  UploadPattern out;
  std::vector<std::string> parts = path_parts(pattern);
  std::vector<std::string> resolved;
  if (pattern.starts_with('/')) {
    out.root = node_root;
    const std::vector<std::string> root = path_parts(node_root);
    if (parts.size() <= root.size() || !std::equal(root.begin(), root.end(), parts.begin()))
      return "the pattern names a place outside of the node's folder";
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(root.size()));
  } else {
    out.root = task;
    resolved.emplace_back("wd");
  }
  bool after_wildcard = false;
  for (std::string& part : parts) {
    if (part == "..") {
      if (after_wildcard) return "the pattern has '..' behind a wildcard";
      if (resolved.empty()) return "the pattern leaves the task's folder";
      resolved.pop_back();
      continue;
    }
    after_wildcard = after_wildcard || has_wildcard(part);
    resolved.push_back(std::move(part));
  }
  if (resolved.empty() || (resolved.size() == 1 && resolved[0] == "wd" && parts.empty()))
    return "the pattern names no file";
  auto first = std::find_if(resolved.begin(), resolved.end(),
                            [](const std::string& part) { return has_wildcard(part); });
  out.wildcard = first != resolved.end();
  if (!out.wildcard) --first;
  out.base.assign(resolved.begin(), first);
  out.parts.assign(first, resolved.end());
  return out;
}

std::vector<UploadFile> find_upload_files(const UploadPattern& pattern,
                                          std::string_view blob_path) {
  const Fd root = open_folder(pattern.root);
  if (!root) return {};
  const std::string base = joined(pattern.base);
  const Fd folder = open_beneath(root.get(), base, O_RDONLY | O_DIRECTORY, 0, Links::follow_inside);
  if (!folder) return {};

  Walk walk{pattern, {}};
  if (pattern.wildcard) {
    std::vector<std::string> path;
    walk.visit(folder.get(), path);
  } else if (open_beneath(folder.get(), pattern.parts[0], O_PATH, 0, Links::follow_inside)) {
    walk.found.push_back(pattern.parts[0]);
  }
  std::sort(walk.found.begin(), walk.found.end());

  while (blob_path.ends_with('/')) blob_path.remove_suffix(1);
  std::vector<UploadFile> out;
  for (const std::string& name : walk.found) {
    UploadFile file;
    file.path = base.empty() ? name : base + "/" + name;
    if (blob_path.empty()) {
      file.blob_name = name;
    } else {
      file.blob_name = blob_path;
      if (pattern.wildcard) file.blob_name += "/" + name;
    }
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace windlass::worker
