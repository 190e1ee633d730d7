#include "tests/client/fake_batch.h"

#include "api/shared_key.h"
#include "model/base64.h"
#include "model/percent_encoding.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <list>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace windlass::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t kPage = 1000;

struct Task {
  json::object body;
  std::string out;
  std::string err;
};
struct Job {
  json::object body;
  std::map<std::string, Task> tasks;
};

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    parts.push_back(percent_decoded(path.substr(0, slash)));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  return parts;
}

std::map<std::string, std::string> query_of(std::string_view query) {
  std::map<std::string, std::string> values;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos)
      values[std::string(part.substr(0, equals))] = percent_decoded(part.substr(equals + 1));
  }
  return values;
}

struct Refused {
  int status;
  std::string code;
};

}  // namespace

class FakeBatch::State {
 public:
  State() : acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
    thread_ = std::thread([this] { accept(); });
  }

  ~State() {
    stopping_ = true;
    {
      const std::lock_guard lock(mutex);
      for (tcp::socket& socket : sockets_) {
        beast::error_code ignored;
        socket.shutdown(tcp::socket::shutdown_both, ignored);
      }
    }
    // accept() has no other way to be woken.
    asio::io_context other;
    tcp::socket waker(other);
    beast::error_code ignored;
    waker.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
    for (std::thread& session : sessions_) session.join();
  }

  std::string endpoint() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

  mutable std::mutex mutex;
  std::map<std::string, json::object> pools;
  std::map<std::string, Job> jobs;
  int busy = 0;
  bool items_fail = false;
  std::set<std::string> failed_once;
  std::size_t answered = 0;
  std::size_t tasks_per_request_max = 100;

 private:
  void accept() {
    while (!stopping_) {
      tcp::socket socket(context_);
      acceptor_.accept(socket);
      if (stopping_) return;
      const std::lock_guard lock(mutex);
      sockets_.push_back(std::move(socket));
      sessions_.emplace_back([this, &kept = sockets_.back()] { serve(kept); });
    }
  }

  void serve(tcp::socket& socket) {
    beast::flat_buffer buffer;
    beast::error_code error;
    while (!error) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(std::uint64_t{8} << 20);
      http::read(socket, buffer, parser, error);
      if (error) return;
      Response response = answer(parser.get());
      response.keep_alive(parser.get().keep_alive());
      if (parser.get().method() == http::verb::head)
        response.content_length(response.body().size());
      else
        response.prepare_payload();
      if (parser.get().method() == http::verb::head) response.body().clear();
      http::write(socket, response, error);
      if (!response.keep_alive()) return;
    }
  }

  bool signed_well(const Request& request) const {
    std::vector<api::HeaderField> fields;
    for (const auto& field : request.base())
      fields.push_back({{field.name_string().data(), field.name_string().size()},
                        {field.value().data(), field.value().size()}});
    const auto value = request[http::field::authorization];
    const auto presented = api::parse_shared_key({value.data(), value.size()});
    const std::vector<std::string> keys{base64_decoded(kKey).value()};
    const std::string method(request.method_string());
    const std::string target(request.target());
    return presented && presented->account == kAccount &&
           api::signature_matches({method, target, fields}, *presented, keys);
  }

  Response answer(const Request& request) {
    const std::lock_guard lock(mutex);
    ++answered;
    Response response(http::status::ok, 11);
    try {
      if (!signed_well(request)) throw Refused{403, "AuthenticationFailed"};
      if (busy > 0) {
        --busy;
        throw Refused{503, "ServerBusy"};
      }
      const std::string target(request.target());
      const auto mark = target.find('?');
      handle(request, parts_of(target.substr(0, mark)), query_of(target.substr(mark + 1)),
             response);
    } catch (const Refused& refused) {
      response.result(static_cast<unsigned>(refused.status));
      response.body() = json::serialize(json::object{
          {"code", refused.code},
          {"message", json::object{{"lang", "en-US"},
                                   {"value", "refused: " + refused.code + "\nRequestId:x"}}}});
    }
    return response;
  }

  void handle(const Request& request, const std::vector<std::string>& parts,
              std::map<std::string, std::string> query, Response& response) {
    const http::verb verb = request.method();
    const auto set = [&](const json::value& value) { response.body() = json::serialize(value); };
    if (!query.contains("api-version")) throw Refused{400, "MissingRequiredQueryParameter"};
    if (parts[0] == "supportedimages") {
      return set(json::object{
          {"value", json::array{json::object{
                        {"nodeAgentSKUId", "batch.node.test"},
                        {"imageReference",
                         json::object{{"publisher", "p"}, {"offer", "o"}, {"sku", "s"}}}}}}});
    }
    if (parts[0] == "pools") return handle_pools(request, parts, query, response);
    if (parts[0] != "jobs") throw Refused{501, "NotImplemented"};
    if (parts.size() == 1 && verb == http::verb::post) {
      const json::object body = json::parse(request.body()).as_object();
      const std::string id(body.at("id").as_string());
      if (jobs.contains(id)) throw Refused{409, "JobExists"};
      jobs[id].body = body;
      jobs[id].body["state"] = "active";
      return response.result(201);
    }
    if (parts.size() == 1) {
      std::vector<json::object> all;
      for (const auto& [id, job] : jobs) all.push_back(job.body);
      return set(page(all, query, "/jobs"));
    }
    const auto job = jobs.find(parts[1]);
    if (job == jobs.end()) throw Refused{404, "JobNotFound"};
    if (parts.size() == 2 && verb == http::verb::get) return set(job->second.body);
    if (parts.size() == 2 && verb == http::verb::delete_) {
      jobs.erase(job);
      return response.result(202);
    }
    if (parts[2] == "taskcounts") return set(counts(job->second));
    if (parts[2] == "addtaskcollection") return add_collection(request, job->second, response);
    if (parts[2] == "tasks") return handle_tasks(request, parts, query, job->second, response);
    response.result(202);
  }

  void handle_pools(const Request& request, const std::vector<std::string>& parts,
                    std::map<std::string, std::string>& query, Response& response) {
    const http::verb verb = request.method();
    if (parts.size() == 1 && verb == http::verb::post) {
      const json::object body = json::parse(request.body()).as_object();
      const std::string id(body.at("id").as_string());
      if (pools.contains(id)) throw Refused{409, "PoolExists"};
      pools[id] = body;
      pools[id]["state"] = "active";
      return response.result(201);
    }
    if (parts.size() == 1) {
      std::vector<json::object> all;
      for (const auto& [id, pool] : pools) all.push_back(pool);
      response.body() = json::serialize(page(all, query, "/pools"));
      return;
    }
    if (!pools.contains(parts[1])) throw Refused{404, "PoolNotFound"};
    if (parts.size() == 2 && verb == http::verb::delete_) {
      pools.erase(parts[1]);
      return response.result(202);
    }
    if (parts.size() == 2) response.body() = json::serialize(pools[parts[1]]);
    if (parts.size() == 3 && parts[2] == "nodes") {
      std::vector<json::object> nodes;
      for (std::int64_t i = 0; i < pools[parts[1]].at("targetDedicatedNodes").as_int64(); ++i)
        nodes.push_back({{"id", "n" + std::to_string(i)}, {"state", "idle"}});
      response.body() = json::serialize(page(nodes, query, "/pools/" + parts[1] + "/nodes"));
    }
    if (parts.size() == 3 && verb == http::verb::post) response.result(202);
  }

  void handle_tasks(const Request& request, const std::vector<std::string>& parts,
                    std::map<std::string, std::string>& query, Job& job, Response& response) {
    if (parts.size() == 3 && request.method() == http::verb::post) {
      add(job, json::parse(request.body()).as_object());
      return response.result(201);
    }
    if (parts.size() == 3) {
      std::vector<json::object> all;
      for (const auto& [id, task] : job.tasks) {
        if (query["$filter"].find("failure") != std::string::npos &&
            (!task.body.contains("executionInfo") ||
             task.body.at("executionInfo").at("result") != "failure"))
          continue;
        all.push_back(task.body);
      }
      response.body() = json::serialize(page(all, query, "/jobs/" + parts[1] + "/tasks"));
      return;
    }
    const auto task = job.tasks.find(parts[3]);
    if (task == job.tasks.end()) throw Refused{404, "TaskNotFound"};
    if (parts.size() == 4 && request.method() == http::verb::delete_) {
      job.tasks.erase(task);
      return;
    }
    if (parts.size() == 4) {
      response.body() = json::serialize(task->second.body);
      return;
    }
    if (parts.size() == 5) {
      response.body() = json::serialize(json::object{
          {"value",
           json::array{json::object{
               {"name", "stdout.txt"},
               {"isDirectory", false},
               {"properties", json::object{{"contentLength", task->second.out.size()}}}}}}});
      return;
    }
    const bool out = parts[5] == "stdout.txt";
    if (!out && parts[5] != "stderr.txt") throw Refused{404, "FileNotFound"};
    std::string content = out ? task->second.out : task->second.err;
    const std::string range(request["ocp-range"]);
    if (!range.empty()) {
      const std::size_t first = std::stoul(range.substr(range.find('=') + 1));
      if (first >= content.size()) throw Refused{416, "InvalidRange"};
      content = content.substr(first);
    }
    response.body() = content;
  }

  void add(Job& job, json::object body) {
    const std::string id(body.at("id").as_string());
    if (job.tasks.contains(id)) throw Refused{409, "TaskExists"};
    const std::string command(body.at("commandLine").as_string());
    Task task{std::move(body), "", ""};
    if (command.find("hang") != std::string::npos) {
      task.body["state"] = "running";
    } else {
      end(task, command.find("fail") != std::string::npos ? 3 : 0);
    }
    job.tasks.emplace(id, std::move(task));
  }

 public:
  static void end(Task& task, int exit_code) {
    task.body["state"] = "completed";
    task.body["executionInfo"] =
        json::object{{"exitCode", exit_code}, {"result", exit_code == 0 ? "success" : "failure"}};
    if (exit_code != 0) task.err = "first line\nit went wrong\n";
  }

 private:
  void add_collection(const Request& request, Job& job, Response& response) {
    const json::value body = json::parse(request.body());
    const json::array& tasks = body.at("value").as_array();
    if (tasks.size() > tasks_per_request_max || request.body().size() > (1U << 20))
      throw Refused{413, "RequestBodyTooLarge"};
    json::array results;
    for (const json::value& task : tasks) {
      const std::string id(task.at("id").as_string());
      json::object result{{"taskId", id}, {"status", "success"}};
      if (items_fail && failed_once.insert(id).second) {
        result["status"] = "servererror";
      } else {
        try {
          add(job, task.as_object());
        } catch (const Refused& refused) {
          result["status"] = "clienterror";
          result["error"] =
              json::object{{"code", refused.code}, {"message", json::object{{"value", "no"}}}};
        }
      }
      results.push_back(std::move(result));
    }
    response.body() = json::serialize(json::object{{"value", std::move(results)}});
  }

  static json::object counts(const Job& job) {
    std::int64_t running = 0;
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    for (const auto& [id, task] : job.tasks) {
      if (task.body.at("state") == "running")
        ++running;
      else if (task.body.at("executionInfo").at("exitCode") == 0)
        ++succeeded;
      else
        ++failed;
    }
    return {{"taskCounts", json::object{{"active", 0},
                                        {"running", running},
                                        {"completed", succeeded + failed},
                                        {"succeeded", succeeded},
                                        {"failed", failed}}}};
  }

  json::object page(const std::vector<json::object>& all, std::map<std::string, std::string>& query,
                    const std::string& path) const {
    const std::size_t from = query["$skiptoken"].empty() ? 0 : std::stoul(query["$skiptoken"]);
    const std::size_t count = query["maxresults"].empty() ? kPage : std::stoul(query["maxresults"]);
    json::array value;
    for (std::size_t i = from; i < all.size() && i < from + count; ++i) value.push_back(all[i]);
    json::object page{{"value", std::move(value)}};
    if (from + count < all.size()) {
      page["odata.nextLink"] =
          endpoint() + path + "?api-version=1&$skiptoken=" + std::to_string(from + count) +
          "&maxresults=" + std::to_string(count) + "&$filter=" + percent_encoded(query["$filter"]);
    }
    return page;
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<bool> stopping_ = false;
  std::list<tcp::socket> sockets_;
  std::list<std::thread> sessions_;
  std::thread thread_;
};

