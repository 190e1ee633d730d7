// Is this request from who it says? SharedKey over the raw request; the clock of the client may be
// off by 15 minutes.
#pragma once

#include "gateway/http/accounts.h"
#include "gateway/http/message.h"
#include "model/result.h"
#include "model/time.h"

namespace windlass::gateway {

inline constexpr std::chrono::minutes kClockSkewMax{15};

// The account, or: authentication_missing (401), invalid_authentication_info (400: the header is
// malformed), authentication_failed (403: who is unknown gets the same answer as who is wrong).
Result<const Account*> authenticate(const HttpRequest& request, const Accounts& accounts,
                                    WallTime now);

// What follows "Bearer ", if that is how the request says who it is.
std::optional<std::string_view> bearer_of(std::string_view authorization);

}  // namespace windlass::gateway
