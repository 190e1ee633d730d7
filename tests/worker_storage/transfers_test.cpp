// Where two rooms meet: the worker's transfers against our own blob endpoint, over loopback.
#include "worker/files/transfers.h"
#include "storage/blob_server.h"
#include "storage/core/sas.h"
#include "storage/crypto.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

using namespace windlass;
namespace fs = std::filesystem;

namespace {

const std::string kAccount = "acct";
const std::string kKey = "a2V5IG9mIHRoZSBhY2NvdW50IGZvciB0aGVzZSB0ZXN0cw==";

struct Scratch {
  Scratch() {
    char name[] = "/tmp/windlass-transfers-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Scratch() { fs::remove_all(path); }
  fs::path path;
};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

struct Fixture {
  Scratch scratch;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<storage::BlobServer> server;
  std::jthread loop;

  std::mutex mutex;
  std::condition_variable ended;
  std::optional<worker::TransferResult> result;
  std::unique_ptr<worker::Transfers> transfers;

  Fixture() {
    {
      // Containers are the client's to make; the client is not what this is about.
      storage::BlobStore store(
          scratch.path / "blobs", [] { return WallTime{1}; }, [](std::string_view) {});
      BOOST_REQUIRE(static_cast<bool>(store.create_container(kAccount, "cont", {})));
    }
    storage::BlobServerOptions options;
    options.service.folder = scratch.path / "blobs";
    options.service.accounts = {{kAccount, {kKey}}};
    server = std::make_unique<storage::BlobServer>(io, options);
    server->start();
    loop = std::jthread([this] { io.run(); });
    // Small limits, so that small files take the road of large ones.
    transfers = std::make_unique<worker::Transfers>(
        worker::TransferOptions{.tries_max = 2,
                                .backoff = std::chrono::milliseconds{10},
                                .block_bytes = 100'000,
                                .single_put_bytes_max = 300'000},
        [this](worker::TransferResult done) {
          const std::lock_guard lock(mutex);
          result = std::move(done);
          ended.notify_one();
        });
  }

  ~Fixture() {
    transfers.reset();
    server->stop();
    work.reset();
    loop.join();
    server.reset();
  }

  std::string url(const std::string& path) const {
    return server->public_url() + "/" + kAccount + "/" + path;
  }

  // A signature for the container, as a client would make it.
  static std::string signature(const std::string& letters,
                               const std::string& expiry = "2199-01-01") {
    const std::string query = "sv=2021-12-02&sr=c&sp=" + letters + "&se=" + expiry;
    const auto request = storage::make_request("GET", "/" + kAccount + "/cont/x?" + query, {});
    const std::string key = *storage::base64_decoded(kKey);
    const std::string sig =
        storage::base64_encoded(storage::hmac_sha256(key, *storage::sas_string_to_sign(*request)));
    return query + "&sig=" + storage::percent_encoded(sig);
  }

  std::optional<FailureInfo> wait() {
    std::unique_lock lock(mutex);
    BOOST_REQUIRE(
        ended.wait_for(lock, std::chrono::seconds{60}, [this] { return result.has_value(); }));
    auto failure = std::exchange(result, std::nullopt)->failure;
    return failure;
  }

  std::optional<FailureInfo> upload(std::vector<OutputFile> files) {
    worker::UploadJob job;
    job.node_root = scratch.path;
    job.task = scratch.path / "task";
    job.files = std::move(files);
    transfers->add(std::move(job));
    return wait();
  }

  std::optional<FailureInfo> download(std::vector<ResourceFile> files) {
    worker::DownloadJob job;
    fs::create_directories(scratch.path / "wd");
    job.wd = scratch.path / "wd";
    job.files = std::move(files);
    transfers->add(std::move(job));
    return wait();
  }

  OutputFile output(const std::string& pattern, const std::string& path,
                    const std::string& letters = "w") const {
    OutputFile file;
    file.file_pattern = pattern;
    file.path = path;
    file.container_url = url("cont") + "?" + signature(letters);
    return file;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(worker_storage_transfers, Fixture)

BOOST_AUTO_TEST_CASE(files_go_up_and_come_back) {
  const std::string large(1'234'567, 'L');  // in blocks
  write_file(scratch.path / "task/wd/frame.png", "pixels");
  write_file(scratch.path / "task/wd/sub/large \xC3\xBC%.bin", large);
  write_file(scratch.path / "task/wd/empty", "");
  write_file(scratch.path / "task/stdout.txt", "said");
  const auto failed = upload({output("frame.png", "frames/frame-1.png"), output("**/*.bin", "all"),
                              output("empty", "empty"), output("../std*.txt", "logs/t1")});
  BOOST_TEST(!failed.has_value(), (failed ? failed->code + " " + failed->message : ""));

  ResourceFile one;
  one.http_url = url("cont/frames/frame-1.png") + "?" + signature("r");
  one.file_path = "in/frame.png";
  ResourceFile all;
  all.storage_container_url = url("cont") + "?" + signature("rl");
  all.file_path = "everything";
  ResourceFile logs;
  logs.storage_container_url = url("cont") + "?" + signature("rl");
  logs.blob_prefix = "logs/";
  const auto refused = download({one, all, logs});
  BOOST_TEST(!refused.has_value(), (refused ? refused->code + " " + refused->message : ""));
  const fs::path wd = scratch.path / "wd";
  BOOST_TEST(read_file(wd / "in/frame.png") == "pixels");
  BOOST_TEST(read_file(wd / "everything/frames/frame-1.png") == "pixels");
  BOOST_TEST((read_file(wd / "everything/all/sub/large \xC3\xBC%.bin") == large));
  BOOST_TEST(fs::exists(wd / "everything/empty"));
  BOOST_TEST(read_file(wd / "logs/t1/stdout.txt") == "said");
}

BOOST_AUTO_TEST_CASE(refusals_become_failures) {
  write_file(scratch.path / "task/wd/a", "a");
  BOOST_TEST(upload({output("a", "a", "r")}).has_value());  // may only read
  ResourceFile file;
  file.file_path = "a";
  file.http_url = url("cont/none") + "?" + signature("r");
  BOOST_TEST(download({file}).has_value());
  file.http_url = url("cont/a") + "?" + signature("r", "2020-01-01");
  BOOST_TEST(download({file}).has_value());
  file.http_url = url("cont/a");
  BOOST_TEST(download({file}).has_value());
  BOOST_TEST(!upload({output("a", "a")}).has_value());
  file.http_url = url("cont/a") + "?" + signature("r");
  BOOST_TEST(!download({file}).has_value());
  BOOST_TEST(read_file(scratch.path / "wd/a") == "a");
}

BOOST_AUTO_TEST_SUITE_END()
