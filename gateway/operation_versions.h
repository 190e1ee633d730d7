// Operations that some versions of the API do not have.
#pragma once

#include "api/version.h"
#include "gateway/core/operation.h"

namespace windlass::gateway {

// What later versions have added is served under every version; what they have removed is not there
// any more for clients that speak them.
bool exists_in(Operation operation, api::ApiVersion version);

}  // namespace windlass::gateway
