#include "worker/guard_words.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <ostream>

namespace windlass::worker {
namespace {

namespace bdata = boost::unit_test::data;
using exec::StartFailure;

struct Case {
  const char* name;
  StartFailure failure;
  int error_number;
  const char* code;  // null: the attempt is lost and runs again
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

const Case kCases[] = {
    {"a folder that was swept away", StartFailure::working_folder, ENOENT, nullptr},
    {"an output file in a folder that was swept away", StartFailure::output_file, ENOENT, nullptr},
    {"an output file on a full disk", StartFailure::output_file, ENOSPC, "DiskFull"},
    {"an output file beyond the quota", StartFailure::output_file, EDQUOT, "DiskFull"},
    {"an output file on a failing disk", StartFailure::output_file, EIO, "CommandLaunchFailed"},
    {"a folder that may not be entered", StartFailure::working_folder, EACCES,
     "CommandLaunchFailed"},
    {"no such program", StartFailure::program_not_found, ENOENT, "CommandProgramNotFound"},
    {"no process to be had", StartFailure::resources, EAGAIN, nullptr},
    {"a lease that ended before the start", StartFailure::lease_ended, 0, nullptr},
};

BOOST_AUTO_TEST_SUITE(worker_guard_words)

BOOST_DATA_TEST_CASE(a_failed_start_is_told_or_run_again, bdata::make(kCases), c) {
  const auto failure = start_failure({.key = key_of_run(7),
                                      .failure = c.failure,
                                      .error_number = c.error_number,
                                      .message = "why"});
  BOOST_REQUIRE(failure.has_value() == (c.code != nullptr));
  if (failure) BOOST_TEST(failure->code == c.code);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
