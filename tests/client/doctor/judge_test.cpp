// What windlass doctor says of each fact: a table for each kind, and each verdict in it.
#include "client/cli/doctor/judge.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <ostream>

using namespace windlass::cli::doctor;
namespace bdata = boost::unit_test::data;

namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

// A fact, and what is said of it: the level, and a part of what was found and of the next step.
template <class Fact>
struct Case {
  const char* name;
  Fact fact;
  Level level;
  const char* found;
  const char* next;
};
template <class Fact>
std::ostream& operator<<(std::ostream& out, const Case<Fact>& c) {
  return out << c.name;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check(const Finding& finding, Level level, const char* found, const char* next) {
  BOOST_TEST(to_string(finding.level) == to_string(level));
  BOOST_TEST(has(finding.found, found), finding.found);
  BOOST_TEST(has(finding.next, next), finding.next);
  // Whoever has to do something is told what.
  BOOST_TEST((finding.level == Level::ok || !finding.next.empty()), finding.found);
}

DiskFacts disk() {
  return {.folder = "/data",
          .measured = "/data",
          .file_system = "ext4",
          .free_bytes = 100 * kGiB,
          .free_inodes = 1e7,
          .problem = {},
          .sync_ms_median = 0.5,
          .sync_ms_worst = 2};
}
DiskFacts disk(const std::function<void(DiskFacts&)>& change) {
  DiskFacts facts = disk();
  change(facts);
  return facts;
}

MemberFacts member(std::optional<std::string> standing) {
  return {.key_dir = "/k",
          .found = true,
          .problem = {},
          .name = "worker-a",
          .role = "worker",
          .cluster = "c1",
          .enrolment = "tcp://h:8452",
          .standing = std::move(standing)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_doctor)

const Case<PortFacts> kPorts[] = {
    {"free", {8440, "REST API", "--listen", true}, Level::ok, "free", ""},
    {"held by the one that is meant to",
     {8440, "REST API", "--listen", false, true, 7, "windlass-gateway"},
     Level::ok,
     "pid 7",
     ""},
    {"held by another",
     {8440, "REST API", "--listen", false, false, 7, "nginx"},
     Level::fail,
     "pid 7 (nginx)",
     "kill 7, or choose another port: --listen"},
    {"held by who knows",
     {8440, "REST API", "--listen", false},
     Level::warn,
     "may not see",
     "ss -ltnp"},
};
BOOST_DATA_TEST_CASE(ports, bdata::make(kPorts), c) {
  check(judge(c.fact), c.level, c.found, c.next);
}

const Case<KeyFacts> kKeys[] = {
    {"for its owner only", {"/k", false, 0600, true}, Level::ok, "0600", ""},
    {"a folder", {"/k", true, 0700, true}, Level::ok, "0700", ""},
    {"others read", {"/k", false, 0604, true}, Level::fail, "every user", "chmod o= /k"},
    {"a folder that others pass through",
     {"/k", true, 0711, true},
     Level::fail,
     "every user",
     "/k"},
    {"the group reads", {"/k", false, 0640, true}, Level::warn, "group", "chmod g= /k"},
    {"not ours", {"/k", false, 0600, false}, Level::warn, "not readable", "as root"},
};
BOOST_DATA_TEST_CASE(keys, bdata::make(kKeys), c) {
  check(judge(c.fact), c.level, c.found, c.next);
}

const Case<MemberFacts> kMembers[] = {
    {"good", member("done"), Level::ok, "worker-a (worker) of cluster c1, its key is good", ""},
    {"revoked", member("revoked"), Level::fail, "which says: revoked", "token --role worker"},
    {"unknown", member("unknown_key"), Level::fail, "unknown_key", "empty /k"},
    {"another cluster", member("wrong_cluster"), Level::fail, "wrong_cluster", "empty /k"},
    {"the door is busy", member("busy"), Level::warn, "busy", "ask again"},
    {"the door is silent", member({}), Level::warn, "nobody answers at tcp://h:8452", "start the"},
    {"no key", {.key_dir = "/k"}, Level::warn, "no key in /k", "windlass cluster token"},
    {"unreadable", {.key_dir = "/k", .problem = "torn"}, Level::fail, "torn", "backup"},
};
BOOST_DATA_TEST_CASE(members, bdata::make(kMembers), c) {
  check(judge(c.fact), c.level, c.found, c.next);
}

const Case<ReachFacts> kReached[] = {
    {"answers", {"broker", "tcp://h:1", ""}, Level::ok, "tcp://h:1 answers", ""},
    {"does not", {"broker", "tcp://h:1", "refused"}, Level::fail, "tcp://h:1: refused", "firewall"},
};
BOOST_DATA_TEST_CASE(reached, bdata::make(kReached), c) {
  check(judge(c.fact), c.level, c.found, c.next);
}

const Case<ClockFacts> kClocks[] = {
    {"agrees", {true, "http://g", 0.4, ""}, Level::ok, "0.4 s ahead of http://g", ""},
    {"agrees without NTP", {false, "http://g", -0.4, ""}, Level::ok, "0.4 s behind", ""},
    {"off", {true, "http://g", 5.0, ""}, Level::warn, "5.0 s ahead", "start NTP"},
    {"far off", {true, "http://g", -90.0, ""}, Level::fail, "90.0 s behind", "start NTP"},
    {"kept, compared with nobody", {true, "", {}, ""}, Level::ok, "kept by NTP", ""},
    {"not kept, compared with nobody", {false, "", {}, ""}, Level::warn, "not kept", "--endpoint"},
    {"nothing is known", {{}, "", {}, ""}, Level::warn, "compared with nobody", "--endpoint"},
    {"a silent gateway", {false, "http://g", {}, "refused"}, Level::warn, "refused", "a gateway"},
};
BOOST_DATA_TEST_CASE(clocks, bdata::make(kClocks), c) {
  check(judge(c.fact), c.level, c.found, c.next);
}

const Case<DiskFacts> kRooms[] = {
    {"room", disk(), Level::ok, "/data (ext4): 100.0 GiB free", ""},
    {"not made yet", disk([](auto& d) { d.measured = "/"; }), Level::ok, "/data is not made", ""},
    {"little room", disk([](auto& d) { d.free_bytes = kGiB; }), Level::warn, "1.0 GiB", "room"},
    {"none", disk([](auto& d) { d.free_bytes = 1 << 20; }), Level::fail, "1 MiB", "make room"},
    {"few files", disk([](auto& d) { d.free_inodes = 500; }), Level::warn, "500 inodes", "files"},
    {"inodes are not counted", disk([](auto& d) { d.free_inodes = {}; }), Level::ok, "free", ""},
    {"over a network", disk([](auto& d) { d.remote = true; }), Level::fail, "", "local disk"},
    {"in memory", disk([](auto& d) { d.in_memory = true; }), Level::warn, "", "choose a disk"},
};
BOOST_DATA_TEST_CASE(rooms, bdata::make(kRooms), c) {
  check(judge(c.fact).at(0), c.level, c.found, c.next);
}

const Case<DiskFacts> kSyncs[] = {
    {"fast", disk(), Level::ok, "0.50 ms, 2.00 ms at worst", ""},
    {"slow", disk([](auto& d) { d.sync_ms_median = 30; }), Level::warn, "30.00 ms", "faster disk"},
    {"useless", disk([](auto& d) { d.sync_ms_median = 300; }), Level::fail, "300", "faster disk"},
    {"closed", disk([](auto& d) { d.problem = "denied"; }), Level::fail, "denied", "the folder"},
};
BOOST_DATA_TEST_CASE(syncs, bdata::make(kSyncs), c) {
  check(judge(c.fact).at(1), c.level, c.found, c.next);
}

struct Place {
  CgroupFacts cgroups;
  bool root;
};
const Case<Place> kCgroups[] = {
    {"v2", {{"/cg", true, true, "", false}, true}, Level::ok, "v2 in /cg: ", ""},
    {"v1 has limits, v2 none", {{"/cg", true, false, "/p", true}, true}, Level::ok, "v1 pids", ""},
    {"v2 without limits",
     {{"/cg", true, false, "", false}, true},
     Level::warn,
     "without the pids controller",
     "Delegate=yes"},
    {"read-only, root",
     {{"/cg", false, false, "", false}, true},
     Level::warn,
     "none that this process may write to",
     "in a container"},
    {"read-only, a user",
     {{"/cg", false, false, "", false}, false},
     Level::warn,
     "descent",
     "as root"},
    {"not mounted", {{}, true}, Level::warn, "not mounted", "mount -t cgroup2"},
};
BOOST_DATA_TEST_CASE(cgroups, bdata::make(kCgroups), c) {
  check(judge(c.fact.cgroups, {.root = c.fact.root}), c.level, c.found, c.next);
}

struct Limit {
  LimitFacts limits;
  std::size_t which;  // files, processes, address space
};
const Case<Limit> kLimits[] = {
    {"no limit of files", {{.files = 0}, 0}, Level::ok, "no limit", ""},
    {"enough files", {{.files = 65536}, 0}, Level::ok, "65536", ""},
    {"few files", {{.files = 4096}, 0}, Level::warn, "4096", "LimitNOFILE"},
    {"hardly a file", {{.files = 256}, 0}, Level::fail, "256", "LimitNOFILE"},
    {"enough processes",
     {{.processes = 32768, .processes_by = "x"}, 1},
     Level::ok,
     "32768 (x)",
     ""},
    {"few processes",
     {{.processes = 1000, .processes_by = "x"}, 1},
     Level::warn,
     "1000",
     "raise x"},
    {"hardly a process", {{.processes = 20, .processes_by = "x"}, 1}, Level::fail, "20", "raise x"},
    {"no limit of processes", {{}, 1}, Level::ok, "no limit", ""},
    {"all addresses", {{}, 2}, Level::ok, "no limit", ""},
    {"room for a map", {{.address_space = 400ULL << 30}, 2}, Level::ok, "400.0 GiB", ""},
    {"no room for two",
     {{.address_space = 400ULL << 30, .shards = 2}, 2},
     Level::fail,
     "2 shards map 516.0 GiB",
     "ulimit -v"},
};
BOOST_DATA_TEST_CASE(limits, bdata::make(kLimits), c) {
  check(judge(c.fact.limits).at(c.fact.which), c.level, c.found, c.next);
}

struct Who {
  UserFacts user;
  bool development;
};
const Case<Who> kUsers[] = {
    {"root with a user for tasks", {{true, "root", true}, false}, Level::ok, "windlass-task", ""},
    {"root without", {{true, "root", false}, false}, Level::warn, "nobody", "useradd"},
    {"root without, developing", {{true, "root", false}, true}, Level::ok, "nobody", ""},
    {"a user", {{false, "me", false}, false}, Level::warn, "me: tasks run as the same", "as root"},
    {"a user, developing", {{false, "me", false}, true}, Level::ok, "me: tasks run as", ""},
};
BOOST_DATA_TEST_CASE(users, bdata::make(kUsers), c) {
  check(judge(c.fact.user, c.fact.development), c.level, c.found, c.next);
}

const Case<RoleFacts> kRoles[] = {
    {"ready", {"broker", true, "", "/log"}, Level::ok, "ready", ""},
    {"not ready", {"broker", true, "no shard", "/log"}, Level::fail, "not ready: no shard", "/log"},
    {"gone", {"broker", false, "", "/log"}, Level::fail, "does not run", "/log"},
};
BOOST_DATA_TEST_CASE(roles, bdata::make(kRoles), c) {
  check(judge(c.fact), c.level, c.found, c.next);
}

BOOST_AUTO_TEST_CASE(all_is_judged_and_one_failure_is_a_failure) {
  Facts facts;
  facts.development = true;
  facts.data = "/d";
  facts.clock.synchronised = true;
  facts.disks.push_back(disk());
  facts.cgroups = {"/cg", true, true, "", false};
  facts.user = {true, "root", true};
  const Findings good = judge(facts);
  BOOST_TEST(good.size() == 9u);
  BOOST_TEST(has(good.front().next, "windlass dev --data /d --detach"), good.front().next);
  BOOST_TEST(!any_fails(good));
  facts.cluster_running = true;
  facts.roles.push_back({"broker", false, "", "/log"});
  BOOST_TEST(judge(facts).front().next == "");
  BOOST_TEST(any_fails(judge(facts)));
}

BOOST_AUTO_TEST_SUITE_END()
