#include "gateway/core/skip_token.h"
#include "tests/gateway/handlers/fixture.h"

using namespace windlass;
using namespace windlass::gateway;
using namespace windlass::gateway::tests;

BOOST_AUTO_TEST_SUITE(gateway_handlers)

namespace {

PoolView a_pool(const std::string& id) {
  PoolView pool;
  pool.record.spec.id = id;
  pool.record.spec.vm_size = "small";
  pool.record.version.event = 5;
  return pool;
}

JobRecord a_job(const std::string& id) {
  JobRecord job;
  job.spec.id = id;
  job.spec.pool_id = "p";
  job.version.event = 7;
  return job;
}

constexpr const char* kPoolBody =
    R"({"id":"Pool1","vmSize":"small","virtualMachineConfiguration":{"imageReference":)"
    R"({"publisher":"debian","offer":"debian-12","sku":"12"},"nodeAgentSKUId":"batch.node.debian 12"}})";

ShardId home_of(const std::string& id) {
  return shard_of("alpha", id, 4);
}

std::vector<std::string> ids_of(const boost::json::value& list) {
  std::vector<std::string> ids;
  for (const auto& item : list.at("value").as_array()) ids.emplace_back(item.at("id").as_string());
  return ids;
}

std::string next_link_of(const boost::json::value& list) {
  const auto* link = list.as_object().if_contains("odata.nextLink");
  return link == nullptr ? std::string() : std::string(link->as_string());
}

}  // namespace

BOOST_AUTO_TEST_CASE(pool_is_added_on_the_shard_of_its_id) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return Done{{0xAB, WallTime{}}}; };
  const Got got = cluster.call("POST", "/pools", kPoolBody);
  BOOST_TEST(got.status == 201);
  BOOST_TEST(got.response.body.empty());
  BOOST_TEST(got.header("DataServiceId") == "http://batch.test:1234/pools/Pool1");
  BOOST_TEST(got.header("Location") == "http://batch.test:1234/pools/Pool1");
  BOOST_TEST(got.header("ETag") == '"' + etag_text(home_of("pool1"), 0xAB) + '"');
  BOOST_TEST(got.header("Last-Modified") == "Thu, 01 Jan 1970 00:00:00 GMT");
  BOOST_TEST(cluster.backend.asked.front().first == home_of("pool1"));
  BOOST_TEST(cluster.last<AddPool>().spec.id == "Pool1");
}

BOOST_AUTO_TEST_CASE(bad_bodies_reach_no_shard) {
  Cluster cluster;
  const auto code = [&](const std::string& path, const std::string& body) {
    const Got got = cluster.call("POST", path, body);
    return std::to_string(got.status) + " " + got.code;
  };
  BOOST_TEST(code("/pools", "{") == "400 InvalidRequestBody");
  BOOST_TEST(code("/pools", "") == "400 InvalidRequestBody");
  BOOST_TEST(code("/pools", "[]") == "400 InvalidRequestBody");
  BOOST_TEST(code("/jobs/j/addtaskcollection", R"({"value":[]})") == "400 InvalidPropertyValue");
  BOOST_TEST(code("/jobs/j/tasks", R"({"id":"t","commandLine":"x","nonsense":1})") ==
             "400 UnsupportedProperty");
  BOOST_TEST(code("/jobs/j/tasks", R"({"id":"bad id","commandLine":"x"})") ==
             "400 InvalidPropertyValue");
  BOOST_TEST(code("/jobs", R"({"id":"j"})").starts_with("400 "));
  BOOST_TEST(cluster.backend.asked.empty());
}

BOOST_AUTO_TEST_CASE(conditions_travel_with_the_command) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) -> Answer {
    return Error{ErrorCode::condition_not_met, {}, {}};
  };
  const Got got = cluster.call("DELETE", "/pools/p", {}, {{"If-Match", "\"0xA\", 0xB"}});
  BOOST_TEST(got.status == 412);
  BOOST_TEST(got.code == "ConditionNotMet");
  BOOST_TEST(
      (cluster.last<DeletePool>().conditions.if_match == std::vector<std::string>{"0xA", "0xB"}));
  const Got many =
      cluster.call("DELETE", "/pools/p", {}, {{"If-Match", "a"}, {"If-None-Match", "b"}});
  BOOST_TEST(many.code == "MultipleConditionHeadersNotSupported");
  // Not modified: a status without a body.
  cluster.backend.answers = [](ShardId, const Command&) -> Answer {
    return Error{ErrorCode::not_modified, {}, {}};
  };
  const Got unmodified = cluster.get("/pools/p", {{"If-None-Match", "*"}});
  BOOST_TEST(unmodified.status == 304);
  BOOST_TEST(unmodified.response.body.empty());
}

