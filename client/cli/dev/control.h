// Looking at and ending a development cluster from outside its supervisor.
#pragma once

#include "client/cli/dev/layout.h"

#include <string>
#include <vector>

namespace windlass::cli::dev {

// Throws StartRefused, with the lines to type, when a supervisor holds the folder.
void refuse_running(const Layout& layout);

int status_command(const std::vector<std::string>& arguments);
int stop_command(const std::vector<std::string>& arguments);
int env_command(const std::vector<std::string>& arguments);

}  // namespace windlass::cli::dev
