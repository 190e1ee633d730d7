#include "worker/files/blob_url.h"

#include <boost/test/unit_test.hpp>

namespace windlass::worker {
namespace {

BOOST_AUTO_TEST_SUITE(worker_files_blob_url)

BOOST_AUTO_TEST_CASE(the_signature_stays_behind_the_name) {
  BOOST_TEST(blob_url("http://h/c?sig=a%2Bb", "d/e f.txt") == "http://h/c/d/e%20f.txt?sig=a%2Bb");
  BOOST_TEST(blob_url("http://h/c/", "x") == "http://h/c/x");
  BOOST_TEST(with_query("http://h/c?sig=1", "comp=list") == "http://h/c?comp=list&sig=1");
  BOOST_TEST(with_query("http://h/c", "comp=list") == "http://h/c?comp=list");
  BOOST_TEST(list_url("http://h/c?sig=1", "a/b &", "m") ==
             "http://h/c?restype=container&comp=list&prefix=a%2Fb%20%26&marker=m&sig=1");
}

BOOST_AUTO_TEST_CASE(only_http_is_a_url_of_ours) {
  BOOST_TEST(is_http_url("http://h"));
  BOOST_TEST(is_http_url("https://h/x"));
  for (const char* url : {"", "ftp://h", "file:///etc/passwd", "http://", "http:///x", "h/x",
                          "http://?x", "https://#x", "http://h/a b", "http://h/\r\nX: y"})
    BOOST_TEST_CONTEXT(url) BOOST_TEST(!is_http_url(url));
}

BOOST_AUTO_TEST_CASE(a_page_gives_names_and_marker) {
  const auto page = parse_blob_page(
      "<?xml version=\"1.0\"?><EnumerationResults ContainerName=\"c\"><Blobs>"
      "<Blob><Name>a &amp; b/&#x41;.txt</Name><Properties><Name>no</Name></Properties></Blob>"
      "<Blob><Name>c</Name></Blob></Blobs><NextMarker>m1</NextMarker></EnumerationResults>");
  BOOST_REQUIRE(page.has_value());
  BOOST_TEST((page->names == std::vector<std::string>{"a & b/A.txt", "c"}));
  BOOST_TEST(page->next_marker == "m1");
  const auto last =
      parse_blob_page("<EnumerationResults><Blobs/><NextMarker /></EnumerationResults>");
  BOOST_REQUIRE(last.has_value());
  BOOST_TEST(last->next_marker.empty());
  BOOST_TEST(!parse_blob_page("<html>").has_value());
}

BOOST_AUTO_TEST_CASE(names_that_xml_cannot_hold_come_encoded) {
  const auto page = parse_blob_page(
      "<EnumerationResults><Blobs><Blob><Name Encoded=\"true\">a%01%26b</Name><Metadata><Name>m"
      "</Name></Metadata></Blob><Blob><Name>c%20d</Name></Blob></Blobs></EnumerationResults>");
  BOOST_REQUIRE(page.has_value());
  BOOST_TEST((page->names == std::vector<std::string>{"a\x01&b", "c%20d"}));
}

BOOST_AUTO_TEST_CASE(a_name_of_ampersands_is_read_in_one_pass) {
  const std::string name(4'000'000, '&');
  const auto page = parse_blob_page("<EnumerationResults><Blob><Name>" + name +
                                    "</Name></Blob></EnumerationResults>");
  BOOST_REQUIRE(page.has_value());
  BOOST_TEST((page->names == std::vector<std::string>{name}));
}

BOOST_AUTO_TEST_CASE(block_ids_are_of_one_length) {
  BOOST_TEST(block_id(0).size() == block_id(99999).size());
  BOOST_TEST(block_list_xml(2).find("<Latest>" + block_id(1) + "</Latest>") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
