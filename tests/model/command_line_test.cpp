#include "model/command_line.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <random>

using namespace windlass;
namespace bdata = boost::unit_test::data;

namespace {

struct SplitCase {
  const char* name;
  const char* line;
  std::optional<std::vector<std::string>> words;
};
std::ostream& operator<<(std::ostream& out, const SplitCase& c) {
  return out << c.name;
}

using Words = std::vector<std::string>;

const SplitCase kSplitCases[] = {
    {"nothing", "", Words{}},
    {"only blanks", " \t\n ", Words{}},
    {"plain words", "/bin/echo a  b", Words{"/bin/echo", "a", "b"}},
    {"double quotes keep blanks", R"(sh -c "echo a; exit 3")", Words{"sh", "-c", "echo a; exit 3"}},
    {"single quotes keep all", R"(bash -c 'echo "$HOME" \ `x`')",
     Words{"bash", "-c", R"(echo "$HOME" \ `x`)"}},
    {"nothing is expanded", "echo $HOME *.txt ~ a|b && c",
     Words{"echo", "$HOME", "*.txt", "~", "a|b", "&&", "c"}},
    {"quotes join words", R"(a'b c'"d e"f)", Words{"ab cd ef"}},
    {"empty quotes make a word", R"(a '' "")", Words{"a", "", ""}},
    {"backslash outside", R"(a\ b \'c\' \\)", Words{"a b", "'c'", "\\"}},
    {"backslash in double quotes", R"("\$ \` \" \\ \a")", Words{R"($ ` " \ \a)"}},
    {"backslash newline vanishes", "a\\\nb \"c\\\nd\"", Words{"ab", "cd"}},
    {"backslash newline alone makes no word", "a \\\n b", Words{"a", "b"}},
    {"a hash is no comment", "echo # x", Words{"echo", "#", "x"}},
    {"carriage return is no blank", "a\rb", Words{"a\rb"}},
    {"open single quote", "echo 'a", std::nullopt},
    {"open double quote", "echo \"a", std::nullopt},
    {"lone backslash", "echo \\", std::nullopt},
    {"lone backslash in double quotes", "echo \"\\", std::nullopt},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(model_command_line)

BOOST_DATA_TEST_CASE(line_is_split, bdata::make(kSplitCases), c) {
  BOOST_TEST((split_command_line(c.line) == c.words));
}

BOOST_AUTO_TEST_CASE(nul_is_refused_wherever_it_stands) {
  using namespace std::string_view_literals;
  for (const std::string_view line : {"a\0b"sv, "'\0'"sv, "\"\0\""sv, "\\\0"sv}) {
    BOOST_TEST(!split_command_line(line).has_value());
  }
}

BOOST_AUTO_TEST_CASE(plain_words_stay_readable) {
  BOOST_TEST(quote_argument("/usr/bin/x-y_z.1") == "/usr/bin/x-y_z.1");
  BOOST_TEST(quote_argument("a b") == "'a b'");
  BOOST_TEST(quote_argument("") == "''");
  BOOST_TEST(quote_argument("it's") == R"('it'\''s')");
}

BOOST_AUTO_TEST_CASE(splitting_undoes_joining) {
  std::mt19937 random(7);
  const std::string alphabet = "ab '\"\\$`\n\t\r#~*?[]{}();<>|&!=\x01\x7f\xc3\xa9";
  for (int round = 0; round < 20000; ++round) {
    Words words(random() % 5);
    for (std::string& word : words) {
      word.resize(random() % 8);
      for (char& c : word) c = alphabet[random() % alphabet.size()];
    }
    const std::string line = join_command_line(words);
    BOOST_REQUIRE_MESSAGE(split_command_line(line) == words, line);
  }
}

BOOST_AUTO_TEST_CASE(any_line_is_split_or_refused) {
  std::mt19937 random(8);
  const std::string alphabet("ab '\"\\\n\0", 8);
  for (int round = 0; round < 20000; ++round) {
    std::string line(random() % 12, ' ');
    for (char& c : line) c = alphabet[random() % alphabet.size()];
    const auto words = split_command_line(line);
    if (words) BOOST_REQUIRE(split_command_line(join_command_line(*words)) == words);
  }
}

BOOST_AUTO_TEST_SUITE_END()
