#include "model/assert.h"

#include <cstdio>
#include <cstdlib>

namespace windlass {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "event=assertion_failed condition=\"%s\" file=%s line=%d\n", condition, file,
               line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace windlass
