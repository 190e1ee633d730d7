#include "worker/files/transfers.h"

#include "tests/worker/files/scratch.h"
#include "tests/worker/files/tiny_http.h"

#include <atomic>
#include <future>

namespace windlass::worker {
namespace {

TransferOptions quick() {
  TransferOptions options;
  options.backoff = std::chrono::milliseconds(5);
  options.tries_max = 3;
  options.single_put_bytes_max = 1000;
  options.block_bytes = 400;
  options.stall_timeout = std::chrono::seconds(20);
  return options;
}

class Moved {
 public:
  explicit Moved(TransferOptions options = quick())
      : transfers_(options,
                   [this](TransferResult result) { promise_.set_value(std::move(result)); }) {}

  template <class Job>
  std::optional<FailureInfo> run(Job job) {
    promise_ = std::promise<TransferResult>();
    auto result = promise_.get_future();
    job.run = ++run_;
    transfers_.add(std::move(job));
    return wait(result);
  }
  std::optional<FailureInfo> download(const std::string& wd, std::vector<ResourceFile> files) {
    return run(DownloadJob{0, wd, {}, std::move(files)});
  }
  std::optional<FailureInfo> wait(std::future<TransferResult>& result) {
    BOOST_REQUIRE((result.wait_for(std::chrono::seconds(60)) == std::future_status::ready));
    const TransferResult done = result.get();
    BOOST_TEST(done.run == run_);
    return done.failure;
  }

