#include "client/cli/command_line.h"

#include "client/cli/output.h"
#include "client/cli/task_source.h"
#include "model/command_line.h"
#include "tests/client/run_program.h"

#include <boost/json/parse.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

namespace bdata = boost::unit_test::data;
using namespace windlass::cli;
using windlass::join_command_line;

namespace {

// What a POSIX shell makes of a line of words.
std::vector<std::string> words_by_shell(const std::string& line) {
  const auto ended = windlass::test::run({"/bin/sh", "-c", "printf '%s\\0' " + line});
  BOOST_REQUIRE(ended.code == 0);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < ended.out.size();) {
    const auto end = ended.out.find('\0', at);
    words.push_back(ended.out.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_command_line)

BOOST_AUTO_TEST_CASE(a_script_becomes_one_argument_of_the_shell) {
  BOOST_TEST(shell_command_line("echo 'a' | wc") == "/bin/sh -c 'echo '\\''a'\\'' | wc'");
}

BOOST_AUTO_TEST_CASE(any_words_survive_a_shell_and_the_service) {
  std::mt19937 random(20'261'124);
  const std::string hard = " \t\n'\"\\$`*?[]{}()<>|&;#~!=%^-_./aZ09\xC3\xA4\xE2\x82\xAC\x01\x7F";
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> words(1 + random() % 8);
    for (std::string& word : words) {
      for (std::size_t length = random() % 12; length > 0; --length)
        word += hard[random() % hard.size()];
    }
    const std::string line = join_command_line(words);
    BOOST_TEST(words_by_shell(line) == words, boost::test_tools::per_element());
    BOOST_TEST(windlass::split_command_line(line).value() == words,
               boost::test_tools::per_element());
    BOOST_TEST(windlass::split_command_line(shell_command_line(line)).value().at(2) == line);
  }
}

struct Utf8Case {
  const char* text;
  bool valid;
};
std::ostream& operator<<(std::ostream& out, const Utf8Case& c) {
  return out << c.text;
}
const Utf8Case kUtf8[] = {{"", true},
                          {"plain", true},
                          {"\xC3\xA4", true},
                          {"\xE2\x82\xAC", true},
                          {"\xF0\x9F\x98\x80", true},
                          {"\xFF", false},
                          {"\xC3", false},
                          {"\xC0\x80", false},
                          {"\xE0\x80\x80", false},
                          {"\xED\xA0\x80", false},
                          {"\xF4\x90\x80\x80", false},
                          {"a\x80", false}};
BOOST_DATA_TEST_CASE(utf8_is_told_from_other_bytes, bdata::make(kUtf8), c) {
  BOOST_TEST(valid_utf8(c.text) == c.valid);
}

BOOST_AUTO_TEST_CASE(array_ranges_are_read) {
  using Numbers = std::vector<std::uint64_t>;
  BOOST_TEST(parse_array("3").value() == (Numbers{3}), boost::test_tools::per_element());
  BOOST_TEST(parse_array("1-3").value() == (Numbers{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(parse_array("0-10:5,7,7").value() == (Numbers{0, 5, 7, 10}),
             boost::test_tools::per_element());
  BOOST_TEST(parse_array("1-1000000").value().size() == 1'000'000u);
  BOOST_TEST(parse_array("18446744073709551615").value().size() == 1u);
  for (const char* bad : {"", "a", "1-", "-1", "3-1", "1-2:0", "1,", "1-1000001",
                          "0-18446744073709551615", "1-3:x"}) {
    BOOST_TEST(!parse_array(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(lines_become_tasks_by_their_number) {
  const auto tasks = tasks_of_lines("one\n\n # note\r\n  two words \r\nlast", false);
  BOOST_REQUIRE(tasks.size() == 3u);
  BOOST_TEST(tasks[0].id == "000001");
  BOOST_TEST(tasks[1].id == "000004");
  BOOST_TEST(tasks[1].command_line == "two words");
  BOOST_TEST(tasks[2].command_line == "last");
  BOOST_TEST(tasks_of_lines("a | b", true)[0].command_line == "/bin/sh -c 'a | b'");
  BOOST_TEST(numbered_id(1'234'567) == "1234567");
}

BOOST_AUTO_TEST_CASE(rows_are_printed_for_people_and_programs) {
  const std::vector<boost::json::value> rows{
      boost::json::parse(R"({"id":"a","n":{"x":1},"t":"tab\there"})"),
      boost::json::parse(R"({"id":"longer","n":{}})")};
  const std::vector<Column> columns{{"ID", "id"}, {"X", "n/x"}, {"T", "t"}};
  BOOST_TEST(rows_text(Format::tsv, columns, rows) == "a\t1\ttab here\nlonger\t\t\n");
  BOOST_TEST(rows_text(Format::table, columns, rows) ==
             "ID      X  T\na       1  tab here\nlonger\n");
  BOOST_TEST(boost::json::parse(rows_text(Format::json, columns, rows)).as_array().size() == 2u);
  BOOST_TEST(text_at(rows[0], "missing|n/x") == "1");
  BOOST_TEST(object_text(Format::table, rows[0]) == "id: a\nn.x: 1\nt: tab here\n");
}

BOOST_AUTO_TEST_SUITE_END()
