#include "scheduler/core/certificates.h"

namespace windlass::scheduler {

Decision decide(Step& step, const std::string& account, const AddCertificate& command) {
  if (step.state().find_certificate(account, command.thumbprint) != nullptr) {
    return Error{ErrorCode::certificate_exists, {}, {}};
  }
  const Version version = step.next_version();
  step.emit(
      CertificatePut{{account, command.thumbprint, command.public_data, version, step.now.wall}});
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const DeleteCertificate& command) {
  const CertificateRecord* found = step.state().find_certificate(account, command.thumbprint);
  if (found == nullptr) return Error{ErrorCode::certificate_not_found, {}, {}};
  const Version version = found->version;
  step.emit(CertificateErased{account, found->thumbprint});
  return Done{version};
}

Decision decide(Step& step, const std::string& account, const CancelCertificateDeletion& command) {
  const bool there = step.state().find_certificate(account, command.thumbprint) != nullptr;
  return Error{
      there ? ErrorCode::certificate_state_active : ErrorCode::certificate_not_found, {}, {}};
}

}  // namespace windlass::scheduler
