#include "runtime/folder_lock.h"
#include "runtime/program.h"
#include "worker/exec/spawner_main.h"
#include "worker/files/service_logs.h"
#include "worker/loop.h"
#include "worker/worker_config.h"

#include <sys/stat.h>

#include <cstring>

int main(int argc, char** argv) {
  using namespace windlass;
  // Before anything else: the process that starts tasks must have no threads and a small heap.
  if (argc > 1 && std::strcmp(argv[1], "--spawner") == 0)
    return worker::exec::spawner_main(argc, argv);

  worker::WorkerConfig config;
  runtime::OptionTable options = worker::worker_options(config);
  return runtime::run_program(options, config.common, argc, argv, [&](runtime::Program& program) {
    ::umask(022);  // the modes of the nodes' folders are meant as they are written
    const runtime::FolderLock lock(config.data_dir, "--data-dir");
    program.log.keep_in({.folder = worker::log_folder(config),
                         .name = std::string(worker::kWorkerLogName),
                         .bytes_max = static_cast<std::uint64_t>(config.log_file_bytes_max),
                         .older_parts = worker::kOlderLogParts});
    worker::Loop loop(config, program);
    return loop.run();
  });
}
