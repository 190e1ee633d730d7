// Certificates of an account. No pool can refer to one, so that each is gone as soon as it is
// deleted, and no deletion ever fails.
#pragma once

#include "scheduler/core/jobs.h"

#include <string>

namespace windlass::scheduler {

Decision decide(Step& step, const std::string& account, const AddCertificate& command);
Decision decide(Step& step, const std::string& account, const DeleteCertificate& command);
Decision decide(Step& step, const std::string& account, const CancelCertificateDeletion& command);

}  // namespace windlass::scheduler
