// windlass admin: what an operator does on a control host, with the files of its schedulers.
#include "client/cli/command.h"
#include "members/directory_file.h"
#include "model/time_text.h"
#include "runtime/clock.h"
#include "runtime/paths.h"
#include "runtime/refusal.h"
#include "scheduler/admin/backup.h"
#include "scheduler/admin/shard_move.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using members::DirectoryFile;
using runtime::ConfigError;
using runtime::OptionTable;
using scheduler::FolderFacts;

constexpr char kManifest[] = "/backup.json";

const std::vector<Column> kShardColumns = {
    {"SHARD", "shard"}, {"GENERATION", "generation"}, {"POOLS", "pools"},
    {"JOBS", "jobs"},   {"OPEN TASKS", "openTasks"},  {"COMPLETED TASKS", "completedTasks"},
    {"ROWS", "rows"}};

json::value shard_json(const FolderFacts& facts) {
  return json::object{{"shard", facts.shard},
                      {"shardsTotal", facts.shards_total},
                      {"generation", facts.generation},
                      {"epoch", facts.epoch},
                      {"events", facts.events},
                      {"pools", facts.pools},
                      {"jobs", facts.jobs},
                      {"openTasks", facts.open_tasks},
                      {"completedTasks", facts.completed_tasks},
                      {"rows", facts.rows}};
}

json::array shards_json(const std::vector<FolderFacts>& shards) {
  json::array out;
  for (const FolderFacts& facts : shards) out.push_back(shard_json(facts));
  return out;
}

// What was found must be what the backup wrote down when it ended.
void compare_with_manifest(const std::string& backup, const std::vector<FolderFacts>& shards) {
  const std::string path = backup + kManifest;
  if (!std::filesystem::exists(path))
    throw runtime::StartRefused(path + " is missing: the backup did not come to its end");
  json::array written;
  try {
    written = json::parse(runtime::read_file(path)).as_object().at("shards").as_array();
  } catch (const std::exception& error) {
    throw runtime::StartRefused(path + " cannot be read: " + error.what());
  }
  json::array found = shards_json(shards);
  const auto by_shard = [](const json::value& a, const json::value& b) {
    return a.at("shard").to_number<std::int64_t>() < b.at("shard").to_number<std::int64_t>();
  };
  std::sort(written.begin(), written.end(), by_shard);
  if (json::serialize(written) != json::serialize(found))
    throw runtime::StartRefused(backup + " does not hold what its backup.json says");
}

// Errors of the store are told like other refusals: one line, and the exit code of a conflict.
template <class Work>
auto refused_when_it_fails(Work work) {
  try {
    return work();
  } catch (const scheduler::StoreError& error) {
    throw runtime::StartRefused(error.what());
  }
}

int admin_backup(const std::vector<std::string>& arguments) {
  std::vector<std::string> data_dirs;
  std::string to;
  std::string format = "table";
  OptionTable table("windlass admin backup", "",
                    "Copies the shards of this host while their schedulers use them, and checks "
                    "every row of the copy. Everything that was acknowledged before the command "
                    "began is in it. Run it as root or as the schedulers' user.");
  table
      .add({.name = "data-dir",
            .target = &data_dirs,
            .meaning = "Data folder of a scheduler; repeat it for each on this host.",
            .required = true,
            .value_name = "DIR"})
      .add({.name = "to",
            .target = &to,
            .meaning = "Folder for the backup; it must be new or empty.",
            .required = true,
            .value_name = "DIR"});
  add_output_option(table, format);
  table.example("windlass admin backup --data-dir /var/lib/windlass/scheduler --to /backup/monday",
                "hot: nothing is stopped. Copy the cluster's folder and the blobs beside it");
  if (const auto code = load_command(table, arguments)) return *code;
  const WallTime begun = runtime::wall_now();
  const auto shards = refused_when_it_fails([&] {
    return scheduler::back_up(data_dirs, to, [](const FolderFacts& facts) {
      std::fprintf(stderr, "shard %u: %llu rows copied and checked\n", facts.shard,
                   static_cast<unsigned long long>(facts.rows));
    });
  });
  const json::object manifest{
      {"format", 1}, {"begun", timestamp_text(begun)}, {"shards", shards_json(shards)}};
  runtime::write_file_atomically(to + kManifest, pretty_json(manifest), 0600);
  const json::array rows = shards_json(shards);
  print(rows_text(format_named(format), kShardColumns, {rows.begin(), rows.end()}));
  return kOk;
}

