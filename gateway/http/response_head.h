// The head of an answer as bytes.
#pragma once

#include "gateway/http/message.h"

#include <string>
#include <string_view>

namespace windlass::gateway {

std::string_view reason_phrase(int status);

// True when an answer of this status to this verb never carries a body.
bool bodiless(int status, Method method);

// Appends status line and headers, with the empty line. `date` is the value of the Date header.
void append_head(std::string& out, const HttpResponse& response, bool keep_alive,
                 std::string_view date);

}  // namespace windlass::gateway
