// Why the blob endpoint refuses a request, in the words of the Blob service's error codes, and a
// result type that carries them. The Batch API has other codes (model/error.h), hence our own.
#pragma once

#include "model/assert.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace windlass::storage {

// X(enumerator, HTTP status, code on the wire, sentence)
#define WINDLASS_BLOB_ERRORS(X)                                                                   \
  X(authentication_failed, 403, "AuthenticationFailed",                                           \
    "Server failed to authenticate the request. Make sure the value of the Authorization header " \
    "is formed correctly including the signature.")                                               \
  X(no_authentication, 401, "NoAuthenticationInformation",                                        \
    "Server failed to authenticate the request. Please refer to the information in the "          \
    "www-authenticate header.")                                                                   \
  X(authorization_failure, 403, "AuthorizationFailure",                                           \
    "This request is not authorized to perform this operation.")                                  \
  X(permission_mismatch, 403, "AuthorizationPermissionMismatch",                                  \
    "This request is not authorized to perform this operation using this permission.")            \
  X(protocol_mismatch, 403, "AuthorizationProtocolMismatch",                                      \
    "This request is not authorized to perform this operation using this protocol.")              \
  X(resource_type_mismatch, 403, "AuthorizationResourceTypeMismatch",                             \
    "This request is not authorized to perform this operation using this resource type.")         \
  X(service_mismatch, 403, "AuthorizationServiceMismatch",                                        \
    "This request is not authorized to perform this operation using this service.")               \
  X(source_ip_mismatch, 403, "AuthorizationSourceIPMismatch",                                     \
    "This request is not authorized to perform this operation using this source IP.")             \
  X(unauthorized_overwrite, 403, "UnauthorizedBlobOverwrite",                                     \
    "This request is not authorized to perform blob overwrites.")                                 \
  X(container_exists, 409, "ContainerAlreadyExists", "The specified container already exists.")   \
  X(container_not_found, 404, "ContainerNotFound", "The specified container does not exist.")     \
  X(blob_exists, 409, "BlobAlreadyExists", "The specified blob already exists.")                  \
  X(blob_not_found, 404, "BlobNotFound", "The specified blob does not exist.")                    \
  X(condition_not_met, 412, "ConditionNotMet",                                                    \
    "The condition specified using HTTP conditional header(s) is not met.")                       \
  X(not_modified, 304, "ConditionNotMet",                                                         \
    "The condition specified using HTTP conditional header(s) is not met.")                       \
  X(unsatisfiable_condition, 400, "UnsatisfiableCondition",                                       \
    "The request includes an unsatisfiable condition for this operation.")                        \
  X(multiple_conditions, 400, "MultipleConditionHeadersNotSupported",                             \
    "Multiple condition headers are not supported.")                                              \
  X(invalid_block_id, 400, "InvalidBlobOrBlock",                                                  \
    "The specified blob or block content is invalid.")                                            \
  X(invalid_block_list, 400, "InvalidBlockList", "The specified block list is invalid.")          \
  X(block_list_too_long, 400, "BlockListTooLong",                                                 \
    "The block list may not contain more than 50,000 blocks.")                                    \
  X(block_count_exceeded, 409, "BlockCountExceedsLimit",                                          \
    "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.")             \
  X(invalid_header_value, 400, "InvalidHeaderValue",                                              \
    "The value for one of the HTTP headers is not in the correct format.")                        \
  X(missing_header, 400, "MissingRequiredHeader",                                                 \
    "An HTTP header that's mandatory for this request is not specified.")                         \
  X(missing_content_length, 411, "MissingContentLengthHeader",                                    \
    "The Content-Length header was not specified.")                                               \
  X(missing_query, 400, "MissingRequiredQueryParameter",                                          \
    "A query parameter that's mandatory for this request is not specified.")                      \
  X(invalid_query_value, 400, "InvalidQueryParameterValue",                                       \
    "Value for one of the query parameters specified in the request URI is invalid.")             \
  X(out_of_range_query, 400, "OutOfRangeQueryParameterValue",                                     \
    "One of the query parameters specified in the request URI is outside the permissible range.") \
  X(invalid_range, 416, "InvalidRange",                                                           \
    "The range specified is invalid for the current size of the resource.")                       \
  X(invalid_md5, 400, "InvalidMd5",                                                               \
    "The MD5 value specified in the request is invalid. MD5 "                                     \
    "value must be 128 bits and base64-encoded.")                                                 \
  X(md5_mismatch, 400, "Md5Mismatch",                                                             \
    "The MD5 value specified in the request did not match with "                                  \
    "the MD5 value calculated by the server.")                                                    \
  X(invalid_metadata, 400, "InvalidMetadata",                                                     \
    "The metadata specified is invalid. It has "                                                  \
    "characters that are not permitted.")                                                         \
  X(metadata_too_large, 400, "MetadataTooLarge",                                                  \
    "The metadata specified exceeds the maximum permissible limit (8KB).")                        \
  X(invalid_resource_name, 400, "InvalidResourceName",                                            \
    "The specified resource name contains invalid characters.")                                   \
  X(resource_name_length, 400, "OutOfRangeInput",                                                 \
    "The specified resource name length is not within the permissible limits.")                   \
  X(invalid_uri, 400, "InvalidUri",                                                               \
    "The requested URI does not represent any resource on the server.")                           \
  X(invalid_xml, 400, "InvalidXmlDocument", "The specified XML is not syntactically valid.")      \
  X(unsupported_verb, 405, "UnsupportedHttpVerb",                                                 \
    "The resource doesn't support the specified HTTP verb.")                                      \
  X(body_too_large, 413, "RequestBodyTooLarge",                                                   \
    "The request body is too large and exceeds the maximum permissible limit.")                   \
  X(not_implemented, 501, "NotImplemented",                                                       \
    "The requested operation is not implemented on the specified resource.")                      \
  X(server_busy, 503, "ServerBusy",                                                               \
    "The server is currently unable to receive requests. Please "                                 \
    "retry your request.")                                                                        \
  X(internal_error, 500, "InternalError",                                                         \
    "The server encountered an internal error. Please retry the request.")

