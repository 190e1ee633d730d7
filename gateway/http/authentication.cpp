#include "gateway/http/authentication.h"

#include "api/shared_key.h"
#include "gateway/core/http_date.h"
#include "gateway/core/target.h"

namespace windlass::gateway {
namespace {

Error failed(std::string_view reason) {
  return Error{ErrorCode::authentication_failed,
               "Server failed to authenticate the request. Make sure the value of Authorization "
               "header is formed correctly including the signature.",
               {{"AuthenticationErrorDetail", std::string(reason)}}};
}

// ocp-date, else Date. Signed both, so neither can be changed on the way.
Status check_clock(const HttpRequest& request, WallTime now) {
  std::string_view text = request.header("ocp-date");
  if (text.empty()) text = request.header("date");
  if (text.empty()) return failed("The request has neither an ocp-date nor a Date header");
  const auto date = parse_http_date(text);
  if (!date) return failed("The date '" + std::string(text) + "' is not an RFC 1123 date");
  const Duration off = *date < now ? now - *date : *date - now;
  if (off > kClockSkewMax)
    return failed("The date '" + std::string(text) + "' differs by more than 15 minutes from the " +
                  "server's, which is '" + http_date(now) + "'");
  return ok();
}

}  // namespace

Result<const Account*> authenticate(const HttpRequest& request, const Accounts& accounts,
                                    WallTime now) {
  const std::string_view authorization = request.header("authorization");
  if (authorization.empty()) return ErrorCode::authentication_missing;
  const auto presented = api::parse_shared_key(authorization);
  if (!presented) {
    if (bearer_of(authorization))
      return failed("This service takes SharedKey, and the tokens that it gives to tasks");
    return Error{ErrorCode::invalid_authentication_info,
                 {},
                 {{"AuthenticationErrorDetail",
                   "The Authorization header must be 'SharedKey account:signature'"}}};
  }
  if (const Status clock = check_clock(request, now); !clock) return clock.error();

  std::vector<api::HeaderField> headers;
  headers.reserve(request.headers.size());
  for (const HeaderLine& line : request.headers) headers.push_back({line.name, line.value});
  const api::RequestToSign signed_request{request.method_text, request.target, headers};
  const Account* account = accounts.find(presented->account);
  // An unknown account costs the same work: its existence is nobody's business.
  static const std::vector<std::string> kNobodysKeys(2, std::string(64, 'x'));
  const auto& keys = account != nullptr ? account->keys : kNobodysKeys;
  const bool matches = api::signature_matches(signed_request, *presented, keys);
  if (account == nullptr || !matches)
    return failed("The account is unknown or the signature is not that of one of its keys");
  return account;
}

std::optional<std::string_view> bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equals_without_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return authorization.substr(kScheme.size());
}

}  // namespace windlass::gateway
