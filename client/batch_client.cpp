#include "client/batch_client.h"

#include "api/shared_key.h"
#include "model/base64.h"
#include "model/percent_encoding.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <thread>

namespace windlass::client {
namespace {

namespace json = boost::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kApiVersion = "2022-10-01.16.0";
constexpr std::string_view kJsonType = "application/json; odata=minimalmetadata; charset=utf-8";
constexpr std::size_t kTasksPerRequestMax = 100;
constexpr std::size_t kBodyBytesMax =
    1'000'000;  // the service takes 1 MiB; some room for the frame around tasks
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5000};

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  const std::size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, length};
}

std::string text_at(const json::value& value, std::string_view key) {
  if (!value.is_object()) return {};
  const json::value* found = value.as_object().if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string message_of(const json::value& error) {
  if (!error.is_object()) return {};
  const json::value* message = error.as_object().if_contains("message");
  return message == nullptr ? std::string() : first_line(text_at(*message, "value"));
}

ServiceError error_of(const HttpResponse& response) {
  boost::system::error_code not_json;
  const json::value body = json::parse(response.body, not_json);
  std::vector<std::pair<std::string, std::string>> values;
  std::string code;
  std::string message;
  if (!not_json && body.is_object()) {
    code = text_at(body, "code");
    message = message_of(body);
    if (const json::value* list = body.as_object().if_contains("values");
        list != nullptr && list->is_array()) {
      for (const json::value& item : list->as_array())
        values.emplace_back(text_at(item, "key"), text_at(item, "value"));
    }
  }
  if (message.empty()) message = "the service answered " + std::to_string(response.status);
  return ServiceError(response.status, code, message, std::move(values));
}

bool worth_repeating(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::chrono::milliseconds pause_after(const HttpResponse& response, std::chrono::milliseconds own) {
  const std::string_view text = response.header("Retry-After");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || seconds <= 0) return own;
  return std::max<std::chrono::milliseconds>(own, std::chrono::seconds(std::min(seconds, 30)));
}

}  // namespace

ServiceError::ServiceError(int http_status, std::string error_code, const std::string& message,
                           std::vector<std::pair<std::string, std::string>> error_values)
    : std::runtime_error(message),
      status(http_status),
      code(std::move(error_code)),
      values(std::move(error_values)) {}

std::string path_of(std::initializer_list<std::string_view> parts) {
  std::string path;
  for (const std::string_view part : parts) path += "/" + percent_encoded(part);
  return path;
}

BatchClient::BatchClient(Account account)
    : account_(std::move(account)),
      url_([&] {
        const auto url = parse_url(account_.endpoint);
        if (!url)
          throw std::invalid_argument("'" + account_.endpoint +
                                      "' is not the URL of a Batch endpoint");
        return *url;
      }()),
      key_([&] {
        const auto key = base64_decoded(account_.key);
        if (!key || key->empty()) throw std::invalid_argument("the access key is not base64");
        return *key;
      }()),
      http_(url_, account_.ca_file) {}

std::string BatchClient::target_of(std::string_view path, const Query& query) const {
  std::string target = url_.path + std::string(path) + "?api-version=" + std::string(kApiVersion);
  for (const auto& [name, value] : query) {
    if (!value.empty()) target += "&" + name + "=" + percent_encoded(value);
  }
  return target;
}

HttpResponse BatchClient::send_once(std::string_view method, const std::string& target,
                                    const std::string& body, const Headers& headers,
                                    const std::function<void(std::string_view)>& sink) {
  HttpRequest request{std::string(method), target, headers, body};
  request.headers.emplace_back("ocp-date", http_date());
  request.headers.emplace_back("Accept", "application/json");
  if (!body.empty()) request.headers.emplace_back("Content-Type", kJsonType);
  if (!body.empty() || (method != "GET" && method != "HEAD")) {
    request.headers.emplace_back("Content-Length", std::to_string(body.size()));
  }
  std::vector<api::HeaderField> fields;
  for (const auto& [name, value] : request.headers) fields.push_back({name, value});
  const std::string text = api::string_to_sign({method, target, fields}, account_.name);
  request.headers.emplace_back("Authorization",
                               "SharedKey " + account_.name + ":" + api::signature_of(key_, text));
  return http_.send(request, sink);
}

HttpResponse BatchClient::send(std::string_view method, const std::string& target,
                               const std::string& body, const Headers& headers,
                               const std::function<void(std::string_view)>& sink) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  std::chrono::milliseconds pause = kFirstPause;
  for (;; pause = std::min(pause * 2, kLongestPause)) {
    std::chrono::milliseconds wanted = pause;
    bool begun = false;
    try {
      const auto passing = [&](std::string_view bytes) {
        begun = true;
        sink(bytes);
      };
      HttpResponse response =
          send_once(method, target, body, headers,
                    sink ? std::function<void(std::string_view)>(passing) : nullptr);
      if (response.status >= 200 && response.status < 300) return response;
      wanted = pause_after(response, pause);
      const bool over = std::chrono::steady_clock::now() + wanted > deadline;
      if (!worth_repeating(response.status) || over) throw error_of(response);
    } catch (const Unreachable&) {
      if (begun || std::chrono::steady_clock::now() + wanted > deadline) throw;
    }
    std::this_thread::sleep_for(wanted);
  }
}