FakeBatch::FakeBatch() : state_(std::make_unique<State>()) {}
FakeBatch::~FakeBatch() = default;

std::string FakeBatch::endpoint() const {
  return state_->endpoint();
}

std::size_t FakeBatch::task_count(const std::string& job) const {
  const std::lock_guard lock(state_->mutex);
  return state_->jobs.at(job).tasks.size();
}

std::string FakeBatch::command_line(const std::string& job, const std::string& task) const {
  const std::lock_guard lock(state_->mutex);
  return std::string(state_->jobs.at(job).tasks.at(task).body.at("commandLine").as_string());
}

std::size_t FakeBatch::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->answered;
}

void FakeBatch::finish(const std::string& job, int exit_code) {
  const std::lock_guard lock(state_->mutex);
  for (auto& [id, task] : state_->jobs.at(job).tasks) {
    if (task.body.at("state") == "running") State::end(task, exit_code);
  }
}

void FakeBatch::append_stdout(const std::string& job, const std::string& task,
                              const std::string& text) {
  const std::lock_guard lock(state_->mutex);
  state_->jobs.at(job).tasks.at(task).out += text;
}

void FakeBatch::be_busy(int requests) {
  const std::lock_guard lock(state_->mutex);
  state_->busy = requests;
}

void FakeBatch::take_at_most(std::size_t tasks_per_request) {
  const std::lock_guard lock(state_->mutex);
  state_->tasks_per_request_max = tasks_per_request;
}

void FakeBatch::items_fail_once() {
  const std::lock_guard lock(state_->mutex);
  state_->items_fail = true;
}

}  // namespace windlass::test
