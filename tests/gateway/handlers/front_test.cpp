#include "bus/task_document.h"
#include "bus/task_token.h"
#include "tests/gateway/handlers/fixture.h"

using namespace windlass;
using namespace windlass::gateway;
using namespace windlass::gateway::tests;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(gateway_front)

BOOST_AUTO_TEST_CASE(who_does_not_sign_is_not_let_in) {
  Cluster cluster;
  const Got missing = cluster.send({.target = "/pools?api-version=2022-10-01.16.0", .sign = false});
  BOOST_TEST(missing.status == 401);
  BOOST_TEST(missing.code == "AuthenticationFailed");
  BOOST_TEST(missing.header("WWW-Authenticate") == "SharedKey");

  const Got malformed = cluster.send({.target = "/pools?api-version=2022-10-01.16.0",
                                      .headers = {{"Authorization", "SharedKey alpha"}},
                                      .sign = false});
  BOOST_TEST(malformed.status == 400);
  BOOST_TEST(malformed.code == "InvalidAuthenticationInfo");

  const Got bearer = cluster.send({.target = "/pools?api-version=2022-10-01.16.0",
                                   .headers = {{"Authorization", "Bearer abc"}},
                                   .sign = false});
  BOOST_TEST(bearer.status == 403);

  for (const Sent& sent :
       {Sent{.target = "/pools?api-version=2022-10-01.16.0", .account = "nobody"},
        Sent{.target = "/pools?api-version=2022-10-01.16.0", .account = "Beta"},
        Sent{.target = "/pools?api-version=2022-10-01.16.0",
        .key = "d3Jvbmcta2V5LXdyb25nLWtleS13cm9uZy1rZXk="}}) {
    const Got got = cluster.send(sent);
    BOOST_TEST(got.status == 403);
    BOOST_TEST(got.code == "AuthenticationFailed");
  }
  BOOST_TEST(cluster.backend.asked.empty());
}

BOOST_AUTO_TEST_CASE(a_task_asks_for_its_own_job_with_its_token_until_it_completes) {
  Cluster cluster;
  TaskDocument document;
  document.command_line = "x";
  document.token_secret = new_token_secret();
  TaskState state = TaskState::running;
  cluster.backend.answers = [&](ShardId, const Command& command) -> Answer {
    if (const auto* find = std::get_if<FindJob>(&command.request)) {
      if (find->job_id == "none") return Error{ErrorCode::job_not_found, {}, {}};
      return JobFound{2};
    }
    if (const auto* get = std::get_if<GetTask>(&command.request)) {
      TaskView view;
      view.record.id = get->task_id;
      view.record.state = state;
      view.document = encode_task_document(document);
      return view;
    }
    if (std::holds_alternative<ListTasks>(command.request)) return Page<TaskView>{};
    return NotHere{};
  };
  const auto ask = [&](std::string target, std::string token) {
    return cluster.send({.target = target + "?api-version=2022-10-01.16.0",
                         .headers = {{"Authorization", "Bearer " + token}},
                         .sign = false});
  };
  const std::string token = task_token(document.token_secret, {"Beta", "boss"}, "j");
  BOOST_TEST(ask("/jobs/j/tasks", token).status == 200);
  BOOST_TEST(cluster.backend.asked.back().second.account == "Beta");
  BOOST_TEST(ask("/pools", token).code == "Forbidden");
  BOOST_TEST(ask("/jobs", token).code == "Forbidden");
  BOOST_TEST(ask("/jobs/none/tasks", token).code == "AuthenticationFailed");
  // Another job of the same schedule: the same document.
  BOOST_TEST(ask("/jobs/other/tasks", token).code == "AuthenticationFailed");
  // Of the right form, and another: made by somebody else, cut short, for an account there is not.
  const std::string guessed = new_token_secret();
  BOOST_TEST(ask("/jobs/j/tasks", task_token(guessed, {"Beta", "boss"}, "j")).status == 403);
  BOOST_TEST(ask("/jobs/j/tasks", token.substr(0, token.size() - 1)).status == 403);
  BOOST_TEST(ask("/jobs/j/tasks", task_token(guessed, {"nobody", "boss"}, "j")).status == 403);
  const std::string nobodys = task_token(guessed, {"nobody", "boss"}, "j");
  BOOST_TEST(ask("/pools", nobodys).code == "Forbidden");  // as for an account that there is
  state = TaskState::completed;
  BOOST_TEST(ask("/jobs/j/tasks", token).code == "AuthenticationFailed");
  state = TaskState::running;
  document.token_secret.clear();  // a task that has none
  BOOST_TEST(ask("/jobs/j/tasks", task_token("", {"Beta", "boss"}, "j")).status == 403);
}

