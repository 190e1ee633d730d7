// Opening and removing below a folder whose content others may have laid out to trap us: paths are
// resolved by the kernel and never lead out, whatever symbolic links were planted (openat2).
#pragma once

#include "worker/files/fd.h"

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

enum class Links {
  refuse,        // any symbolic link on the way is ELOOP
  follow_inside  // links may be followed while they stay below the folder
};

// As openat(2): an invalid Fd and errno when it fails. Always close-on-exec. The empty path and "."
// are the folder itself.
Fd open_beneath(int folder, const std::string& path, int flags, mode_t mode, Links links);

// Opens a folder by absolute path, for use as `folder` above.
Fd open_folder(const std::string& path);

// Splits at '/', dropping empty parts and ".". Keeps "..".
std::vector<std::string> path_parts(std::string_view path);

struct Owner {
  uid_t uid = static_cast<uid_t>(-1);  // -1: leave as it is
  gid_t gid = static_cast<gid_t>(-1);
  bool given() const { return uid != static_cast<uid_t>(-1); }
};

// Makes each missing folder of `path` below `folder`, not following links; new ones belong to the
// owner and have the mode. Returns the last one, or an invalid Fd and errno.
Fd make_folders(int folder, const std::string& path, mode_t mode, const Owner& owner);

// Removes `name` in `folder` with all below it. Nothing there is fine. Folders too deep for our
// descriptors are moved into `folder` under a made-up name first. Returns 0 or errno.
int remove_tree(int folder, const std::string& name);

// Calls back for each entry of an open folder but "." and ".."; stops when it answers false.
// `type` is the DT_* value. Returns 0 or errno.
int each_entry(int folder, const std::function<bool(const char* name, unsigned char type)>& visit);

}  // namespace windlass::worker
