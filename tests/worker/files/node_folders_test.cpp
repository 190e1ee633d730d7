#include "worker/files/node_folders.h"

#include "tests/worker/files/scratch.h"

namespace windlass::worker {
namespace {

// Root gives tasks' folders to somebody else; who is not root keeps them.
const Owner kTaskUser = ::geteuid() == 0 ? Owner{65534, 65534} : Owner{};

std::ptrdiff_t in_trash(const Scratch& scratch) {
  return std::distance(std::filesystem::directory_iterator(scratch / "nodes/.trash"), {});
}

void sweep(NodeFolders& folders) {
  while (const auto swept = folders.sweep_one()) BOOST_TEST(swept->error_number == 0);
}

BOOST_AUTO_TEST_SUITE(worker_files_node_folders)

BOOST_AUTO_TEST_CASE(a_node_has_the_documented_folders) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_TEST(!folders.make_node("n1").has_value());
  BOOST_TEST(!folders.make_node("n1").has_value());
  for (const char* name :
       {"applications", "fsmounts", "shared", "startup/wd", "volatile", "workitems"})
    BOOST_TEST(scratch.exists("nodes/n1/" + std::string(name)));
  BOOST_TEST((scratch.status("nodes").st_mode & 0777) == 0711u);
  BOOST_TEST((scratch.status("nodes/n1/shared").st_mode & 0777) == 0770u);
  if (kTaskUser.given()) {
    BOOST_TEST(scratch.status("nodes/n1/shared").st_uid == 65534u);
    BOOST_TEST(scratch.status("nodes/n1/startup").st_uid == 0u);
    BOOST_TEST(scratch.status("nodes/n1/startup/wd").st_uid == 65534u);
  }
}

BOOST_AUTO_TEST_CASE(a_task_owns_its_wd_and_nothing_above) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  const std::string task = "workitems/j/job-1/t1";
  BOOST_TEST(!folders.make_task("n1", task).has_value());
  BOOST_TEST((scratch.status("nodes/n1/" + task + "/wd").st_mode & 0777) == 0770u);
  if (kTaskUser.given()) {
    BOOST_TEST(scratch.status("nodes/n1/" + task + "/wd").st_uid == 65534u);
    BOOST_TEST(scratch.status("nodes/n1/" + task).st_uid == 0u);
  }
  scratch.write("nodes/n1/" + task + "/wd/kept", "x");
  BOOST_TEST(!folders.make_task("n1", task).has_value());  // a retry
  BOOST_TEST(scratch.read("nodes/n1/" + task + "/wd/kept") == "x");
}

BOOST_AUTO_TEST_CASE(a_wd_whose_maker_was_killed_is_given_away_by_the_next) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  const std::string wd = "nodes/n1/workitems/j/job-1/t1/wd";
  std::filesystem::create_directories(scratch / wd);
  std::filesystem::permissions(scratch / wd, std::filesystem::perms(0750));
  BOOST_TEST(!folders.make_task("n1", "workitems/j/job-1/t1").has_value());
  if (kTaskUser.given()) {
    BOOST_TEST(scratch.status(wd).st_uid == 65534u);
    BOOST_TEST((scratch.status(wd).st_mode & 0777) == 0770u);
  }
}

BOOST_AUTO_TEST_CASE(a_removed_folder_is_used_again_and_clean) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  BOOST_REQUIRE(!folders.make_task("n1", "workitems/j/job-1/t1"));
  const std::string base = "nodes/n1/workitems/j/job-1/";
  scratch.write(base + "t1/stdout.txt", "old");
  scratch.write(base + "t1/fileuploadout.txt", "old");
  scratch.write(base + "t1/wd/sub/dir/file", "old");
  ::chmod((scratch / (base + "t1/wd")).c_str(), 0700);
  const auto inode = scratch.status(base + "t1").st_ino;
  BOOST_TEST(!folders.remove_folder("n1", "workitems/j/job-1/t1").has_value());
  BOOST_TEST(!scratch.exists("nodes/n1/workitems/j"));  // its last task
  BOOST_TEST(folders.spare_total() == 0u);              // not before it is swept
  sweep(folders);
  BOOST_TEST(folders.spare_total() == 1u);
  BOOST_TEST(!folders.make_task("n1", "workitems/j/job-1/t2").has_value());
  BOOST_TEST(folders.spare_total() == 0u);
  BOOST_TEST(scratch.status(base + "t2").st_ino == inode);
  BOOST_TEST(scratch.read(base + "t2/stdout.txt").empty());
  BOOST_TEST(!scratch.exists(base + "t2/fileuploadout.txt"));
  BOOST_TEST(std::filesystem::is_empty(scratch / (base + "t2/wd")));
  BOOST_TEST((scratch.status(base + "t2/wd").st_mode & 0777) == 0770u);
}