BOOST_AUTO_TEST_CASE(either_key_opens_and_names_have_no_case) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return Page<PoolView>{}; };
  for (const Sent& sent :
       {Sent{.target = "/pools?api-version=2022-10-01.16.0"},
        Sent{.target = "/pools?api-version=2022-10-01.16.0", .key = kSecondKey},
        Sent{.target = "/pools?api-version=2022-10-01.16.0", .account = "ALPHA"},
        Sent{.target = "/pools?api-version=2022-10-01.16.0", .account = "beta", .key = kSecondKey}})
    BOOST_TEST(cluster.send(sent).status == 200);
  // Commands carry the account as it is configured.
  BOOST_TEST(cluster.backend.asked.front().second.account == "alpha");
  BOOST_TEST(cluster.backend.asked.back().second.account == "Beta");
}

BOOST_AUTO_TEST_CASE(clock_may_be_off_by_a_quarter_of_an_hour) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return Page<PoolView>{}; };
  const auto status_at = [&](std::chrono::seconds off) {
    return cluster
        .send({.target = "/pools?api-version=2022-10-01.16.0",
               .date = runtime::wall_now() + Duration(off)})
        .status;
  };
  BOOST_TEST(status_at(-14min) == 200);
  BOOST_TEST(status_at(14min) == 200);
  BOOST_TEST(status_at(-16min) == 403);
  BOOST_TEST(status_at(16min) == 403);
}

BOOST_AUTO_TEST_CASE(keys_can_be_replaced) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return Page<PoolView>{}; };
  cluster.front.replace_accounts(Accounts({Account{"alpha", {}, {kSecondKey}}}));
  BOOST_TEST(cluster.get("/pools").status == 403);
  BOOST_TEST(
      cluster.send({.target = "/pools?api-version=2022-10-01.16.0", .key = kSecondKey}).status ==
      200);
}

