#include "gateway/front.h"

#include "api/errors.h"
#include "gateway/core/list_parameters.h"
#include "gateway/core/query_parameters.h"
#include "gateway/handlers/replying.h"
#include "gateway/handlers/task_access.h"
#include "gateway/http/authentication.h"
#include "gateway/operation_versions.h"
#include "runtime/clock.h"

#include <algorithm>
#include <cstdio>

namespace windlass::gateway {
namespace {

// For 503 and 429. Shards come back, and queues empty, within seconds.
constexpr std::string_view kRetryAfterSeconds = "2";

constexpr std::size_t kShownBytesMax = 200;  // of what a client says of itself, in the log

bool takes_body(Method method) {
  return method == Method::post || method == Method::put || method == Method::patch;
}

// What a connection could not read has no operation; the status says the most about it.
ErrorCode code_of_refusal(int status) {
  switch (status) {
    case 408:
      return ErrorCode::operation_timed_out;
    case 431:
      return ErrorCode::invalid_header_value;
    case 503:
      return ErrorCode::server_busy;
    case 500:
      return ErrorCode::internal_error;
    default:
      return ErrorCode::invalid_input;
  }
}

std::string_view name_of(std::optional<Operation> operation) {
  return operation ? info_of(*operation).name : "unknown";
}

class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

// Handles are asked for once for each operation and status: asking takes a lock and a search.
class Front::Telemetry {
 public:
  explicit Telemetry(runtime::Metrics& metrics) : metrics_(metrics) {}

  void count(std::optional<Operation> operation, int status, Duration took) {
    const std::size_t index = operation ? static_cast<std::size_t>(*operation) : kOperationsTotal;
    Series& series = series_[index];
    const std::string_view name = name_of(operation);
    if (!series.known) {
      series.seconds = metrics_.histogram(runtime::metric::gateway_request_seconds, {name});
      series.known = true;
    }
    series.seconds.observe(std::chrono::duration<double>(took).count());
    auto found = std::find_if(series.by_status.begin(), series.by_status.end(),
                              [status](const auto& entry) { return entry.first == status; });
    if (found == series.by_status.end()) {
      const std::string code = std::to_string(status);
      series.by_status.emplace_back(
          status, metrics_.counter(runtime::metric::gateway_requests, {name, code}));
      found = std::prev(series.by_status.end());
    }
    found->second.add();
  }

  void count_authentication_failure(ErrorCode code) {
    metrics_.counter(runtime::metric::gateway_authentication_failures, {to_string(code)}).add();
  }

