#include "gateway/core/operation.h"

namespace windlass::gateway {

Method method_named(std::string_view text) {
  if (text == "GET") return Method::get;
  if (text == "POST") return Method::post;
  if (text == "HEAD") return Method::head;
  if (text == "PUT") return Method::put;
  if (text == "PATCH") return Method::patch;
  if (text == "DELETE") return Method::delete_;
  return Method::other;
}

}  // namespace windlass::gateway
