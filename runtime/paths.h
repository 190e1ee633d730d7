// Where things live when nobody says so.
#pragma once

#include <string>
#include <string_view>

namespace windlass::runtime {

// $XDG_DATA_HOME/windlass/NAME, else ~/.local/share/windlass/NAME (XDG base directory rules: a
// relative XDG_DATA_HOME is ignored; the home comes from HOME, else from the user database).
std::string data_folder_default(std::string_view name);

// The folder of the running program, for finding its siblings. No trailing slash.
std::string program_folder();

// Writes a whole file so that readers see the old or the new one, never a part: temporary file,
// flush, rename. `mode` is the new file's (0600 for keys). Throws std::system_error.
void write_file_atomically(const std::string& path, std::string_view content, unsigned mode = 0644);

// The whole file. Throws std::system_error.
std::string read_file(const std::string& path);

}  // namespace windlass::runtime
