#include "schema/codec/shapes.h"

namespace windlass::codec {

ErrorCode error_code_named(std::string_view name) {
#define WINDLASS_X(code) \
  if (name == #code) return ErrorCode::code;
  WINDLASS_ERROR_CODES(WINDLASS_X)
#undef WINDLASS_X
  return ErrorCode::internal_error;
}

}  // namespace windlass::codec
