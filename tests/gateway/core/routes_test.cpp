#include "gateway/core/routes.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace windlass::gateway;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(gateway_core_routes)

namespace {

struct FoundCase {
  Method method;
  const char* path;
  Operation operation;
  const char* first;
  const char* second;
};
std::ostream& operator<<(std::ostream& out, const FoundCase& c) {
  return out << info_of(c.operation).name << " " << c.path;
}

const FoundCase kFoundCases[] = {
    {Method::get, "/pools", Operation::pool_list, "", ""},
    {Method::get, "/Pools/", Operation::pool_list, "", ""},
    {Method::post, "/pools", Operation::pool_add, "", ""},
    {Method::head, "/pools/p1", Operation::pool_exists, "p1", ""},
    {Method::post, "/pools/P1/StopResize", Operation::pool_stop_resize, "P1", ""},
    {Method::get, "/jobs/s%3Ajob-1", Operation::job_get, "s:job-1", ""},
    {Method::post, "/jobs/j/addtaskcollection", Operation::task_add_collection, "j", ""},
    {Method::get, "/jobs/j/tasks/t", Operation::task_get, "j", "t"},
    {Method::get, "/jobs/j/tasks/t/files", Operation::file_list_from_task, "j", "t"},
    {Method::get, "/jobs/j/tasks/t/files/", Operation::file_list_from_task, "j", "t"},
    {Method::get, "/jobs/files/tasks/files/files", Operation::file_list_from_task, "files",
     "files"},
    {Method::get, "/pools/p/nodes/n/files", Operation::file_list_from_compute_node, "p", "n"},
    {Method::put, "/pools/p/nodes/n/users/u", Operation::compute_node_update_user, "p", "n"},
    {Method::get, "/jobschedules/s/jobs", Operation::job_list_from_job_schedule, "s", ""},
    {Method::get, "/certificates(thumbprintAlgorithm=sha1,thumbprint=ab)",
     Operation::certificate_get, "thumbprintAlgorithm=sha1,thumbprint=ab", ""},
    {Method::post, "/certificates(thumbprintAlgorithm=sha1,thumbprint=ab)/canceldelete",
     Operation::certificate_cancel_deletion, "thumbprintAlgorithm=sha1,thumbprint=ab", ""},
    {Method::delete_, "/Certificates%28a%29", Operation::certificate_delete, "a", ""},
};

struct FileCase {
  const char* path;
  const char* file;
};
std::ostream& operator<<(std::ostream& out, const FileCase& c) {
  return out << c.path;
}
const FileCase kFileCases[] = {
    {"/jobs/j/tasks/t/files/stdout.txt", "stdout.txt"},
    {"/jobs/j/tasks/t/files/wd%2Fa%20b.txt", "wd/a b.txt"},
    {"/jobs/j/tasks/t/files/wd/a/b", "wd/a/b"},
    {"/jobs/j/tasks/t/files//workitems/x", "workitems/x"},
    {"/jobs/j/tasks/t/files/%2Fstartup%2Fstdout.txt", "startup/stdout.txt"},
    {"/jobs/j/tasks/t/files/wd%5Ca", "wd/a"},
    {"/jobs/j/tasks/t/files/wd%252Fa", "wd%2Fa"},
    {"/jobs/j/tasks/t/files/../../etc/passwd", "../../etc/passwd"},  // the worker refuses it
};

RouteMatch match(Method method, const char* path) {
  static const RouteTable table;
  return table.match(method, path);
}

}  // namespace

BOOST_AUTO_TEST_CASE(table_holds_every_operation_once) {
  std::set<std::string_view> names;
  for (const OperationInfo& info : kOperations) names.insert(info.name);
  // The 78 of API version 2022-10-01.16.0, start and deallocate of 2024-07, node agent SKUs of
  // 2018-12.
  BOOST_TEST(kOperationsTotal == 81u);
  BOOST_TEST(names.size() == kOperationsTotal);
}

BOOST_AUTO_TEST_CASE(every_template_finds_itself) {
  for (const OperationInfo& info : kOperations) {
    const RouteMatch found = match(info.method, std::string(info.path).c_str());
    BOOST_TEST_CONTEXT(info.name) {
      BOOST_TEST((found.kind == RouteMatch::Kind::found));
      BOOST_TEST((found.operation == info.operation));
    }
  }
}

BOOST_DATA_TEST_CASE(path_is_found, bdata::make(kFoundCases), c) {
  const RouteMatch found = match(c.method, c.path);
  BOOST_TEST((found.kind == RouteMatch::Kind::found));
  BOOST_TEST((found.operation == c.operation));
  BOOST_TEST(found.value(0) == c.first);
  BOOST_TEST(found.value(1) == c.second);
}

BOOST_DATA_TEST_CASE(file_path_is_the_rest, bdata::make(kFileCases), c) {
  const RouteMatch found = match(Method::get, c.path);
  BOOST_TEST((found.operation == Operation::file_get_from_task));
  BOOST_TEST(found.file_path(2) == c.file);
}

BOOST_AUTO_TEST_CASE(unknown_paths_and_verbs_are_told_apart) {
  for (const char* path : {"/", "/pool", "/pools/p/x", "/jobs/j/tasks/t/u", "/a/b/c/d/e/f/g",
                           "/pools/p/nodes/n/files2/x", "/jobs//tasks", "/certificates()"}) {
    BOOST_TEST_CONTEXT(path)
    BOOST_TEST((match(Method::get, path).kind == RouteMatch::Kind::path_unknown));
  }
  BOOST_TEST((match(Method::delete_, "/pools").kind == RouteMatch::Kind::verb_unknown));
  BOOST_TEST((match(Method::head, "/jobs/j").kind == RouteMatch::Kind::verb_unknown));
  BOOST_TEST((match(Method::other, "/jobs/j").kind == RouteMatch::Kind::verb_unknown));
}

BOOST_AUTO_TEST_SUITE_END()
