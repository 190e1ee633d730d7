// Bytes of a batch's events: one journal record. Tasks are written densely (task_row.h), the rest
// as the rows they carry. Each event begins with the number of its kind; one that this version does
// not know is an Error, because facts cannot be skipped.
#pragma once

#include "model/result.h"
#include "model/shard_event.h"

#include <string>
#include <string_view>

namespace windlass {

// Whether the documents of added tasks are in the bytes or stay in their rows.
enum class EventDocuments : std::uint8_t { in_rows, inlined };

std::string encode_events(const ShardEvents& events, EventDocuments documents);

// Any bytes may come in; what is not such a record is an Error.
Result<ShardEvents> decode_events(std::string_view bytes);

}  // namespace windlass
