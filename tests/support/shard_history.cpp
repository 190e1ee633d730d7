// What the shards of a stopped scheduler have recorded, held against the tables of
// model/state_machines.h: shard_history DATA_FOLDER. A line for each change of state that was seen
// (machine, from, to, how often); exit code 1 and sentences when one is in no table. With --tables
// it prints the tables instead: machine, from, to, what brings it about.
#include "model/state_machines.h"
#include "scheduler/journal/local_journal.h"
#include "scheduler/store/folder_copy.h"
#include "scheduler/store/shard_marks.h"
#include "scheduler/store/store.h"

#include <cstdio>
#include <exception>
#include <string>

namespace windlass::scheduler {
namespace {

int print_tables() {
  for (const StateMachine& machine : state_machines()) {
    for (const Move& move : machine.moves) {
      std::printf("%s\t%s\t%s\t%s\n", std::string(machine.name).c_str(),
                  std::string(move.from).c_str(), std::string(move.to).c_str(),
                  std::string(move.by).c_str());
    }
  }
  return 0;
}

MoveChecker read_journal(const std::string& folder) {
  const FolderFacts facts = check_copy(folder);
  StoreOptions options;
  options.folder = folder;
  options.shard = facts.shard;
  options.shards_total = facts.shards_total;
  options.generation = facts.generation;
  Store store(options);
  const auto batch = store.begin();
  LocalJournal journal(store);
  JournalPosition first = 0;
  journal.read(0, [&](const JournalRecord& record) {
    first = record.position;
    return false;
  });
  MoveChecker checker(first <= 1);
  journal.read(0, [&](const JournalRecord& record) {
    for (const ShardEvent& event : record.events) checker.see(event);
    return true;
  });
  return checker;
}

int check(const std::string& data_folder) {
  int status = 0;
  for (const ShardId shard : shards_in(data_folder)) {
    const MoveChecker checker = read_journal(shard_folder(data_folder, shard));
    for (const auto& [move, times] : checker.seen()) {
      const auto& [machine, from, to] = move;
      std::printf("%s\t%s\t%s\t%llu\n", machine.c_str(), from.c_str(), to.c_str(),
                  static_cast<unsigned long long>(times));
    }
    for (const std::string& sentence : checker.undocumented()) {
      std::fprintf(stderr, "shard %u: %s\n", unsigned{shard}, sentence.c_str());
      status = 1;
    }
  }
  return status;
}

}  // namespace
}  // namespace windlass::scheduler

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: shard_history DATA_FOLDER | --tables\n", stderr);
    return 2;
  }
  try {
    if (std::string(argv[1]) == "--tables") return windlass::scheduler::print_tables();
    return windlass::scheduler::check(argv[1]);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 2;
  }
}