int admin_verify(const std::vector<std::string>& arguments) {
  std::string backup;
  std::string format = "table";
  OptionTable table("windlass admin verify", "",
                    "Reads every row of a backup again and compares with what it wrote down.");
  table.add({.name = "backup",
             .target = &backup,
             .meaning = "Folder of the backup.",
             .positional = true,
             .required = true});
  add_output_option(table, format);
  table.example("windlass admin verify /backup/monday", "exit code 0 when it can be restored");
  if (const auto code = load_command(table, arguments)) return *code;
  const auto shards = refused_when_it_fails([&] { return scheduler::check_backup(backup); });
  compare_with_manifest(backup, shards);
  const json::array rows = shards_json(shards);
  print(rows_text(format_named(format), kShardColumns, {rows.begin(), rows.end()}));
  return kOk;
}

ClusterGeneration next_generation(const std::vector<FolderFacts>& shards,
                                  const std::string& cluster_dir, std::int64_t wanted) {
  ClusterGeneration last = 0;
  for (const FolderFacts& facts : shards) last = std::max(last, facts.generation);
  if (!cluster_dir.empty()) last = std::max(last, DirectoryFile(cluster_dir).load().generation);
  if (wanted == 0) return last + 1;
  if (static_cast<ClusterGeneration>(wanted) > last) return static_cast<ClusterGeneration>(wanted);
  throw ConfigError("--generation " + std::to_string(wanted) + " is not new: it must be above " +
                    std::to_string(last));
}

int admin_restore(const std::vector<std::string>& arguments) {
  std::vector<std::string> backups;
  std::string data_dir;
  std::string cluster_dir;
  std::int64_t generation = 0;
  std::string format = "table";
  OptionTable table(
      "windlass admin restore", "",
      "Makes the shards anew from backups, as a new generation of the cluster: processes of the "
      "old one are refused, workers that come back wipe their nodes, and tasks that were running "
      "run again. Stop the old cluster first.");
  table
      .add({.name = "from",
            .target = &backups,
            .meaning = "Folder of a backup; repeat it until all shards are named.",
            .required = true,
            .value_name = "DIR"})
      .add({.name = "data-dir",
            .target = &data_dir,
            .meaning = "Data folder for a scheduler; it must have no shards.",
            .required = true,
            .value_name = "DIR"})
      .add({.name = "cluster-dir",
            .target = &cluster_dir,
            .meaning = "The cluster's folder, in which the new generation is written down.",
            .value_name = "DIR"})
      .add({.name = "generation",
            .target = &generation,
            .meaning = "The new generation. 0: one above the last.",
            .min = 0});
  add_output_option(table, format);
  table.example(
      "windlass admin restore --from /backup/monday --data-dir /var/lib/windlass/scheduler "
      "--cluster-dir /srv/windlass",
      "then start brokers, schedulers, gateways and workers");
  if (const auto code = load_command(table, arguments)) return *code;
  const auto restored = refused_when_it_fails([&] {
    std::vector<FolderFacts> shards;
    for (const std::string& backup : backups) {
      const auto some = scheduler::check_backup(backup);
      compare_with_manifest(backup, some);
      shards.insert(shards.end(), some.begin(), some.end());
    }
    const ClusterGeneration next = next_generation(shards, cluster_dir, generation);
    generation = static_cast<std::int64_t>(next);
    return scheduler::restore(backups, data_dir, next, runtime::wall_now());
  });
  if (!cluster_dir.empty()) {
    DirectoryFile(cluster_dir).update([&](MemberDirectory& directory) {
      directory.generation = static_cast<ClusterGeneration>(generation);
      return true;
    });
  } else {
    std::fprintf(stderr,
                 "Start every broker, scheduler, gateway and worker of an open bus with "
                 "--cluster-generation %lld.\n",
                 static_cast<long long>(generation));
  }
  print(object_text(format_named(format),
                    json::object{{"generation", generation},
                                 {"shards", restored.shards.size()},
                                 {"nodesGivenUp", restored.nodes_given_up},
                                 {"jobIdsDropped", restored.reservations_dropped},
                                 {"jobIdsMade", restored.reservations_made},
                                 {"jobsSuperseded", restored.jobs_superseded}}));
  return kOk;
}

struct ShardOption {
  std::int64_t shard = -1;
  std::int64_t patience_seconds = 60;

  void add_to(OptionTable& table) {
    table.add({.name = "shard",
               .target = &shard,
               .meaning = "Number of the shard.",
               .min = 0,
               .max = 4095,
               .positional = true,
               .required = true});
  }
  void add_patience_to(OptionTable& table) {
    table.add(
        {.name = "patience-seconds",
         .target = &patience_seconds,
         .meaning = "How long the scheduler may take to let go; then the shard stays with it.",
         .unit = "seconds",
         .min = 1,
         .max = 3600});
  }
  ShardId id() const { return static_cast<ShardId>(shard); }
  std::chrono::milliseconds patience() const { return std::chrono::seconds(patience_seconds); }
};

