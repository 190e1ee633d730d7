// SharedKey: what a client signs and how a server checks it. Both sides use this file, over the
// raw parts of the request as they stand on the wire.
//
// Clients render a few details differently (an absent Content-Length as "" or "0", query names with
// or without their capitals, ...), so a server tries the few variants that make a difference for
// the request at hand. Each is an HMAC over the same request: nothing is given away.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::api {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Views into the request; they must outlive the calls.
struct RequestToSign {
  std::string_view method;
  std::string_view target;  // as on the request line: path and query, still percent-encoded
  std::span<const HeaderField> headers;
};

struct SharedKeyHeader {
  std::string account;
  std::string signature;  // base64, as sent
};

// Reads "SharedKey account:signature". Nothing when the value has another scheme or form.
std::optional<SharedKeyHeader> parse_shared_key(std::string_view authorization);

// How a client renders the details that clients disagree on. The default is the documented way.
struct SignatureVariant {
  enum class ContentLength { as_sent, empty, zero };
  ContentLength content_length = ContentLength::as_sent;
  bool query_names_as_written = false;  // TypeSpec SDKs sign timeOut with its capital
  bool empty_values_skipped = false;    // Python leaves out queries without value
  bool first_value_only = false;      // of a repeated query name; documented: all, sorted, by comma
  bool plus_is_plus = false;          // '+' in a query value is not a space
  bool values_decoded_twice = false;  // Java
  bool account_lower_cased = false;   // Java: in the resource, while the header keeps its case
  bool slashes_folded = false;        // Java: leading slashes of the path count as one
  bool date_kept = false;             // signs Date although ocp-date is there too
  bool operator==(const SignatureVariant&) const = default;
};

std::string string_to_sign(const RequestToSign& request, std::string_view account,
                           const SignatureVariant& variant = {});

// Those variants that yield different texts for this request, the documented one first. Bounded.
std::vector<std::string> strings_to_sign(const RequestToSign& request, std::string_view account);

// base64(HMAC-SHA256(key, text)); `key` is the decoded account key.
std::string signature_of(std::string_view key, std::string_view text);

// True when `presented` is the signature of any variant under any of the keys. Keys are compared in
// constant time; how long a refusal takes depends on the request only, and the first time on
// whether this thread has signed with the keys.
bool signature_matches(const RequestToSign& request, const SharedKeyHeader& presented,
                       std::span<const std::string> keys);

}  // namespace windlass::api
