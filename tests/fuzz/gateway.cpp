// Whole requests of the Batch API, signed, through the front door and the handlers; the shards and
// workers behind them answer anything of the right kind, of the wrong kind, or with a refusal.
#include "api/shared_key.h"
#include "gateway/core/http_date.h"
#include "gateway/front.h"
#include "gateway/http/head_reader.h"
#include "gateway/http/response_head.h"
#include "model/base64.h"
#include "runtime/clock.h"
#include "schema/codec/task_document.h"
#include "tests/fuzz/target.h"
#include "tests/schema/random_value.h"

#include <boost/json.hpp>

#include <algorithm>

namespace windlass::fuzz {
namespace {

const std::string kKey = "0123456789abcdef";
constexpr std::size_t kJsonDepthMax = 100;

// Answers from a seed.
class AnyBackend final : public gateway::Backend {
 public:
  explicit AnyBackend(std::uint64_t seed) : random_(seed) {}

  ShardId shards_total() const override { return 4; }
  void ask(ShardId shard, Command command, MonoTime, gateway::Later<Answer>& to) override {
    WINDLASS_ASSERT(command.account == "alpha");
    if (shard >= shards_total()) return to.set(Error{});
    // Mostly what was asked for, or nothing would ever be shown.
    if (random_.below(4) == 0) return to.set(random_.make<Error>());
    if (random_.below(8) == 0) return to.set(any());
    const bool find = std::holds_alternative<FindJob>(command.request);
    to.set(find ? Answer{JobFound{static_cast<ShardId>(random_.below(4))}} : fitting(command));
  }
  // Not asked: one request knows of no job's shard yet.
  std::optional<Error> refusal(ShardId) const override { return std::nullopt; }
  std::uint64_t ask_files(InstanceId, FileRequest request, MonoTime,
                          gateway::Later<FileReply>& to) override {
    FileReply reply = random_.make<FileReply>();
    if (random_.below(4) != 0) reply.error.reset();
    reply.data.resize(std::min<std::size_t>(reply.data.size(), request.bytes_max));
    to.set(std::move(reply));
    return 1;
  }
  void forget_files(std::uint64_t) override {}

