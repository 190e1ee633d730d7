// Where a process's own cgroup is, for the layouts of hosts and containers.
#include "client/cli/doctor/cgroup_folder.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace windlass::cli::doctor;
namespace bdata = boost::unit_test::data;

namespace {

struct Case {
  const char* name;
  Hierarchy hierarchy;
  const char* cgroup;
  const char* mountinfo;
  const char* folder;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

const Case kCases[] = {
    {"a service on a v2 host", Hierarchy::v2, "0::/system.slice/w.service\n",
     "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
     "/sys/fs/cgroup/system.slice/w.service"},
    {"the root of a namespace", Hierarchy::v2, "0::/\n",
     "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "/sys/fs/cgroup"},
    {"a container without a namespace", Hierarchy::v2, "0::/docker/abc/sub\n",
     "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/sys/fs/cgroup/sub"},
    {"v1 pids beside others", Hierarchy::v1_pids, "9:name=systemd:/x\n8:pids:/y\n0::/\n",
     "31 24 0:27 / /cg/systemd rw - cgroup cgroup rw,name=systemd\n"
     "32 24 0:28 / /cg/pids rw - cgroup cgroup rw,pids\n",
     "/cg/pids/y"},
    {"v1 pids together with another", Hierarchy::v1_pids, "8:cpu,pids:/y\n",
     "32 24 0:28 / /cg/both rw - cgroup cgroup rw,cpu,pids\n", "/cg/both/y"},
    {"a hybrid host asked for v2", Hierarchy::v2, "8:pids:/y\n0::/\n",
     "32 24 0:28 / /cg/pids rw - cgroup cgroup rw,pids\n"
     "33 24 0:29 / /cg/unified rw - cgroup2 cgroup2 rw\n",
     "/cg/unified"},
    {"no v1 on a v2 host", Hierarchy::v1_pids, "0::/a\n",
     "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", ""},
    {"listed and not mounted", Hierarchy::v2, "0::/a\n", "", ""},
    {"garbage", Hierarchy::v2, "nothing\n::\n", "x\n", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_doctor_cgroup_folder)

BOOST_DATA_TEST_CASE(our_cgroup_is_found, bdata::make(kCases), c) {
  BOOST_TEST(cgroup_folder(c.hierarchy, c.cgroup, c.mountinfo) == c.folder);
}

BOOST_AUTO_TEST_SUITE_END()
