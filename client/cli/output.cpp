#include "client/cli/output.h"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace windlass::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t kTableCellCharsMax = 60;

std::string scalar_text(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null()) return "";
  return json::serialize(value);
}

std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

// Columns line up by characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string cut(std::string text) {
  if (width_of(text) <= kTableCellCharsMax) return text;
  std::size_t end = kTableCellCharsMax - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

void append_pretty(std::string& out, const json::value& value, std::size_t indent) {
  const auto line = [&](std::size_t depth) { out.append("\n").append(depth * 2, ' '); };
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!std::exchange(first, false)) out += ',';
      line(indent + 1);
      out += json::serialize(key);
      out += ": ";
      append_pretty(out, member, indent + 1);
    }
    line(indent);
    out += '}';
  } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    bool first = true;
    for (const json::value& element : *array) {
      if (!std::exchange(first, false)) out += ',';
      line(indent + 1);
      append_pretty(out, element, indent + 1);
    }
    line(indent);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

void flatten(const std::string& prefix, const json::value& value,
             std::vector<std::pair<std::string, std::string>>& out) {
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, member] : *object)
      flatten(prefix.empty() ? std::string(key) : prefix + "." + std::string(key), member, out);
  } else if (const json::array* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      flatten(prefix + "[" + std::to_string(i) + "]", (*array)[i], out);
  } else {
    out.emplace_back(prefix, on_one_line(scalar_text(value)));
  }
}

}  // namespace

Format format_named(const std::string& name) {
  return name == "json" ? Format::json : name == "tsv" ? Format::tsv : Format::table;
}

std::string text_at(const json::value& value, std::string_view path) {
  while (!path.empty()) {
    const auto bar = path.find('|');
    std::string_view rest = path.substr(0, bar);
    const json::value* at = &value;
    while (at != nullptr && !rest.empty()) {
      const auto slash = rest.find('/');
      at = at->is_object() ? at->as_object().if_contains(rest.substr(0, slash)) : nullptr;
      rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    }
    if (at != nullptr && !at->is_null()) return scalar_text(*at);
    path = bar == std::string_view::npos ? std::string_view{} : path.substr(bar + 1);
  }
  return "";
}

std::string pretty_json(const json::value& value) {
  std::string out;
  append_pretty(out, value, 0);
  return out + "\n";
}

std::string rows_text(Format format, const std::vector<Column>& columns,
                      const std::vector<json::value>& rows) {
  if (format == Format::json) return pretty_json(json::array(rows.begin(), rows.end()));
  std::vector<std::vector<std::string>> cells;
  if (format == Format::table) {
    cells.emplace_back();
    for (const Column& column : columns) cells.back().push_back(column.title);
  }
  for (const json::value& row : rows) {
    cells.emplace_back();
    for (const Column& column : columns)
      cells.back().push_back(on_one_line(text_at(row, column.path)));
  }
  std::string out;
  if (format == Format::tsv) {
    for (const auto& line : cells) {
      for (std::size_t i = 0; i < line.size(); ++i) out += (i == 0 ? "" : "\t") + line[i];
      out += '\n';
    }
    return out;
  }
  std::vector<std::size_t> widths(columns.size(), 0);
  for (auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      line[i] = cut(std::move(line[i]));
      widths[i] = std::max(widths[i], width_of(line[i]));
    }
  }
  for (const auto& line : cells) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - width_of(line[i]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string object_text(Format format, const json::value& object) {
  if (format == Format::json) return pretty_json(object);
  std::vector<std::pair<std::string, std::string>> lines;
  flatten("", object, lines);
  std::string out;
  for (const auto& [name, value] : lines) {
    if (name.starts_with("odata.")) continue;
    out += name + (format == Format::tsv ? "\t" : ": ") + value + "\n";
  }
  return out;
}

}  // namespace windlass::cli
