#include "worker/files/files.h"

#include "tests/worker/files/scratch.h"
#include "tests/worker/files/tiny_http.h"

#include <poll.h>

namespace windlass::worker {
namespace {

std::vector<FileResult> wait_for(Files& files, std::size_t count) {
  std::vector<FileResult> all;
  while (all.size() < count) {
    pollfd wanted{files.fd(), POLLIN, 0};
    BOOST_REQUIRE_EQUAL(::poll(&wanted, 1, 60'000), 1);
    for (FileResult& result : files.results()) all.push_back(std::move(result));
  }
  return all;
}

std::vector<FileJob> jobs(FileJob first) {
  std::vector<FileJob> list;
  list.push_back(std::move(first));
  return list;
}

BOOST_AUTO_TEST_SUITE(worker_files_files)

BOOST_AUTO_TEST_CASE(folders_are_made_in_order_and_answered) {
  const Scratch scratch;
  Files files({scratch / "nodes", {}, {}, 0});
  auto list = jobs(MakeNodeJob{"n1"});
  for (std::uint64_t run = 1; run <= 50; ++run)
    list.emplace_back(StageInJob{run, "n1", "workitems/j/job-1/t" + std::to_string(run), {}});
  list.emplace_back(RemoveFolderJob{"n1", "workitems/j/job-1/t1"});
  files.submit(std::move(list));
  const auto results = wait_for(files, 51);
  BOOST_TEST(!std::get<NodeMade>(results[0]).failure.has_value());
  for (std::uint64_t run = 1; run <= 50; ++run) {
    const auto& staged = std::get<StagedIn>(results[run]);
    BOOST_TEST(staged.run == run);
    BOOST_TEST(!staged.failure.has_value());
  }
  files.submit(jobs(WipeNodeJob{"n1"}));
  BOOST_TEST(std::get<NodeWiped>(wait_for(files, 1)[0]).node_id == "n1");
  BOOST_TEST(!scratch.exists("nodes/n1"));
}

BOOST_AUTO_TEST_CASE(resource_files_come_before_the_answer) {
  const Scratch scratch;
  TinyHttp http([](const TinyRequest&) { return TinyAnswer{200, "data", {}}; });
  Files files({scratch / "nodes", {}, {}, 0});
  ResourceFile file;
  file.http_url = http.url("/x");
  file.file_path = "x";
  auto list = jobs(MakeNodeJob{"n1"});
  list.emplace_back(StageInJob{7, "n1", "workitems/j/job-1/t", {file}});
  files.submit(std::move(list));
  // Transfers answer from their own thread, so the two answers may come in either order.
  for (const FileResult& result : wait_for(files, 2)) {
    if (const auto* staged = std::get_if<StagedIn>(&result)) {
      BOOST_TEST(staged->run == 7u);
      BOOST_TEST(!staged->failure.has_value());
    }
  }
  BOOST_TEST(scratch.read("nodes/n1/workitems/j/job-1/t/wd/x") == "data");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_said_before_a_task_begins) {
  const Scratch scratch;
  Files files({scratch / "nodes", {}, {}, UINT64_MAX});
  auto list = jobs(MakeNodeJob{"n1"});
  list.emplace_back(StageInJob{7, "n1", "workitems/j/job-1/t", {}});
  files.submit(std::move(list));
  const auto results = wait_for(files, 2);
  BOOST_REQUIRE(std::get<StagedIn>(results[1]).failure.has_value());
  BOOST_TEST(std::get<StagedIn>(results[1]).failure->code == "DiskFull");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
