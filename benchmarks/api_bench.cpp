// Times the hot paths of the REST contract alone: no network, no scheduler.
//
//   api_bench [rounds]
//
// Prints one line of JSON with microseconds for 100 tasks (nanoseconds for one filter match), by
// the CPU time of this process, so that neighbours on the machine do not count.
#include "api/parse_task.h"
#include "api/write_task.h"
#include "query/properties.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

using namespace windlass;

constexpr int kTasks = 100;

double cpu_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <class Work>
double microseconds_each(int rounds, Work&& work) {
  const double before = cpu_microseconds();
  for (int i = 0; i < rounds; ++i) work();
  return (cpu_microseconds() - before) / rounds;
}

std::string collection() {
  std::string body = R"({"value":[)";
  for (int i = 0; i < kTasks; ++i) {
    if (i != 0) body += ',';
    body += R"({"id":"task-)" + std::to_string(i) + R"(","commandLine":"/bin/true",)" +
            R"("requiredSlots":1,"constraints":{"maxTaskRetryCount":3}})";
  }
  return body + "]}";
}

TaskRecord completed_task() {
  TaskRecord task;
  task.id = "task-17";
  task.state = TaskState::completed;
  task.previous_state = TaskState::running;
  task.previous_state_time = task.start_time = task.end_time = WallTime{1};
  task.exit_code = 1;
  task.result = ExecutionResult::failure;
  task.node = TaskNode{"pool", "tvmps_0123456789abcdef_d", 1};
  return task;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5000;
  if (rounds < 1) {
    std::fprintf(stderr, "usage: api_bench [rounds]\n");
    return 2;
  }
  const std::string body = collection();
  const api::Viewer viewer{"http://127.0.0.1:8080", {}};
  const TaskRecord task = completed_task();
  const TaskDocument document = api::parse_add_task_collection(body)->front().task->document;
  const query::Filter filter =
      query::parse_filter("state eq 'completed' and executionInfo/exitCode ne 0",
                          query::task_filter_schema())
          .value();
  std::size_t seen = 0;
  std::string out;

  const double parse =
      microseconds_each(rounds, [&] { seen += api::parse_add_task_collection(body)->size(); });
  const double outcomes = microseconds_each(rounds, [&] {
    out = "[";
    for (int i = 0; i < kTasks; ++i) {
      api::write_task_outcome(out, "job", task.id, TaskOutcome{}, 1, viewer, "", WallTime{1});
    }
    seen += out.size();
  });
  const double show = microseconds_each(rounds, [&] {
    out = "[";
    for (int i = 0; i < kTasks; ++i) api::write_task(out, task, &document, "job", 1, viewer);
    seen += out.size();
  });
  const double match = microseconds_each(rounds, [&] {
    for (int i = 0; i < 1000; ++i) seen += query::matches(filter, task) ? 1 : 0;
  });

  std::printf(
      "{\"parse_100_us\":%.1f,\"outcomes_100_us\":%.1f,\"show_100_us\":%.1f,"
      "\"match_ns\":%.1f,\"seen\":%zu}\n",
      parse, outcomes, show, match, seen);
  return 0;
}
