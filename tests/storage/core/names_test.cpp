#include "storage/core/names.h"

#include "storage/core/url.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

using namespace windlass::storage;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(storage_core_names)

struct ContainerCase {
  std::string_view name;
  bool good;
};
std::ostream& operator<<(std::ostream& out, const ContainerCase& c) {
  return out << c.name;
}

const ContainerCase kContainers[] = {
    {"abc", true},
    {"a-b-c", true},
    {"0frames", true},
    {"ab", false},
    {"", false},
    {"Upper", false},
    {"a--b", false},
    {"-ab", false},
    {"ab-", false},
    {"a_b", false},
    {"a.b", false},
    {"a/b", false},
    {"..", false},
    {"$root", false},
    {"\xC3\xBC"
     "ab",
     false},
};

BOOST_DATA_TEST_CASE(container_names_have_a_form, bdata::make(kContainers), c) {
  BOOST_TEST(static_cast<bool>(check_container_name(c.name)) == c.good);
}

BOOST_AUTO_TEST_CASE(container_names_have_a_length) {
  BOOST_TEST(static_cast<bool>(check_container_name(std::string(63, 'a'))));
  BOOST_TEST(!check_container_name(std::string(64, 'a')));
}

BOOST_AUTO_TEST_CASE(blob_names_are_text_of_1024_units) {
  BOOST_TEST(static_cast<bool>(check_blob_name("../..")));
  BOOST_TEST(static_cast<bool>(check_blob_name(std::string(1024, 'x'))));
  BOOST_TEST(!check_blob_name(std::string(1025, 'x')));
  std::string wide;
  for (int i = 0; i < 512; ++i) wide += "\xF0\x9F\x8E\xAC";  // two units each
  BOOST_TEST(static_cast<bool>(check_blob_name(wide)));
  BOOST_TEST(!check_blob_name(wide + "x"));
  BOOST_TEST(!check_blob_name(""));
  BOOST_TEST(!check_blob_name("\xFF"));
  BOOST_TEST(!check_blob_name(std::string_view("a\0b", 3)));
}

// Whatever the name: one component of a path, no escape from the folder, and back again.
BOOST_AUTO_TEST_CASE(stems_are_safe_and_distinct) {
  std::mt19937 random(7);
  std::set<std::string> names = {
      ".", "..",   "...", "/", "//", "../x", "%2F", "%", "a.blob", "a.new", "a.0000000000000001",
      "#", "#abc", "A",   "a", " ",  "a b",  "-",   "~"};
  const std::string alphabet = "ab./%#~\\:.. \n\xC3\xBC-_Z0";
  for (int i = 0; i < 3000; ++i) {
    std::string name;
    for (auto length = random() % 12 + 1; length > 0; --length) {
      name += alphabet[random() % alphabet.size()];
    }
    names.insert(name);
  }
  std::set<std::string> stems;
  for (const std::string& name : names) {
    const std::string stem = file_stem(name, "unused");
    BOOST_TEST(stem.find('/') == std::string::npos);
    BOOST_TEST(!stem.starts_with('.'));
    BOOST_TEST(!stem.empty());
    BOOST_TEST(stem.size() <= 220u);
    BOOST_TEST((name_of_stem(stem) == name));
    stems.insert(stem);
  }
  BOOST_TEST(stems.size() == names.size());
}

BOOST_AUTO_TEST_CASE(long_names_go_by_their_digest) {
  const std::string name(1000, 'x');
  BOOST_TEST(needs_digest(name));
  BOOST_TEST(file_stem(name, "abc123") == "#abc123");
  BOOST_TEST(!name_of_stem("#abc123").has_value());
  BOOST_TEST(!needs_digest(std::string(200, 'x')));
}

BOOST_AUTO_TEST_CASE(percent_encoding_is_strict) {
  BOOST_TEST((percent_decoded("a%2Fb%c3%bc+") == "a/b\xC3\xBC+"));
  for (const auto* bad : {"%", "%2", "%zz", "a%g0"}) BOOST_TEST(!percent_decoded(bad).has_value());
  const auto query = Query::parse("Comp=list&prefix=a%26b&empty&x=1&x=2");
  BOOST_REQUIRE(query.has_value());
  BOOST_TEST(query->get("comp") == "list");
  BOOST_TEST(query->get("prefix") == "a&b");
  BOOST_TEST(query->has("empty"));
  BOOST_TEST(!query->has("none"));
  BOOST_TEST(query->get("x") == "1");
}

BOOST_AUTO_TEST_SUITE_END()
