#include "model/error.h"

namespace windlass {

std::string_view to_string(ErrorCode code) {
  switch (code) {
#define WINDLASS_X(name) \
  case ErrorCode::name:  \
    return #name;
    WINDLASS_ERROR_CODES(WINDLASS_X)
#undef WINDLASS_X
  }
  return "unknown_error_code";
}

Error property_error(ErrorCode code, std::string_view name, std::string_view value,
                     std::string_view reason) {
  return Error{code,
               {},
               {{"PropertyName", std::string(name)},
                {"PropertyValue", std::string(value)},
                {"Reason", std::string(reason)}}};
}

Error query_error(ErrorCode code, std::string_view name, std::string_view value,
                  std::string_view reason) {
  return Error{code,
               {},
               {{"QueryParameterName", std::string(name)},
                {"QueryParameterValue", std::string(value)},
                {"Reason", std::string(reason)}}};
}

Error not_implemented(std::string_view what) {
  return Error{ErrorCode::not_implemented,
               std::string(what) + " is not built into this version of Windlass.",
               {{"Name", std::string(what)}}};
}

}  // namespace windlass