enum class BlobError {
#define WINDLASS_X(name, status, code, sentence) name,
  WINDLASS_BLOB_ERRORS(WINDLASS_X)
#undef WINDLASS_X
};

unsigned status_of(BlobError error);
std::string_view code_of(BlobError error);
std::string_view sentence_of(BlobError error);

struct Refusal {
  BlobError error = BlobError::internal_error;
  std::string detail;  // one more sentence for the reader, with names and numbers; may be empty
  bool operator==(const Refusal&) const = default;
};

inline Refusal refuse(BlobError error, std::string detail = {}) {
  return Refusal{error, std::move(detail)};
}

struct Done {};

// A value or a refusal.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : content_(std::in_place_index<0>, std::move(value)) {}       // NOLINT
  Outcome(Refusal why) : content_(std::in_place_index<1>, std::move(why)) {}     // NOLINT
  Outcome(BlobError error) : content_(std::in_place_index<1>, refuse(error)) {}  // NOLINT

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() & {
    WINDLASS_ASSERT(content_.index() == 0);
    return std::get<0>(content_);
  }
  T&& operator*() && {
    WINDLASS_ASSERT(content_.index() == 0);
    return std::get<0>(std::move(content_));
  }
  const T& operator*() const& {
    WINDLASS_ASSERT(content_.index() == 0);
    return std::get<0>(content_);
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const Refusal& refusal() const {
    WINDLASS_ASSERT(content_.index() == 1);
    return std::get<1>(content_);
  }

 private:
  std::variant<T, Refusal> content_;
};

using Check = Outcome<Done>;
inline Check allowed() {
  return Done{};
}

// Hands the refusal of an expression to the caller, as a checked call would return it.
#define WINDLASS_REFUSE_IF(check)                                      \
  do {                                                                 \
    if (auto outcome_ = (check); !outcome_) return outcome_.refusal(); \
  } while (false)

}  // namespace windlass::storage
