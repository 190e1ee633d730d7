#include "client/cli/resources.h"

#include "client/cli/waiting.h"

#include <cstdio>
#include <thread>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::OptionTable;

constexpr std::chrono::milliseconds kPollInterval{200};

Ids add_parts(OptionTable& table, const ResourceCommand& command, Ids& ids) {
  ids.resize(command.parts.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    table.add({.name = command.parts[i].name,
               .target = &ids[i],
               .meaning = command.parts[i].meaning,
               .positional = true,
               .required = true});
  }
  return ids;
}

}  // namespace

int list_command(const ResourceCommand& command, const std::vector<std::string>& arguments) {
  Ids ids;
  Connection connection;
  std::string filter;
  std::string format = "table";
  std::int64_t limit = 0;
  OptionTable table("windlass " + command.words, "", command.summary);
  add_parts(table, command, ids);
  table
      .add({.name = "filter",
            .target = &filter,
            .meaning = "OData expression, such as \"state eq 'active'\".",
            .value_name = "EXPRESSION"})
      .add({.name = "limit",
            .target = &limit,
            .meaning = "Print at most so many; 0 is all.",
            .min = 0});
  add_output_option(table, format);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  const Format chosen = format_named(format);
  client::Query query{{"$filter", filter}};
  if (chosen != Format::json) query.emplace_back("$select", command.select);
  if (limit > 0 && limit < 1000) query.emplace_back("maxresults", std::to_string(limit));
  std::vector<json::value> rows;
  connect(connection).list(command.path(ids), query, [&](json::value& row) {
    rows.push_back(std::move(row));
    return limit == 0 || rows.size() < static_cast<std::size_t>(limit);
  });
  print(rows_text(chosen, command.columns, rows));
  return kOk;
}

int show_command(const ResourceCommand& command, const std::vector<std::string>& arguments) {
  Ids ids;
  Connection connection;
  std::string format = "table";
  OptionTable table("windlass " + command.words, "", command.summary);
  add_parts(table, command, ids);
  add_output_option(table, format);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  print(object_text(format_named(format), connect(connection).get(command.path(ids))));
  return kOk;
}

int delete_command(const ResourceCommand& command, const std::vector<std::string>& arguments) {
  Ids ids;
  Connection connection;
  OptionTable table("windlass " + command.words, "", command.summary);
  add_parts(table, command, ids);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  connect(connection).remove(command.path(ids));
  return kOk;
}

void add_pool_options(OptionTable& table, PoolWish& wish) {
  table.add({.name = "nodes", .target = &wish.nodes, .meaning = "Dedicated nodes.", .min = 0})
      .add({.name = "spot-nodes",
            .target = &wish.spot_nodes,
            .meaning = "Spot (low-priority) nodes.",
            .min = 0})
      .add({.name = "slots",
            .target = &wish.slots,
            .meaning = "Task slots of each node: so many one-slot tasks run on it side by side.",
            .min = 1,
            .max = 256})
      .add({.name = "vm-size",
            .target = &wish.vm_size,
            .meaning = "Class of node; workers offer nodes of named classes or of any.",
            .value_name = "NAME"})
      .add({.name = "fill",
            .target = &wish.fill,
            .meaning = "Whether tasks spread over the nodes or fill one node before the next.",
            .choices = {"spread", "pack"}});
}

json::object pool_body(client::BatchClient& batch, const PoolWish& wish) {
  json::object image{{"publisher", "canonical"},
                     {"offer", "0001-com-ubuntu-server-jammy"},
                     {"sku", "22_04-lts"},
                     {"version", "latest"}};
  json::string agent = "batch.node.ubuntu 22.04";
  batch.list("/supportedimages",
             {{"$filter", "verificationType eq 'verified'"}, {"maxresults", "1"}},
             [&](json::value& row) {
               agent = row.at("nodeAgentSKUId").as_string();
               image = row.at("imageReference").as_object();
               return false;
             });
  return {{"id", wish.id},
          {"vmSize", wish.vm_size},
          {"virtualMachineConfiguration",
           json::object{{"imageReference", image}, {"nodeAgentSKUId", agent}}},
          {"targetDedicatedNodes", wish.nodes},
          {"targetLowPriorityNodes", wish.spot_nodes},
          {"taskSlotsPerNode", wish.slots},
          {"taskSchedulingPolicy", json::object{{"nodeFillType", wish.fill}}}};
}

int wait_for_nodes(client::BatchClient& batch, const std::string& pool, std::int64_t count,
                   std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  batch.retry_for(kWaitPatience);
  for (;;) {
    std::int64_t usable = 0;
    batch.list(client::path_of({"pools", pool, "nodes"}), {{"$select", "id,state"}},
               [&](json::value& node) {
                 const std::string state = text_at(node, "state");
                 usable += state == "idle" || state == "running" ? 1 : 0;
                 return true;
               });
    if (usable >= count) return kOk;
    const json::value now = batch.get(client::path_of({"pools", pool}));
    if (const json::value* errors = now.as_object().if_contains("resizeErrors");
        errors != nullptr && !errors->as_array().empty()) {
      for (const json::value& error : errors->as_array()) {
        std::fprintf(stderr, "windlass: %s: %s\n", text_at(error, "code").c_str(),
                     text_at(error, "message").c_str());
      }
      return kTaskFailed;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      std::fprintf(stderr, "windlass: only %lld of %lld nodes of pool %s are ready\n",
                   static_cast<long long>(usable), static_cast<long long>(count), pool.c_str());
      return kTimeout;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

json::array environment_settings(const std::vector<std::string>& pairs) {
  json::array settings;
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      throw runtime::ConfigError("--env '" + pair + "' is not NAME=VALUE");
    settings.push_back(
        json::object{{"name", pair.substr(0, equals)}, {"value", pair.substr(equals + 1)}});
  }
  return settings;
}

}  // namespace windlass::cli
