#include "gateway/config.h"

#include "runtime/default_ports.h"

namespace windlass::gateway {

GatewayConfig::GatewayConfig()
    : listen(runtime::kDefaultApiAddress),
      broker{runtime::kDefaultBusEndpoint},
      broker_bulk{runtime::kDefaultBulkEndpoint},
      blob_listen(runtime::kDefaultBlobAddress) {
  common.admin_address = runtime::kDefaultGatewayAdmin;
}

namespace {

void add_doors(runtime::OptionTable& table, GatewayConfig& config) {
  table.add({.name = "listen",
             .target = &config.listen,
             .meaning = "Address of the REST API over HTTP; port 0 picks a free one. Empty: not "
                        "served (a process for the blob endpoint or HTTPS alone).",
             .value_name = "ADDRESS"});
  table.add({.name = "http-plain-allowed",
             .target = &config.http_plain_allowed,
             .meaning = "Serve plain HTTP (--listen, --blob-listen) even where other hosts can "
                        "reach it. For networks that nobody else is on, and behind a proxy that "
                        "speaks TLS."});
  table.add({.name = "listen-tls",
             .target = &config.listen_tls,
             .meaning = "Address of the REST API over HTTPS. Empty: not served.",
             .value_name = "ADDRESS"});
  table.add({.name = "tls-certificate",
             .target = &config.tls_certificate,
             .meaning = "Certificate for HTTPS with its chain, PEM.",
             .value_name = "FILE"});
  table.add({.name = "tls-key",
             .target = &config.tls_key,
             .meaning = "Private key of the certificate, PEM.",
             .value_name = "FILE"});
  table.add({.name = "public-url",
             .target = &config.public_url,
             .meaning =
                 "The API's URL as clients and tasks see it, where it differs from what they "
                 "connect to (a proxy). Stands in nextLink and other URLs of answers.",
             .value_name = "URL"});
  table.add({.name = "accounts-file",
             .target = &config.accounts_file,
             .meaning =
                 "TOML file of [[account]] name, primary_key, secondary_key (or ..._key_file, "
                 "the path of a file with the key). Read again when it changes.",
             .value_name = "FILE"});
}

void add_cluster(runtime::OptionTable& table, GatewayConfig& config) {
  table.add({.name = "broker",
             .target = &config.broker,
             .meaning = "ZeroMQ endpoint of a broker. Once for each broker.",
             .value_name = "ENDPOINT"});
  table.add({.name = "broker-bulk",
             .target = &config.broker_bulk,
             .meaning = "ZeroMQ endpoint of a broker for the bytes of files. Once for each broker.",
             .value_name = "ENDPOINT"});
  table.add({.name = "shards-total",
             .target = &config.shards_total,
             .meaning = "Number of shards of the cluster; fixed when the cluster is made.",
             .min = 1,
             .max = 4096});
  members::add_join_options(table, config.join, "none: the bus is open");
  table.add({.name = "cluster-generation",
             .target = &config.generation,
             .meaning = "Generation of an open bus's cluster; frames of another one are refused. "
                        "Members are told it.",
             .min = 1});
}

void add_blobs(runtime::OptionTable& table, GatewayConfig& config) {
  table.add({.name = "blob-folder",
             .target = &config.blob_folder,
             .meaning = "Folder of the embedded blob endpoint. Empty: no such endpoint here; one "
                        "process of a cluster serves it.",
             .value_name = "DIR"});
  table.add({.name = "blob-listen",
             .target = &config.blob_listen,
             .meaning = "Address of the blob endpoint; port 0 picks a free one.",
             .value_name = "ADDRESS"});
  table.add({.name = "blob-public-url",
             .target = &config.blob_public_url,
             .meaning = "The blob endpoint's URL as clients and workers see it. Empty: "
                        "http://ADDRESS.",
             .value_name = "URL"});
  table.add({.name = "blob-free-bytes-min",
             .target = &config.blob_free_bytes_min,
             .meaning = "Uploads that would leave less free space than this are refused.",
             .unit = "bytes",
             .min = 0});
}

void add_limits(runtime::OptionTable& table, GatewayConfig& config) {
  table.add({.name = "connections-max",
             .target = &config.connections_max,
             .meaning = "Client connections; one more is told 503 and closed.",
             .min = 1});
  table.add({.name = "requests-in-flight-max",
             .target = &config.requests_in_flight_max,
             .meaning = "Requests being answered at once; more are told 503.",
             .min = 1});
  table.add({.name = "shard-waiting-max",
             .target = &config.shard_waiting_max,
             .meaning = "Commands waiting for the answer of one shard; more are told 503.",
             .min = 1});
  table.add({.name = "file-requests-max",
             .target = &config.file_requests_max,
             .meaning = "File chunks asked of workers at once; more are told 503.",
             .min = 1});
  table.add({.name = "request-bytes-max",
             .target = &config.request_bytes_max,
             .meaning = "Body of a request; larger ones are told 413 RequestBodyTooLarge, which "
                        "clients answer by sending less.",
             .unit = "bytes",
             .min = 1024});
  table.add({.name = "idle-timeout-ms",
             .target = &config.idle_timeout_ms,
             .meaning = "A connection without a request is closed after this.",
             .unit = "ms",
             .min = 1});
  table.add({.name = "request-timeout-ms",
             .target = &config.request_timeout_ms,
             .meaning = "From the first byte of a request to its last; slower ones are told 408.",
             .unit = "ms",
             .min = 1});
  table.add({.name = "write-timeout-ms",
             .target = &config.write_timeout_ms,
             .meaning = "A client that takes no byte of its answer for this long is cut off.",
             .unit = "ms",
             .min = 1});
  table.add({.name = "drain-timeout-ms",
             .target = &config.drain_timeout_ms,
             .meaning = "At the end, how long requests under way may still take.",
             .unit = "ms",
             .min = 0});
}

}  // namespace

runtime::OptionTable gateway_options(GatewayConfig& config) {
  runtime::OptionTable table("windlass-gateway", "GATEWAY",
                             "Serves the REST API, and the embedded blob endpoint.");
  add_doors(table, config);
  add_cluster(table, config);
  add_blobs(table, config);
  add_limits(table, config);
  runtime::add_common_options(table, config.common);
  return table;
}

}  // namespace windlass::gateway
