#include "client/cli/dev/config.h"

#include "client/cli/dev/layout.h"
#include "runtime/paths.h"

namespace windlass::cli::dev {

runtime::OptionTable dev_options(DevConfig& config) {
  config.data = default_folder();
  config.programs = runtime::program_folder();
  runtime::OptionTable table("windlass dev", "DEV",
                             "Runs a whole cluster on this machine: broker, scheduler with two "
                             "shards, gateway and worker, each its own program, with a data folder "
                             "and a development account. Restarts what dies.");
  table
      .example("windlass dev --detach",
               "Starts in the background and returns when everything is ready.")
      .example("windlass dev --data ./try --port 0",
               "A second cluster beside the first, on a free port.")
      .example("windlass dev --executor null --nodes 1000",
               "Simulated nodes whose tasks end at once: measures the scheduler alone.")
      .example("windlass dev stop", "Ends the cluster; its data stays.");
  table
      .add({.name = "data",
            .target = &config.data,
            .meaning =
                "The data folder. Made when missing; a cluster's jobs, keys and blobs live here.",
            .value_name = "DIR",
            .default_text = "$XDG_DATA_HOME/windlass/dev, else ~/.local/share/windlass/dev; for "
                            "root /var/lib/windlass/dev"})
      .add({.name = "port",
            .target = &config.port,
            .meaning = "Port of the REST API on 127.0.0.1. 0 picks a free one.",
            .min = -1,
            .max = 65535,
            .default_text = "that of the last start, else 8440"})
      .add({.name = "blob-port",
            .target = &config.blob_port,
            .meaning = "Port of the embedded blob endpoint on 127.0.0.1. 0 picks a free one.",
            .min = -1,
            .max = 65535,
            .default_text = "that of the last start, else 8441 if --port is not given and it is "
                            "free, else a free one"})
      .add({.name = "workers",
            .target = &config.workers,
            .meaning = "Worker processes.",
            .min = 1,
            .max = 64})
      .add({.name = "nodes",
            .target = &config.nodes,
            .meaning = "Nodes that each worker offers, of any vmSize; they share this host.",
            .min = 1,
            .max = 1'000'000})
      .add({.name = "executor",
            .target = &config.executor,
            .meaning = "process runs tasks; null only says it did: they end at once with exit code "
                       "0 and start nothing.",
            .choices = {"process", "null"}})
      .add({.name = "shards",
            .target = &config.shards,
            .meaning = "Shards of the scheduler; fixed when the data folder is made.",
            .min = 1,
            .max = 64})
      .add({.name = "https",
            .target = &config.https,
            .meaning = "Serve the API over TLS, with a certificate of a development authority that "
                       "is made in the data folder."})
      .add({.name = "account",
            .target = &config.accounts,
            .meaning = "Accounts to make besides those that exist; the first is the one `windlass "
                       "env` prints.",
            .value_name = "NAME",
            .default_text = "windlass"})
      .add({.name = "set",
            .target = &config.settings,
            .meaning = "An option for a role, instead of its own or what dev gives it: "
                       "scheduler.lease-seconds=5.",
            .value_name = "ROLE.OPTION=VALUE"})
      .add({.name = "detach",
            .target = &config.detach,
            .meaning = "Go on in the background; return when ready.",
            .letter = 'd'})
      .add({.name = "timeout",
            .target = &config.timeout_seconds,
            .meaning = "How long the start may take.",
            .unit = "s",
            .min = 1})
      .add({.name = "programs",
            .target = &config.programs,
            .meaning = "Folder of windlass-broker and its kin.",
            .value_name = "DIR",
            .default_text = "where windlass is"});
  return table;
}

}  // namespace windlass::cli::dev
