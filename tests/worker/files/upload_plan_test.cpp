#include "worker/files/upload_plan.h"

#include "tests/worker/files/scratch.h"

namespace windlass::worker {
namespace {

// A task's folder inside of a node's, with some output.
struct TaskFiles {
  Scratch scratch;
  std::string node = scratch / "node";
  std::string task = node + "/workitems/j/job-1/t";

  TaskFiles() {
    for (const char* name : {"stdout.txt", "stderr.txt", "wd/a.txt", "wd/b.png", "wd/out/c.txt",
                             "wd/out/deep/d.txt", "wd/.hidden.txt", "wd/[x].txt"})
      scratch.write("node/workitems/j/job-1/t/" + std::string(name), name);
    scratch.write("node/shared/s.txt", "s");
    scratch.write("outside.txt", "secret");
    std::filesystem::create_symlink(scratch / "outside.txt", task + "/wd/link.txt");
    std::filesystem::create_directory_symlink(scratch.path(), task + "/wd/away");
  }

  std::string names(const std::string& text, const std::string& path) const {
    const auto pattern = parse_upload_pattern(text, node, task);
    if (const auto* reason = std::get_if<std::string>(&pattern)) return "refused: " + *reason;
    std::string out;
    for (const UploadFile& file : find_upload_files(std::get<UploadPattern>(pattern), path))
      out += (out.empty() ? "" : " ") + file.blob_name;
    return out;
  }
};

struct PlanCase {
  const char* pattern;
  const char* path;
  const char* names;
};

const PlanCase kPlanCases[] = {
    {"../stdout.txt", "", "stdout.txt"},
    {"../stdout.txt", "logs/1.txt", "logs/1.txt"},
    {"../std*.txt", "", "stderr.txt stdout.txt"},
    {"../std*.txt", "logs", "logs/stderr.txt logs/stdout.txt"},
    {"../std*.txt", "logs/", "logs/stderr.txt logs/stdout.txt"},
    {"a.txt", "", "a.txt"},
    {"a.txt", "x/y", "x/y"},
    {"out/c.txt", "", "c.txt"},
    {"out/*.txt", "", "c.txt"},
    {"out/**", "o", "o/c.txt o/deep/d.txt"},
    {"out/**/*.txt", "", "c.txt deep/d.txt"},
    {"*.png", "", "b.png"},
    {"./out/../*.png", "", "b.png"},
    {"missing.txt", "", ""},
    {"missing/*.txt", "", ""},
    {"[*].txt", "", ""},
    {"[[]x].txt", "", "[x].txt"},
};

BOOST_AUTO_TEST_SUITE(worker_files_upload_plan)

BOOST_AUTO_TEST_CASE(blobs_are_named_as_the_table_says) {
  const TaskFiles files;
  for (const PlanCase& c : kPlanCases) {
    BOOST_TEST_CONTEXT(c.pattern << " to '" << c.path << "'")
    BOOST_TEST(files.names(c.pattern, c.path) == c.names);
  }
}

BOOST_AUTO_TEST_CASE(hidden_files_match_and_links_are_judged_when_opened) {
  const TaskFiles files;
  BOOST_TEST(files.names("*.txt", "") == ".hidden.txt [x].txt a.txt link.txt");
  BOOST_TEST(files.names("**/outside.txt", "") == "");  // folders behind links are not entered
  const auto pattern =
      std::get<UploadPattern>(parse_upload_pattern("link.txt", files.node, files.task));
  BOOST_TEST(find_upload_files(pattern, "").empty());
}

BOOST_AUTO_TEST_CASE(patterns_stay_where_they_may_look) {
  const TaskFiles files;
  for (const char* pattern : {"../../x", "../..", "/etc/passwd", "", "*/../../x", "/", "."}) {
    BOOST_TEST_CONTEXT(pattern)
    BOOST_TEST(files.names(pattern, "").starts_with("refused: "));
  }
  BOOST_TEST(files.names(files.node + "/shared/s.txt", "") == "s.txt");
  BOOST_TEST(files.names(files.node + "/shared/*", "p") == "p/s.txt");
  BOOST_TEST(files.names(files.node + "/../outside.txt", "").starts_with("refused: "));
  BOOST_TEST(files.names(files.node + "/shared/../../outside.txt", "").starts_with("refused: "));
}

BOOST_AUTO_TEST_CASE(variables_are_expanded) {
  const std::vector<EnvironmentSetting> env = {{"A", "x"}, {"AZ_BATCH_NODE_SHARED_DIR", "/n/s"}};
  BOOST_TEST(expand_variables("$AZ_BATCH_NODE_SHARED_DIR/*.txt", env) == "/n/s/*.txt");
  BOOST_TEST(expand_variables("${A}b$A", env) == "xbx");
  BOOST_TEST(expand_variables("$A_$$ ${A $", env) == "$$ ${A $");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
