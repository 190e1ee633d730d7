// Files of tasks and of nodes: get, properties, list, delete. The shard says which worker has them;
// the bytes come over the bulk road.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/write_file.h"
#include "gateway/core/http_date.h"
#include "gateway/core/list_parameters.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/file_source.h"
#include "gateway/handlers/replying.h"
#include "model/percent_encoding.h"

#include <algorithm>
#include <cstdio>

namespace windlass::gateway {
namespace {

// How many pages of the worker one page of ours may cost where a filter lets little through.
constexpr int kWorkerPagesMax = 20;

// Whose files: the two forms differ in how they are found and in their URLs only.
struct FilesPlace {
  FilesFound found;
  std::string files_url;  // up to and with "/files/"
};

Async<Result<FilesPlace>> files_of_task(Exchange& exchange) {
  auto job_id = id_in_url(exchange, 0, ErrorCode::job_not_found);
  if (!job_id) co_return std::move(job_id.error());
  auto task_id = id_in_url(exchange, 1, ErrorCode::task_not_found);
  if (!task_id) co_return std::move(task_id.error());
  Request request(FindTaskFiles{*job_id, *task_id});
  JobAnswer answer = co_await ask_job(exchange, *job_id, std::move(request));
  auto found = reachable_files(answer.answer);
  if (!found) co_return std::move(found.error());
  std::string files_url = api::task_url(exchange.viewer.base_url, *job_id, *task_id) + "/files/";
  co_return FilesPlace{std::move(*found), std::move(files_url)};
}

Async<Result<FilesPlace>> files_of_node(Exchange& exchange) {
  auto node = node_in_url(exchange);
  if (!node) co_return std::move(node.error());
  auto found = co_await ask_node_files(exchange, *node);
  if (!found) co_return std::move(found.error());
  std::string files_url =
      api::node_url(exchange.viewer.base_url, node->pool_id, node->node_id) + "/files/";
  co_return FilesPlace{std::move(*found), std::move(files_url)};
}

FileRequest request_for(const FilesPlace& place, const Exchange& exchange, FileAction action) {
  FileRequest request;
  request.node_id = place.found.node_id;
  request.folder = place.found.folder;
  request.path = exchange.route.file_path(2);
  request.action = action;
  return request;
}

// Dates count whole seconds, as headers do.
Status check_dates(const Exchange& exchange, WallTime last_modified) {
  const auto conditions = conditions_of(exchange);
  if (!conditions) return conditions.error();
  const auto seconds = [](WallTime time) { return time.ticks / 10'000'000; };
  if (conditions->if_modified_since &&
      seconds(last_modified) <= seconds(*conditions->if_modified_since))
    return ErrorCode::not_modified;
  if (conditions->if_unmodified_since &&
      seconds(last_modified) > seconds(*conditions->if_unmodified_since))
    return ErrorCode::condition_not_met;
  return ok();
}

void add_properties(HttpResponse& response, const FileProperties& file, const FilesPlace& place,
                    const std::string& path) {
  char tag[40];
  std::snprintf(tag, sizeof tag, "\"0x%llX%llX\"",
                static_cast<unsigned long long>(file.last_modified.ticks),
                static_cast<unsigned long long>(file.content_length));
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Last-Modified", http_date(file.last_modified));
  if (file.creation_time)
    response.headers.emplace_back("ocp-creation-time", http_date(*file.creation_time));
  response.headers.emplace_back("ocp-batch-file-isdirectory", file.is_directory ? "true" : "false");
  response.headers.emplace_back("ocp-batch-file-url", place.files_url + percent_encoded(path, "/"));
  response.headers.emplace_back("ocp-batch-file-mode",
                                api::file_mode_text(file.mode, file.is_directory));
  response.content_type = kBytes;
}

Async<Reply> get_file(Exchange& exchange, Async<Result<FilesPlace>> finding) {
  std::optional<ByteRange> range;
  if (const auto text = exchange.request.header("ocp-range"); !text.empty()) {
    const auto parsed = parse_byte_range(text);
    if (!parsed) co_return parsed.error();
    range = *parsed;
  }
  auto place = co_await std::move(finding);
  if (!place) co_return std::move(place.error());

  // The first chunk brings the properties along: small files take one trip.
  FileRequest request = request_for(*place, exchange, FileAction::read);
  if (range) {
    request.offset = range->first;
    const std::uint64_t last = range->last.value_or(UINT64_MAX);
    if (last - range->first < kFileChunkBytesMax)
      request.bytes_max = static_cast<std::uint32_t>(last - range->first + 1);
  }
  FileRequest first_request = request;
  auto reply = co_await ask_worker(exchange, place->found.worker, std::move(first_request));
  // A directory: the worker's code is right, but has another status here than elsewhere.
  if (!reply && reply.error().code == ErrorCode::operation_invalid_for_current_state)
    exchange.refusal_status = 400;
  if (!reply) co_return std::move(reply.error());
  const FileProperties& file = reply->properties;
  if (const Status dates = check_dates(exchange, file.last_modified); !dates)
    co_return dates.error();
  const auto span = span_of(range, file.content_length);
  if (!span) co_return span.error();

  HttpResponse response = success(exchange);
  add_properties(response, file, *place, request.path);
  // The file may have grown since: what was promised is sent, no more.
  if (reply->data.size() > span->length) reply->data.resize(span->length);
  if (reply->data.size() == span->length) {
    response.body = std::move(reply->data);
  } else {
    response.content_length = span->length;
    response.source = std::make_unique<FileSource>(
        exchange.backend, place->found.worker, std::move(request), *span, std::move(reply->data));
  }
  co_return std::move(response);
}

Async<Reply> file_properties(Exchange& exchange, Async<Result<FilesPlace>> finding) {
  auto place = co_await std::move(finding);
  if (!place) co_return std::move(place.error());
  FileRequest request = request_for(*place, exchange, FileAction::properties);
  const std::string path = request.path;
  auto reply = co_await ask_worker(exchange, place->found.worker, std::move(request));
  if (!reply) co_return std::move(reply.error());
  if (const Status dates = check_dates(exchange, reply->properties.last_modified); !dates)
    co_return dates.error();
  HttpResponse response = success(exchange);
  add_properties(response, reply->properties, *place, path);
  response.content_length = reply->properties.is_directory ? 0 : reply->properties.content_length;
  co_return std::move(response);
}

Async<Reply> delete_file(Exchange& exchange, Async<Result<FilesPlace>> finding) {
  const auto recursive = flag_parameter(exchange.target.query, "recursive");
  if (!recursive) co_return recursive.error();
  auto place = co_await std::move(finding);
  if (!place) co_return std::move(place.error());
  FileRequest request = request_for(*place, exchange, FileAction::remove);
  request.recursive = *recursive;
  auto reply = co_await ask_worker(exchange, place->found.worker, std::move(request));
  if (!reply) co_return std::move(reply.error());
  co_return success(exchange);
}

struct NameOf final : query::PropertySource {
  explicit NameOf(const std::string& text) : name(text) {}
  query::PropertyValue property(query::Property property) const override {
    if (property == query::Property::name) return std::string_view(name);
    return std::monostate();
  }
  const std::string& name;
};

Async<Reply> list_files(Exchange& exchange, Async<Result<FilesPlace>> finding) {
  auto list = list_request(exchange, query::file_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  const auto recursive = flag_parameter(exchange.target.query, "recursive");
  if (!recursive) co_return recursive.error();
  auto place = co_await std::move(finding);
  if (!place) co_return std::move(place.error());

  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "files");
  std::string after = std::move(list->page.after);
  std::uint32_t left = list->page.entries_max;
  bool more = true;
  for (int pages = 0; more && left > 0 && pages < kWorkerPagesMax; ++pages) {
    FileRequest request;
    request.node_id = place->found.node_id;
    request.folder = place->found.folder;
    request.action = FileAction::list;
    request.recursive = *recursive;
    request.after = after;
    request.entries_max = left;
    auto reply = co_await ask_worker(exchange, place->found.worker, std::move(request));
    if (!reply) co_return std::move(reply.error());
    for (const FileProperties& file : reply->entries) {
      if (!list->filter.matches_everything() && !list->filter.matches(NameOf(file.name))) continue;
      api::write_file(json, file, place->files_url);
      --left;
    }
    if (!reply->entries.empty()) after = reply->entries.back().name;
    more = reply->more && !reply->entries.empty();
  }
  writer.finish(link_after(exchange, more ? std::optional(after) : std::nullopt));
  co_return success(exchange, std::move(json));
}

}  // namespace

Async<Reply> file_get_from_task(Exchange& exchange) {
  return get_file(exchange, files_of_task(exchange));
}
Async<Reply> file_get_from_compute_node(Exchange& exchange) {
  return get_file(exchange, files_of_node(exchange));
}
Async<Reply> file_get_properties_from_task(Exchange& exchange) {
  return file_properties(exchange, files_of_task(exchange));
}
Async<Reply> file_get_properties_from_compute_node(Exchange& exchange) {
  return file_properties(exchange, files_of_node(exchange));
}
Async<Reply> file_delete_from_task(Exchange& exchange) {
  return delete_file(exchange, files_of_task(exchange));
}
Async<Reply> file_delete_from_compute_node(Exchange& exchange) {
  return delete_file(exchange, files_of_node(exchange));
}
Async<Reply> file_list_from_task(Exchange& exchange) {
  return list_files(exchange, files_of_task(exchange));
}
Async<Reply> file_list_from_compute_node(Exchange& exchange) {
  return list_files(exchange, files_of_node(exchange));
}

}  // namespace windlass::gateway
