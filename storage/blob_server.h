// The blob endpoint on a socket: http://host:port/ACCOUNT/container/blob, as Azurite has it.
#pragma once

#include "storage/blob_service.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace windlass::storage {

// What went by, for metrics and logs.
struct BlobRequestFacts {
  std::string_view operation;  // "Put Blob", "unknown"
  std::string_view method;
  std::string_view account;
  std::string_view container;
  std::string_view error_code;  // empty when all went well
  std::string_view request_id;
  unsigned status = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::nanoseconds took{};
};

struct BlobServerOptions {
  BlobServiceOptions service;  // an empty public_url becomes http://address:port
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;     // 0: any free one
  unsigned disk_threads = 4;  // files are read, written and flushed by these, never by the loop
  std::size_t connections_max = 512;  // one more is told 503 and closed
  // Waiting for a request and receiving its head.
  std::chrono::seconds head_timeout{60};
  // For each 256 KiB of a body in either direction: slower peers than that are cut off.
  std::chrono::seconds chunk_timeout{30};
  std::function<void(const BlobRequestFacts&)> on_request;  // called on the io_context's threads
};

// Runs on the io_context's threads (any number) and disk threads of its own. The io_context must
// outlive it, and must not be running any more when it is destroyed.
class BlobServer {
 public:
  // Opens the folder and the port. Throws runtime::StartRefused naming what is in the way.
  BlobServer(boost::asio::io_context& io, BlobServerOptions options);
  ~BlobServer();
  BlobServer(const BlobServer&) = delete;
  BlobServer& operator=(const BlobServer&) = delete;

  void start();
  // Accepts nothing more and cuts all connections. From any thread, once or more.
  void stop();

  std::uint16_t port() const;
  const std::string& public_url() const;
  std::size_t connections() const;

 private:
  class Shared;
  class Session;
  std::shared_ptr<Shared> shared_;
};

// "DefaultEndpointsProtocol=http;AccountName=...;AccountKey=...;BlobEndpoint=...;"
std::string connection_string(const BlobAccount& account, std::string_view public_url);

}  // namespace windlass::storage
