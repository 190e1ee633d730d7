// A view as text: a screen, a line, or a JSON object. Pure.
#pragma once

#include "client/cli/top/view.h"

#include <boost/json/object.hpp>

#include <string>

namespace windlass::cli::top {

// Several lines for a terminal, not wider than `columns` and not more than `lines`.
std::string screen_text(const View& view, std::size_t columns, std::size_t lines);

// One line, for where lines are appended.
std::string line_text(const View& view);

boost::json::object view_json(const View& view);

}  // namespace windlass::cli::top