  std::promise<TransferResult> promise_;
  std::uint64_t run_ = 0;
  Transfers transfers_;
};

ResourceFile from_url(const std::string& url, const std::string& path,
                      const std::string& mode = "") {
  ResourceFile file;
  file.http_url = url;
  file.file_path = path;
  file.file_mode = mode;
  return file;
}

BOOST_AUTO_TEST_SUITE(worker_files_transfers)

BOOST_AUTO_TEST_CASE(a_resource_file_arrives_with_its_mode) {
  const Scratch scratch;
  scratch.write("wd/sub/old", "a previous try");
  TinyHttp http([](const TinyRequest&) { return TinyAnswer{200, std::string(100'000, 'x'), {}}; });
  Moved moved;
  BOOST_TEST(!moved.download(scratch / "wd", {from_url(http.url("/a?sig=1"), "sub/old", "0644"),
                                              from_url(http.url("/b"), "deep/er/b")}));
  BOOST_TEST(scratch.read("wd/sub/old").size() == 100'000u);
  BOOST_TEST((scratch.status("wd/sub/old").st_mode & 0777) == 0644u);
  BOOST_TEST((scratch.status("wd/deep/er/b").st_mode & 0777) == 0770u);
}

BOOST_AUTO_TEST_CASE(what_breaks_is_tried_again_from_the_start) {
  const Scratch scratch;
  scratch.write("wd/.keep", "");
  std::atomic<int> calls = 0;
  TinyHttp http([&](const TinyRequest&) {
    const int call = ++calls;
    if (call == 1) return TinyAnswer{503, "busy", {}};
    if (call == 2) return TinyAnswer{200, "0123456789", {}, 4};
    return TinyAnswer{200, "0123456789", {}};
  });
  Moved moved;
  BOOST_TEST(!moved.download(scratch / "wd", {from_url(http.url("/a"), "a")}));
  BOOST_TEST(scratch.read("wd/a") == "0123456789");
  BOOST_TEST(calls == 3);
}

struct RefusalCase {
  int status;
  const char* download_code;
  const char* upload_code;
  int tries;
};
const RefusalCase kRefusals[] = {
    {404, "BlobNotFound", "FileUploadContainerNotFound", 1},
    {403, "BlobAccessDenied", "FileUploadAccessDenied", 1},
    {401, "BlobAccessDenied", "FileUploadAccessDenied", 1},
    {400, "BlobDownloadMiscError", "FileUploadMiscError", 1},
    {500, "BlobDownloadMiscError", "FileUploadMiscError", 3},
    {429, "BlobDownloadMiscError", "FileUploadMiscError", 3},
};

BOOST_AUTO_TEST_CASE(refusals_have_their_codes) {
  for (const RefusalCase& c : kRefusals) {
    BOOST_TEST_CONTEXT(c.status) {
      const Scratch scratch;
      scratch.write("node/t/wd/out.txt", "x");
      std::atomic<int> calls = 0;
      TinyHttp http([&](const TinyRequest&) {
        ++calls;
        return TinyAnswer{c.status, "<Error/>", {}};
      });
      Moved moved;
      auto failure =
          moved.download(scratch / "node/t/wd", {from_url(http.url("/a?sig=secret"), "a")});
      BOOST_REQUIRE(failure.has_value());
      BOOST_TEST(failure->code == c.download_code);
      BOOST_TEST((failure->category == ErrorCategory::usererror));
      BOOST_TEST(failure->details[0].value == "a");
      BOOST_TEST(failure->details[1].value == http.url("/a"));  // no signature
      BOOST_TEST(failure->message.find("secret") == std::string::npos);
      BOOST_TEST(calls == c.tries);
      calls = 0;
      failure = moved.run(UploadJob{0,
                                    scratch / "node",
                                    scratch / "node/t",
                                    {{"*.txt", "", http.url("/c?sig=secret"), {}, {}}},
                                    {}});
      BOOST_REQUIRE(failure.has_value());
      BOOST_TEST(failure->code == c.upload_code);
      BOOST_TEST(calls == c.tries);
      BOOST_TEST(scratch.read("node/t/fileuploaderr.txt").find(c.upload_code) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(nobody_listens_and_no_such_scheme) {
  const Scratch scratch;
  scratch.write("wd/.keep", "");
  Moved moved;
  auto failure = moved.download(scratch / "wd", {from_url("http://127.0.0.1:1/x", "a")});
  BOOST_REQUIRE(failure.has_value());
  BOOST_TEST(failure->code == "BlobDownloadMiscError");
  failure = moved.download(scratch / "wd", {from_url("file:///etc/passwd", "p")});
  BOOST_REQUIRE(failure.has_value());
  BOOST_TEST(!scratch.exists("wd/p"));
  ResourceFile none;
  none.auto_storage_container_name = "c";
  BOOST_TEST(moved.download(scratch / "wd", {none}).has_value());
}

BOOST_AUTO_TEST_CASE(a_redirect_to_a_file_is_not_followed) {
  const Scratch scratch;
  scratch.write("wd/.keep", "");
  TinyHttp http([](const TinyRequest&) {
    return TinyAnswer{302, "", "Location: file:///etc/passwd\r\n"};
  });
  Moved moved;
  BOOST_TEST(moved.download(scratch / "wd", {from_url(http.url("/a"), "a")}).has_value());
  BOOST_TEST(scratch.read("wd/a").empty());
}

BOOST_AUTO_TEST_CASE(files_stay_in_wd_whatever_links_are_there) {
  const Scratch scratch;
  scratch.write("outside/precious", "precious");
  scratch.write("wd/.keep", "");
  std::filesystem::create_directory_symlink(scratch / "outside", scratch / "wd/door");
  std::filesystem::create_symlink(scratch / "outside/precious", scratch / "wd/link");
  TinyHttp http([](const TinyRequest&) { return TinyAnswer{200, "evil", {}}; });
  Moved moved;
  for (const char* path : {"door/precious", "../outside/precious", "/etc/x", "", "a/../../x"}) {
    BOOST_TEST_CONTEXT(path)
    BOOST_TEST(moved.download(scratch / "wd", {from_url(http.url("/a"), path)}).has_value());
  }
  BOOST_TEST(!moved.download(scratch / "wd", {from_url(http.url("/a"), "link")}));  // replaced
  BOOST_TEST(scratch.read("outside/precious") == "precious");
  BOOST_TEST(scratch.read("wd/link") == "evil");
}

BOOST_AUTO_TEST_CASE(a_container_is_listed_page_by_page) {
  const Scratch scratch;
  scratch.write("wd/.keep", "");
  TinyHttp http([](const TinyRequest& request) {
    if (request.target.find("comp=list") == std::string::npos)
      return TinyAnswer{200, "content of " + request.target, {}};
    const bool second = request.target.find("marker=m1") != std::string::npos;
    return TinyAnswer{200,
                      std::string("<EnumerationResults><Blobs><Blob><Name>") +
                          (second ? "in/sub/b c.txt" : "in/a.txt") +
                          "</Name></Blob></Blobs><NextMarker>" + (second ? "" : "m1") +
                          "</NextMarker></EnumerationResults>",
                      {}};
  });
  ResourceFile container;
  container.storage_container_url = http.url("/c?sig=1");
  container.blob_prefix = "in/";
  container.file_path = "data";
  Moved moved;
  BOOST_TEST(!moved.download(scratch / "wd", {container}));
  BOOST_TEST(scratch.read("wd/data/in/a.txt") == "content of /c/in/a.txt?sig=1");
  BOOST_TEST(scratch.read("wd/data/in/sub/b c.txt") == "content of /c/in/sub/b%20c.txt?sig=1");
}

BOOST_AUTO_TEST_CASE(output_files_are_put_with_headers_and_logged) {
  const Scratch scratch;
  scratch.write("node/t/stdout.txt", "out");
  scratch.write("node/t/wd/empty.txt", "");
  TinyHttp http([](const TinyRequest&) { return TinyAnswer{201, "", {}}; });
  Moved moved;
  BOOST_TEST(!moved.run(UploadJob{0,
                                  scratch / "node",
                                  scratch / "node/t",
                                  {{"../std*.txt",
                                    "logs",
                                    http.url("/c?sig=1"),
                                    {{"x-ms-blob-content-type", "text/plain"}},
                                    {}},
                                   {"empty.txt", "e", http.url("/c?sig=1"), {}, {}},
                                   {"nothing*", "", http.url("/c?sig=1"), {}, {}}},
                                  {}}));
  auto requests = http.requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 2u);
  std::sort(requests.begin(), requests.end(),
            [](const auto& a, const auto& b) { return a.target < b.target; });
  BOOST_TEST(requests[0].target == "/c/e?sig=1");
  BOOST_TEST(requests[0].body.empty());
  BOOST_TEST(requests[1].target == "/c/logs/stdout.txt?sig=1");
  BOOST_TEST(requests[1].method == "PUT");
  BOOST_TEST(requests[1].body == "out");
  BOOST_TEST(requests[1].headers["x-ms-blob-type"] == "BlockBlob");
  BOOST_TEST(requests[1].headers["x-ms-blob-content-type"] == "text/plain");
  const std::string log = scratch.read("node/t/fileuploadout.txt");
  BOOST_TEST(log.find("uploaded 'stdout.txt' (3 bytes)") != std::string::npos);
  BOOST_TEST(log.find("sig=") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(large_files_go_up_in_blocks) {
  const Scratch scratch;
  std::string content;
  for (int i = 0; i < 1100; ++i) content += static_cast<char>('a' + i % 26);
  scratch.write("node/t/wd/big.bin", content);
  std::atomic<bool> refused = false;
  TinyHttp http([&](const TinyRequest& request) {
    if (request.target.find("MDAwMDAx") != std::string::npos && !refused.exchange(true))
      return TinyAnswer{500, "", {}};
    return TinyAnswer{201, "", {}};
  });
  Moved moved;
  BOOST_TEST(!moved.run(UploadJob{
      0, scratch / "node", scratch / "node/t", {{"big.bin", "b", http.url("/c"), {}, {}}}, {}}));
  std::string together;
  const auto requests = http.requests();
  for (std::size_t i = 0; i + 1 < requests.size(); ++i) {
    BOOST_TEST(requests[i].target.find("comp=block&blockid=") != std::string::npos);
    if (i > 0 && requests[i].target == requests[i - 1].target) continue;  // tried again
    together += requests[i].body;
  }
  BOOST_TEST((together == content));
  BOOST_TEST(requests.back().target == "/c/b?comp=blocklist");
  BOOST_TEST(requests.back().body.find("<Latest>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(links_out_of_the_task_are_not_uploaded) {
  const Scratch scratch;
  scratch.write("secret.txt", "secret");
  scratch.write("node/t/wd/fine.txt", "fine");
  std::filesystem::create_symlink(scratch / "secret.txt", scratch / "node/t/wd/stolen.txt");
  TinyHttp http([](const TinyRequest&) { return TinyAnswer{201, "", {}}; });
  Moved moved;
  const auto failure = moved.run(UploadJob{
      0, scratch / "node", scratch / "node/t", {{"*.txt", "", http.url("/c"), {}, {}}}, {}});
  BOOST_TEST(failure.has_value());
  const auto requests = http.requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 1u);  // the other one went up all the same
  BOOST_TEST(requests[0].body == "fine");
}

BOOST_AUTO_TEST_CASE(a_cancelled_run_answers_soon) {
  const Scratch scratch;
  scratch.write("wd/.keep", "");
  std::promise<void> reached;
  std::promise<void> release;
  auto released = release.get_future().share();
  TinyHttp http([&](const TinyRequest&) {
    reached.set_value();
    released.wait();
    return TinyAnswer{200, "late", {}};
  });
  Moved moved;
  auto result = moved.promise_.get_future();
  moved.run_ = 5;
  moved.transfers_.add(DownloadJob{5, scratch / "wd", {}, {from_url(http.url("/a"), "a")}});
  reached.get_future().wait();
  moved.transfers_.cancel(5);
  const auto failure = moved.wait(result);
  release.set_value();
  BOOST_REQUIRE(failure.has_value());
  BOOST_TEST(failure->code == "TaskEnded");
}

BOOST_AUTO_TEST_CASE(many_files_keep_within_the_limits) {
  const Scratch scratch;
  scratch.write("wd/.keep", "");
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  TinyHttp http([&](const TinyRequest&) {
    const int active = ++now;
    int seen = most;
    while (active > seen && !most.compare_exchange_weak(seen, active)) {
    }
    --now;
    return TinyAnswer{200, "x", {}};
  });
  std::vector<ResourceFile> files;
  for (int i = 0; i < 100; ++i) files.push_back(from_url(http.url("/x"), "f" + std::to_string(i)));
  Moved moved;
  BOOST_TEST(!moved.download(scratch / "wd", files));
  BOOST_TEST(most <= 4);
  for (int i = 0; i < 100; ++i) BOOST_TEST(scratch.exists("wd/f" + std::to_string(i)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
