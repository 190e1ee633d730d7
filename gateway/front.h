// The front door: what every request passes before its handler and every answer after it.
// Authentication, version, route, limits; error bodies, the headers all answers have, metrics.
#pragma once

#include "gateway/exchange.h"
#include "gateway/http/accounts.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#include <array>
#include <memory>
#include <random>
#include <string>

namespace windlass::gateway {

struct FrontLimits {
  std::size_t requests_in_flight_max = 20'000;  // more: 503
  std::size_t cached_jobs_max = 200'000;        // where jobs are; a guess each
};

class Front final : public RequestHandler {
 public:
  Front(Backend& backend, Accounts accounts, std::string public_url, runtime::Log& log,
        runtime::Metrics& metrics, FrontLimits limits = {});
  ~Front() override;

  Async<HttpResponse> handle(const HttpRequest& request) override;
  // Tasks of one job, each in a request of its own. The shard takes them in the order in which they
  // are sent, which is that of the requests from the second on: the first finds out where the job
  // is.
  bool may_be_joined(const HttpRequest& request) const override;
  HttpResponse refuse(int status, std::string_view reason) override;

  // Keys were changed; requests under way are not affected.
  void replace_accounts(Accounts accounts);
  std::size_t requests_in_flight() const { return in_flight_; }

 private:
  class Telemetry;

  // What is known of a request so far; the answer's last touches need it.
  struct Passage {
    std::string request_id;
    std::optional<Operation> operation;
    std::string base_url;
    std::string api_version;  // as written
    int refusal_status = 0;
  };

  Async<Reply> answer(const HttpRequest& request, Passage& passage);
  Result<std::string> base_url_of(const HttpRequest& request) const;
  HttpResponse worded(const HttpRequest& request, const Error& error, const Passage& passage);
  std::string new_request_id();

  Backend& backend_;
  std::unique_ptr<const Accounts> accounts_;
  std::string public_url_;  // without a slash at its end; empty: what clients call us
  runtime::Log& log_;
  FrontLimits limits_;
  RouteTable routes_;
  JobCache jobs_;
  std::mt19937_64 random_;
  std::size_t in_flight_ = 0;
  std::unique_ptr<Telemetry> telemetry_;
};

}  // namespace windlass::gateway
