// Bytes of the rows that a shard keeps, but for those of tasks (task_row.h). They stay on disk, so
// every later version must read all earlier ones; the store adds a format version and a checksum.
#pragma once

#include "model/certificate.h"
#include "model/job.h"
#include "model/job_schedule.h"
#include "model/pool.h"
#include "model/result.h"
#include "model/session.h"
#include "model/shard_rows.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode_row(const ShardCounters& row);
std::string encode_row(const PoolRecord& row);
std::string encode_row(const NodeRecord& row);
std::string encode_row(const JobRecord& row);
std::string encode_row(const JobScheduleRecord& row);
std::string encode_row(const CertificateRecord& row);
std::string encode_row(const ClaimRecord& row);
std::string encode_row(const LingeringAttempt& row);
std::string encode_row(const Reservation& row);
std::string encode_row(const OutboxRow& row);
std::string encode_row(const ShardProgress& row);
std::string encode_row(const SessionState& row);
std::string encode_row(const JobNodeRecord& row);

// For the types above. Any bytes may come in; what is not such a row is an Error.
template <class Row>
Result<Row> decode_row(std::string_view bytes);

}  // namespace windlass
