// Entries of file lists as REST JSON.
#pragma once

#include "model/file_message.h"

#include <string>
#include <string_view>

namespace windlass::api {

// `files_url` is the absolute URL up to and including "/files/". Directories have no properties.
void write_file(std::string& out, const FileProperties& file, std::string_view files_url);

// "0o100644": the ocp-batch-file-mode of a regular file with these permission bits.
std::string file_mode_text(std::uint32_t mode, bool is_directory);

}  // namespace windlass::api
