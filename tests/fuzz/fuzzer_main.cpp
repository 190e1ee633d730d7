// What libFuzzer's main() calls. `fuzz_NAME --seeds FOLDER` writes the target's seeds and ends.
#include "tests/fuzz/target.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

using windlass::fuzz::Target;
using windlass::fuzz::targets;

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc != 3 || std::string_view((*argv)[1]) != "--seeds") return 0;
  std::size_t number = 0;
  for (const std::string& seed : targets().front()->seeds()) {
    const std::string path = std::string((*argv)[2]) + "/seed-" + std::to_string(number++);
    std::ofstream file(path, std::ios::binary);
    file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", path.c_str());
      std::exit(1);
    }
  }
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  targets().front()->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
