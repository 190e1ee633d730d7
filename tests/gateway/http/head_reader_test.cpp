#include "gateway/http/head_reader.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::gateway;

namespace {

// The chunks come byte by byte; what is not taken yet is handed over again, as the server does it.
std::string read_byte_by_byte(std::string_view bytes) {
  HeadReader reader;
  BOOST_REQUIRE(reader.read("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
  BOOST_REQUIRE(reader.chunked());
  std::string body;
  std::size_t at = 0;
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    const auto taken = reader.read_chunks(bytes.substr(at, end - at), body, 100);
    at += taken.bytes;
    if (taken.failed) return "failed";
    if (taken.done) return at == bytes.size() ? body : "done too early";
  }
  return "not done";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_http_head_reader)

BOOST_AUTO_TEST_CASE(chunks_may_come_byte_by_byte) {
  BOOST_TEST(read_byte_by_byte("5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n") ==
             "hello world");
  BOOST_TEST(read_byte_by_byte("1\r\nx\r\n0\r\n\r\n") == "x");
  BOOST_TEST(read_byte_by_byte("zz\r\n\r\n") == "failed");
}

// The parser asserted here once it had the first three bytes alone (found by fuzzing).
BOOST_AUTO_TEST_CASE(a_body_without_content_may_come_byte_by_byte) {
  BOOST_TEST(read_byte_by_byte("0\r\n\r\n").empty());
  BOOST_TEST(read_byte_by_byte("000\r\nTrailer: x\r\n\r\n").empty());
}

// Their values lay in the parser's dead stack frame (found by fuzzing).
BOOST_AUTO_TEST_CASE(folded_header_lines_are_refused) {
  HeadReader reader;
  BOOST_TEST(!reader.read("GET / HTTP/1.1\r\nHost: h\r\nclient-request-id: a\r\n b\r\n\r\n"));
  BOOST_TEST(reader.problem() == "its head is malformed");
  BOOST_TEST(reader.read("GET / HTTP/1.1\r\nHost: h\r\nEmpty:\r\n\r\n"));
}

BOOST_AUTO_TEST_SUITE_END()
