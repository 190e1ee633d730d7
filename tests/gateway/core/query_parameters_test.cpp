#include "gateway/core/query_parameters.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::gateway;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(gateway_core_query_parameters)

namespace {

struct Case {
  Operation operation;
  const char* query;
  const char* refused;  // the name; empty: none
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << info_of(c.operation).name << " ?" << c.query;
}

const Case kCases[] = {
    {Operation::job_add, "api-version=1&timeOut=30", ""},
    {Operation::job_add, "API-Version=1&TIMEOUT=30&", ""},
    {Operation::job_add, "api-version=1&$select=id", "$select"},
    {Operation::job_list, "$filter=a&%24select=id&$expand=stats&maxresults=1&$skipToken=x", ""},
    {Operation::job_list, "$filter=a&$orderby=id", "$orderby"},
    {Operation::job_get, "$filter=a", "$filter"},
    {Operation::job_get, "maxresults=1", "maxresults"},
    {Operation::job_delete, "force=false", ""},
    {Operation::task_delete, "force=true", "force"},
    {Operation::file_list_from_task, "recursive=true&$filter=a", ""},
    {Operation::file_get_from_task, "recursive=true", "recursive"},
    {Operation::pool_list_usage_metrics, "starttime=a&endtime=b&$filter=c&maxresults=1", ""},
    {Operation::compute_node_extension_list, "$select=name&maxresults=1", ""},
    {Operation::application_list, "$filter=a", "$filter"},
    {Operation::task_list_subtasks, "$select=id", ""},
    {Operation::task_list_subtasks, "maxresults=1", "maxresults"},
};

}  // namespace

BOOST_DATA_TEST_CASE(what_nobody_reads_is_refused, bdata::make(kCases), c) {
  const Status status = check_query_parameters(c.operation, Query(c.query));
  BOOST_TEST(bool(status) == (*c.refused == '\0'));
  if (status) return;
  BOOST_TEST((status.error().code == ErrorCode::unsupported_query_parameter));
  BOOST_REQUIRE(!status.error().values.empty());
  BOOST_TEST(status.error().values[0].value == c.refused);
}

BOOST_AUTO_TEST_SUITE_END()
