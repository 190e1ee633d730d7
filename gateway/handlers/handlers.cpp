#include "gateway/handlers/handlers.h"

namespace windlass::gateway {

Handler handler_of(Operation operation) {
  switch (operation) {
#define WINDLASS_X(symbol) \
  case Operation::symbol:  \
    return &windlass::gateway::symbol;
    WINDLASS_HANDLERS(WINDLASS_X)
#undef WINDLASS_X
    default:
      return nullptr;
  }
}

}  // namespace windlass::gateway
