#include "client/cli/doctor/judge.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace windlass::cli::doctor {
namespace {

constexpr unsigned kOthersMay = 0007;
constexpr unsigned kGroupMay = 0070;
constexpr double kClockWarn_s = 2;   // the Date header has whole seconds
constexpr double kClockFail_s = 60;  // signed requests are refused from 15 minutes on
constexpr double kMebibyte = 1024.0 * 1024;
constexpr double kGibibyte = 1024 * kMebibyte;
constexpr double kFreeWarn = 2 * kGibibyte;  // as the alert WindlassFolderNearlyFull
constexpr double kFreeFail = 256 * kMebibyte;
constexpr double kInodesWarn = 100'000;
constexpr double kSyncWarn_ms = 20;
constexpr double kSyncFail_ms = 250;  // as the alert WindlassStorageSlow
constexpr std::uint64_t kFilesWarn = 65'536;
constexpr std::uint64_t kFilesFail = 1'024;
constexpr std::uint64_t kProcessesWarn = 4'096;
constexpr std::uint64_t kProcessesFail = 256;
constexpr std::uint64_t kMapOfAShard = 256ULL << 30;  // scheduler/store maps as much
constexpr std::uint64_t kBesidesMaps = 4ULL << 30;

std::string number(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string bytes_text(double bytes) {
  return bytes >= kGibibyte ? number(bytes / kGibibyte, "%.1f GiB")
                            : number(bytes / kMebibyte, "%.0f MiB");
}

std::string octal(unsigned mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

std::string rejoin(const MemberFacts& member) {
  return "empty " + member.key_dir + " and join with a new token: windlass cluster token --role " +
         member.role + ", on the control host";
}

}  // namespace

std::string_view to_string(Level level) {
  return level == Level::ok ? "ok" : level == Level::warn ? "warn" : "fail";
}

Finding judge(const PortFacts& port) {
  const std::string number = std::to_string(port.port);
  Finding finding{Level::ok, "port " + number, port.use + ": free", {}};
  if (port.free) return finding;
  if (port.pid == 0) {
    finding.level = Level::warn;
    finding.found = port.use + ": held by a process that this user may not see";
    finding.next = "see who it is: sudo ss -ltnp 'sport = :" + number + "'";
    return finding;
  }
  const std::string pid = std::to_string(port.pid);
  if (port.ours) {
    finding.found = port.use + ": held by the process that is meant to, pid " + pid;
    return finding;
  }
  finding.found = port.use + ": held by pid " + pid + " (" + port.command + ")";
  finding.level = Level::fail;
  finding.next = "stop it: kill " + pid + ", or choose another port: " + port.option;
  return finding;
}

Finding judge(const KeyFacts& key) {
  Finding finding{Level::ok, key.is_folder ? "key folder" : "key", {}, {}};
  finding.found = key.path + ": mode " + octal(key.mode);
  if ((key.mode & kOthersMay) != 0) {
    finding.level = Level::fail;
    finding.found += ", open to every user of this host";
    finding.next = "chmod o= " + key.path + "; if others use this host, make new keys";
  } else if ((key.mode & kGroupMay) != 0) {
    finding.level = Level::warn;
    finding.found += ", open to its group";
    finding.next = "chmod g= " + key.path + ", unless the group is the one the role runs as";
  } else if (!key.readable) {
    finding.level = Level::warn;
    finding.found += ", not readable by this user";
    finding.next = "run windlass doctor as the user that the role runs as, or as root";
  }
  return finding;
}

Finding judge(const MemberFacts& member) {
  Finding finding{Level::ok, "member", {}, {}};
  if (!member.problem.empty())
    return {Level::fail, "member", member.problem,
            "restore the key folder from a backup, or empty it and join with a new token"};
  if (!member.found)
    return {Level::warn, "member", "no key in " + member.key_dir + ": the bus is open here",
            "fine on loopback; else join: windlass cluster token, on the control host "
            "(docs/JOINING.md)"};
  finding.found = member.name + " (" + member.role + ") of cluster " + member.cluster;
  if (!member.standing) {
    finding.level = Level::warn;
    finding.found += "; nobody answers at " + member.enrolment;
    finding.next =
        "start the broker with --cluster-dir; until then the brokers known last are used";
  } else if (*member.standing == "busy") {
    finding.level = Level::warn;
    finding.found += "; " + member.enrolment + " is busy";
    finding.next = "ask again";
  } else if (*member.standing != "done") {
    finding.level = Level::fail;
    finding.found += ", which says: " + *member.standing;
    finding.next = rejoin(member);
  } else {
    finding.found += ", its key is good";
  }
  return finding;
}

Finding judge(const ReachFacts& reached) {
  if (reached.problem.empty()) return {Level::ok, reached.what, reached.endpoint + " answers", {}};
  return {Level::fail, reached.what, reached.endpoint + ": " + reached.problem,
          "does it run, does it listen there (--bus-bind, --bulk-bind), does a firewall let this "
          "host through?"};
}

Finding judge(const ClockFacts& clock) {
  Finding finding{Level::ok, "clock", {}, {}};
  const std::string ntp =
      "start NTP and look: timedatectl set-ntp true, or chronyd; then chronyc tracking";
  if (clock.ahead_seconds) {
    const double off = std::abs(*clock.ahead_seconds);
    finding.found = number(off, "%.1f s ") + (*clock.ahead_seconds >= 0 ? "ahead of " : "behind ") +
                    clock.gateway;
    if (off > kClockWarn_s) {
      finding.level = off > kClockFail_s ? Level::fail : Level::warn;
      finding.next = ntp;
      return finding;
    }
  } else {
    finding.found = clock.gateway.empty() ? "compared with nobody"
                                          : clock.gateway + " gave no time: " + clock.problem;
  }
  if (clock.synchronised) {
    finding.found += *clock.synchronised ? "; kept by NTP, says the kernel"
                                         : "; not kept by NTP, says the kernel";
  }
  const bool kept = clock.synchronised.value_or(false);
  if (!clock.ahead_seconds && !kept) {
    finding.level = Level::warn;
    finding.next = clock.gateway.empty() ? "compare it: windlass doctor --endpoint URL"
                                         : "is that the URL of a gateway, and does it run?";
  }
  return finding;
}

Findings judge(const DiskFacts& disk) {
  Finding room{Level::ok, "disk", {}, {}};
  room.found = disk.measured + " (" +
               (disk.file_system.empty() ? "unknown file system" : disk.file_system) +
               "): " + bytes_text(disk.free_bytes) + " free";
  if (disk.measured != disk.folder) room.found += "; " + disk.folder + " is not made yet";
  if (disk.remote) {
    room.level = Level::fail;
    room.next = "choose a local disk: LMDB and locks do not hold on a network file system";
  } else if (disk.free_bytes < kFreeFail) {
    room.level = Level::fail;
    room.next = "make room: with so little, shards refuse work and workers start nothing";
  } else if (disk.free_bytes < kFreeWarn) {
    room.level = Level::warn;
    room.next = "make room: task folders and blobs stay until they are deleted";
  } else if (disk.free_inodes && *disk.free_inodes < kInodesWarn) {
    room.level = Level::warn;
    room.found += number(*disk.free_inodes, ", %.0f inodes free");
    room.next = "make room for files: a task has about ten";
  } else if (disk.in_memory) {
    room.level = Level::warn;
    room.next = "choose a disk: what is in memory is gone with the power";
  }
  if (!disk.problem.empty())
    return {
        room,
        {Level::fail, "sync", "nothing can be written to " + disk.measured + ": " + disk.problem,
         "give the folder to the user that the role runs as, or run windlass doctor as that "
         "user"}};
  Finding sync{Level::ok, "sync", {}, {}};
  sync.found = number(disk.sync_ms_median, "fdatasync takes %.2f ms") +
               number(disk.sync_ms_worst, ", %.2f ms at worst");
  if (disk.sync_ms_median > kSyncWarn_ms) {
    sync.level = disk.sync_ms_median > kSyncFail_ms ? Level::fail : Level::warn;
    sync.next =
        "everything waits for commits: give schedulers a faster disk, or find who else "
        "writes to this one (iostat -x 1)";
  }
  return {room, sync};
}

Finding judge(const CgroupFacts& cgroups, const UserFacts& user) {
  Finding finding{Level::ok, "cgroups", {}, {}};
  // The worker's own order: limits first, then v2.
  if (cgroups.v2_writable && cgroups.v2_limits) {
    finding.found = "v2 in " + cgroups.v2 + ": tasks are held together and limited in processes";
  } else if (cgroups.v1_writable) {
    finding.found = "v1 pids in " + cgroups.v1 +
                    ": tasks are held together and limited in "
                    "processes";
  } else if (cgroups.v2_writable) {
    finding.level = Level::warn;
    finding.found = "v2 in " + cgroups.v2 +
                    " without the pids controller: tasks are held together, "
                    "a fork bomb is stopped by the user's limit only";
    finding.next =
        "delegate the controller: Delegate=yes in the unit, as windlass-worker.service "
        "has it";
  } else {
    finding.level = Level::warn;
    const bool mounted = !cgroups.v2.empty() || !cgroups.v1.empty();
    finding.found =
        std::string(mounted ? "none that this process may write to" : "not mounted here") +
        ": tasks are told apart by session, descent and environment; limits of "
        "processes count the whole user";
    finding.next = !mounted    ? "mount them: mount -t cgroup2 none /sys/fs/cgroup"
                   : user.root ? "in a container: give it a writable hierarchy of its own "
                                 "(docker/README.md)"
                               : "run the worker as root, or by systemd-run --user --scope "
                                 "-p Delegate=yes";
  }
  return finding;
}

Findings judge(const LimitFacts& limits) {
  Finding files{Level::ok, "open files", {}, {}};
  files.found = limits.files == 0 ? "no limit" : "at most " + std::to_string(limits.files);
  if (limits.files != 0 && limits.files < kFilesWarn) {
    files.level = limits.files < kFilesFail ? Level::fail : Level::warn;
    files.next =
        "raise it: LimitNOFILE=65536 in the unit, or ulimit -Hn 65536; a gateway has one "
        "for each client, a worker several for each task";
  }
  Finding processes{Level::ok, "processes", {}, {}};
  processes.found = limits.processes == 0 ? "no limit"
                                          : "at most " + std::to_string(limits.processes) + " (" +
                                                limits.processes_by + ")";
  if (limits.processes != 0 && limits.processes < kProcessesWarn) {
    processes.level = limits.processes < kProcessesFail ? Level::fail : Level::warn;
    processes.next = "raise " + limits.processes_by + ": every task is at least one process";
  }
  Finding space{Level::ok, "address space", "no limit", {}};
  const std::uint64_t needed = limits.shards * kMapOfAShard + kBesidesMaps;
  if (limits.address_space != 0) {
    space.found = "at most " + bytes_text(static_cast<double>(limits.address_space));
    if (limits.address_space < needed) {
      space.level = Level::fail;
      space.found += "; " + std::to_string(limits.shards) +
                     (limits.shards == 1 ? " shard maps " : " shards map ") +
                     bytes_text(static_cast<double>(needed));
      space.next = "lift it where schedulers run: ulimit -v unlimited, LimitAS=infinity";
    }
  }
  return {files, processes, space};
}

Finding judge(const UserFacts& user, bool development) {
  if (user.root && user.task_user)
    return {Level::ok,
            "user",
            "root: tasks run as windlass-task and can read nothing of the roles",
            {}};
  if (user.root)
    return {development ? Level::ok : Level::warn, "user",
            "root, and there is no user windlass-task: tasks run as nobody",
            development ? "" : "make it: useradd --system --no-create-home windlass-task"};
  return {development ? Level::ok : Level::warn, "user",
          user.name + ": tasks run as the same user and can read what the roles keep",
          development ? ""
                      : "start workers as root (windlass-worker.service), so that tasks get a "
                        "user of their own"};
}

Finding judge(const RoleFacts& role) {
  if (!role.running)
    return {Level::fail, role.name, "does not run", "the end of its log says why: " + role.log};
  if (!role.problem.empty())
    return {Level::fail, role.name, "not ready: " + role.problem,
            "wait a moment; if it stays so, its log says more: " + role.log};
  return {Level::ok, role.name, "ready", {}};
}

Findings judge(const Facts& facts) {
  Findings all;
  const auto add = [&all](Findings more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  };
  if (facts.development) {
    if (facts.cluster_running)
      all.push_back({Level::ok, "cluster", "runs in " + facts.data, {}});
    else
      all.push_back(
          {Level::ok, "cluster",
           (facts.cluster_known ? "does not run; its data is in " : "there is none yet in ") +
               facts.data,
           "start it: windlass dev --data " + facts.data + " --detach"});
  }
  for (const RoleFacts& role : facts.roles) all.push_back(judge(role));
  for (const PortFacts& port : facts.ports) all.push_back(judge(port));
  for (const KeyFacts& key : facts.keys) all.push_back(judge(key));
  if (facts.member) all.push_back(judge(*facts.member));
  for (const ReachFacts& reached : facts.reached) all.push_back(judge(reached));
  all.push_back(judge(facts.clock));
  for (const DiskFacts& disk : facts.disks) add(judge(disk));
  all.push_back(judge(facts.cgroups, facts.user));
  add(judge(facts.limits));
  all.push_back(judge(facts.user, facts.development));
  return all;
}

bool any_fails(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.level == Level::fail; });
}

}  // namespace windlass::cli::doctor
