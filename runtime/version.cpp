#include "runtime/version.h"

namespace windlass::runtime {

std::string_view version() {
  return WINDLASS_VERSION;
}

}  // namespace windlass::runtime
