// Shared access signatures: what the two kinds (account, and service for a container or a blob)
// sign in each protocol version, and what they then allow.
// https://learn.microsoft.com/rest/api/storageservices/create-service-sas
// https://learn.microsoft.com/rest/api/storageservices/create-account-sas
#pragma once

#include "model/time.h"
#include "storage/core/operation.h"

#include <string>

namespace windlass::storage {

bool bears_sas(const BlobRequest& request);

// What the signature must have been computed over. Refuses kinds that are not built (stored access
// policies, user delegation) and versions before 2015-04-05.
Outcome<std::string> sas_string_to_sign(const BlobRequest& request);

// What the bearer of valid credentials may do beyond the operation itself.
struct Access {
  bool may_overwrite = true;  // false with the permission c alone
};

// Time, address, protocol, resource and permission. The signature has been verified before.
Outcome<Access> check_sas(const BlobRequest& request, Operation operation, WallTime now);

// rscc, rscd, rsce, rscl, rsct: response headers that the signature overrides.
std::string_view sas_override(const BlobRequest& request, std::string_view header_name);

// "a.b.c.d" or "a.b.c.d-e.f.g.h" (inclusive) against an IPv4 address.
bool address_in_range(std::string_view address, std::string_view range);

}  // namespace windlass::storage
