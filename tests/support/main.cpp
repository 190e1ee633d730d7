// The one main() of all unit test programs.
#define BOOST_TEST_MODULE windlass
#include <boost/test/unit_test.hpp>
