// Texts of a task that its worker takes apart: the command line, patterns of output files, URLs.
#include "model/command_line.h"
#include "tests/fuzz/target.h"
#include "worker/files/blob_url.h"
#include "worker/files/glob.h"
#include "worker/files/upload_plan.h"

#include <algorithm>

namespace windlass::fuzz {
namespace {

void judge_command_line(std::string_view text) {
  const auto words = split_command_line(text);
  if (!words) return;
  WINDLASS_ASSERT(split_command_line(join_command_line(*words)) == words);
}

void judge_names(std::string_view pattern, std::string_view name) {
  const bool matches = worker::name_matches(pattern, name);
  if (!worker::has_wildcard(pattern) && pattern.find('[') == std::string_view::npos)
    WINDLASS_ASSERT(matches == (pattern == name));
  WINDLASS_ASSERT(worker::name_matches("*", name));
}

void judge_paths(std::string_view pattern, std::string_view path) {
  const auto parts = worker::path_parts(path);
  const auto patterns = worker::path_parts(pattern);
  const bool matches = worker::path_matches(patterns, parts);
  for (std::size_t depth = 1; matches && depth < parts.size(); ++depth) {
    const std::vector<std::string> above(parts.begin(),
                                         parts.begin() + static_cast<std::ptrdiff_t>(depth));
    WINDLASS_ASSERT(worker::path_may_match_below(patterns, above));
  }
}

void judge_upload(std::string_view text) {
  const std::string expanded = worker::expand_variables(text, {{"A", "x"}, {"AZ_B", "../y"}});
  WINDLASS_ASSERT(expanded.size() <= text.size() * 4);
  const auto plan = worker::parse_upload_pattern(expanded, "/n", "/n/workitems/j/job-1/t");
  const auto* pattern = std::get_if<worker::UploadPattern>(&plan);
  if (pattern == nullptr) return WINDLASS_ASSERT(!std::get<std::string>(plan).empty());
  WINDLASS_ASSERT(!pattern->parts.empty());
  WINDLASS_ASSERT(pattern->root == "/n" || pattern->root == "/n/workitems/j/job-1/t");
  for (const std::string& part : pattern->base)
    WINDLASS_ASSERT(!part.empty() && part != ".." && part != ".");
}

void judge_urls(std::string_view container, std::string_view name) {
  if (!worker::is_http_url(container)) return;
  const std::string url = worker::blob_url(container, name);
  WINDLASS_ASSERT(worker::is_http_url(url));
  WINDLASS_ASSERT(worker::is_http_url(worker::list_url(container, name, "marker")));
  WINDLASS_ASSERT(std::count(url.begin(), url.end(), '?') ==
                  std::count(container.begin(), container.end(), '?'));
}

void run(std::string_view input) {
  Choices choices(input);
  const std::size_t choice = choices.below(5);
  if (choice == 0) return judge_command_line(choices.rest());
  if (choice == 1) return judge_upload(choices.rest());
  const std::string_view first = choices.text();
  if (choice == 2) return judge_names(first, choices.rest());
  if (choice == 3) return judge_paths(first, choices.rest());
  return judge_urls(first, choices.rest());
}

std::vector<std::string> seeds() {
  const auto pair = [](std::size_t choice, std::string_view first, std::string_view second) {
    return chosen(choice, chosen(first.size(), std::string(first) + std::string(second)));
  };
  return {chosen(0, "/bin/sh -c 'echo \"a b\"; exit 3'"),
          chosen(0, "a\\ b \"c\\$d\\e\" 'f'\\''g' \\\nh"),
          chosen(1, "../std*.txt"),
          chosen(1, "$AZ_B/${A}/**/*.[ch]"),
          chosen(1, "/n/shared/x"),
          pair(2, "*.[a-c]?[!x][*]", "name.bzy*"),
          pair(2, "[", "["),
          pair(3, "a/**/b*", "a/c/d/bx"),
          pair(3, "**", "x/y"),
          pair(4, "http://h:1/c?sv=1&sig=a%2F", "folder/n\xc3\xa4me?.txt"),
          pair(4, "https://h/c/", "")};
}

const Target kTarget("task_texts", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
