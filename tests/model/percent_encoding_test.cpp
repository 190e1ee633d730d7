#include "model/percent_encoding.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;

BOOST_AUTO_TEST_SUITE(model_percent_encoding)

BOOST_AUTO_TEST_CASE(percent_coding_goes_there_and_back) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  BOOST_TEST(percent_decoded(percent_encoded(all)) == all);
  BOOST_TEST(percent_encoded("wd/a b.txt") == "wd%2Fa%20b.txt");
  BOOST_TEST(percent_decoded("%") == "%");
  BOOST_TEST(percent_decoded("%4") == "%4");
  BOOST_TEST(percent_decoded("%zz") == "%zz");
  BOOST_TEST(percent_decoded("a+b", Plus::is_space) == "a b");
}

BOOST_AUTO_TEST_CASE(what_is_no_encoding_stays) {
  BOOST_TEST(percent_decoded("a%2Fb%2") == "a/b%2");
  BOOST_TEST(percent_decoded("%zz%41") == "%zzA");
  BOOST_TEST(percent_decoded("a+b") == "a+b");
}

BOOST_AUTO_TEST_CASE(paths_keep_their_slashes) {
  BOOST_TEST(percent_encoded("wd/a b+\xc3\xa9", "/") == "wd/a%20b%2B%C3%A9");
}

BOOST_AUTO_TEST_SUITE_END()