 private:
  Answer any() {
    Answer answer = random_.make<Answer>();
    auto* task = std::get_if<TaskView>(&answer);
    if (task != nullptr && random_.below(4) != 0)
      task->document = encode_task_document(random_.make<TaskDocument>());
    return answer;
  }
  Answer fitting(const Command& command) {
    for (int turn = 0; turn < 100; ++turn) {
      Answer answer = any();
      const bool fits = changes_something(command.request)
                            ? std::holds_alternative<Done>(answer) ||
                                  std::holds_alternative<TasksAdded>(answer) ||
                                  std::holds_alternative<JobMadeAt>(answer)
                            : !std::holds_alternative<Error>(answer);
      if (fits) return answer;
    }
    return Error{};
  }
  test::RandomValues random_;
};

boost::json::value parsed(const std::string& text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  return boost::json::parse(text, {}, options);
}

void judge_response(const gateway::HttpRequest& request, const gateway::HttpResponse& response) {
  WINDLASS_ASSERT(response.status >= 200 && response.status < 600);
  std::string head;
  gateway::append_head(head, response, true, "now");
  WINDLASS_ASSERT(head.find("request-id: ") != std::string::npos);
  // One line a header: nothing that was asked breaks out of one.
  const auto lines = std::count(head.begin(), head.end(), '\n');
  WINDLASS_ASSERT(lines <= static_cast<std::ptrdiff_t>(response.headers.size()) + 8);
  for (const auto& [name, value] : response.headers)
    WINDLASS_ASSERT(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  if (response.content_type.starts_with("application/json") && !response.body.empty()) {
    const boost::json::value json = parsed(response.body);
    if (response.status >= 400) {
      WINDLASS_ASSERT(!json.at("code").as_string().empty());
      WINDLASS_ASSERT(!json.at("message").at("value").as_string().empty());
    }
  } else if (response.status >= 400) {
    WINDLASS_ASSERT(request.method == gateway::Method::head);
  }
}

void judge(const gateway::HttpRequest& request, std::uint64_t seed) {
  static runtime::Log log("fuzz", runtime::LogLevel::off);
  static runtime::Metrics metrics("fuzz");
  AnyBackend backend(seed);
  gateway::Front front(backend, gateway::Accounts({{"alpha", {}, {base64_encoded(kKey)}}}), "", log,
                       metrics);
  gateway::Async<gateway::HttpResponse> running = front.handle(request);
  bool ended = false;
  running.start([&ended] { ended = true; });
  WINDLASS_ASSERT(ended);
  gateway::HttpResponse response = running.take();
  judge_response(request, response);
  std::uint64_t sent = 0;
  for (int turn = 0; response.source && turn < 20; ++turn) {
    auto pulling = response.source->next();
    bool pulled = false;
    pulling.start([&pulled] { pulled = true; });
    WINDLASS_ASSERT(pulled);
    const auto next = pulling.take();
    if (!next || next->empty()) break;
    sent += next->size();
    WINDLASS_ASSERT(sent <= response.content_length.value_or(0));
  }
}

void run(std::string_view input) {
  Choices choices(input);
  const std::uint8_t seed = choices.byte();
  const std::string_view text = choices.rest();
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  gateway::HeadReader reader;
  if (!reader.read(text.substr(0, end + 4))) return;
  gateway::HttpRequest request = reader.request();
  request.body = text.substr(end + 4);
  std::vector<gateway::HeaderLine> lines(request.headers.begin(), request.headers.end());
  const std::string date = gateway::http_date(runtime::wall_now());
  std::string authorization;
  if (!request.has_header("authorization")) {
    lines.push_back({"ocp-date", date});
    std::vector<api::HeaderField> fields;
    for (const gateway::HeaderLine& line : lines) fields.push_back({line.name, line.value});
    authorization =
        "SharedKey alpha:" +
        api::signature_of(
            kKey, api::string_to_sign({request.method_text, request.target, fields}, "alpha"));
    lines.push_back({"Authorization", authorization});
  }
  request.headers = lines;
  judge(request, seed);
}

std::vector<std::string> seeds() {
  std::vector<std::string> seeds;
  const auto add = [&](std::string_view line, std::string_view headers = {},
                       std::string_view body = {}) {
    std::string request(line);
    request += line.find('?') == std::string_view::npos ? "?" : "&";
    request += "api-version=2022-10-01.16.0 HTTP/1.1\r\nHost: h:1\r\n";
    request += headers;
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n";
    request += body;
    for (std::size_t seed = 0; seed < 5; ++seed) seeds.push_back(chosen(seed, request));
  };
  add("GET /pools?$filter=state%20eq%20'active'&$select=id,state&maxresults=2");
  add("POST /pools", "Content-Type: application/json\r\n",
      R"({"id":"P1","vmSize":"s","cloudServiceConfiguration":{"osFamily":"4"}})");
  add("GET /pools/p", "If-None-Match: \"0x1\"\r\n");
  add("HEAD /pools/p");
  add("PATCH /pools/p", "If-Match: *\r\n", R"({"metadata":[]})");
  add("POST /pools/p/resize", {}, R"({"targetDedicatedNodes":1})");
  add("DELETE /pools/p");
  add("GET /pools/p/nodes?$filter=state%20eq%20'idle'");
  add("GET /pools/p/nodes/n");
  add("POST /pools/p/nodes/n/disablescheduling", "Content-Length: 0\r\n");
  add("GET /pools/p/nodes/n/files/a%20b.txt", "ocp-range: bytes=0-5\r\n");
  add("GET /nodecounts");
  add("GET /supportedimages?$filter=osType%20eq%20'linux'");
  add("POST /jobs", "client-request-id: x\r\nreturn-client-request-id: true\r\n",
      R"({"id":"j","poolInfo":{"poolId":"p"}})");
  add("GET /jobs?$skiptoken=kYWJj");
  add("GET /jobs/j?$expand=stats");
  add("PUT /jobs/j", {}, R"({"poolInfo":{"poolId":"p"}})");
  add("POST /jobs/j/terminate", "Content-Length: 0\r\n");
  add("POST /jobs/j/disable", {}, R"({"disableTasks":"wait"})");
  add("GET /jobs/j/taskcounts");
  add("POST /jobs/j/tasks", {}, R"({"id":"t","commandLine":"true"})");
  add("POST /jobs/j/addtaskcollection", {},
      R"({"value":[{"id":"a","commandLine":"x"},{"id":"b c","commandLine":"x"}]})");
  add("GET /jobs/j/tasks?$filter=executionInfo/exitCode%20ne%200");
  add("GET /jobs/j/tasks/t?$select=id,commandLine");
  add("PUT /jobs/j/tasks/t", {}, R"({"constraints":{"maxTaskRetryCount":1}})");
  add("POST /jobs/j/tasks/t/reactivate", "Content-Length: 0\r\n");
  add("GET /jobs/j/tasks/t/files?recursive=true");
  add("GET /jobs/j/tasks/t/files/wd/x.txt");
  add("HEAD /jobs/j/tasks/t/files/stdout.txt");
  add("DELETE /jobs/j/tasks/t/files/wd?recursive=true");
  add("GET /jobschedules");
  add("GET /nowhere", "Authorization: SharedKey alpha:AAAA\r\nDate: never\r\n");
  return seeds;
}

const Target kTarget("gateway", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