BOOST_AUTO_TEST_CASE(output_that_has_another_name_is_not_handed_on) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  BOOST_REQUIRE(!folders.make_task("n1", "workitems/j/job-1/t1"));
  const std::string base = "nodes/n1/workitems/j/job-1/";
  scratch.write(base + "t1/stdout.txt", "old");
  std::filesystem::create_hard_link(scratch / (base + "t1/stdout.txt"),
                                    scratch / "nodes/n1/shared/spy");
  BOOST_REQUIRE(!folders.remove_folder("n1", "workitems/j/job-1/t1"));
  sweep(folders);
  BOOST_REQUIRE(!folders.make_task("n1", "workitems/j/job-1/t2"));
  BOOST_TEST(!scratch.exists(base + "t2/stdout.txt"));
  BOOST_TEST(scratch.read("nodes/n1/shared/spy") == "old");
}

BOOST_AUTO_TEST_CASE(a_folder_without_its_wd_is_not_kept) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  BOOST_REQUIRE(!folders.make_task("n1", "workitems/j/job-1/t1"));
  std::filesystem::remove(scratch / "nodes/n1/workitems/j/job-1/t1/wd");
  BOOST_TEST(!folders.remove_folder("n1", "workitems/j/job-1/t1").has_value());
  sweep(folders);
  BOOST_TEST(folders.spare_total() == 0u);
  BOOST_TEST(!scratch.exists("nodes/n1/workitems/j"));
  BOOST_TEST(!folders.remove_folder("n1", "workitems/j/job-1/t1").has_value());  // gone already
}

BOOST_AUTO_TEST_CASE(removing_follows_no_links_and_opens_closed_folders) {
  const Scratch scratch;
  scratch.write("precious/file", "x");
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  BOOST_REQUIRE(!folders.make_task("n1", "workitems/j/job-1/t1"));
  const std::string wd = scratch / "nodes/n1/workitems/j/job-1/t1/wd";
  std::filesystem::create_directory_symlink(scratch / "precious", wd + "/link");
  std::filesystem::create_directories(wd + "/closed/inner");
  ::chmod((wd + "/closed").c_str(), 0);
  BOOST_TEST(!folders.remove_folder("n1", "workitems/j/job-1/t1").has_value());
  sweep(folders);
  BOOST_TEST(scratch.read("precious/file") == "x");
  BOOST_TEST(!scratch.exists("nodes/n1/workitems/j"));
}

BOOST_AUTO_TEST_CASE(very_deep_folders_are_removed) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  Fd at = open_folder(scratch / "nodes/n1/shared");
  for (int i = 0; i < 1000; ++i) {
    at = make_folders(at.get(), "d", 0700, Owner{});
    BOOST_REQUIRE(static_cast<bool>(at));
  }
  BOOST_TEST(!folders.wipe_node("n1").has_value());
  BOOST_TEST(!scratch.exists("nodes/n1"));
  BOOST_TEST(folders.sweep_one()->node_id == "n1");
  BOOST_TEST(std::filesystem::is_empty(scratch / "nodes/.trash"));
}

BOOST_AUTO_TEST_CASE(nodes_nobody_knows_are_wiped) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  BOOST_REQUIRE(!folders.make_node("n2"));
  folders.wipe_all_but({"n2"});
  sweep(folders);
  BOOST_TEST(!scratch.exists("nodes/n1"));
  BOOST_TEST(scratch.exists("nodes/n2"));
  BOOST_TEST(scratch.exists("nodes/.trash"));
}

BOOST_AUTO_TEST_CASE(what_was_not_swept_is_swept_after_the_next_start) {
  const Scratch scratch;
  {
    NodeFolders folders(scratch / "nodes", kTaskUser);
    BOOST_REQUIRE(!folders.make_node("n1"));
    for (const char* task : {"workitems/j/job-1/t1", "workitems/j/job-1/t2"}) {
      BOOST_REQUIRE(!folders.make_task("n1", task));
      BOOST_REQUIRE(!folders.remove_folder("n1", task));
      sweep(folders);  // the first becomes a spare, and serves the second
    }
    BOOST_REQUIRE(!folders.wipe_node("n1"));
  }
  for (int start = 0; start < 3; ++start) {
    NodeFolders folders(scratch / "nodes", kTaskUser);
    BOOST_TEST(folders.has_trash());
    if (start == 0) continue;  // killed before it swept
    sweep(folders);
    BOOST_TEST(folders.spare_total() == 1u);
    BOOST_TEST(in_trash(scratch) == 1);  // and nothing else
  }
}

