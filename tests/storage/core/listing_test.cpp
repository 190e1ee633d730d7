#include "storage/core/listing.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::storage;

namespace {

const std::set<std::string, std::less<>> kNames = {"a",    "dir/1",  "dir/2", "dir/sub/1",
                                                   "dir0", "dirs/1", "z",     "z\xFF/1"};

// "name" or "name+" for a prefix, in order; '|' where a page ends.
std::string walk(ListRequest request) {
  std::string text;
  for (;;) {
    const ListPage page = select_page(kNames, request);
    for (const ListEntry& entry : page.entries) {
      text += (text.empty() || text.back() == '|' ? "" : " ") + entry.name;
      if (entry.is_prefix) text += "+";
    }
    if (page.next.empty()) return text;
    text += "|";
    request.start = page.next;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(storage_core_listing)

BOOST_AUTO_TEST_CASE(pages_meet_without_gap_or_overlap) {
  BOOST_TEST(walk({.count = 3}) == "a dir/1 dir/2|dir/sub/1 dir0 dirs/1|z z\xFF/1");
  BOOST_TEST(walk({.prefix = "dir/", .count = 2}) == "dir/1 dir/2|dir/sub/1");
  BOOST_TEST(walk({.prefix = "none"}) == "");
}

BOOST_AUTO_TEST_CASE(folders_fold) {
  BOOST_TEST(walk({.delimiter = "/"}) == "a dir/+ dir0 dirs/+ z z\xFF/+");
  BOOST_TEST(walk({.delimiter = "/", .count = 1}) == "a|dir/+|dir0|dirs/+|z|z\xFF/+");
  BOOST_TEST(walk({.prefix = "dir/", .delimiter = "/"}) == "dir/1 dir/2 dir/sub/+");
  BOOST_TEST(walk({.delimiter = "ir"}) == "a dir+ z z\xFF/1");
}

BOOST_AUTO_TEST_CASE(parameters_are_checked) {
  const auto status = [](std::string_view query) {
    const auto request = parse_list_request(*Query::parse(query));
    return request ? 200 : status_of(request.refusal().error);
  };
  BOOST_TEST(status("maxresults=1&include=metadata,snapshots&prefix=a") == 200u);
  for (const auto* bad : {"maxresults=0", "maxresults=-1", "maxresults=x", "include=dreams"}) {
    BOOST_TEST(status(bad) == 400u, bad);
  }
  BOOST_TEST(status("include=uncommittedblobs") == 501u);
  BOOST_TEST(parse_list_request(*Query::parse("maxresults=9999"))->count == kListEntriesMax);
  // A marker is what we gave out, whatever the name.
  const std::string name = "a b/\xC3\xBC%&";
  const auto back = parse_list_request(*Query::parse("marker=" + percent_encoded(marker_of(name))));
  BOOST_TEST(back->start == name);
}

BOOST_AUTO_TEST_CASE(records_survive_writing_and_notice_damage) {
  BlobRecord record{.name = "a b\n\xC3\xBC",
                    .data = 7,
                    .size = 1u << 20,
                    .changed = 9,
                    .created = {1},
                    .modified = {2},
                    .content = {"t", "e", "l", "d", "c", "AA=="},
                    .metadata = {{"empty", ""}, {"k", "v=w x\n"}},
                    .blocks = {{"AA==", 1}, {"+/==", 2}}};
  const std::string text = encode(record);
  BOOST_TEST((decode_blob(text) == record));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    BOOST_TEST(!decode_blob(damaged).has_value());
    BOOST_TEST(!decode_blob(text.substr(0, i)).has_value());
  }
  ContainerRecord container{3, {4}, {{"a", "b"}}};
  BOOST_TEST((decode_container(encode(container)) == container));
  BOOST_TEST(!decode_container(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_list_ends_early_when_it_grows_too_large) {
  std::vector<ListedBlob> blobs;
  for (int i = 0; i < 3000; ++i) {
    BlobRecord record{.name = "blob" + std::to_string(i)};
    record.metadata["large"] = std::string(8000, 'x');
    blobs.push_back({{record.name, false}, record});
  }
  ListRequest request;
  request.with_metadata = true;
  const std::string xml = blob_list_xml("http://h/a/", "c", request, blobs, "");
  BOOST_TEST(xml.size() < kListBytesMax + 20'000);
  const auto at = xml.find("<NextMarker>blob");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string next = xml.substr(at + 12, xml.find("</NextMarker>") - at - 12);
  BOOST_TEST(xml.find("<Name>" + next + "</Name>") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
