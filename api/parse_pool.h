// Bodies about pools, from text to commands. Everything that the text alone can tell is checked
// here; what URL and headers say (ids, conditions) is left empty for the caller to fill in.
//
// All parsers of api/ treat bodies alike: null is absent; read-only members and odata.metadata are
// ignored; enums and numbers are accepted in any spelling that clients use; a member that no
// version of the API knows is UnsupportedProperty; one whose effect is not built is NotImplemented
// unless it has its default value.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <string_view>

namespace windlass::api {

Result<PoolSpec> parse_add_pool(std::string_view body);
Result<PatchPool> parse_patch_pool(std::string_view body);
// Newer versions know no certificates, and so do not demand them.
Result<ReplacePoolProperties> parse_replace_pool_properties(std::string_view body,
                                                            bool knows_certificates);
Result<RemoveNodes> parse_remove_nodes(std::string_view body);
Result<ResizePool> parse_resize_pool(std::string_view body);

}  // namespace windlass::api
