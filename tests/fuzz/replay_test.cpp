// Every input that the fuzz targets are known to have been interesting for, once more: their seeds,
// and tests/fuzz/corpus/NAME, where inputs stand one behind the other, each after its size (four
// bytes, little-endian).
#include "tests/fuzz/target.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>

namespace bdata = boost::unit_test::data;
using namespace windlass::fuzz;

namespace windlass::fuzz {
std::ostream& operator<<(std::ostream& out, const Target* target) {
  return out << target->name;
}
}  // namespace windlass::fuzz

namespace {

const std::filesystem::path kCorpus =
    std::filesystem::path(WINDLASS_SOURCE_DIR) / "tests/fuzz/corpus";

std::vector<std::string> corpus_of(std::string_view name) {
  std::ifstream file(kCorpus / name, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::vector<std::string> inputs;
  for (std::size_t at = 0; at < bytes.size();) {
    BOOST_REQUIRE(bytes.size() - at >= 4);
    std::size_t size = 0;
    for (std::size_t i = 4; i-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    BOOST_REQUIRE(bytes.size() - at - 4 >= size);
    inputs.push_back(bytes.substr(at + 4, size));
    at += 4 + size;
  }
  return inputs;
}

void replay(const Target& target, const char* origin, const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    BOOST_TEST_CHECKPOINT(target.name << ", input " << i << " of its " << origin);
    // Exactly as long as it is, so that a sanitizer sees each step beyond the end.
    const std::vector<char> exact(inputs[i].begin(), inputs[i].end());
    target.run({exact.data(), exact.size()});
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fuzz)

BOOST_DATA_TEST_CASE(known_inputs_find_nothing, bdata::make(targets()), target) {
  const std::vector<std::string> corpus = corpus_of(target->name);
  BOOST_TEST(!corpus.empty());
  replay(*target, "corpus", corpus);
  replay(*target, "seeds", target->seeds());
}

BOOST_AUTO_TEST_CASE(each_corpus_has_its_target) {
  std::set<std::string, std::less<>> names;
  for (const Target* target : targets()) names.emplace(target->name);
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus))
    BOOST_TEST(names.contains(entry.path().filename().string()), entry.path());
}

BOOST_AUTO_TEST_SUITE_END()