HttpResponse BatchClient::request(std::string_view method, std::string_view path,
                                  const Query& query, const json::value* body,
                                  const Headers& headers) {
  return send(method, target_of(path, query),
              body == nullptr ? std::string() : json::serialize(*body), headers, {});
}

json::value BatchClient::get(std::string_view path, const Query& query) {
  return json::parse(request("GET", path, query).body);
}

bool BatchClient::exists(std::string_view path) {
  const bool has_head = path.starts_with("/pools/") || path.starts_with("/jobschedules/");
  try {
    request(has_head ? "HEAD" : "GET", path, has_head ? Query{} : Query{{"$select", "id"}});
    return true;
  } catch (const ServiceError& error) {
    if (error.status == 404) return false;
    throw;
  }
}

void BatchClient::list(std::string_view path, const Query& query,
                       const std::function<bool(json::value&)>& each) {
  std::string target = target_of(path, query);
  for (;;) {
    json::value page = json::parse(send("GET", target, {}, {}, {}).body);
    for (json::value& element : page.at("value").as_array()) {
      if (!each(element)) return;
    }
    const std::string next = text_at(page, "odata.nextLink");
    if (next.empty()) return;
    // The link names the service as it knows itself; we stay with the address that works for us.
    const auto url = parse_url(next);
    if (!url)
      throw ServiceError(200, "", "the service sent a next link that is no URL: " + next, {});
    target = url->path + "?" + url->query;
  }
}

void BatchClient::post(std::string_view path, const json::value& body) {
  request("POST", path, {}, &body);
}
void BatchClient::post(std::string_view path) {
  request("POST", path);
}
void BatchClient::patch(std::string_view path, const json::value& body) {
  request("PATCH", path, {}, &body);
}
void BatchClient::put(std::string_view path, const json::value& body) {
  request("PUT", path, {}, &body);
}
void BatchClient::remove(std::string_view path) {
  request("DELETE", path);
}

std::vector<AddedTask> BatchClient::add_tasks(std::string_view job,
                                              std::vector<json::value> tasks) {
  std::vector<AddedTask> results;
  std::vector<json::value> chunk;
  std::size_t bytes = 0;
  for (json::value& task : tasks) {
    const std::size_t size = json::serialize(task).size() + 1;
    if (!chunk.empty() && (chunk.size() == kTasksPerRequestMax || bytes + size > kBodyBytesMax)) {
      add_some(job, std::exchange(chunk, {}), results);
      bytes = 0;
    }
    chunk.push_back(std::move(task));
    bytes += size;
  }
  if (!chunk.empty()) add_some(job, std::move(chunk), results);
  return results;
}

void BatchClient::add_some(std::string_view job, std::vector<json::value> tasks,
                           std::vector<AddedTask>& results) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  std::chrono::milliseconds pause = kFirstPause;
  while (!tasks.empty()) {
    json::value answer;
    try {
      const json::value body = json::object{{"value", json::array(tasks.begin(), tasks.end())}};
      answer =
          json::parse(request("POST", path_of({"jobs", job, "addtaskcollection"}), {}, &body).body);
    } catch (const ServiceError& error) {
      if (error.code != "RequestBodyTooLarge" || tasks.size() == 1) throw;
      const auto middle = tasks.begin() + static_cast<std::ptrdiff_t>(tasks.size() / 2);
      add_some(job, {tasks.begin(), middle}, results);
      add_some(job, {middle, tasks.end()}, results);
      return;
    }
    std::map<std::string, json::value> sent;
    for (json::value& task : tasks) sent.emplace(text_at(task, "id"), std::move(task));
    tasks.clear();
    const bool again = std::chrono::steady_clock::now() + pause <= deadline;
    for (const json::value& item : answer.at("value").as_array()) {
      AddedTask result{text_at(item, "taskId"), {}, {}};
      const std::string status = text_at(item, "status");
      if (const json::value* error = item.as_object().if_contains("error"); error != nullptr) {
        result.error_code = text_at(*error, "code");
        result.message = message_of(*error);
      }
      if (status != "success" && result.error_code.empty()) result.error_code = "InternalError";
      if (status == "servererror" && again && sent.contains(result.id))
        tasks.push_back(sent.at(result.id));
      else
        results.push_back(std::move(result));
    }
    if (tasks.empty()) break;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

std::uint64_t BatchClient::read_task_file(std::string_view job, std::string_view task,
                                          std::string_view file,
                                          const std::function<void(std::string_view)>& sink,
                                          std::optional<ByteRange> range) {
  return read_file(path_of({"jobs", job, "tasks", task, "files", file}), sink, range);
}

std::uint64_t BatchClient::read_file(std::string_view path,
                                     const std::function<void(std::string_view)>& sink,
                                     std::optional<ByteRange> range) {
  Headers headers;
  if (range) {
    headers.emplace_back("ocp-range",
                         "bytes=" + std::to_string(range->first) + "-" +
                             (range->last ? std::to_string(*range->last) : std::string()));
  }
  std::uint64_t bytes = 0;
  send("GET", target_of(path, {}), {}, headers, [&](std::string_view piece) {
    bytes += piece.size();
    sink(piece);
  });
  return bytes;
}

std::uint64_t BatchClient::file_length(std::string_view path) {
  const HttpResponse response = request("HEAD", path);
  std::uint64_t length = 0;
  const std::string_view text = response.header("Content-Length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace windlass::client
