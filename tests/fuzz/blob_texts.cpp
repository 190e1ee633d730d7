// Documents of the Blob protocol and records of its store: block lists, lists of blobs as workers
// read them, the files beside the data, names.
#include "storage/core/listing.h"
#include "storage/core/names.h"
#include "storage/core/record.h"
#include "storage/core/xml.h"
#include "storage/crypto.h"
#include "tests/fuzz/target.h"
#include "worker/files/blob_url.h"

namespace windlass::fuzz {
namespace {

void judge_block_list(std::string_view xml) {
  const auto choices = storage::parse_block_list(xml);
  if (!choices) return;
  storage::XmlWriter writer;
  writer.open("BlockList");
  for (const storage::BlockChoice& choice : *choices) {
    const bool committed = choice.source == storage::BlockSource::committed;
    const bool latest = choice.source == storage::BlockSource::latest;
    writer.element(committed ? "Committed" : latest ? "Latest" : "Uncommitted", choice.id);
  }
  writer.close("BlockList");
  WINDLASS_ASSERT(storage::parse_block_list(writer.take()) == choices);
}

template <class Record>
void judge_record(const std::optional<Record>& record,
                  std::optional<Record> (*decode)(std::string_view)) {
  if (!record) return;
  const auto again = decode(encode(*record));
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(*again == *record);
}

// With the check that belongs to it, so that lines are read at all. (FNV-1a, as record.cpp.)
std::string checked(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[hash >> shift & 15];
  return std::string(text) + "check " + hex + "\n";
}

// Any blob that we let in, a worker finds again in our list, under its name.
void judge_listed(std::string_view name) {
  if (!storage::check_blob_name(name)) return;
  const std::string digest = storage::hex_encoded(storage::sha256(name));
  const std::string stem = storage::file_stem(name, digest);
  WINDLASS_ASSERT(!stem.empty() && stem != "." && stem != "..");
  WINDLASS_ASSERT(stem.find_first_of(std::string_view("/\0", 2)) == std::string::npos);
  WINDLASS_ASSERT(stem.size() <= 250);
  if (!storage::needs_digest(name)) WINDLASS_ASSERT(storage::name_of_stem(stem) == name);

  storage::ListedBlob listed;
  listed.entry.name = name;
  listed.record.name = name;
  const std::string xml = storage::blob_list_xml("http://h/", "c", {}, {listed}, name);
  WINDLASS_ASSERT(storage::valid_utf8(xml) && storage::xml_can_hold(xml));
  const auto page = worker::parse_blob_page(xml);
  WINDLASS_ASSERT(page.has_value());
  WINDLASS_ASSERT(page->names == std::vector<std::string>{std::string(name)});
  const auto start = storage::percent_decoded(page->next_marker);
  WINDLASS_ASSERT(start == name);
}

void run(std::string_view input) {
  Choices choices(input);
  const std::size_t choice = choices.below(7);
  const std::string_view text = choices.rest();
  switch (choice) {
    case 0:
      return judge_block_list(text);
    case 1:
      (void)worker::parse_blob_page(text);
      return;
    case 2:
      return judge_record(storage::decode_container(text), storage::decode_container);
    case 3:
      return judge_record(storage::decode_blob(text), storage::decode_blob);
    case 4:
      return judge_record(storage::decode_container(checked(text)), storage::decode_container);
    case 5:
      return judge_record(storage::decode_blob(checked(text)), storage::decode_blob);
    default:
      return judge_listed(text);
  }
}

std::vector<std::string> seeds() {
  storage::BlobRecord blob;
  blob.name = "a/b c.txt";
  blob.data = blob.changed = 5;
  blob.size = 7;
  blob.content.type = "text/plain";
  blob.metadata = {{"A", "b"}, {"empty", ""}};
  blob.blocks = {{"YQ==", 3}, {"Yg==", 4}};
  const std::string blob_text = encode(blob);
  const std::string container_text = encode(storage::ContainerRecord{5, WallTime{6}, {{"A", "b"}}});
  constexpr std::size_t kCheckBytes = 6 + 16 + 1;
  return {
      chosen(0,
             "<?xml version=\"1.0\"?><BlockList><Latest>YQ==</Latest><!-- x --><Committed>"
             "Yg==</Committed><Uncommitted> Yw== </Uncommitted></BlockList>"),
      chosen(0, "\xEF\xBB\xBF<BlockList />"),
      chosen(1, storage::blob_list_xml("http://h/", "c", {}, {{{"a&b", false}, blob}}, "n")),
      chosen(1,
             "<EnumerationResults><Blobs><Blob><Name>&#x4e;&lt;&quot;</Name></Blob></Blobs>"
             "<NextMarker>m</NextMarker></EnumerationResults>"),
      chosen(2, container_text),
      chosen(3, blob_text),
      chosen(4, std::string_view(container_text).substr(0, container_text.size() - kCheckBytes)),
      chosen(5, std::string_view(blob_text).substr(0, blob_text.size() - kCheckBytes)),
      chosen(6, "folder/n\xc3\xa4me %41&<>\".txt"),
      chosen(6, ".."),
      chosen(6, "\x01")};
}

const Target kTarget("blob_texts", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
