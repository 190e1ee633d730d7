#include "gateway/operation_versions.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::gateway;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(gateway_operation_versions)

namespace {

struct Case {
  Operation operation;
  const char* version;
  bool exists;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << info_of(c.operation).name << " in " << c.version;
}

const Case kCases[] = {
    {Operation::account_list_node_agent_skus, "2018-12-01.8.0", true},
    {Operation::account_list_node_agent_skus, "2019-08-01.10.0", false},
    {Operation::job_get_all_lifetime_statistics, "2022-10-01.16.0", true},
    {Operation::job_get_all_lifetime_statistics, "2023-05-01.17.0", false},
    {Operation::pool_get_all_lifetime_statistics, "2023-05-01.17.0", false},
    {Operation::certificate_list, "2024-02-01.19.0", true},
    {Operation::certificate_list, "2024-07-01.20.0", false},
    {Operation::compute_node_get_remote_desktop, "2025-06-01", false},
    {Operation::job_list, "2018-12-01.8.0", true},
    {Operation::job_list, "2025-06-01", true},
    {Operation::compute_node_start, "2018-12-01.8.0", true},  // what came later is there for all
};

}  // namespace

BOOST_DATA_TEST_CASE(operations_end_with_their_versions, bdata::make(kCases), c) {
  const auto version = api::parse_api_version(c.version);
  BOOST_REQUIRE(bool(version));
  BOOST_TEST(exists_in(c.operation, *version) == c.exists);
}

BOOST_AUTO_TEST_SUITE_END()
