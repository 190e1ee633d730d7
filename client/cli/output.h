// Results for people (table) and for programs (json, tsv).
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace windlass::cli {

enum class Format { table, json, tsv };

// "table", "json" or "tsv"; the options table has checked that.
Format format_named(const std::string& name);

struct Column {
  std::string title;
  std::string path;  // "executionInfo/exitCode"; several separated by '|': the first that is there
};

// Text at a path of nested objects; empty when absent. Numbers and booleans in their JSON spelling.
std::string text_at(const boost::json::value& value, std::string_view path);

// table: aligned columns under their titles; tsv: the same without titles, tab and newline in
// values as blanks; json: an array of the whole objects.
std::string rows_text(Format format, const std::vector<Column>& columns,
                      const std::vector<boost::json::value>& rows);

// table: "name: value" lines, nested names joined by '.'; tsv: name, tab, value; json: the object.
std::string object_text(Format format, const boost::json::value& object);

std::string pretty_json(const boost::json::value& value);

}  // namespace windlass::cli
