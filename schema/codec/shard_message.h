// Bytes of model/shard_message.h: what shards say to each other.
// Decoding takes any bytes; what is not such a message is an Error.
#pragma once

#include "model/result.h"
#include "model/shard_message.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode(const ShardMessage& value);
Result<ShardMessage> decode_shard_message(std::string_view bytes);
std::string encode(const ShardAcknowledge& value);
Result<ShardAcknowledge> decode_shard_acknowledge(std::string_view bytes);

}  // namespace windlass
