#include "worker/node_users/folder_mark.h"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>

using windlass::worker::folder_mark;

BOOST_AUTO_TEST_SUITE(worker_node_users_folder_mark)

BOOST_AUTO_TEST_CASE(a_folder_has_one_mark_and_none_is_not_the_same_as_not_known) {
  char base[] = "/tmp/windlass-mark-XXXXXX";
  BOOST_REQUIRE(mkdtemp(base) != nullptr);
  const std::string folder = std::string(base) + "/node";
  BOOST_TEST(folder_mark(folder).value() == "");
  std::filesystem::create_directory(folder);
  const auto first = folder_mark(folder).value();
  BOOST_TEST(!first.empty());
  BOOST_TEST(folder_mark(folder).value() == first);
  std::filesystem::rename(folder, std::string(base) + "/trash");  // as a wipe does
  std::filesystem::create_directory(folder);
  BOOST_TEST(folder_mark(folder).value() != first);
  BOOST_TEST(!folder_mark(folder + std::string(5000, 'x')).has_value());
  std::filesystem::remove_all(base);
}

BOOST_AUTO_TEST_SUITE_END()
