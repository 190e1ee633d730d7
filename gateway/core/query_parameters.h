// Which query parameters an operation knows. Any other is refused: what nobody reads would be
// accepted and ignored.
#pragma once

#include "gateway/core/operation.h"
#include "gateway/core/target.h"
#include "model/result.h"

namespace windlass::gateway {

// NotImplemented for force=true; UnsupportedQueryParameter for the first name that the operation
// has in no version of the API.
Status check_query_parameters(Operation operation, const Query& query);

}  // namespace windlass::gateway
