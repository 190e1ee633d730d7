// The front door with a cluster made of functions behind it: what a request becomes, and what its
// answer says. No socket: the server has tests of its own.
#pragma once

#include "api/shared_key.h"
#include "gateway/core/http_date.h"
#include "gateway/front.h"
#include "model/base64.h"
#include "runtime/clock.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace windlass::gateway::tests {

inline const std::string kKey = "bXlhY2NvdW50LXRlc3Qta2V5LTAxMjM0NTY3ODk=";
inline const std::string kSecondKey = "c2Vjb25kLWtleS1vZi10aGUtdGVzdC1hY2NvdW50";

class FakeBackend final : public Backend {
 public:
  using Answers = std::function<Answer(ShardId, const Command&)>;
  using Files = std::function<FileReply(InstanceId, const FileRequest&)>;

  ShardId shards_total() const override { return 4; }
  void ask(ShardId shard, Command command, MonoTime, Later<Answer>& to) override {
    asked.emplace_back(shard, command);
    to.set(answers ? answers(shard, command) : Answer(Error{}));
  }
  std::optional<Error> refusal(ShardId) const override { return refused; }
  std::uint64_t ask_files(InstanceId worker, FileRequest request, MonoTime,
                          Later<FileReply>& to) override {
    files_asked.push_back(request);
    if (hold_files) {
      held.push_back(&to);
      return held.size();
    }
    to.set(files(worker, request));
    return 1;
  }
  void forget_files(std::uint64_t number) override { forgotten.push_back(number); }

  Answers answers;
  std::optional<Error> refused;
  Files files;
  bool hold_files = false;
  std::vector<Later<FileReply>*> held;
  std::vector<std::uint64_t> forgotten;
  std::vector<std::pair<ShardId, Command>> asked;
  std::vector<FileRequest> files_asked;
};

struct Sent {
  std::string method = "GET";
  std::string target;
  std::string body = {};
  std::map<std::string, std::string> headers = {};
  std::string account = "alpha";
  std::string key = kKey;
  bool sign = true;
  bool has_length = true;
  bool body_too_large = false;
  WallTime date = runtime::wall_now();
};

struct Got {
  int status = 0;
  std::string code;  // of an error body
  boost::json::value json;
  HttpResponse response;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  // The value of an error's values list.
  std::string value(std::string_view key) const {
    for (const auto& item : json.at("values").as_array()) {
      if (item.at("key").as_string() == key) return std::string(item.at("value").as_string());
    }
    return {};
  }
};

struct Cluster {
  static Accounts accounts() {
    return Accounts({Account{"alpha", {}, {kKey, kSecondKey}}, Account{"Beta", {}, {kSecondKey}}});
  }

  Got send(Sent sent) {
    HttpRequest request;
    request.method_text = sent.method;
    request.method = method_named(sent.method);
    request.target = sent.target;
    request.body = sent.body;
    request.has_length = sent.has_length;
    request.body_too_large = sent.body_too_large;
    sent.headers.emplace("Host", "batch.test:1234");
    sent.headers.emplace("ocp-date", http_date(sent.date));
    if (!sent.body.empty())
      sent.headers.emplace("Content-Length", std::to_string(sent.body.size()));
    if (sent.sign) {
      std::vector<api::HeaderField> fields;
      for (const auto& [name, value] : sent.headers) fields.push_back({name, value});
      const api::RequestToSign to_sign{sent.method, sent.target, fields};
      const std::string signature =
          api::signature_of(*base64_decoded(sent.key), api::string_to_sign(to_sign, sent.account));
      sent.headers.emplace("Authorization", "SharedKey " + sent.account + ":" + signature);
    }
    std::vector<HeaderLine> lines;
    for (const auto& [name, value] : sent.headers) lines.push_back({name, value});
    request.headers = lines;

    Async<HttpResponse> running = front.handle(request);
    bool ended = false;
    running.start([&ended] { ended = true; });
    BOOST_REQUIRE(ended);
    Got got;
    got.response = running.take();
    got.status = got.response.status;
    if (!got.response.body.empty() && got.response.content_type.starts_with("application/json")) {
      got.json = boost::json::parse(got.response.body);
      if (const auto* code = got.json.as_object().if_contains("code"))
        got.code = std::string(code->as_string());
    }
    BOOST_TEST(!got.header("request-id").empty());
    BOOST_TEST(got.header("DataServiceVersion") == "3.0");
    return got;
  }

  Got get(const std::string& path, std::map<std::string, std::string> headers = {}) {
    return send({.target = with_version(path), .headers = std::move(headers)});
  }
  Got call(const std::string& method, const std::string& path, std::string body = {},
           std::map<std::string, std::string> headers = {}) {
    return send({.method = method,
                 .target = with_version(path),
                 .body = std::move(body),
                 .headers = std::move(headers)});
  }

  static std::string with_version(const std::string& path) {
    return path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=2022-10-01.16.0";
  }

  // What the shard was asked last.
  template <class T>
  const T& last() const {
    BOOST_REQUIRE(!backend.asked.empty());
    const T* request = std::get_if<T>(&backend.asked.back().second.request);
    BOOST_REQUIRE(request != nullptr);
    return *request;
  }

  FakeBackend backend;
  runtime::Log log{"test", runtime::LogLevel::off};
  runtime::Metrics metrics{"test"};
  Front front{backend, accounts(), "", log, metrics};
};

}  // namespace windlass::gateway::tests
