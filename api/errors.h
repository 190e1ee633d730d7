// How refusals look from outside: status, wire name and standard sentence of each ErrorCode, and
// the error body.
#pragma once

#include "model/error.h"
#include "model/time.h"

#include <string>
#include <string_view>

namespace windlass::api {

struct ErrorFace {
  int status = 500;
  std::string_view code;     // "PoolNotFound"
  std::string_view message;  // "The specified pool does not exist."
};

ErrorFace face_of(ErrorCode code);

// The body of every answer that is not 2xx, except 304 and answers to HEAD, which have none.
std::string error_body(const Error& error, std::string_view base_url, std::string_view request_id,
                       WallTime time);

// The members `code`, `message` and `values` without braces: the error inside a collection's
// result.
void append_error_members(std::string& out, const Error& error, std::string_view request_id,
                          WallTime time);

}  // namespace windlass::api
