#include "gateway/handlers/file_source.h"
#include "tests/gateway/handlers/fixture.h"

#include <numeric>

using namespace windlass;
using namespace windlass::gateway;
using namespace windlass::gateway::tests;

BOOST_AUTO_TEST_SUITE(gateway_handlers_files)

namespace {

const std::string kPath = "/jobs/j/tasks/t/files/";

// A worker with one folder: files by name, and one directory "wd".
struct Files : Cluster {
  Files() {
    backend.answers = [this](ShardId, const Command& command) -> Answer {
      if (std::holds_alternative<FindJob>(command.request)) return JobFound{1};
      return found;
    };
    backend.files = [this](InstanceId, const FileRequest& request) { return reply(request); };
    content["stdout.txt"] = "hello world";
    content["empty"] = "";
    content["large"] = std::string(3 * kFileChunkBytesMax + 1000, '\0');
    std::iota(content["large"].begin(), content["large"].end(), '\0');
    for (int i = 0; i < 30; ++i) content["wd/f" + std::to_string(10 + i)] = "x";
  }

  FileReply reply(const FileRequest& request) const {
    FileReply reply;
    if (request.action == FileAction::list) {
      for (const auto& [name, bytes] : content) {
        if (name <= request.after) continue;
        if (reply.entries.size() == request.entries_max) {
          reply.more = true;
          break;
        }
        reply.entries.push_back({.name = name, .content_length = bytes.size(), .mode = 0644});
      }
      return reply;
    }
    reply.properties.name = request.path;
    reply.properties.mode = 0644;
    reply.properties.last_modified = WallTime{16727412300000000};
    if (request.path == "wd") {
      reply.properties.is_directory = true;
      if (request.action == FileAction::read)
        reply.error = Error{ErrorCode::operation_invalid_for_current_state, {}, {}};
      return reply;
    }
    const auto file = content.find(request.path);
    if (file == content.end()) {
      reply.error = Error{ErrorCode::file_not_found, {}, {}};
      return reply;
    }
    reply.properties.content_length = file->second.size();
    if (request.action == FileAction::read && request.offset < file->second.size())
      reply.data = file->second.substr(request.offset, request.bytes_max);
    return reply;
  }