BOOST_AUTO_TEST_CASE(pool_exists_has_headers_and_no_body) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return a_pool("p"); };
  const Got there = cluster.call("HEAD", "/pools/p");
  BOOST_TEST(there.status == 200);
  BOOST_TEST(there.response.body.empty());
  BOOST_TEST(!there.header("ETag").empty());
  cluster.backend.answers = [](ShardId, const Command&) -> Answer {
    return Error{ErrorCode::pool_not_found, {}, {}};
  };
  const Got gone = cluster.call("HEAD", "/pools/p");
  BOOST_TEST(gone.status == 404);
  BOOST_TEST(gone.response.body.empty());
}

BOOST_AUTO_TEST_CASE(list_of_pools_is_merged_and_goes_on_by_its_link) {
  Cluster cluster;
  std::map<ShardId, std::vector<std::string>> pools;
  std::vector<std::string> all;
  for (int i = 10; i < 40; ++i) {
    const std::string id = (i % 2 == 0 ? "P" : "p") + std::to_string(i);
    pools[home_of(id)].push_back(id);
    all.push_back(id);
  }
  cluster.backend.answers = [&](ShardId shard, const Command& command) -> Answer {
    const PageRequest& request = std::get<ListPools>(command.request).page;
    Page<PoolView> page;
    for (const std::string& id : pools[shard]) {
      if (lower_cased(id) <= request.after) continue;
      // Small pages, as a shard that ran out of its budget gives.
      if (page.entries.size() == 3 || page.entries.size() == request.entries_max) {
        page.next = lower_cased(page.entries.back().record.spec.id);
        break;
      }
      page.entries.push_back(a_pool(id));
    }
    return page;
  };
  std::vector<std::string> seen;
  std::string path = "/pools?maxresults=7&$select=id";
  int pages = 0;
  while (!path.empty()) {
    BOOST_REQUIRE(++pages < 40);
    const Got got = pages == 1 ? cluster.get(path) : cluster.send({.target = path});
    BOOST_REQUIRE(got.status == 200);
    const auto ids = ids_of(got.json);
    BOOST_TEST(ids.size() <= 7u);
    seen.insert(seen.end(), ids.begin(), ids.end());
    path = next_link_of(got.json);
    if (!path.empty()) {
      BOOST_REQUIRE(path.starts_with("http://batch.test:1234/pools?"));
      BOOST_TEST(path.find("maxresults=7") != std::string::npos);
      path.erase(0, std::string("http://batch.test:1234").size());
    }
  }
  BOOST_TEST(seen == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_list_parameters_are_refused) {
  Cluster cluster;
  const auto code = [&](const std::string& path) { return cluster.get(path).code; };
  BOOST_TEST(code("/pools?maxresults=0") == "OutOfRangeQueryParameterValue");
  BOOST_TEST(code("/nodecounts?maxresults=11") == "OutOfRangeQueryParameterValue");
  BOOST_TEST(code("/jobs?$skiptoken=..") == "InvalidQueryParameterValue");
  BOOST_TEST(code("/jobs?$select=nonsense") == "InvalidQueryParameterValue");
  BOOST_TEST(code("/jobs?$expand=nonsense") == "InvalidQueryParameterValue");
  BOOST_TEST(code("/jobschedules?$expand=stats") == "NotImplemented");
  BOOST_TEST(code("/jobs?$filter=id%20eq") == "InvalidQueryParameterValue");
  BOOST_TEST(code("/jobs/j/tasks?$filter=nonsense%20eq%201") == "InvalidQueryParameterValue");
  BOOST_TEST(cluster.backend.asked.empty());
}

BOOST_AUTO_TEST_CASE(supported_images_page_by_place) {
  Cluster cluster;
  const Got all = cluster.get("/supportedimages?$filter=verificationType%20eq%20'verified'");
  BOOST_TEST(all.status == 200);
  BOOST_TEST(!all.json.at("value").as_array().empty());
  std::size_t seen = 0;
  std::string path = Cluster::with_version("/supportedimages?maxresults=2");
  for (int pages = 0; !path.empty(); ++pages) {
    BOOST_REQUIRE(pages < 100);
    const Got got = cluster.send({.target = path});
    BOOST_TEST(got.json.at("value").as_array().size() <= 2u);
    seen += got.json.at("value").as_array().size();
    path = next_link_of(got.json);
    if (!path.empty()) path.erase(0, std::string("http://batch.test:1234").size());
  }
  BOOST_TEST(seen == cluster.get("/supportedimages").json.at("value").as_array().size());
}

BOOST_AUTO_TEST_CASE(job_goes_through_its_home_and_is_found_on_its_shard) {
  Cluster cluster;
  const ShardId target = static_cast<ShardId>((home_of("j") + 1) % 4);
  cluster.backend.answers = [&](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<AddJob>(command.request)) return JobMadeAt{target, {9, {}}};
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{target};
    return a_job("j");
  };
  const Got added = cluster.call("POST", "/jobs", R"({"id":"j","poolInfo":{"poolId":"p"}})");
  BOOST_TEST(added.status == 201);
  BOOST_TEST(added.header("ETag") == '"' + etag_text(target, 9) + '"');
  BOOST_TEST(cluster.backend.asked.back().first == home_of("j"));
  // Known from the answer to the add: no question to the home.
  BOOST_TEST(cluster.get("/jobs/J").status == 200);
  BOOST_TEST(cluster.backend.asked.size() == 2u);
  BOOST_TEST(cluster.backend.asked.back().first == target);
  // Another account knows nothing of it.
  cluster.send(
      {.target = "/jobs/j?api-version=2022-10-01.16.0", .account = "Beta", .key = kSecondKey});
  BOOST_TEST(cluster.backend.asked.size() == 4u);
  BOOST_TEST((std::holds_alternative<FindJob>(cluster.backend.asked[2].second.request)));
  BOOST_TEST(cluster.backend.asked[2].first == shard_of("Beta", "j", 4));
}

