#include "api/write_certificate.h"

#include "api/write_common.h"
#include "model/base64.h"

namespace windlass::api {

void write_certificate(std::string& out, const CertificateRecord& certificate, const Viewer& viewer,
                       const Select& select) {
  JsonWriter json(out);
  json.begin_object();
  write_selected(json, select, "thumbprint", certificate.thumbprint);
  write_selected(json, select, "thumbprintAlgorithm", "sha1");
  if (select.wants("url"))
    json.member("url", certificate_url(viewer.base_url, certificate.thumbprint));
  write_selected(json, select, "state", "active");
  write_selected(json, select, "stateTransitionTime", certificate.creation_time);
  if (select.wants("publicData"))
    json.member("publicData", base64_encoded(certificate.public_data));
  json.end_object();
}

}  // namespace windlass::api
