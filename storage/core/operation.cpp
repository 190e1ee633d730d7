#include "storage/core/operation.h"

#include <algorithm>

namespace windlass::storage {
namespace {

struct BuiltRow {
  Operation operation;
  std::string_view method;
  Level level;
  std::string_view restype;
  std::string_view comp;
};

using enum Operation;

constexpr BuiltRow kBuilt[] = {
    {list_containers, "GET", Level::account, "", "list"},
    {create_container, "PUT", Level::container, "container", ""},
    {get_container_properties, "GET", Level::container, "container", ""},
    {get_container_properties, "HEAD", Level::container, "container", ""},
    {get_container_properties, "GET", Level::container, "container", "metadata"},
    {get_container_properties, "HEAD", Level::container, "container", "metadata"},
    {set_container_metadata, "PUT", Level::container, "container", "metadata"},
    {delete_container, "DELETE", Level::container, "container", ""},
    {list_blobs, "GET", Level::container, "container", "list"},
    {put_blob, "PUT", Level::blob, "", ""},
    {get_blob, "GET", Level::blob, "", ""},
    {get_blob_properties, "HEAD", Level::blob, "", ""},
    {get_blob_properties, "GET", Level::blob, "", "metadata"},
    {get_blob_properties, "HEAD", Level::blob, "", "metadata"},
    {set_blob_metadata, "PUT", Level::blob, "", "metadata"},
    {set_blob_properties, "PUT", Level::blob, "", "properties"},
    {delete_blob, "DELETE", Level::blob, "", ""},
    {put_block, "PUT", Level::blob, "", "block"},
    {put_block_list, "PUT", Level::blob, "", "blocklist"},
    {get_block_list, "GET", Level::blob, "", "blocklist"},
};

struct UnbuiltRow {
  Level level;
  std::string_view restype;
  std::string_view comp;
  std::string_view name;
};

constexpr UnbuiltRow kUnbuilt[] = {
    {Level::account, "service", "properties", "Get or Set Blob Service Properties"},
    {Level::account, "service", "stats", "Get Blob Service Stats"},
    {Level::account, "service", "userdelegationkey", "Get User Delegation Key"},
    {Level::account, "account", "properties", "Get Account Information"},
    {Level::account, "", "blobs", "Find Blobs by Tags"},
    {Level::account, "", "batch", "Blob Batch"},
    {Level::container, "account", "properties", "Get Account Information"},
    {Level::container, "container", "acl", "Get or Set Container ACL"},
    {Level::container, "container", "lease", "Lease Container"},
    {Level::container, "container", "undelete", "Restore Container"},
    {Level::container, "container", "rename", "Rename Container"},
    {Level::container, "container", "blobs", "Find Blobs by Tags in Container"},
    {Level::container, "container", "batch", "Blob Batch"},
    {Level::blob, "account", "properties", "Get Account Information"},
    {Level::blob, "", "lease", "Lease Blob"},
    {Level::blob, "", "snapshot", "Snapshot Blob"},
    {Level::blob, "", "copy", "Abort Copy Blob"},
    {Level::blob, "", "undelete", "Undelete Blob"},
    {Level::blob, "", "tier", "Set Blob Tier"},
    {Level::blob, "", "tags", "Get or Set Blob Tags"},
    {Level::blob, "", "page", "Put Page"},
    {Level::blob, "", "pagelist", "Get Page Ranges"},
    {Level::blob, "", "incrementalcopy", "Incremental Copy Blob"},
    {Level::blob, "", "appendblock", "Append Block"},
    {Level::blob, "", "seal", "Append Blob Seal"},
    {Level::blob, "", "query", "Query Blob Contents"},
    {Level::blob, "", "expiry", "Set Blob Expiry"},
    {Level::blob, "", "immutabilitypolicies", "Blob Immutability Policy"},
    {Level::blob, "", "legalhold", "Blob Legal Hold"},
};

// Each would change what a built operation does.
constexpr std::string_view kUnbuiltHeaders[] = {
    "x-ms-copy-source",
    "x-ms-lease-id",
    "x-ms-proposed-lease-id",
    "x-ms-if-tags",
    "x-ms-tags",
    "x-ms-encryption-key",
    "x-ms-encryption-scope",
    "x-ms-default-encryption-scope",
    "x-ms-content-crc64",
    "x-ms-structured-body",
    "x-ms-legal-hold",
    "x-ms-immutability-policy-mode",
    "x-ms-blob-public-access",
    "x-ms-range-get-content-crc64",
    "x-ms-expiry-option",
    "x-ms-immutability-policy-until-date",
};

// Response headers that a signature overrides; they are shown as they were decoded.
constexpr std::string_view kOverrides[] = {"rscc", "rscd", "rsce", "rscl", "rsct"};

constexpr std::string_view kUnbuiltParameters[] = {"snapshot", "versionid", "deletetype"};

Refusal unbuilt(std::string_view what) {
  return refuse(BlobError::not_implemented, std::string(what) + " is not built here yet.");
}

bool is_header_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<std::uint8_t>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

Check check_modifiers(const BlobRequest& request, Operation operation) {
  for (const std::string_view name : kUnbuiltHeaders) {
    if (!request.has_header(name)) continue;
    if (name == "x-ms-copy-source") return unbuilt("Copy Blob (x-ms-copy-source)");
    return unbuilt("The header " + std::string(name));
  }
  for (const std::string_view name : kUnbuiltParameters) {
    if (request.query.has(name)) return unbuilt("The parameter " + std::string(name));
  }
  for (const std::string_view name : kOverrides) {
    if (is_header_text(request.query.get(name))) continue;
    return refuse(BlobError::invalid_query_value,
                  std::string(name) + " holds what no header can hold.");
  }
  const std::string_view tier = request.header("x-ms-access-tier");
  if (!tier.empty() && tier != "Hot") return unbuilt("The access tier " + std::string(tier));
  if (operation == put_blob) {
    const std::string_view type = request.header("x-ms-blob-type");
    if (type.empty()) return refuse(BlobError::missing_header, "x-ms-blob-type is needed.");
    if (type == "PageBlob" || type == "AppendBlob") return unbuilt(std::string(type));
    if (type != "BlockBlob") {
      return refuse(BlobError::invalid_header_value, "x-ms-blob-type must be BlockBlob.");
    }
  }
  return allowed();
}

}  // namespace

std::string_view name_of(Operation operation) {
  switch (operation) {
    case list_containers:
      return "List Containers";
    case create_container:
      return "Create Container";
    case get_container_properties:
      return "Get Container Properties";
    case set_container_metadata:
      return "Set Container Metadata";
    case delete_container:
      return "Delete Container";
    case list_blobs:
      return "List Blobs";
    case put_blob:
      return "Put Blob";
    case get_blob:
      return "Get Blob";
    case get_blob_properties:
      return "Get Blob Properties";
    case set_blob_properties:
      return "Set Blob Properties";
    case set_blob_metadata:
      return "Set Blob Metadata";
    case delete_blob:
      return "Delete Blob";
    case put_block:
      return "Put Block";
    case put_block_list:
      return "Put Block List";
    case get_block_list:
      return "Get Block List";
  }
  return "unknown";
}

Outcome<Operation> operation_of(const BlobRequest& request) {
  const std::string_view restype = request.query.get("restype");
  const std::string_view comp = request.query.get("comp");
  bool known_resource = false;
  for (const BuiltRow& row : kBuilt) {
    if (row.level != request.level || row.restype != restype || row.comp != comp) continue;
    known_resource = true;
    if (row.method != request.method) continue;
    WINDLASS_REFUSE_IF(check_modifiers(request, row.operation));
    return row.operation;
  }
  for (const UnbuiltRow& row : kUnbuilt) {
    if (row.level == request.level && row.restype == restype && row.comp == comp) {
      return unbuilt(row.name);
    }
  }
  if (known_resource) return BlobError::unsupported_verb;
  if (request.level == Level::container && restype.empty() && comp.empty()) {
    // A path of one part is a container here; the service would look into $root.
    return refuse(BlobError::missing_query, "restype=container is needed for a container.");
  }
  return refuse(BlobError::invalid_query_value, "There is no comp=" + std::string(comp) +
                                                    " with restype=" + std::string(restype) +
                                                    " on this resource.");
}

Grant grant_for(Operation operation) {
  switch (operation) {
    case list_containers:
      return {"", "l", 's'};
    case create_container:
      return {"", "cw", 'c'};
    case get_container_properties:
      return {"", "r", 'c'};
    case set_container_metadata:
      return {"", "w", 'c'};
    case delete_container:
      return {"", "d", 'c'};
    case list_blobs:
      return {"l", "l", 'c'};
    case put_blob:
    case put_block:
    case put_block_list:
      return {"cw", "cw", 'o'};
    case get_blob:
    case get_blob_properties:
    case get_block_list:
      return {"r", "r", 'o'};
    case set_blob_properties:
    case set_blob_metadata:
      return {"w", "w", 'o'};
    case delete_blob:
      return {"d", "d", 'o'};
  }
  return {"", "", '?'};
}

bool writes_content(Operation operation) {
  return operation == put_blob || operation == put_block || operation == put_block_list;
}

}  // namespace windlass::storage
