#include "simulator/options.h"

namespace windlass::simulator {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string number(std::string_view name, std::int64_t value) {
  return " " + std::string(name) + "=" + std::to_string(value);
}

std::string ms(std::string_view name, Duration value) {
  return number(name, std::chrono::duration_cast<milliseconds>(value).count()) + "ms";
}

// A kind of fault is absent in about half of the worlds.
Duration sometimes(Random& random, Duration shortest, Duration longest) {
  const Duration every = random.between(shortest, longest);
  return random.chance(500) ? every : Duration{};
}

int sometimes(Random& random, int most) {
  const auto rate = static_cast<int>(random.between(1, most));
  return random.chance(500) ? rate : 0;
}

}  // namespace

Options draw_options(std::uint64_t seed) {
  Random random(seed ^ 0x5bd1e995u);
  Options options;
  options.seed = seed;
  options.shards = static_cast<int>(random.between(2, 3));
  options.one_scheduler = random.chance(250);
  options.workers = static_cast<int>(random.between(1, 3));
  options.clients = static_cast<int>(random.between(1, 3));
  options.offers = static_cast<int>(random.between(1, 4));
  options.slots = static_cast<int>(random.between(1, 4));
  options.jobs = static_cast<int>(random.between(1, 4));
  options.tasks = static_cast<int>(random.between(5, 80));
  options.lease = random.between(seconds(5), seconds(30));
  options.safety_phase = random.between(seconds(30), seconds(180));
  options.batch_messages_max = random.chance(200) ? 1 : 20'000;
  options.commit_time_max = milliseconds(random.chance(200) ? 400 : 3);
  options.task_time_max = random.between(milliseconds(10), seconds(random.chance(200) ? 60 : 20));
  options.client_patience = random.between(seconds(2), seconds(60));

  options.loss = sometimes(random, 100);
  options.duplication = sometimes(random, 100);
  options.slow = sometimes(random, 50);
  options.delay_max = random.between(milliseconds(1), milliseconds(20));
  options.slow_max = random.between(milliseconds(100), seconds(random.chance(250) ? 20 : 4));
  options.reordering = random.chance(500);

  options.cut_every = sometimes(random, seconds(3), seconds(60));
  options.partition_every = sometimes(random, seconds(5), seconds(90));
  options.crash_every = sometimes(random, seconds(5), seconds(60));
  options.freeze_every = sometimes(random, seconds(5), seconds(90));
  options.host_crash_every = sometimes(random, seconds(20), seconds(120));
  options.clock_step_every = sometimes(random, seconds(10), seconds(90));
  options.parting_every = sometimes(random, seconds(20), seconds(120));
  const int often = random.chance(250) ? 400 : 50;
  options.commit_fails = sometimes(random, often);
  options.fade_every = sometimes(random, seconds(10), seconds(60));
  options.drift_max = random.chance(500) ? 1000 : 0;
  options.restless_pools = random.chance(250);
  options.two_accounts = random.chance(300);
  options.start_tasks = sometimes(random, 600);
  options.file_failures = sometimes(random, 100);
  options.move_every = sometimes(random, seconds(10), seconds(60));
  options.spot_nodes = random.chance(200);
  return options;
}

std::string Options::text() const {
  std::string text = "options:";
  text += number("shards", shards) + number("one_scheduler", one_scheduler ? 1 : 0);
  text += number("brokers", brokers) + number("workers", workers) + number("clients", clients);
  text += number("offers", offers) + number("slots", slots) + number("jobs", jobs);
  text += number("tasks", tasks) + ms("lease", lease) + ms("safety_phase", safety_phase);
  text += number("batch", static_cast<std::int64_t>(batch_messages_max));
  text += ms("commit_max", commit_time_max) + ms("task_max", task_time_max);
  text += number("spot_nodes", spot_nodes ? 1 : 0);
  text += number("restless_pools", restless_pools ? 1 : 0);
  text += number("two_accounts", two_accounts ? 1 : 0) + number("start_tasks", start_tasks);
  text += number("file_failures", file_failures) + ms("move_every", move_every);
  text += ms("patience", client_patience) + number("loss", loss);
  text += number("duplication", duplication) + number("slow", slow) + ms("delay_max", delay_max);
  text += ms("slow_max", slow_max) + number("reordering", reordering ? 1 : 0);
  text += ms("cut_every", cut_every) + ms("partition_every", partition_every);
  text += ms("crash_every", crash_every) + ms("freeze_every", freeze_every);
  text += ms("host_crash_every", host_crash_every) + ms("clock_step_every", clock_step_every);
  text += ms("parting_every", parting_every) + number("commit_fails", commit_fails);
  text += ms("fade_every", fade_every) + number("drift_max", drift_max);
  return text;
}

}  // namespace windlass::simulator