int admin_shard_move(const std::vector<std::string>& arguments) {
  ShardOption option;
  std::string from;
  std::string to;
  OptionTable table(
      "windlass admin shard move", "",
      "Moves a shard between schedulers of this host while both run. Clients are told "
      "503 for it for a second or two, and running tasks go on. Run it again when it "
      "was cut short.");
  option.add_to(table);
  table
      .add({.name = "from",
            .target = &from,
            .meaning = "Data folder of the scheduler that has it.",
            .required = true,
            .value_name = "DIR"})
      .add({.name = "to",
            .target = &to,
            .meaning = "Data folder of the scheduler that gets it.",
            .required = true,
            .value_name = "DIR"});
  option.add_patience_to(table);
  table.example(
      "windlass admin shard move 3 --from /var/lib/windlass/scheduler/1 --to "
      "/var/lib/windlass/scheduler/2",
      "shard 3 is served from the second folder from now on, also after restarts");
  if (const auto code = load_command(table, arguments)) return *code;
  refused_when_it_fails([&] {
    scheduler::move_shard(option.id(), from, to, option.patience());
    return 0;
  });
  print("shard " + std::to_string(option.shard) + " is served from " + to + " now\n");
  return kOk;
}

int admin_shard_release(const std::vector<std::string>& arguments) {
  ShardOption option;
  std::string data_dir;
  std::string to;
  std::string format = "table";
  OptionTable table("windlass admin shard release", "",
                    "Takes a shard away from the scheduler of this host, which goes on with its "
                    "others, and leaves a checked copy to be carried to another host. The shard is "
                    "away until it is adopted there.");
  option.add_to(table);
  table
      .add({.name = "data-dir",
            .target = &data_dir,
            .meaning = "Data folder of the scheduler that has it.",
            .required = true,
            .value_name = "DIR"})
      .add({.name = "to",
            .target = &to,
            .meaning = "Folder for the copy.",
            .required = true,
            .value_name = "DIR"});
  option.add_patience_to(table);
  add_output_option(table, format);
  table.example(
      "windlass admin shard release 3 --data-dir /var/lib/windlass/scheduler --to "
      "/tmp/shard-3",
      "then copy the folder to the other host and adopt it there");
  if (const auto code = load_command(table, arguments)) return *code;
  const FolderFacts facts = refused_when_it_fails(
      [&] { return scheduler::release_shard(option.id(), data_dir, to, option.patience()); });
  print(object_text(format_named(format), shard_json(facts)));
  return kOk;
}

int admin_shard_adopt(const std::vector<std::string>& arguments) {
  ShardOption option;
  std::string from;
  std::string data_dir;
  std::string format = "table";
  OptionTable table("windlass admin shard adopt", "",
                    "Gives a shard that was released on another host to the scheduler of this one, "
                    "running or not. A copy can be adopted once.");
  option.add_to(table);
  table
      .add({.name = "from",
            .target = &from,
            .meaning = "The copy that was carried here.",
            .required = true,
            .value_name = "DIR"})
      .add({.name = "data-dir",
            .target = &data_dir,
            .meaning = "Data folder of the scheduler that gets it.",
            .required = true,
            .value_name = "DIR"});
  add_output_option(table, format);
  table.example(
      "windlass admin shard adopt 3 --from /tmp/shard-3 --data-dir "
      "/var/lib/windlass/scheduler",
      "the scheduler opens it within a second");
  if (const auto code = load_command(table, arguments)) return *code;
  const FolderFacts facts =
      refused_when_it_fails([&] { return scheduler::adopt_shard(option.id(), from, data_dir); });
  print(object_text(format_named(format), shard_json(facts)));
  return kOk;
}

}  // namespace

std::vector<Command> admin_commands() {
  return {{"admin backup", "Copies a host's shards while they are in use.", admin_backup},
          {"admin verify", "Checks every row of a backup.", admin_verify},
          {"admin restore", "Makes the shards anew from backups.", admin_restore},
          {"admin shard move", "Moves a shard between schedulers of a host.", admin_shard_move},
          {"admin shard release", "Takes a shard away, for another host.", admin_shard_release},
          {"admin shard adopt", "Gives a released shard to this host.", admin_shard_adopt}};
}

}  // namespace windlass::cli
