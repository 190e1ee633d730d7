// Requests in the words of model/command.h, for people.
#pragma once

#include "model/command.h"

namespace windlass::simulator {

const char* request_name(const Request& request);

}  // namespace windlass::simulator