 private:
  struct Series {
    bool known = false;
    runtime::Histogram seconds;
    std::vector<std::pair<int, runtime::Counter>> by_status;
  };
  runtime::Metrics& metrics_;
  std::array<Series, kOperationsTotal + 1> series_;
};

Front::Front(Backend& backend, Accounts accounts, std::string public_url, runtime::Log& log,
             runtime::Metrics& metrics, FrontLimits limits)
    : backend_(backend),
      accounts_(std::make_unique<const Accounts>(std::move(accounts))),
      public_url_(std::move(public_url)),
      log_(log),
      limits_(limits),
      jobs_(limits.cached_jobs_max),
      random_(std::random_device{}()),
      telemetry_(std::make_unique<Telemetry>(metrics)) {
  while (public_url_.ends_with('/')) public_url_.pop_back();
}

Front::~Front() = default;

void Front::replace_accounts(Accounts accounts) {
  accounts_ = std::make_unique<const Accounts>(std::move(accounts));
}

std::string Front::new_request_id() {
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>((high >> 16) & 0xffff),
                static_cast<unsigned>(high & 0xfff),
                static_cast<unsigned>(0x8000 | ((low >> 48) & 0x3fff)),
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

Async<HttpResponse> Front::handle(const HttpRequest& request) {
  const Counted counted(in_flight_);
  const MonoTime started = runtime::mono_now();
  Passage passage;
  passage.request_id = new_request_id();
  HttpResponse response;
  std::optional<Error> refusal;
  try {
    Reply reply = co_await answer(request, passage);
    if (reply)
      response = std::move(*reply);
    else
      refusal = std::move(reply.error());
  } catch (const std::exception& failure) {
    log_.error("request_failed", {{"operation", name_of(passage.operation)},
                                  {"request_id", passage.request_id},
                                  {"error", failure.what()}});
    refusal = Error{ErrorCode::internal_error, {}, {}};
  }
  if (refusal) response = worded(request, *refusal, passage);
  response.headers.emplace_back("request-id", passage.request_id);
  response.headers.emplace_back("DataServiceVersion", "3.0");
  if (equals_without_case(request.header("return-client-request-id"), "true")) {
    if (const auto id = request.header("client-request-id"); !id.empty())
      response.headers.emplace_back("client-request-id", std::string(id));
  }
  const Duration took = runtime::mono_now() - started;
  telemetry_->count(passage.operation, response.status, took);
  if (log_.enabled(runtime::LogLevel::debug))
    log_.debug("request", {{"operation", name_of(passage.operation)},
                           {"status", response.status},
                           {"microseconds", took.count() / 10},
                           {"api_version", passage.api_version.substr(0, kShownBytesMax)},
                           {"client", request.header("user-agent").substr(0, kShownBytesMax)},
                           {"request_id", passage.request_id}});
  co_return std::move(response);
}

Async<Reply> Front::answer(const HttpRequest& request, Passage& passage) {
  if (in_flight_ > limits_.requests_in_flight_max)
    co_return Error{ErrorCode::server_busy,
                    {},
                    {{"Reason", "Too many requests are under way"},
                     {"RequestsInFlight", std::to_string(in_flight_)}}};
  const auto target = parse_target(request.target);
  if (!target) co_return ErrorCode::request_url_failed_to_parse;
  const RouteMatch route = routes_.match(request.method, target->path);
  if (route.kind == RouteMatch::Kind::found) passage.operation = route.operation;
  auto base = base_url_of(request);
  if (!base) co_return std::move(base.error());
  passage.base_url = *base;

  const WallTime now = runtime::wall_now();
  const auto bearer = bearer_of(request.header("authorization"));
  const auto token = bearer ? parse_task_token(*bearer) : std::nullopt;
  std::string account_name;
  if (token) {
    // Admitted below, if it is right. An account that there is not has no jobs; that it is not
    // there is nobody's business.
    const Account* claimed = accounts_->find(token->account);
    account_name = claimed != nullptr ? claimed->name : token->account;
  } else {
    const auto account = authenticate(request, *accounts_, now);
    if (!account) {
      telemetry_->count_authentication_failure(account.error().code);
      co_return account.error();
    }
    account_name = (*account)->name;
  }

  if (route.kind == RouteMatch::Kind::path_unknown) co_return ErrorCode::resource_not_found;
  if (route.kind == RouteMatch::Kind::verb_unknown) co_return ErrorCode::unsupported_http_verb;
  const auto version_text = target->query.find("api-version");
  passage.api_version = version_text.value_or(std::string());
  const auto version = api::parse_api_version(version_text);
  if (!version) co_return version.error();
  if (!exists_in(route.operation, *version))
    co_return query_error(
        ErrorCode::resource_not_found, "api-version", *version_text,
        "This version of the API does not have " + std::string(info_of(route.operation).name));
  if (const Status known = check_query_parameters(route.operation, target->query); !known)
    co_return known.error();
  if (takes_body(request.method) && !request.has_length)
    co_return ErrorCode::missing_content_length_header;
  if (request.body_too_large) co_return ErrorCode::request_body_too_large;
  const auto timeout = request_timeout(target->query);
  if (!timeout) co_return timeout.error();
  const Handler handler = handler_of(route.operation);
  if (handler == nullptr) co_return not_implemented(info_of(route.operation).name);

  Exchange exchange{request,
                    *target,
                    route,
                    account_name,
                    api::Viewer{*base, *version, now},
                    passage.request_id,
                    now,
                    runtime::mono_now() + *timeout,
                    backend_,
                    jobs_,
                    passage.refusal_status};
  if (token) {
    const Status admitted = co_await admit_task(exchange, *token, std::string(*bearer));
    if (!admitted) {
      telemetry_->count_authentication_failure(admitted.error().code);
      co_return admitted.error();
    }
  }
  co_return co_await handler(exchange);
}

bool Front::may_be_joined(const HttpRequest& request) const {
  // No other operation is called so; what is none at all is refused at once, joined or not.
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  if (request.method != Method::post || !path.ends_with("/tasks")) return false;
  // A task's token is looked at by a shard first, which would let others pass.
  return !bearer_of(request.header("authorization"));
}

Result<std::string> Front::base_url_of(const HttpRequest& request) const {
  if (!public_url_.empty()) return public_url_;
  const std::string_view host = request.header("host");
  if (!valid_authority(host))
    return Error{ErrorCode::invalid_header_value,
                 {},
                 {{"HeaderName", "Host"},
                  {"HeaderValue", std::string(host.substr(0, 100))},
                  {"Reason", "It must be a host name or address, with a port or without"}}};
  return std::string(request.secure ? "https://" : "http://") + std::string(host);
}

HttpResponse Front::worded(const HttpRequest& request, const Error& error, const Passage& passage) {
  HttpResponse response;
  response.status =
      passage.refusal_status != 0 ? passage.refusal_status : api::face_of(error.code).status;
  if (response.status == 503 || response.status == 429)
    response.headers.emplace_back("Retry-After", std::string(kRetryAfterSeconds));
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "SharedKey");
  if (response.status == 304) return response;
  if (request.method == Method::head) {
    response.content_length = 0;
    return response;
  }
  response.content_type = kJson;
  response.body = api::error_body(error, passage.base_url, passage.request_id, runtime::wall_now());
  return response;
}

HttpResponse Front::refuse(int status, std::string_view reason) {
  const std::string request_id = new_request_id();
  const Error error{code_of_refusal(status), {}, {{"Reason", std::string(reason)}}};
  HttpResponse response;
  response.status = status;
  response.content_type = kJson;
  response.body = api::error_body(error, public_url_, request_id, runtime::wall_now());
  response.headers.emplace_back("request-id", request_id);
  if (status == 503) response.headers.emplace_back("Retry-After", std::string(kRetryAfterSeconds));
  telemetry_->count(std::nullopt, status, Duration::zero());
  return response;
}

}  // namespace windlass::gateway
