// windlass file: files of tasks, and of nodes with --pool and --node.
#include "client/cli/command.h"
#include "client/cli/resources.h"

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::OptionTable;

const std::vector<Column> kFileColumns = {{"NAME", "name"},
                                          {"DIRECTORY", "isDirectory"},
                                          {"BYTES", "properties/contentLength"},
                                          {"MODIFIED", "properties/lastModified"}};

// Whose files: a task's, named by words, or a node's, named by options.
struct FileOwner {
  std::string pool;
  std::string node;
  std::vector<std::string> words;  // [job task] [path]

  void add_to(OptionTable& table) {
    table
        .add({.name = "job-task-file",
              .target = &words,
              .meaning = "Job and task, then the file below the task's folder (stdout.txt, "
                         "wd/out.bin). With --pool and --node only the file.",
              .positional = true,
              .value_name = "JOB TASK [FILE]"})
        .add({.name = "pool",
              .target = &pool,
              .meaning = "Pool of the node whose files are meant.",
              .value_name = "POOL"})
        .add({.name = "node",
              .target = &node,
              .meaning = "Node whose files are meant, instead of a task's.",
              .value_name = "NODE"});
  }

  // The path in the API: of the file when one is named, else of the list.
  std::string path(bool file_wanted) const {
    const bool of_node = !pool.empty() || !node.empty();
    if (of_node && (pool.empty() || node.empty()))
      throw runtime::ConfigError("--pool and --node go together");
    const std::size_t owner_words = of_node ? 0 : 2;
    if (words.size() != owner_words + (file_wanted ? 1 : 0)) {
      throw runtime::ConfigError(
          of_node ? "expected --pool POOL --node NODE" + std::string(file_wanted ? " FILE" : "")
                  : "expected JOB TASK" + std::string(file_wanted ? " FILE" : ""));
    }
    std::string base = of_node ? client::path_of({"pools", pool, "nodes", node, "files"})
                               : client::path_of({"jobs", words[0], "tasks", words[1], "files"});
    return file_wanted ? base + client::path_of({words.back()}) : base;
  }
};

int file_list(const std::vector<std::string>& arguments) {
  FileOwner owner;
  Connection connection;
  bool recursive = false;
  std::string format = "table";
  OptionTable table("windlass file list", "", "Lists the files of a task or a node.");
  owner.add_to(table);
  table.add({.name = "recursive",
             .target = &recursive,
             .meaning = "Also what is in folders.",
             .letter = 'r'});
  add_output_option(table, format);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  std::vector<json::value> rows;
  connect(connection)
      .list(owner.path(false), {{"recursive", recursive ? "true" : ""}}, [&](json::value& row) {
        rows.push_back(std::move(row));
        return true;
      });
  print(rows_text(format_named(format), kFileColumns, rows));
  return kOk;
}

int file_show(const std::vector<std::string>& arguments) {
  FileOwner owner;
  Connection connection;
  std::string format;
  OptionTable table("windlass file show", "",
                    "Writes a file to standard output; with -o its properties.");
  table.example("windlass file show j1 t1 stdout.txt", "What the task wrote.");
  owner.add_to(table);
  add_output_option(table, format);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  auto batch = connect(connection);
  const std::string path = owner.path(true);
  if (format.empty()) {
    batch.read_file(path, [](std::string_view bytes) { print(std::string(bytes)); });
    return kOk;
  }
  const client::HttpResponse head = batch.request("HEAD", path);
  const auto text = [&](std::string_view name) { return std::string(head.header(name)); };
  print(object_text(format_named(format),
                    json::object{{"name", owner.words.back()},
                                 {"contentLength", text("Content-Length")},
                                 {"lastModified", text("Last-Modified")},
                                 {"creationTime", text("ocp-creation-time")},
                                 {"fileMode", text("ocp-batch-file-mode")},
                                 {"isDirectory", text("ocp-batch-file-isdirectory")}}));
  return kOk;
}

int file_delete(const std::vector<std::string>& arguments) {
  FileOwner owner;
  Connection connection;
  bool recursive = false;
  OptionTable table("windlass file delete", "", "Deletes a file of a task or a node.");
  owner.add_to(table);
  table.add({.name = "recursive",
             .target = &recursive,
             .meaning = "Also folders with what is in them.",
             .letter = 'r'});
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  connect(connection).request("DELETE", owner.path(true), {{"recursive", recursive ? "true" : ""}});
  return kOk;
}

int file_create(const std::vector<std::string>&) {
  throw runtime::ConfigError(
      "the Batch API has no way to write a file on a node: put it into storage and give it to the "
      "task as a resource file");
}

}  // namespace

std::vector<Command> file_commands() {
  return {{"file list", "list files of a task or node", file_list},
          {"file show", "write a file to standard output", file_show},
          {"file create", "(says how files get to tasks)", file_create},
          {"file delete", "delete a file", file_delete}};
}

}  // namespace windlass::cli