BOOST_AUTO_TEST_CASE(a_wiped_node_leaves_its_task_folders_to_the_next_tasks) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  const std::string base = "nodes/n1/workitems/j/job-1/";
  for (const char* task : {"t1", "t2"}) {
    BOOST_REQUIRE(!folders.make_task("n1", std::string("workitems/j/job-1/") + task));
    scratch.write(base + task + "/wd/secret", "x");
  }
  scratch.write("precious/stdout.txt", "x");
  std::filesystem::create_directory_symlink(scratch / "precious", scratch / (base + "t3"));
  BOOST_REQUIRE(!folders.wipe_node("n1"));
  std::vector<std::string> told;
  while (const auto swept = folders.sweep_one()) {
    BOOST_TEST(swept->error_number == 0);
    if (!swept->node_id.empty()) told.push_back(swept->node_id);
  }
  BOOST_TEST(told == std::vector<std::string>{"n1"});
  BOOST_TEST(folders.spare_total() == 2u);
  BOOST_TEST(in_trash(scratch) == 2);
  BOOST_REQUIRE(!folders.make_node("n2"));
  BOOST_REQUIRE(!folders.make_task("n2", "workitems/k/job-1/t9"));
  BOOST_TEST(folders.spare_total() == 1u);
  BOOST_TEST(std::filesystem::is_empty(scratch / "nodes/n2/workitems/k/job-1/t9/wd"));
  BOOST_TEST(scratch.read("precious/stdout.txt") == "x");
}

BOOST_AUTO_TEST_CASE(a_removed_job_leaves_its_task_folders_to_the_next_tasks) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  BOOST_REQUIRE(!folders.make_node("n1"));
  const std::string base = "nodes/n1/workitems/j/job-1/";
  for (const char* task : {"t1", "t2", "job-1"}) {
    BOOST_REQUIRE(!folders.make_task("n1", std::string("workitems/j/job-1/") + task));
    scratch.write(base + task + "/wd/secret", "x");
  }
  const auto inode = scratch.status(base + "t1").st_ino;
  BOOST_REQUIRE(!folders.remove_folder("n1", "workitems/j/job-1"));
  BOOST_TEST(!scratch.exists("nodes/n1/workitems/j"));
  while (const auto swept = folders.sweep_one()) BOOST_TEST(swept->error_number == 0);
  BOOST_TEST(folders.spare_total() == 3u);
  BOOST_TEST(folders.tasks_cleared() == 3u);
  BOOST_TEST(in_trash(scratch) == 3);
  std::vector<ino_t> used;
  for (const char* task : {"t1", "t2", "t3"}) {
    const std::string folder = std::string("workitems/k/job-1/") + task;
    BOOST_REQUIRE(!folders.make_task("n1", folder));
    used.push_back(scratch.status("nodes/n1/" + folder).st_ino);
    BOOST_TEST(std::filesystem::is_empty(scratch / ("nodes/n1/" + folder + "/wd")));
  }
  BOOST_TEST(std::count(used.begin(), used.end(), inode) == 1);
}

BOOST_AUTO_TEST_CASE(spare_folders_outlive_a_restart_but_not_a_change_of_user) {
  const Scratch scratch;
  {
    NodeFolders folders(scratch / "nodes", kTaskUser);
    BOOST_REQUIRE(!folders.make_node("n1"));
    for (const char* task : {"workitems/j/job-1/t1", "workitems/j/job-1/t2"})
      BOOST_REQUIRE(!folders.make_task("n1", task));
    for (const char* task : {"workitems/j/job-1/t1", "workitems/j/job-1/t2"})
      BOOST_REQUIRE(!folders.remove_folder("n1", task));
    sweep(folders);
    BOOST_REQUIRE(folders.spare_total() == 2u);
  }
  {
    NodeFolders folders(scratch / "nodes", kTaskUser);
    sweep(folders);
    BOOST_TEST(folders.spare_total() == 2u);
  }
  NodeFolders folders(scratch / "nodes", Owner{kTaskUser.uid + 1, kTaskUser.gid});
  sweep(folders);
  BOOST_TEST(folders.spare_total() == 0u);
}

BOOST_AUTO_TEST_CASE(names_that_lead_elsewhere_are_refused) {
  const Scratch scratch;
  NodeFolders folders(scratch / "nodes", kTaskUser);
  for (const char* name : {"", ".", "..", "a/b", ".trash"})
    BOOST_TEST(folders.make_node(name).has_value());
  BOOST_TEST(folders.make_task("n1", "workitems/j/job-1/t").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
