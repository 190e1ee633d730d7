// Which operation a request asks for, what we name it, and who may do it.
#pragma once

#include "storage/core/request.h"

#include <string_view>

namespace windlass::storage {

enum class Operation {
  list_containers,
  create_container,
  get_container_properties,  // also as "metadata"
  set_container_metadata,
  delete_container,
  list_blobs,
  put_blob,
  get_blob,
  get_blob_properties,  // also as "metadata"
  set_blob_properties,
  set_blob_metadata,
  delete_blob,
  put_block,
  put_block_list,
  get_block_list,
};

// "Put Blob": the name in the protocol's reference, for logs, metrics and messages.
std::string_view name_of(Operation operation);

// NotImplemented with the operation's name for what the protocol has and we do not; a refusal of
// the verb or the parameter for what it has not. Headers and parameters that would change the
// effect of a built operation, and are not built, are refused likewise: nothing is ignored.
Outcome<Operation> operation_of(const BlobRequest& request);

// What a shared access signature must grant: one of the letters.
struct Grant {
  std::string_view service_letters;  // empty: no service signature suffices
  std::string_view account_letters;
  char resource_type;  // 's', 'c' or 'o' in srt
};
Grant grant_for(Operation operation);

// Whether the operation makes or replaces a blob: with the letter c alone it may only make one.
bool writes_content(Operation operation);

}  // namespace windlass::storage
