#include "gateway/service.h"

#include "gateway/bus_backend.h"
#include "gateway/front.h"
#include "gateway/http/server.h"
#include "members/place.h"
#include "model/ids.h"
#include "runtime/bus_metrics.h"
#include "runtime/free_space.h"
#include "runtime/refusal.h"
#include "storage/blob_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <filesystem>
#include <thread>

namespace windlass::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kMaintenance{1};

runtime::Address address_of(const std::string& text, const std::string& flag) {
  const auto address = runtime::parse_address(text);
  if (!address) throw runtime::ConfigError(flag + ": '" + text + "' is not HOST:PORT");
  return *address;
}

// Keys and data in plain sight are for loopback, unless somebody says so.
void refuse_plain_http(const std::string& address, const std::string& flag, bool allowed) {
  if (allowed || address.empty()) return;
  const std::string host = address_of(address, flag).host;
  if (host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0) return;
  throw runtime::StartRefused(flag + " " + address +
                              " is not on loopback, where others could read what is sent: serve "
                              "HTTPS (--listen-tls),\nor say --http-plain-allowed if nobody else "
                              "is on that network or a proxy in front speaks TLS");
}

// The blob endpoint has a loop and a thread of its own: uploads never hold back the API.
class BlobDoor {
 public:
  BlobDoor(const GatewayConfig& config, const Accounts& accounts, runtime::Program& program)
      : metrics_(program.metrics), log_(program.log) {
    const runtime::Address address = address_of(config.blob_listen, "--blob-listen");
    storage::BlobServerOptions options;
    options.service.folder = config.blob_folder;
    options.service.public_url = config.blob_public_url;
    options.service.free_bytes_min = static_cast<std::uint64_t>(config.blob_free_bytes_min);
    options.service.on_problem = [this](std::string_view sentence) {
      log_.warn("blob_problem", {{"problem", sentence}});
    };
    for (const Account* account : accounts.all())
      options.service.accounts.push_back({lower_cased(account->name), account->key_texts});
    options.address = address.host;
    options.port = address.port;
    options.on_request = [this](const storage::BlobRequestFacts& facts) { count(facts); };
    server_ = std::make_unique<storage::BlobServer>(io_, std::move(options));
    address_ = runtime::to_string({address.host, server_->port()});
    metrics_.at_scrape([folder = config.blob_folder,
                        free = metrics_.gauge(runtime::metric::storage_free_bytes)]() mutable {
      free.set(runtime::free_bytes(folder));
    });
    server_->start();
    thread_ = std::jthread([this] { io_.run(); });
  }
  ~BlobDoor() {
    server_->stop();
    io_.stop();
    thread_.join();
  }
  BlobDoor(const BlobDoor&) = delete;
  BlobDoor& operator=(const BlobDoor&) = delete;

  const std::string& address() const { return address_; }

 private:
  // A lock and a search a request; next to a disk that is nothing.
  void count(const storage::BlobRequestFacts& facts) {
    using namespace runtime::metric;
    metrics_.counter(storage_requests, {facts.operation, std::to_string(facts.status)}).add();
    metrics_.histogram(storage_request_seconds, {facts.operation})
        .observe(std::chrono::duration<double>(facts.took).count());
    metrics_.counter(storage_bytes, {"in"}).add(static_cast<double>(facts.bytes_in));
    metrics_.counter(storage_bytes, {"out"}).add(static_cast<double>(facts.bytes_out));
  }

  runtime::Metrics& metrics_;
  runtime::Log& log_;
  asio::io_context io_{1};
  std::unique_ptr<storage::BlobServer> server_;
  std::string address_;
  std::jthread thread_;
};

bus::EndpointOptions endpoint_options(const GatewayConfig& config, const members::Place& place) {
  bus::EndpointOptions options;
  options.kind = PeerKind::gateway;
  options.instance = bus::random_instance();
  options.generation = place.joined() ? place.membership().generation
                                      : static_cast<ClusterGeneration>(config.generation);
  return options;
}

BusBackendOptions backend_options(const GatewayConfig& config, const members::Place& place) {
  BusBackendOptions options;
  options.bus = endpoint_options(config, place);
  options.bulk = endpoint_options(config, place);
  place.equip_bus(options.bus, config.broker, "--broker");
  place.equip_bulk(options.bulk, config.broker_bulk, "--broker-bulk");
  options.shards_total = static_cast<ShardId>(config.shards_total);
  options.outstanding_per_shard_max = static_cast<std::size_t>(config.shard_waiting_max);
  options.files_outstanding_max = static_cast<std::size_t>(config.file_requests_max);
  return options;
}

