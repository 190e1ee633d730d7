// The log of a node's worker, to a container of the client's. The worker says at once how many
// files will be there; they follow.

#include "gateway/handlers/handlers.h"

#include "api/json_writer.h"
#include "api/parse_node.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {

Async<Reply> compute_node_upload_batch_service_logs(Exchange& exchange) {
  auto wanted = api::parse_upload_logs(exchange.request.body);
  if (!wanted) co_return std::move(wanted.error());
  auto node = node_in_url(exchange);
  if (!node) co_return std::move(node.error());
  auto found = co_await ask_node_files(exchange, *node);
  if (!found) co_return std::move(found.error());

  FileRequest upload;
  upload.node_id = found->node_id;
  upload.action = FileAction::upload_logs;
  // A folder of its own for each request; repeated frames write the same blobs again.
  upload.path = node->pool_id + "/" + found->node_id + "/" + exchange.request_id;
  upload.container_url = std::move(wanted->container_url);
  upload.logs_from = wanted->from;
  upload.logs_until = wanted->until;
  const std::string folder = upload.path;
  auto reply = co_await ask_worker(exchange, found->worker, std::move(upload));
  if (!reply) co_return std::move(reply.error());
  std::string json;
  api::JsonWriter writer(json);
  writer.begin_object();
  writer.member("virtualDirectoryName", folder);
  writer.member("numberOfFilesUploaded", static_cast<std::uint64_t>(reply->files_total));
  writer.end_object();
  co_return success(exchange, std::move(json));
}

}  // namespace windlass::gateway