BOOST_AUTO_TEST_CASE(job_that_moved_is_asked_for_at_its_home_again) {
  Cluster cluster;
  ShardId place = 1;
  cluster.backend.answers = [&](ShardId shard, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{place};
    if (shard != place) return NotHere{};
    return a_job("j");
  };
  BOOST_TEST(cluster.get("/jobs/j").status == 200);
  place = 2;
  cluster.backend.asked.clear();
  const Got got = cluster.get("/jobs/j");
  BOOST_TEST(got.status == 200);
  BOOST_TEST(got.header("ETag") == '"' + etag_text(2, 7) + '"');
  BOOST_TEST(cluster.backend.asked.size() == 3u);  // the old place, the home, the new place
}

BOOST_AUTO_TEST_CASE(job_that_is_nowhere_is_not_found) {
  Cluster cluster;
  cluster.backend.answers = [&](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{1};
    return NotHere{};
  };
  BOOST_TEST(cluster.get("/jobs/j").code == "JobNotFound");
  BOOST_TEST(cluster.get("/jobs/j").code == "JobNotFound");
  BOOST_TEST(cluster.get("/jobs/not%20an%20id").code == "JobNotFound");
  BOOST_TEST(cluster.backend.asked.size() == 4u);
}

BOOST_AUTO_TEST_CASE(single_task_is_added_with_its_headers) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{3};
    return TasksAdded{{TaskOutcome{std::nullopt, {17, {}}}}};
  };
  const Got got = cluster.call("POST", "/jobs/j/tasks", R"({"id":"T1","commandLine":"/bin/true"})");
  BOOST_TEST(got.status == 201);
  BOOST_TEST(got.header("ETag") == '"' + etag_text(3, 17) + '"');
  BOOST_TEST(got.header("Location") == "http://batch.test:1234/jobs/j/tasks/T1");
  const AddTasks& add = cluster.last<AddTasks>();
  BOOST_TEST(add.job_id == "j");
  BOOST_TEST(add.tasks.at(0).id == "T1");
  BOOST_TEST(!add.tasks.at(0).document.empty());

  cluster.backend.answers = [](ShardId, const Command&) -> Answer {
    return TasksAdded{{TaskOutcome{Error{ErrorCode::task_exists, {}, {}}, {}}}};
  };
  const Got again =
      cluster.call("POST", "/jobs/j/tasks", R"({"id":"T1","commandLine":"/bin/true"})");
  BOOST_TEST(again.status == 409);
  BOOST_TEST(again.code == "TaskExists");
}