BOOST_AUTO_TEST_CASE(routes_versions_and_lengths_have_their_codes) {
  Cluster cluster;
  const auto code = [](const Got& got) { return std::to_string(got.status) + " " + got.code; };
  BOOST_TEST(code(cluster.get("/nothing")) == "404 ResourceNotFound");
  BOOST_TEST(code(cluster.call("DELETE", "/pools")) == "405 UnsupportedHttpVerb");
  BOOST_TEST(code(cluster.call("OPTIONS", "/pools")) == "405 UnsupportedHttpVerb");
  BOOST_TEST(code(cluster.send({.target = "/pools"})) == "400 MissingRequiredQueryParameter");
  BOOST_TEST(code(cluster.send({.target = "/pools?api-version=2016-01-01.1.0"})) ==
             "400 UnsupportedRequestVersion");
  BOOST_TEST(code(cluster.send({.method = "POST",
                                .target = Cluster::with_version("/pools/p/stopresize"),
                                .has_length = false})) == "411 MissingContentLengthHeader");
  BOOST_TEST(code(cluster.send({.method = "POST",
                                .target = Cluster::with_version("/pools"),
                                .body_too_large = true})) == "413 RequestBodyTooLarge");
  BOOST_TEST(code(cluster.get("/pools?timeout=x")) == "400 InvalidQueryParameterValue");
  BOOST_TEST(code(cluster.get("/pools?timeout=-1")) == "400 OutOfRangeQueryParameterValue");
  BOOST_TEST(code(cluster.get("/pools", {{"Host", "a b"}})) == "400 InvalidHeaderValue");
  BOOST_TEST(cluster.backend.asked.empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_built_says_so_by_name) {
  Cluster cluster;
  const Got got = cluster.call("POST", "/pools/p/enableautoscale", "{}");
  BOOST_TEST(got.status == 501);
  BOOST_TEST(got.code == "NotImplemented");
  BOOST_TEST(
      std::string(got.json.at("message").at("value").as_string()).find("Pool_EnableAutoScale") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_operation_answers_with_a_body_clients_understand) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) {
    return Error{ErrorCode::server_busy, {}, {{"Reason", "test"}}};
  };
  for (const OperationInfo& info : kOperations) {
    const char* const verbs[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    const Got got =
        cluster.call(verbs[static_cast<int>(info.method)], std::string(info.path), "{}");
    BOOST_TEST_CONTEXT(info.name) {
      const bool expected = got.status == 501 || got.status == 503 || got.status == 400 ||
                            got.status == 404 || got.status == 200;
      BOOST_TEST(expected, got.status);
      if (info.method == Method::head)
        BOOST_TEST(got.response.body.empty());
      else if (got.status != 200)
        BOOST_TEST(!got.code.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(client_request_id_comes_back_when_wished) {
  Cluster cluster;
  const Got wished =
      cluster.get("/x", {{"client-request-id", "abc"}, {"return-client-request-id", "true"}});
  BOOST_TEST(wished.header("client-request-id") == "abc");
  BOOST_TEST(cluster.get("/x", {{"client-request-id", "abc"}}).header("client-request-id") == "");
}

BOOST_AUTO_TEST_CASE(a_shard_that_is_away_is_503_with_retry_after) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId shard, const Command&) -> Answer {
    if (shard == 2)
      return Error{ErrorCode::server_busy, {}, {{"Reason", "Shard 2 cannot be reached"}}};
    return Page<PoolView>{};
  };
  const Got got = cluster.get("/pools");  // never a partial list
  BOOST_TEST(got.status == 503);
  BOOST_TEST(got.code == "ServerBusy");
  BOOST_TEST(got.header("Retry-After") == "2");
  BOOST_TEST(got.value("Reason") == "Shard 2 cannot be reached");
}

BOOST_AUTO_TEST_CASE(tasks_are_refused_unread_while_their_job_s_shard_is_busy) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{1};
    return TasksAdded{{TaskOutcome{}}};
  };
  const std::string one = R"({"value":[{"id":"t","commandLine":"true"}]})";
  BOOST_TEST(cluster.call("POST", "/jobs/j/addtaskcollection", one).status == 200);
  BOOST_TEST(cluster.call("POST", "/jobs/j/tasks", "{no JSON").status == 400);
  cluster.backend.asked.clear();
  cluster.backend.refused = Error{ErrorCode::server_busy, {}, {{"Reason", "test"}}};
  for (const char* path : {"/jobs/j/tasks", "/jobs/j/addtaskcollection"}) {
    const Got got = cluster.call("POST", path, "{no JSON");
    BOOST_TEST(got.status == 503);
    BOOST_TEST(got.code == "ServerBusy");
    BOOST_TEST(got.header("Retry-After") == "2");
  }
  // Where a job is not known to be, its body is read first.
  BOOST_TEST(cluster.call("POST", "/jobs/other/tasks", "{no JSON").status == 400);
  BOOST_TEST(cluster.backend.asked.empty());
}

BOOST_AUTO_TEST_CASE(requests_are_counted_by_operation_and_status) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return Page<PoolView>{}; };
  cluster.get("/pools");
  cluster.get("/nothing");
  const std::string text = cluster.metrics.text();
  BOOST_TEST(text.find("windlass_gateway_requests_total{code=\"200\",operation=\"Pool_List\"} 1") !=
             std::string::npos);
  BOOST_TEST(text.find("operation=\"unknown\"") != std::string::npos);
  BOOST_TEST(cluster.front.requests_in_flight() == 0u);
}

BOOST_AUTO_TEST_CASE(single_tasks_of_a_client_that_signs_may_be_joined_and_nothing_else) {
  Cluster cluster;
  const struct {
    Method method;
    std::string_view target;
    std::string_view authorization;
    bool joined;
  } cases[] = {
      {Method::post, "/jobs/j/tasks?api-version=2022-10-01.16.0", "SharedKey a:b", true},
      {Method::post, "/jobs/j/tasks?api-version=2022-10-01.16.0", "Bearer abc", false},
      {Method::get, "/jobs/j/tasks?api-version=2022-10-01.16.0", "SharedKey a:b", false},
      {Method::post, "/jobs/j/addtaskcollection", "SharedKey a:b", false},
      {Method::post, "/jobs", "SharedKey a:b", false},
      {Method::post, "/jobs/j/tasks/t/terminate", "SharedKey a:b", false},
      {Method::post, "/jobs?of=/tasks", "SharedKey a:b", false},
      {Method::post, "", "SharedKey a:b", false},
  };
  for (const auto& c : cases) {
    const HeaderLine headers[] = {{"Authorization", c.authorization}};
    HttpRequest request;
    request.method = c.method;
    request.target = c.target;
    request.headers = headers;
    BOOST_TEST(cluster.front.may_be_joined(request) == c.joined, c.target);
  }
}

BOOST_AUTO_TEST_SUITE_END()
