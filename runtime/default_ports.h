// The ports of a cluster where nobody says otherwise. One block, so that a firewall rule is one
// line.
#pragma once

namespace windlass::runtime {

inline constexpr char kDefaultApiAddress[] = "127.0.0.1:8440";  // gateway: the REST API
inline constexpr char kDefaultBlobAddress[] =
    "127.0.0.1:8441";  // gateway: the embedded blob endpoint
inline constexpr char kDefaultApiTlsAddress[] = "127.0.0.1:8443";  // gateway: the REST API over TLS
inline constexpr char kDefaultBusEndpoint[] = "tcp://127.0.0.1:8450";        // broker
inline constexpr char kDefaultBulkEndpoint[] = "tcp://127.0.0.1:8451";       // broker: file bytes
inline constexpr char kDefaultEnrolmentEndpoint[] = "tcp://127.0.0.1:8452";  // broker: joining
inline constexpr char kDefaultGatewayAdmin[] = "127.0.0.1:8460";
inline constexpr char kDefaultBrokerAdmin[] = "127.0.0.1:8461";
inline constexpr char kDefaultSchedulerAdmin[] = "127.0.0.1:8462";
inline constexpr char kDefaultWorkerAdmin[] = "127.0.0.1:8463";

}  // namespace windlass::runtime
