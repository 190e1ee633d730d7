#include "worker/files/file_server.h"

#include "tests/worker/files/scratch.h"

#include <sys/stat.h>

#include <set>

namespace windlass::worker {
namespace {

struct Served {
  Scratch scratch;
  FileServer server{scratch / "nodes"};

  Served() {
    scratch.write("nodes/n1/workitems/j/job-1/t/stdout.txt", "hello world");
    scratch.write("nodes/n1/workitems/j/job-1/t/wd/out/b.txt", "b");
    scratch.write("nodes/n1/workitems/j/job-1/t/wd/a.txt", "a");
    scratch.write("nodes/n1/shared/s.txt", "s");
    scratch.write("nodes/n2/shared/other.txt", "other");
    scratch.write("secret", "secret");
  }
  static FileRequest ask(FileAction action, const std::string& path) {
    FileRequest request;
    request.id = 9;
    request.node_id = "n1";
    request.folder = "workitems/j/job-1/t";
    request.path = path;
    request.action = action;
    return request;
  }
  static std::string names(const FileReply& reply) {
    std::string out;
    for (const FileProperties& entry : reply.entries)
      out += (out.empty() ? "" : " ") + entry.name + (entry.is_directory ? "/" : "");
    return out;
  }
};

BOOST_AUTO_TEST_SUITE(worker_files_file_server)

BOOST_AUTO_TEST_CASE(a_file_is_read_in_parts) {
  const Served served;
  FileRequest request = Served::ask(FileAction::read, "stdout.txt");
  request.offset = 6;
  request.bytes_max = 3;
  const FileReply part = served.server.answer(request);
  BOOST_TEST(!part.error.has_value());
  BOOST_TEST(part.id == 9u);
  BOOST_TEST(part.data == "wor");
  BOOST_TEST(part.properties.content_length == 11u);
  BOOST_TEST(part.properties.name == "stdout.txt");
  request.offset = 9;
  request.bytes_max = 100;
  BOOST_TEST(served.server.answer(request).data == "ld");
  request.offset = 100;
  BOOST_TEST(served.server.answer(request).data.empty());
  request.offset = UINT64_MAX;
  BOOST_TEST(served.server.answer(request).data.empty());
}

BOOST_AUTO_TEST_CASE(properties_tell_size_times_and_mode) {
  const Served served;
  ::chmod((served.scratch / "nodes/n1/workitems/j/job-1/t/stdout.txt").c_str(), 0640);
  const auto file = served.server.answer(Served::ask(FileAction::properties, "stdout.txt"));
  BOOST_TEST(file.properties.content_length == 11u);
  BOOST_TEST(file.properties.mode == 0640u);
  BOOST_TEST(file.properties.last_modified.ticks > 0);
  BOOST_TEST(file.data.empty());
  const auto folder = served.server.answer(Served::ask(FileAction::properties, "wd"));
  BOOST_TEST(folder.properties.is_directory);
  const auto read = served.server.answer(Served::ask(FileAction::read, "wd"));
  BOOST_REQUIRE(read.error.has_value());
  BOOST_TEST((read.error->code == ErrorCode::operation_invalid_for_current_state));
}

BOOST_AUTO_TEST_CASE(lists_are_sorted_paged_and_filtered) {
  const Served served;
  FileRequest request = Served::ask(FileAction::list, "");
  BOOST_TEST(Served::names(served.server.answer(request)) == "stdout.txt wd/");
  request.recursive = true;
  BOOST_TEST(Served::names(served.server.answer(request)) ==
             "stdout.txt wd/ wd/a.txt wd/out/ wd/out/b.txt");
  request.entries_max = 2;
  FileReply page = served.server.answer(request);
  BOOST_TEST(Served::names(page) == "stdout.txt wd/");
  BOOST_TEST(page.more);
  request.after = "wd/out";
  page = served.server.answer(request);
  BOOST_TEST(Served::names(page) == "wd/out/b.txt");
  BOOST_TEST(!page.more);
  request.after.clear();
  request.name_prefix = "wd/o";
  BOOST_TEST(Served::names(served.server.answer(request)) == "wd/out/ wd/out/b.txt");
  BOOST_TEST(served.server.answer(Served::ask(FileAction::list, "stdout.txt")).error.has_value());
}

BOOST_AUTO_TEST_CASE(every_page_of_a_large_folder_is_seen_once) {
  const Served served;
  for (int i = 0; i < 2500; ++i) served.scratch.write("nodes/n1/shared/f" + std::to_string(i), "");
  FileRequest request = Served::ask(FileAction::list, "");
  request.folder = "shared";
  std::set<std::string> seen;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const FileReply reply = served.server.answer(request);
    BOOST_REQUIRE(!reply.error && !reply.entries.empty());
    for (const auto& entry : reply.entries) {
      BOOST_TEST((request.after < entry.name));
      request.after = entry.name;
      BOOST_REQUIRE(seen.insert(entry.name).second);
    }
    more = reply.more;
  }
  BOOST_TEST(seen.size() == 2501u);
  BOOST_TEST(pages == 3u);
}

BOOST_AUTO_TEST_CASE(nothing_leads_out) {
  const Served served;
  const std::string task = served.scratch / "nodes/n1/workitems/j/job-1/t";
  std::filesystem::create_symlink(served.scratch / "secret", task + "/wd/absolute");
  std::filesystem::create_symlink("../../../../../../../secret", task + "/wd/relative");
  std::filesystem::create_directory_symlink("/", task + "/wd/root");
  std::filesystem::create_directory_symlink("../../../../../n2", task + "/wd/neighbour");
  for (const char* path :
       {"../../../../../../secret", "wd/../../../../../n2/shared/other.txt", "/etc/passwd",
        "wd/absolute", "wd/relative", "wd/root/etc/passwd", "wd/neighbour/shared/other.txt", "..",
        "../t/stdout.txt", "wd/root/proc/self/environ"}) {
    BOOST_TEST_CONTEXT(path) {
      for (const FileAction action : {FileAction::read, FileAction::properties, FileAction::list}) {
        const FileReply reply = served.server.answer(Served::ask(action, path));
        BOOST_REQUIRE(reply.error.has_value());
        BOOST_TEST((reply.error->code == ErrorCode::file_not_found));
        BOOST_TEST(reply.data.empty());
      }
      FileRequest remove = Served::ask(FileAction::remove, path);
      remove.recursive = true;
      (void)served.server.answer(remove);  // a link itself may be removed
    }
  }
  BOOST_TEST(served.scratch.read("secret") == "secret");
  BOOST_TEST(served.scratch.read("nodes/n2/shared/other.txt") == "other");
  BOOST_TEST(served.scratch.exists("nodes/n1/workitems/j/job-1/t/stdout.txt"));
  FileRequest elsewhere = Served::ask(FileAction::read, "x");
  for (const char* node : {"..", "", "n1/../n2", "nowhere"}) {
    elsewhere.node_id = node;
    BOOST_TEST((served.server.answer(elsewhere).error->code == ErrorCode::node_not_found));
  }
}

BOOST_AUTO_TEST_CASE(links_inside_the_task_are_followed) {
  const Served served;
  std::filesystem::create_symlink("a.txt",
                                  served.scratch / "nodes/n1/workitems/j/job-1/t/wd/inside");
  BOOST_TEST(served.server.answer(Served::ask(FileAction::read, "wd/inside")).data == "a");
}

BOOST_AUTO_TEST_CASE(a_fifo_does_not_hold_us_up) {
  const Served served;
  ::mkfifo((served.scratch / "nodes/n1/workitems/j/job-1/t/wd/fifo").c_str(), 0600);
  const auto reply = served.server.answer(Served::ask(FileAction::read, "wd/fifo"));
  BOOST_REQUIRE(reply.error.has_value());
  BOOST_TEST((reply.error->code == ErrorCode::io_error));
}

BOOST_AUTO_TEST_CASE(removing_asks_for_recursion_where_there_is_content) {
  const Served served;
  FileRequest request = Served::ask(FileAction::remove, "wd");
  const auto refused = served.server.answer(request);
  BOOST_REQUIRE(refused.error.has_value());
  BOOST_TEST((refused.error->code == ErrorCode::operation_invalid_for_current_state));
  request.recursive = true;
  BOOST_TEST(!served.server.answer(request).error.has_value());
  BOOST_TEST(!served.scratch.exists("nodes/n1/workitems/j/job-1/t/wd"));
  BOOST_TEST(!served.server.answer(Served::ask(FileAction::remove, "stdout.txt")).error);
  BOOST_TEST((served.server.answer(Served::ask(FileAction::remove, "stdout.txt")).error->code ==
              ErrorCode::file_not_found));
  BOOST_TEST(served.server.answer(Served::ask(FileAction::remove, "")).error.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
