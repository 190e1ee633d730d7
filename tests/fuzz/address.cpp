// Addresses as configuration, flags and status files write them.
#include "runtime/address.h"
#include "tests/fuzz/target.h"

namespace windlass::fuzz {
namespace {

void run(std::string_view text) {
  const auto address = runtime::parse_address(text);
  if (!address) return;
  WINDLASS_ASSERT(!address->host.empty());
  WINDLASS_ASSERT(address->host.find_first_of("[]") == std::string::npos);
  WINDLASS_ASSERT(runtime::parse_address(runtime::to_string(*address)) == address);
}

std::vector<std::string> seeds() {
  return {"127.0.0.1:80", "[::1]:8443", "localhost:0",       "host:65536",   ":80",
          "[]:1",         "a:b:1",      "[fe80::1%eth0]:17", "[127.0.0.1:80"};
}

const Target kTarget("address", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