BOOST_AUTO_TEST_CASE(each_item_of_a_collection_succeeds_or_fails_alone) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{3};
    TasksAdded added;
    for (const NewTask& task : std::get<AddTasks>(command.request).tasks) {
      TaskOutcome outcome;
      if (task.id == "old") outcome.error = Error{ErrorCode::task_exists, {}, {}};
      outcome.version.event = 4;
      added.outcomes.push_back(outcome);
    }
    return added;
  };
  const Got got =
      cluster.call("POST", "/jobs/j/addtaskcollection",
                   R"({"value":[{"id":"a","commandLine":"x"},{"id":"bad id","commandLine":"x"},)"
                   R"({"id":"old","commandLine":"x"},{"id":"b","commandLine":"x"}]})");
  BOOST_TEST(got.status == 200);
  const auto& items = got.json.at("value").as_array();
  BOOST_REQUIRE(items.size() == 4u);
  const auto status = [&](std::size_t i) { return std::string(items[i].at("status").as_string()); };
  BOOST_TEST(status(0) == "success");
  BOOST_TEST(status(1) == "clienterror");
  BOOST_TEST(items[1].at("error").at("code").as_string() == "InvalidPropertyValue");
  BOOST_TEST(status(2) == "clienterror");
  BOOST_TEST(items[2].at("taskId").as_string() == "old");
  BOOST_TEST(items[2].at("error").at("code").as_string() == "TaskExists");
  BOOST_TEST(status(3) == "success");
  BOOST_TEST(items[3].at("taskId").as_string() == "b");
  BOOST_TEST(cluster.last<AddTasks>().tasks.size() == 3u);
}

BOOST_AUTO_TEST_CASE(tasks_are_listed_with_and_without_their_documents) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{3};
    TaskView task;
    task.record.id = "t";
    Page<TaskView> page;
    page.entries.push_back(task);
    page.next = "t";
    return page;
  };
  const Got got =
      cluster.get("/jobs/j/tasks?$filter=state%20eq%20'active'&$select=id,state&maxresults=1");
  BOOST_TEST(got.status == 200);
  const ListTasks& asked = cluster.last<ListTasks>();
  BOOST_TEST(!asked.page.documents);
  BOOST_TEST(asked.page.filter == "state eq 'active'");
  BOOST_TEST(asked.page.entries_max == 1u);
  BOOST_TEST(got.json.at("value").at(0).as_object().size() == 2u);
  BOOST_TEST(next_link_of(got.json).ends_with("&$skiptoken=" + skip_token("t")));
  cluster.get("/jobs/j/tasks");
  BOOST_TEST(cluster.last<ListTasks>().page.documents);
}

BOOST_AUTO_TEST_CASE(declared_statuses_are_returned) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{3};
    return Done{};
  };
  const auto status = [&](const char* method, const char* path, const char* body = "") {
    return cluster.call(method, path, body).status;
  };
  BOOST_TEST(status("DELETE", "/pools/p") == 202);
  BOOST_TEST(status("POST", "/pools/p/resize", R"({"targetDedicatedNodes":1})") == 202);
  BOOST_TEST(status("POST", "/pools/p/stopresize") == 202);
  BOOST_TEST(status("PATCH", "/pools/p", R"({"metadata":[]})") == 200);
  BOOST_TEST(status("POST", "/pools/p/nodes/n/disablescheduling") == 200);
  BOOST_TEST(status("POST", "/pools/p/nodes/n/enablescheduling") == 200);
  BOOST_TEST(status("DELETE", "/jobs/j") == 202);
  BOOST_TEST(status("POST", "/jobs/j/disable", R"({"disableTasks":"requeue"})") == 202);
  BOOST_TEST(status("POST", "/jobs/j/enable") == 202);
  BOOST_TEST(status("POST", "/jobs/j/terminate") == 202);
  BOOST_TEST(status("PATCH", "/jobs/j", R"({"priority":1})") == 200);
  BOOST_TEST(status("PUT", "/jobs/j", R"({"poolInfo":{"poolId":"p"}})") == 200);
  BOOST_TEST(status("PUT", "/jobs/j/tasks/t", R"({"constraints":{"maxTaskRetryCount":1}})") == 200);
  BOOST_TEST(status("POST", "/jobs/j/tasks/t/terminate") == 204);
  BOOST_TEST(status("POST", "/jobs/j/tasks/t/reactivate") == 204);
  BOOST_TEST(status("DELETE", "/jobs/j/tasks/t") == 200);
}

BOOST_AUTO_TEST_SUITE_END()