ServerLimits server_limits(const GatewayConfig& config) {
  ServerLimits limits;
  limits.body_bytes_max = static_cast<std::size_t>(config.request_bytes_max);
  limits.connections_max = static_cast<std::size_t>(config.connections_max);
  limits.idle_timeout = std::chrono::milliseconds(config.idle_timeout_ms);
  limits.request_timeout = std::chrono::milliseconds(config.request_timeout_ms);
  limits.write_timeout = std::chrono::milliseconds(config.write_timeout_ms);
  return limits;
}

std::string_view bus_kind_name(std::size_t kind) {
  return bus::to_string(static_cast<FrameKind>(kind));
}

// The API: one loop, one thread.
class ApiDoor {
 public:
  ApiDoor(const GatewayConfig& config, Accounts accounts, runtime::Program& program)
      : config_(config),
        program_(program),
        place_(config.join, {.role = PeerKind::gateway}, program),
        backend_(io_, backend_options(config, place_)),
        front_(backend_, std::move(accounts), config.public_url, program.log, program.metrics,
               {.requests_in_flight_max = static_cast<std::size_t>(config.requests_in_flight_max)}),
        server_(io_, front_, server_limits(config)),
        maintenance_(io_),
        drain_limit_(io_),
        shutdown_(io_, ::dup(program.shutdown.fd())),
        bus_metrics_(program.metrics, bus_kind_name),
        bulk_metrics_(program.metrics, bus_kind_name),
        shards_reachable_(program.metrics.gauge(runtime::metric::gateway_shards, {"reachable"})),
        shards_away_(program.metrics.gauge(runtime::metric::gateway_shards, {"away"})),
        connections_(program.metrics.gauge(runtime::metric::gateway_connections)),
        in_flight_(program.metrics.gauge(runtime::metric::gateway_in_flight)),
        refused_(program.metrics.counter(runtime::metric::gateway_connections_refused)),
        bytes_in_(program.metrics.counter(runtime::metric::gateway_bytes, {"in"})),
        bytes_out_(program.metrics.counter(runtime::metric::gateway_bytes, {"out"})) {
    if (!config.listen.empty())
      plain_ = to_string(server_.listen(address_of(config.listen, "--listen"), "--listen"));
    if (!config.listen_tls.empty()) {
      if (config.tls_certificate.empty() || config.tls_key.empty())
        throw runtime::ConfigError("--listen-tls needs --tls-certificate and --tls-key");
      tls_ =
          to_string(server_.listen_tls(address_of(config.listen_tls, "--listen-tls"),
                                       {config.tls_certificate, config.tls_key}, "--listen-tls"));
    }
    show_certificate_end();
    accounts_changed_at_ = time_of(config.accounts_file);
    tls_changed_at_ = tls_time();
  }

  const std::string& plain() const { return plain_; }
  const std::string& tls() const { return tls_; }

