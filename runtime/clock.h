// The one place where time enters a process. Cores get it handed in as model's Now.
#pragma once

#include "model/time.h"

#include <ctime>

namespace windlass::runtime {

WallTime wall_now();
MonoTime mono_now();  // CLOCK_MONOTONIC: stands still while the host is suspended
MonoTime boot_now();  // CLOCK_BOOTTIME: goes on during suspension; what workers count leases by

Now now();           // wall and CLOCK_MONOTONIC: shards, brokers, gateways
Now now_boottime();  // wall and CLOCK_BOOTTIME: workers and their guard

timespec to_timespec(Duration wait);  // for system calls that wait; a negative one is zero

}  // namespace windlass::runtime
