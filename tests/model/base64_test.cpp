#include "model/base64.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace bdata = boost::unit_test::data;
using namespace windlass;

namespace {

struct Pair {
  const char* bytes;
  const char* text;
};
std::ostream& operator<<(std::ostream& out, const Pair& p) {
  return out << p.text;
}
const Pair kPairs[] = {{"", ""},
                       {"f", "Zg=="},
                       {"fo", "Zm8="},
                       {"foo", "Zm9v"},
                       {"foob", "Zm9vYg=="},
                       {"fooba", "Zm9vYmE="},
                       {"foobar", "Zm9vYmFy"},
                       {"\xff\xfe\xfd", "//79"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(model_base64)

BOOST_DATA_TEST_CASE(goes_there_and_back, bdata::make(kPairs), c) {
  BOOST_TEST(base64_encoded(c.bytes) == c.text);
  BOOST_TEST(base64_decoded(c.text).value() == c.bytes);
}

BOOST_DATA_TEST_CASE(what_is_not_base64_is_refused,
                     bdata::make({"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zm 9", "Zm9-",
                                  "====", "=Zg="}),
                     text) {
  BOOST_TEST(!base64_decoded(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