  void run() {
    shutdown_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](boost::system::error_code error) {
                           if (!error) drain();
                         });
    backend_.on_reach_changed([this] { show_readiness(); });
    show_readiness();
    maintain();
    io_.run();
  }

 private:
  using FileTime = std::filesystem::file_time_type;

  void drain() {
    draining_ = true;
    program_.readiness.set_not_ready("stopping");
    program_.log.info("draining", {{"requests_in_flight", front_.requests_in_flight()},
                                   {"connections", server_.counts().connections}});
    drain_limit_.expires_after(std::chrono::milliseconds(config_.drain_timeout_ms));
    drain_limit_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      program_.log.warn("drain_cut_short", {{"connections", server_.counts().connections}});
      io_.stop();
    });
    server_.drain([this] { io_.stop(); });
  }

  void show_readiness() {
    if (draining_) return;
    std::string missing = backend_.missing();
    if (missing == missing_ && shown_) return;
    shown_ = true;
    missing_ = missing;
    if (missing.empty()) {
      program_.readiness.set_ready();
      program_.log.info("ready");
    } else {
      program_.log.info("not_ready", {{"reason", missing}});
      program_.readiness.set_not_ready(std::move(missing));
    }
  }

  void maintain() {
    show_readiness();
    reload_accounts();
    reload_certificate();
    place_.refresh();
    const ServerCounts counts = server_.counts();
    connections_.set(static_cast<double>(counts.connections));
    in_flight_.set(static_cast<double>(front_.requests_in_flight()));
    refused_.add(static_cast<double>(counts.connections_refused - counted_.connections_refused));
    bytes_in_.add(static_cast<double>(counts.bytes_in - counted_.bytes_in));
    bytes_out_.add(static_cast<double>(counts.bytes_out - counted_.bytes_out));
    counted_ = counts;
    bus_metrics_.count(backend_.bus_counters());
    bus_metrics_.show(backend_.bus_load());
    bulk_metrics_.count(backend_.bulk_counters());
    const std::size_t reachable = backend_.shards_reachable();
    shards_reachable_.set(static_cast<double>(reachable));
    shards_away_.set(static_cast<double>(backend_.shards_total() - reachable));
    maintenance_.expires_after(kMaintenance);
    maintenance_.async_wait([this](boost::system::error_code error) {
      if (!error) maintain();
    });
  }

  static FileTime time_of(const std::string& file) {
    std::error_code ignored;
    return std::filesystem::last_write_time(file, ignored);
  }
  std::pair<FileTime, FileTime> tls_time() const {
    return {time_of(config_.tls_certificate), time_of(config_.tls_key)};
  }

  void show_certificate_end() {
    if (const auto end = server_.certificate_not_after()) {
      program_.metrics.gauge(runtime::metric::gateway_certificate_not_after)
          .set(static_cast<double>(*end));
    }
  }

  // Certificate and key are two files, so for a moment they may not belong together: what cannot be
  // used changes nothing, and is looked at again when one of them changes.
  void reload_certificate() {
    if (config_.listen_tls.empty()) return;
    const auto changed_at = tls_time();
    if (changed_at == tls_changed_at_) return;
    tls_changed_at_ = changed_at;
    try {
      server_.replace_tls({config_.tls_certificate, config_.tls_key});
      show_certificate_end();
      program_.log.info("certificate_read_again", {{"file", config_.tls_certificate}});
    } catch (const std::exception& failure) {
      program_.log.error("certificate_refused", {{"error", failure.what()}});
    }
  }

  // A file that is half written or wrong changes nothing: the keys in use stay.
  void reload_accounts() {
    const FileTime changed_at = time_of(config_.accounts_file);
    if (changed_at == accounts_changed_at_) return;
    accounts_changed_at_ = changed_at;
    try {
      front_.replace_accounts(Accounts::from_file(config_.accounts_file));
      program_.log.info("accounts_read_again", {{"file", config_.accounts_file}});
    } catch (const std::exception& failure) {
      program_.log.error("accounts_refused", {{"error", failure.what()}});
    }
  }

  const GatewayConfig& config_;
  runtime::Program& program_;
  asio::io_context io_{1};
  members::Place place_;
  BusBackend backend_;
  Front front_;
  HttpServer server_;  // ends first: it drops requests that wait for the two above
  asio::steady_timer maintenance_;
  asio::steady_timer drain_limit_;
  asio::posix::stream_descriptor shutdown_;
  std::string plain_;
  std::string tls_;
  bool draining_ = false;
  bool shown_ = false;
  std::string missing_;
  FileTime accounts_changed_at_;
  std::pair<FileTime, FileTime> tls_changed_at_;
  runtime::BusMetrics bus_metrics_;
  runtime::BusMetrics bulk_metrics_;
  runtime::Gauge shards_reachable_;
  runtime::Gauge shards_away_;
  ServerCounts counted_;
  runtime::Gauge connections_;
  runtime::Gauge in_flight_;
  runtime::Counter refused_;
  runtime::Counter bytes_in_;
  runtime::Counter bytes_out_;
};

}  // namespace

int run_gateway(const GatewayConfig& config, runtime::Program& program) {
  const bool api = !config.listen.empty() || !config.listen_tls.empty();
  if (!api && config.blob_folder.empty())
    throw runtime::ConfigError("nothing to serve: give --listen, --listen-tls or --blob-folder");
  if (config.accounts_file.empty()) throw runtime::ConfigError("--accounts-file is missing");
  refuse_plain_http(config.listen, "--listen", config.http_plain_allowed);
  if (!config.blob_folder.empty())
    refuse_plain_http(config.blob_listen, "--blob-listen", config.http_plain_allowed);
  const Accounts accounts = Accounts::from_file(config.accounts_file);

  std::map<std::string, std::string> endpoints;
  std::unique_ptr<BlobDoor> blobs;
  if (!config.blob_folder.empty()) {
    blobs = std::make_unique<BlobDoor>(config, accounts, program);
    endpoints["blob"] = blobs->address();
  }
  if (!api) {
    program.announce(blobs->address(), endpoints);
    program.readiness.set_ready();
    program.shutdown.wait();
    return 0;
  }
  ApiDoor door(config, accounts, program);
  if (!door.tls().empty()) endpoints["tls"] = door.tls();
  program.announce(door.plain().empty() ? door.tls() : door.plain(), endpoints);
  door.run();
  return 0;
}

}  // namespace windlass::gateway
