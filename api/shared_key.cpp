#include "api/shared_key.h"

#include "model/assert.h"
#include "model/base64.h"
#include "model/ids.h"
#include "model/percent_encoding.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>

namespace windlass::api {
namespace {

// More variants than this cannot come from a client we know; it bounds the work of a refusal.
constexpr std::size_t kVariantsMax = 64;

struct Target {
  std::string_view path;
  std::string_view query;
};

Target split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

struct QueryPair {
  std::string_view name;
  std::string_view value;
};

std::vector<QueryPair> query_pairs(std::string_view query) {
  std::vector<QueryPair> pairs;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      pairs.push_back({part, {}});
    else
      pairs.push_back({part.substr(0, equals), part.substr(equals + 1)});
  }
  return pairs;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// A folded header line counts as one line with single spaces where it was folded.
std::string unfolded(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\r' || value[i] == '\n') {
      while (i + 1 < value.size() &&
             std::string_view(" \t\r\n").find(value[i + 1]) != std::string_view::npos)
        ++i;
      out += ' ';
    } else {
      out += value[i];
    }
  }
  return out;
}

bool same_name(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

std::string_view header(const RequestToSign& request, std::string_view lower_name) {
  for (const HeaderField& field : request.headers) {
    if (same_name(field.name, lower_name)) return trimmed(field.value);
  }
  return {};
}

bool has_body(const RequestToSign& request) {
  const std::string_view length = header(request, "content-length");
  return !(length.empty() || length == "0") || !header(request, "transfer-encoding").empty();
}

void append_line(std::string& out, std::string_view text) {
  out += text;
  out += '\n';
}

void append_ocp_headers(std::string& out, const RequestToSign& request) {
  std::map<std::string, std::string> sorted;
  for (const HeaderField& field : request.headers) {
    std::string name = lower_cased(field.name);
    const std::string_view value = trimmed(field.value);
    if (name.starts_with("ocp-") && !value.empty())
      sorted.emplace(std::move(name), unfolded(value));
  }
  for (const auto& [name, value] : sorted) out.append(name).append(":").append(value).append("\n");
}

void append_query(std::string& out, std::string_view query, const SignatureVariant& variant) {
  const Plus plus = variant.plus_is_plus ? Plus::is_plus : Plus::is_space;
  std::map<std::string, std::vector<std::string>> sorted;
  for (const QueryPair& pair : query_pairs(query)) {
    if (pair.value.empty() && variant.empty_values_skipped) continue;
    std::string name = percent_decoded(pair.name, plus);
    std::string value = percent_decoded(pair.value, plus);
    if (variant.values_decoded_twice) value = percent_decoded(value, plus);
    sorted[variant.query_names_as_written ? std::move(name) : lower_cased(name)].push_back(
        std::move(value));
  }
  for (auto& [name, values] : sorted) {
    out.append("\n").append(name).append(":");
    if (variant.first_value_only) values.resize(1);
    std::sort(values.begin(), values.end());
    for (std::size_t i = 0; i < values.size(); ++i) out.append(i == 0 ? "" : ",").append(values[i]);
  }
}

std::string_view folded(std::string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

// Which details can make a difference at all for this request: the others are not multiplied out.
std::vector<SignatureVariant> variants_of(const RequestToSign& request, std::string_view account) {
  std::vector<SignatureVariant> variants{SignatureVariant{}};
  const auto vary = [&](bool matters, auto change) {
    if (!matters) return;
    const std::size_t count = variants.size();
    for (std::size_t i = 0; i < count && variants.size() < kVariantsMax; ++i) {
      variants.push_back(variants[i]);
      change(variants.back());
    }
  };
  const Target target = split_target(request.target);
  const std::vector<QueryPair> pairs = query_pairs(target.query);
  const std::string_view length = header(request, "content-length");
  using Length = SignatureVariant::ContentLength;

  if (!has_body(request)) {
    const std::size_t count = variants.size();
    for (std::size_t i = 0; i < count; ++i) {
      variants.push_back(variants[i]);
      variants.back().content_length = length.empty() ? Length::zero : Length::empty;
    }
  }
  const auto any = [&](auto question) { return std::any_of(pairs.begin(), pairs.end(), question); };
  vary(any([](const QueryPair& p) {
         return percent_decoded(p.name) != lower_cased(percent_decoded(p.name));
       }),
       [](SignatureVariant& v) { v.query_names_as_written = true; });
  vary(any([](const QueryPair& p) { return p.value.empty(); }),
       [](SignatureVariant& v) { v.empty_values_skipped = true; });
  vary(lower_cased(account) != account, [](SignatureVariant& v) { v.account_lower_cased = true; });
  vary(target.path.starts_with("//"), [](SignatureVariant& v) { v.slashes_folded = true; });
  vary(any([](const QueryPair& p) { return p.value.find('+') != std::string_view::npos; }),
       [](SignatureVariant& v) { v.plus_is_plus = true; });
  vary(any([](const QueryPair& p) {
         return percent_decoded(p.value).find_first_of("%+") != std::string::npos;
       }),
       [](SignatureVariant& v) { v.values_decoded_twice = true; });
  std::vector<std::string> names;
  for (const QueryPair& pair : pairs) names.push_back(lower_cased(percent_decoded(pair.name)));
  std::sort(names.begin(), names.end());
  vary(std::adjacent_find(names.begin(), names.end()) != names.end(),
       [](SignatureVariant& v) { v.first_value_only = true; });
  vary(!header(request, "ocp-date").empty() && !header(request, "date").empty(),
       [](SignatureVariant& v) { v.date_kept = true; });
  return variants;
}

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { ::EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

MacContext new_context(std::string_view key) {
  EVP_MAC* const hmac = ::EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacContext context(::EVP_MAC_CTX_new(hmac));
  ::EVP_MAC_free(hmac);  // the context holds on to it
  std::string digest = "SHA256";
  const OSSL_PARAM parameters[] = {
      ::OSSL_PARAM_construct_utf8_string("digest", digest.data(), digest.size()),
      ::OSSL_PARAM_construct_end()};
  // A null key would mean none; an empty one is one.
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  const bool made = context && ::EVP_MAC_init(context.get(), bytes, key.size(), parameters) == 1;
  WINDLASS_ASSERT(made);
  return context;
}

// Of the keys that this thread signed with last: to look up what HMAC is and to take in a key costs
// several times what a signature does.
EVP_MAC_CTX* context_of(std::string_view key) {
  constexpr std::size_t kContextsMax = 256;
  thread_local std::map<std::string, MacContext, std::less<>> contexts;
  const auto found = contexts.find(key);
  if (found != contexts.end()) return found->second.get();
  if (contexts.size() == kContextsMax) contexts.clear();
  return contexts.emplace(key, new_context(key)).first->second.get();
}

}  // namespace

std::optional<SharedKeyHeader> parse_shared_key(std::string_view authorization) {
  authorization = trimmed(authorization);
  const auto blank = authorization.find(' ');
  if (blank == std::string_view::npos || !same_name(authorization.substr(0, blank), "sharedkey"))
    return std::nullopt;
  const std::string_view rest = trimmed(authorization.substr(blank + 1));
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size())
    return std::nullopt;
  return SharedKeyHeader{std::string(rest.substr(0, colon)), std::string(rest.substr(colon + 1))};
}

std::string string_to_sign(const RequestToSign& request, std::string_view account,
                           const SignatureVariant& variant) {
  using Length = SignatureVariant::ContentLength;
  const Target target = split_target(request.target);
  std::string out;
  out.reserve(256 + request.target.size());
  append_line(out, request.method);
  append_line(out, header(request, "content-encoding"));
  append_line(out, header(request, "content-language"));
  const std::string_view length = header(request, "content-length");
  append_line(out, variant.content_length == Length::as_sent ? length
                   : variant.content_length == Length::zero  ? std::string_view("0")
                                                             : std::string_view());
  append_line(out, header(request, "content-md5"));
  append_line(out, header(request, "content-type"));
  const bool dated = !header(request, "ocp-date").empty() && !variant.date_kept;
  append_line(out, dated ? std::string_view() : header(request, "date"));
  append_line(out, header(request, "if-modified-since"));
  append_line(out, header(request, "if-match"));
  append_line(out, header(request, "if-none-match"));
  append_line(out, header(request, "if-unmodified-since"));
  append_line(out, header(request, "range"));
  append_ocp_headers(out, request);
  out += '/';
  out += variant.account_lower_cased ? lower_cased(account) : std::string(account);
  out += variant.slashes_folded ? folded(target.path) : target.path;
  append_query(out, target.query, variant);
  return out;
}

std::vector<std::string> strings_to_sign(const RequestToSign& request, std::string_view account) {
  std::vector<std::string> texts;
  for (const SignatureVariant& variant : variants_of(request, account)) {
    std::string text = string_to_sign(request, account, variant);
    if (std::find(texts.begin(), texts.end(), text) == texts.end())
      texts.push_back(std::move(text));
  }
  return texts;
}

std::string signature_of(std::string_view key, std::string_view text) {
  EVP_MAC_CTX* const context = context_of(key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  std::size_t length = 0;
  // Without a key it begins anew with the one that it has.
  const bool done = ::EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                    ::EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size()) == 1 &&
                    ::EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1;
  WINDLASS_ASSERT(done);
  return base64_encoded({reinterpret_cast<const char*>(digest.data()), length});
}

bool signature_matches(const RequestToSign& request, const SharedKeyHeader& presented,
                       std::span<const std::string> keys) {
  const auto matches = [&](const std::string& text) {
    bool any = false;
    for (const std::string& key : keys) {
      const std::string expected = signature_of(key, text);
      any |= expected.size() == presented.signature.size() &&
             ::CRYPTO_memcmp(expected.data(), presented.signature.data(), expected.size()) == 0;
    }
    return any;
  };
  // Nearly every request is signed the documented way: the variants are worked out only for the
  // rest.
  if (matches(string_to_sign(request, presented.account))) return true;
  for (const std::string& text : strings_to_sign(request, presented.account)) {
    if (matches(text)) return true;
  }
  return false;
}

}  // namespace windlass::api
