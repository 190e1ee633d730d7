// Certificates as REST JSON.
#pragma once

#include "api/select.h"
#include "api/viewer.h"
#include "model/certificate.h"

#include <string>

namespace windlass::api {

void write_certificate(std::string& out, const CertificateRecord& certificate, const Viewer& viewer,
                       const Select& select = {});

}  // namespace windlass::api
