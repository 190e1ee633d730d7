#include "simulator/faults.h"

namespace windlass::simulator {

using std::chrono::milliseconds;
using std::chrono::seconds;

Faults::Faults(World& world, Network& network, Victims victims)
    : world_(world),
      network_(network),
      victims_(std::move(victims)),
      random_(world.random.fork()) {}

void Faults::begin() {
  const Options& options = world_.options;
  plan(options.cut_every, [this] { cut(); });
  plan(options.partition_every, [this] { partition(); });
  plan(options.fade_every, [this] { fade(); });
  plan(options.crash_every, [this] { one_of(victims_.processes)->crash("it is killed"); });
  plan(options.freeze_every, [this] {
    // Mostly for moments, sometimes for longer than a lease.
    const Duration longest = random_.chance(300) ? Duration(seconds(60)) : Duration(seconds(3));
    one_of(victims_.processes)->freeze(random_.between(milliseconds(10), longest));
  });
  plan(options.host_crash_every, [this] {
    WorkerProcess& worker = *one_of(victims_.workers);
    if (worker.running()) worker.host_crash();
  });
  plan(options.clock_step_every, [this] {
    Process& process = *one_of(victims_.processes);
    const Duration most = random_.chance(100) ? Duration(std::chrono::hours(24 * 3650))
                                              : Duration(std::chrono::hours(1));
    world_.bit("clock step");
    world_.tell(process.name(), "has its wall clock set");
    process.clock().step_wall(random_.between(-most, most));
    process.wake();
  });
  plan(options.parting_every, [this] { one_of(victims_.schedulers)->part(); });
}

void Faults::plan(Duration every, std::function<void()> fault) {
  if (every == Duration{}) return;
  world_.timeline.after(random_.between(Duration{}, 2 * every),
                        [this, every, fault = std::move(fault)] {
                          if (world_.calm) return;
                          fault();
                          plan(every, fault);
                        });
}

void Faults::cut() {
  const auto broker = static_cast<std::size_t>(random_.between(0, world_.options.brokers - 1));
  network_.cut(one_of(victims_.link_places), broker,
               random_.between(milliseconds(10), seconds(20)));
}

void Faults::partition() {
  const std::size_t place = one_of(victims_.link_places);
  const Duration how_long = random_.between(milliseconds(100), seconds(60));
  const bool there = random_.chance(666);
  const bool back = !there || random_.chance(500);
  const bool from_all = random_.chance(500);
  const auto chosen = random_.between(0, world_.options.brokers - 1);
  world_.bit("partition");
  for (int broker = 0; broker < world_.options.brokers; ++broker) {
    if (!from_all && broker != chosen) continue;
    if (there) network_.block(place, static_cast<std::size_t>(broker), true, how_long);
    if (back) network_.block(place, static_cast<std::size_t>(broker), false, how_long);
  }
}

// A road that goes bad: what comes back takes seconds, and a little later nothing gets there at
// all.
void Faults::fade() {
  const std::size_t place =
      random_.chance(500) ? one_of(victims_.workers)->place() : one_of(victims_.link_places);
  const Duration by = random_.between(milliseconds(500), seconds(9));
  const Duration fades = random_.between(milliseconds(500), seconds(12));
  const Duration silent = random_.between(seconds(5), seconds(60));
  world_.bit("fading road");
  for (int i = 0; i < world_.options.brokers; ++i) {
    const auto broker = static_cast<std::size_t>(i);
    network_.lag(place, broker, false, by, fades + silent);
    world_.timeline.after(fades, [this, place, broker, silent] {
      if (!world_.calm) network_.block(place, broker, true, silent);
    });
  }
}

}  // namespace windlass::simulator
