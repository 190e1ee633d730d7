// Bytes of model/worker_message.h: what workers and shards say.
// Decoding takes any bytes; what is not such a message is an Error.
#pragma once

#include "model/result.h"
#include "model/worker_message.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode(const FromWorker& value);
Result<FromWorker> decode_from_worker(std::string_view bytes);
std::string encode(const ToWorker& value);
Result<ToWorker> decode_to_worker(std::string_view bytes);

}  // namespace windlass
