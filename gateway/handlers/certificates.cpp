// Certificates: add, list, get, delete, cancel deletion. One shard keeps those of all accounts.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/parse_certificate.h"
#include "api/write_certificate.h"
#include "gateway/core/certificate_key.h"
#include "gateway/handlers/asking.h"
#include "gateway/handlers/replying.h"

namespace windlass::gateway {
namespace {

// The thumbprint that the URL names. Under another algorithm there is no certificate.
Result<std::string> thumbprint_in_url(const Exchange& exchange) {
  const auto key = parse_certificate_key(exchange.route.value(0));
  if (!key) return ErrorCode::invalid_uri;
  auto thumbprint = api::parse_thumbprint(key->thumbprint);
  if (!thumbprint || !equals_without_case(key->algorithm, "sha1"))
    return ErrorCode::certificate_not_found;
  return std::move(*thumbprint);
}

template <class CertificateCommand>
Async<Reply> change_certificate(Exchange& exchange) {
  auto thumbprint = thumbprint_in_url(exchange);
  if (!thumbprint) co_return std::move(thumbprint.error());
  Request request(CertificateCommand{*thumbprint});
  Answer answer = co_await ask(exchange, kCertificatesShard, std::move(request));
  const std::string url = api::certificate_url(exchange.viewer.base_url, *thumbprint);
  co_return done(exchange, kCertificatesShard, answer, url);
}

}  // namespace

Async<Reply> certificate_add(Exchange& exchange) {
  auto command = api::parse_add_certificate(exchange.request.body);
  if (!command) co_return std::move(command.error());
  const std::string url = api::certificate_url(exchange.viewer.base_url, command->thumbprint);
  Request request(std::move(*command));
  Answer answer = co_await ask(exchange, kCertificatesShard, std::move(request));
  co_return done(exchange, kCertificatesShard, answer, url);
}

Async<Reply> certificate_get(Exchange& exchange) {
  auto select = select_of(exchange, api::Entity::certificate);
  if (!select) co_return std::move(select.error());
  auto thumbprint = thumbprint_in_url(exchange);
  if (!thumbprint) co_return std::move(thumbprint.error());
  Request request(GetCertificate{std::move(*thumbprint)});
  Answer answer = co_await ask(exchange, kCertificatesShard, std::move(request));
  auto certificate = expect<CertificateRecord>(answer);
  if (!certificate) co_return std::move(certificate.error());
  std::string json;
  api::write_certificate(json, *certificate, exchange.viewer, *select);
  HttpResponse response = success(exchange, std::move(json));
  add_version(response, kCertificatesShard, certificate->version);
  co_return std::move(response);
}

Async<Reply> certificate_list(Exchange& exchange) {
  auto list = list_request(exchange, query::certificate_filter_schema(), api::Entity::certificate);
  if (!list) co_return std::move(list.error());
  Request request(ListCertificates{list->page});
  Answer answer = co_await ask(exchange, kCertificatesShard, std::move(request));
  auto page = expect<Page<CertificateRecord>>(answer);
  if (!page) co_return std::move(page.error());
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "certificates");
  for (const CertificateRecord& certificate : page->entries)
    api::write_certificate(json, certificate, exchange.viewer, list->select);
  writer.finish(link_after(exchange, page->next));
  co_return success(exchange, std::move(json));
}

Async<Reply> certificate_delete(Exchange& exchange) {
  return change_certificate<DeleteCertificate>(exchange);
}

Async<Reply> certificate_cancel_deletion(Exchange& exchange) {
  return change_certificate<CancelCertificateDeletion>(exchange);
}

}  // namespace windlass::gateway
