#include "gateway/core/certificate_key.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass::gateway;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(gateway_core_certificate_key)

BOOST_DATA_TEST_CASE(both_names_are_read,
                     bdata::make({"thumbprintAlgorithm=sha1,thumbprint=ab",
                                  "thumbprint=ab,thumbprintAlgorithm=sha1",
                                  " ThumbprintAlgorithm = sha1 , THUMBPRINT = ab ",
                                  "thumbprintAlgorithm='sha1',thumbprint='ab'"}),
                     text) {
  const auto key = parse_certificate_key(text);
  BOOST_TEST_REQUIRE(key.has_value());
  BOOST_TEST(key->algorithm == "sha1");
  BOOST_TEST(key->thumbprint == "ab");
}

BOOST_DATA_TEST_CASE(anything_else_is_no_key,
                     bdata::make({"", ",", "ab", "thumbprint=ab", "thumbprintAlgorithm=sha1",
                                  "thumbprintAlgorithm=,thumbprint=ab",
                                  "thumbprintAlgorithm=sha1,thumbprint=''",
                                  "thumbprintAlgorithm=sha1,thumbprint=ab,",
                                  "thumbprintAlgorithm=sha1,thumbprint=ab,thumbprint=cd",
                                  "thumbprintAlgorithm=sha1,thumbprint=ab,colour=red"}),
                     text) {
  BOOST_TEST(!parse_certificate_key(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
