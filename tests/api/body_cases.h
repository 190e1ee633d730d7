// Tables of bodies and what becomes of them.
#pragma once

#include "api/errors.h"
#include "model/result.h"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>

namespace windlass::api {

// A body that is refused: by which code, and naming which property first.
struct RefusedBody {
  std::string_view name;
  std::string_view body;
  std::string_view code;
  std::string_view property;
};
inline std::ostream& operator<<(std::ostream& out, const RefusedBody& c) {
  return out << c.name;
}

template <class T>
std::string message_of(const Result<T>& result) {
  return result.has_value() ? std::string() : result.error().message;
}

template <class T>
void check_refused(const RefusedBody& c, const Result<T>& result) {
  BOOST_REQUIRE(!result.has_value());
  const Error& error = result.error();
  BOOST_TEST(face_of(error.code).code == c.code);
  if (c.property.empty()) return;
  BOOST_REQUIRE(!error.values.empty());
  BOOST_TEST(error.values[0].value == c.property);
  if (error.code == ErrorCode::not_implemented) return;
  BOOST_REQUIRE(error.values.size() == 3u);
  BOOST_TEST(error.values[0].key == "PropertyName");
  BOOST_TEST(error.values[1].key == "PropertyValue");
  BOOST_TEST(error.values[2].key == "Reason");
  BOOST_TEST(!error.values[2].value.empty());
}

struct AcceptedBody {
  std::string_view name;
  std::string_view body;
};
inline std::ostream& operator<<(std::ostream& out, const AcceptedBody& c) {
  return out << c.name;
}

}  // namespace windlass::api
