// list, show and delete, which are alike for every kind of thing; and what pools are made from.
#pragma once

#include "client/cli/command.h"

#include <chrono>

namespace windlass::cli {

using Ids = std::vector<std::string>;

struct IdPart {
  std::string name;
  std::string meaning;
};

// One of the commands that only differ in words, ids and columns.
struct ResourceCommand {
  std::string words;
  std::string summary;
  std::vector<IdPart> parts = {};
  std::vector<Column> columns = {};
  std::function<std::string(const Ids&)> path;
  std::string select = {};  // what a table needs; json always gets all
};

int list_command(const ResourceCommand& command, const std::vector<std::string>& arguments);
int show_command(const ResourceCommand& command, const std::vector<std::string>& arguments);
int delete_command(const ResourceCommand& command, const std::vector<std::string>& arguments);

struct PoolWish {
  std::string id;
  std::int64_t nodes = 1;
  std::int64_t spot_nodes = 0;
  std::int64_t slots = 1;
  std::string vm_size = "standard";
  std::string fill = "spread";
};
void add_pool_options(runtime::OptionTable& table, PoolWish& wish);

// The body of POST /pools; asks the service for an image it knows, since the API wants one.
boost::json::object pool_body(client::BatchClient& batch, const PoolWish& wish);

// Until the pool has so many usable nodes. kTimeout when it takes too long; says why on stderr.
int wait_for_nodes(client::BatchClient& batch, const std::string& pool, std::int64_t count,
                   std::chrono::seconds timeout);

// "NAME=VALUE" each, as the API's environmentSettings. Throws ConfigError for anything else.
boost::json::array environment_settings(const std::vector<std::string>& pairs);

}  // namespace windlass::cli
