#include "worker/files/glob.h"

#include "worker/files/confined.h"

#include <boost/test/unit_test.hpp>

namespace windlass::worker {
namespace {

struct GlobCase {
  const char* pattern;
  const char* path;
  bool matches;
};

const GlobCase kGlobCases[] = {
    {"a.txt", "a.txt", true},
    {"a.txt", "b.txt", false},
    {"*", "a", true},
    {"*", "a/b", false},
    {"*", ".hidden", true},
    {"*.txt", ".txt", true},
    {"*.txt", "a.txt", true},
    {"*.txt", "a.txt.gz", false},
    {"*a*b*", "xxaxxbxx", true},
    {"*a*b*", "xxbxxaxx", false},
    {"std*.txt", "stdout.txt", true},
    {"std*.txt", "fileuploadout.txt", false},
    {"?.txt", "a.txt", true},
    {"?.txt", ".txt", false},
    {"?", "ab", false},
    {"[abc].txt", "b.txt", true},
    {"[abc].txt", "d.txt", false},
    {"[a-c]1", "b1", true},
    {"[a-c]1", "d1", false},
    {"[!a-c]1", "d1", true},
    {"[!a-c]1", "a1", false},
    {"[a-]x", "-x", true},
    {"[]]x", "]x", true},
    {"[!]]x", "ax", true},
    {"[!]]x", "]x", false},
    {"[*].txt", "*.txt", true},
    {"[*].txt", "a.txt", false},
    {"[?]", "?", true},
    {"[[]", "[", true},
    {"[abc", "[abc", true},
    {"[abc", "a", false},
    {"a/*.txt", "a/b.txt", true},
    {"a/*.txt", "a/c/b.txt", false},
    {"a/*/b", "a/x/b", true},
    {"a/*/b", "a/b", false},
    {"**", "a", true},
    {"**", "a/b/c", true},
    {"d/**", "d/a", true},
    {"d/**", "d/a/b/c", true},
    {"d/**", "d", false},
    {"d/**", "e/a", false},
    {"**/*.txt", "a.txt", true},
    {"**/*.txt", "x/y/a.txt", true},
    {"**/*.txt", "x/y/a.png", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "a/x/y/c", false},
    {"**/**/**/x", "a/b/x", true},
    {"**/a/**/a", "a/b/a", true},
    {"**/a/**/a", "b/a", false},
};

BOOST_AUTO_TEST_SUITE(worker_files_glob)

BOOST_AUTO_TEST_CASE(patterns_match_as_the_table_says) {
  for (const GlobCase& c : kGlobCases) {
    BOOST_TEST_CONTEXT(c.pattern << " on " << c.path)
    BOOST_TEST(path_matches(path_parts(c.pattern), path_parts(c.path)) == c.matches);
  }
}

BOOST_AUTO_TEST_CASE(no_folder_is_left_out_that_may_hold_a_match) {
  for (const GlobCase& c : kGlobCases) {
    if (!c.matches) continue;
    std::vector<std::string> path = path_parts(c.path);
    for (path.pop_back(); !path.empty(); path.pop_back()) {
      BOOST_TEST_CONTEXT(c.pattern << " on " << c.path)
      BOOST_TEST(path_may_match_below(path_parts(c.pattern), path));
    }
  }
  BOOST_TEST(!path_may_match_below(path_parts("a/*.txt"), path_parts("b")));
  BOOST_TEST(!path_may_match_below(path_parts("a/*.txt"), path_parts("a/b")));
}

BOOST_AUTO_TEST_CASE(wildcards_are_known_when_seen) {
  BOOST_TEST(has_wildcard("a*"));
  BOOST_TEST(has_wildcard("a?"));
  BOOST_TEST(has_wildcard("[ab]"));
  BOOST_TEST(!has_wildcard("[ab"));
  BOOST_TEST(!has_wildcard("plain.txt"));
}

BOOST_AUTO_TEST_CASE(many_stars_take_no_forever) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  BOOST_TEST(!name_matches(pattern + "b", std::string(2000, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