  FilesFound found{7, "node", "workitems/j/job-1/t"};
  std::map<std::string, std::string> content;
};

// Pulls a source to its end, as a connection does.
std::optional<std::string> drained(BodySource& source, std::uint64_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    auto piece = source.next();
    piece.start([] {});
    BOOST_REQUIRE(piece.ended());
    auto taken = piece.take();
    if (!taken) return std::nullopt;
    out += *taken;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(small_file_takes_one_trip) {
  Files cluster;
  const Got got = cluster.get(kPath + "stdout.txt");
  BOOST_TEST(got.status == 200);
  BOOST_TEST(got.response.body == "hello world");
  BOOST_TEST(got.response.content_type == "application/octet-stream");
  BOOST_TEST(got.header("Last-Modified") == "Tue, 03 Jan 2023 10:20:30 GMT");
  BOOST_TEST(got.header("ocp-batch-file-isdirectory") == "false");
  BOOST_TEST(got.header("ocp-batch-file-mode") == "0o100644");
  BOOST_TEST(got.header("ocp-batch-file-url") ==
             "http://batch.test:1234/jobs/j/tasks/t/files/stdout.txt");
  BOOST_TEST(cluster.backend.files_asked.size() == 1u);
  BOOST_TEST(cluster.backend.files_asked[0].folder == "workitems/j/job-1/t");
  BOOST_TEST(cluster.get(kPath + "empty").status == 200);
}

BOOST_AUTO_TEST_CASE(ranged_read_is_200_with_the_range) {
  Files cluster;
  const auto read = [&](const char* range) {
    const Got got = cluster.get(kPath + "stdout.txt", {{"ocp-range", range}});
    return std::to_string(got.status) + " " + (got.code.empty() ? got.response.body : got.code);
  };
  BOOST_TEST(read("bytes=0-4") == "200 hello");
  BOOST_TEST(read("bytes=6-") == "200 world");
  BOOST_TEST(read("bytes=6-100") == "200 world");
  BOOST_TEST(read("bytes=11-") == "416 InvalidRange");
  BOOST_TEST(read("bytes=-3") == "400 InvalidHeaderValue");
  BOOST_TEST(read("x") == "400 InvalidHeaderValue");
  BOOST_TEST(cluster.backend.files_asked[0].bytes_max == 5u);
}

BOOST_AUTO_TEST_CASE(large_file_streams_in_chunks) {
  Files cluster;
  Got got = cluster.get(kPath + "large");
  BOOST_TEST(got.status == 200);
  const std::string& content = cluster.content["large"];
  BOOST_TEST(*got.response.content_length == content.size());
  BOOST_REQUIRE(got.response.source != nullptr);
  BOOST_TEST((drained(*got.response.source, content.size()) == content));
  BOOST_TEST(cluster.backend.files_asked.size() == 4u);

  Got part = cluster.get(kPath + "large", {{"ocp-range", "bytes=1000-600999"}});
  BOOST_TEST(*part.response.content_length == 600'000u);
  BOOST_TEST((drained(*part.response.source, 600'000) == content.substr(1000, 600'000)));
}

BOOST_AUTO_TEST_CASE(file_that_shrinks_ends_the_stream) {
  Files cluster;
  Got got = cluster.get(kPath + "large");
  cluster.content["large"].resize(2 * kFileChunkBytesMax);
  BOOST_TEST(!drained(*got.response.source, *got.response.content_length).has_value());
}

BOOST_AUTO_TEST_CASE(chunks_under_way_are_few_and_forgotten_with_the_client) {
  Files cluster;
  cluster.content["huge"] = std::string(20 * kFileChunkBytesMax, 'h');
  Got got = cluster.get(kPath + "huge");
  cluster.backend.files_asked.clear();
  cluster.backend.hold_files = true;
  auto first = got.response.source->next();  // what came with the properties
  first.start([] {});
  BOOST_TEST(first.ended());
  BOOST_TEST(cluster.backend.files_asked.size() == kFileChunksUnderWay);
  {
    auto second = got.response.source->next();
    second.start([] {});
    BOOST_TEST(!second.ended());
    FileReply reply;
    reply.data = std::string(kFileChunkBytesMax, 'h');
    cluster.backend.held[0]->set(std::move(reply));
    BOOST_TEST(second.ended());
  }
  BOOST_TEST(cluster.backend.files_asked.size() == kFileChunksUnderWay + 1);
  got.response.source.reset();
  BOOST_TEST((cluster.backend.forgotten == std::vector<std::uint64_t>{2, 3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(properties_and_directories) {
  Files cluster;
  const Got file = cluster.call("HEAD", kPath + "large");
  BOOST_TEST(file.status == 200);
  BOOST_TEST(*file.response.content_length == cluster.content["large"].size());
  const Got folder = cluster.call("HEAD", kPath + "wd");
  BOOST_TEST(folder.status == 200);
  BOOST_TEST(folder.header("ocp-batch-file-isdirectory") == "true");
  BOOST_TEST(cluster.get(kPath + "wd").code == "OperationInvalidForCurrentState");
  BOOST_TEST(cluster.get(kPath + "wd").status == 400);
  BOOST_TEST(cluster.call("HEAD", kPath + "none").status == 404);
  BOOST_TEST(cluster.get(kPath + "none").code == "FileNotFound");
}

BOOST_AUTO_TEST_CASE(dates_are_conditions) {
  Files cluster;
  const auto status = [&](const char* name, const char* date) {
    return cluster.get(kPath + "stdout.txt", {{name, date}}).status;
  };
  BOOST_TEST(status("If-Modified-Since", "Tue, 03 Jan 2023 10:20:30 GMT") == 304);
  BOOST_TEST(status("If-Modified-Since", "Tue, 03 Jan 2023 10:20:29 GMT") == 200);
  BOOST_TEST(status("If-Unmodified-Since", "Tue, 03 Jan 2023 10:20:30 GMT") == 200);
  BOOST_TEST(status("If-Unmodified-Since", "Tue, 03 Jan 2023 10:20:29 GMT") == 412);
}

BOOST_AUTO_TEST_CASE(lists_are_filtered_and_go_on) {
  Files cluster;
  std::vector<std::string> names;
  std::string path = Cluster::with_version(
      "/jobs/j/tasks/t/files?recursive=true&maxresults=7&$filter=startswith(name,'wd/')");
  for (int pages = 0; !path.empty(); ++pages) {
    BOOST_REQUIRE(pages < 20);
    const Got got = cluster.send({.target = path});
    BOOST_REQUIRE(got.status == 200);
    for (const auto& item : got.json.at("value").as_array())
      names.emplace_back(item.at("name").as_string());
    const auto* link = got.json.as_object().if_contains("odata.nextLink");
    path = link == nullptr ? std::string() : std::string(link->as_string()).substr(22);
  }
  BOOST_TEST(names.size() == 30u);
  BOOST_TEST(names.front() == "wd/f10");
  BOOST_TEST(std::is_sorted(names.begin(), names.end()));
  BOOST_TEST(cluster.backend.files_asked.back().recursive);
  BOOST_TEST(cluster.get("/jobs/j/tasks/t/files?recursive=maybe").code ==
             "InvalidQueryParameterValue");
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_reached_say_why) {
  Files cluster;
  cluster.found.worker = 0;
  BOOST_TEST(cluster.get(kPath + "stdout.txt").code == "NodeNotReady");
  BOOST_TEST(cluster.get("/pools/p/nodes/n/files/x").code == "NodeNotReady");
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<FindJob>(command.request)) return JobFound{1};
    return Error{ErrorCode::task_files_unavailable, {}, {}};
  };
  const Got got = cluster.get(kPath + "stdout.txt");
  BOOST_TEST(got.status == 409);
  BOOST_TEST(got.code == "TaskFilesUnavailable");
}

BOOST_AUTO_TEST_CASE(deleting_passes_on_whether_folders_go) {
  Files cluster;
  BOOST_TEST(cluster.call("DELETE", kPath + "wd?recursive=true").status == 200);
  BOOST_TEST((cluster.backend.files_asked.back().action == FileAction::remove));
  BOOST_TEST(cluster.backend.files_asked.back().recursive);
  BOOST_TEST(cluster.backend.files_asked.back().path == "wd");
}

BOOST_AUTO_TEST_SUITE_END()
