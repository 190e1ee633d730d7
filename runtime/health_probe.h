// --healthcheck: asks a role that runs already whether it is ready, for a container engine or a
// script. The question goes to the admin address of the same configuration, so nobody has to name
// it twice.
#pragma once

#include "runtime/address.h"
#include "runtime/options.h"

#include <chrono>
#include <optional>
#include <string>

namespace windlass::runtime {

inline constexpr std::chrono::seconds kProbePatience{5};

// Where to ask: --admin-address, with loopback for "all addresses"; for port 0 what --status-file
// says. Nothing when that is not to be known.
std::optional<Address> probe_address(const OptionTable& table);

// Asks /readyz. Empty: ready. Else the reason in one line.
std::string why_not_ready(const Address& admin,
                          std::chrono::milliseconds patience = kProbePatience);

// For main(): prints the reason, answers the exit code: 0 ready, 1 not.
int run_healthcheck(const OptionTable& table);

}  // namespace windlass::runtime
