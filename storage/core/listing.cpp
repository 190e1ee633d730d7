#include "storage/core/listing.h"

#include "storage/core/dates.h"
#include "storage/core/xml.h"

#include <algorithm>
#include <charconv>

namespace windlass::storage {
namespace {

// None of these exist here, so a list with them is the list without them.
constexpr std::string_view kNeverPresent[] = {
    "snapshots", "versions",          "deleted", "tags",
    "copy",      "permissions",       "system",  "deletedwithversions",
    "legalhold", "immutabilitypolicy"};

// The smallest text above all that start with `text`; empty if there is none.
std::string beyond(std::string text) {
  while (!text.empty() && static_cast<std::uint8_t>(text.back()) == 0xFF) text.pop_back();
  if (!text.empty()) text.back() = static_cast<char>(static_cast<std::uint8_t>(text.back()) + 1);
  return text;
}

void write_head(XmlWriter& xml, std::string_view attributes, const ListRequest& request) {
  xml.open("EnumerationResults", attributes);
  if (!request.prefix.empty()) xml.element("Prefix", request.prefix);
  if (!request.marker.empty()) xml.element("Marker", request.marker);
  if (!request.maxresults.empty()) xml.element("MaxResults", request.maxresults);
  if (!request.delimiter.empty()) xml.element("Delimiter", request.delimiter);
}

void write_metadata(XmlWriter& xml, const Metadata& metadata) {
  if (metadata.empty()) {
    xml.element("Metadata", std::string_view{});
    return;
  }
  xml.open("Metadata");
  for (const auto& [name, value] : metadata) xml.element(name, value);
  xml.close("Metadata");
}

void write_blob(XmlWriter& xml, const BlobRecord& record, bool with_metadata) {
  xml.open("Blob");
  xml.blob_name(record.name);
  xml.open("Properties");
  xml.element("Creation-Time", http_date(record.created));
  xml.element("Last-Modified", http_date(record.modified));
  const std::string etag = etag_of(record.changed);
  xml.element("Etag", std::string_view{etag}.substr(1, etag.size() - 2));
  xml.element("Content-Length", record.size);
  xml.element("Content-Type", record.content.type);
  xml.element("Content-Encoding", record.content.encoding);
  xml.element("Content-Language", record.content.language);
  xml.element("Content-MD5", record.content.md5);
  xml.element("Cache-Control", record.content.cache_control);
  xml.element("Content-Disposition", record.content.disposition);
  xml.element("BlobType", "BlockBlob");
  xml.element("AccessTier", "Hot");
  xml.element("AccessTierInferred", "true");
  xml.element("LeaseStatus", "unlocked");
  xml.element("LeaseState", "available");
  xml.element("ServerEncrypted", "false");
  xml.close("Properties");
  if (with_metadata) write_metadata(xml, record.metadata);
  xml.close("Blob");
}

}  // namespace

Outcome<ListRequest> parse_list_request(const Query& query) {
  ListRequest request;
  request.prefix = query.get("prefix");
  request.delimiter = query.get("delimiter");
  request.marker = query.get("marker");
  request.maxresults = query.get("maxresults");
  // The marker is the name to go on at, encoded once more so that it is plain ASCII.
  auto start = percent_decoded(request.marker);
  if (!start) return refuse(BlobError::invalid_query_value, "marker is not one of ours.");
  request.start = *std::move(start);
  if (!request.maxresults.empty()) {
    const std::string& text = request.maxresults;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), request.count);
    if (error != std::errc{} || end != text.data() + text.size() || request.count == 0) {
      return refuse(BlobError::out_of_range_query, "maxresults must be a number from 1 to 5000.");
    }
    request.count = std::min(request.count, kListEntriesMax);
  }
  std::string_view include = query.get("include");
  while (!include.empty()) {
    const auto comma = include.find(',');
    const std::string_view what = include.substr(0, comma);
    include = comma == std::string_view::npos ? std::string_view{} : include.substr(comma + 1);
    if (what == "metadata") {
      request.with_metadata = true;
    } else if (what == "uncommittedblobs") {
      return refuse(BlobError::not_implemented, "include=uncommittedblobs is not built here yet.");
    } else if (std::find(std::begin(kNeverPresent), std::end(kNeverPresent), what) ==
               std::end(kNeverPresent)) {
      return refuse(BlobError::invalid_query_value, "There is no include=" + std::string(what));
    }
  }
  return request;
}

ListPage select_page(const std::set<std::string, std::less<>>& names, const ListRequest& request) {
  ListPage page;
  auto at = names.lower_bound(std::max(request.start, request.prefix));
  while (at != names.end() && at->starts_with(request.prefix)) {
    if (page.entries.size() == request.count) {
      page.next = *at;
      break;
    }
    const auto cut = request.delimiter.empty() ? std::string::npos
                                               : at->find(request.delimiter, request.prefix.size());
    if (cut == std::string::npos) {
      page.entries.push_back({*at, false});
      ++at;
      continue;
    }
    std::string folder = at->substr(0, cut + request.delimiter.size());
    const std::string after = beyond(folder);
    page.entries.push_back({std::move(folder), true});
    at = after.empty() ? names.end() : names.lower_bound(after);
  }
  return page;
}

std::string marker_of(std::string_view next) {
  return percent_encoded(next);
}

std::string container_list_xml(std::string_view service_url, const ListRequest& request,
                               const std::vector<ListedContainer>& containers,
                               std::string_view next) {
  XmlWriter xml;
  write_head(xml, " ServiceEndpoint=\"" + xml_escaped(service_url) + "\"", request);
  xml.open("Containers");
  for (const ListedContainer& container : containers) {
    xml.open("Container");
    xml.element("Name", container.name);
    xml.open("Properties");
    xml.element("Last-Modified", http_date(container.record.modified));
    xml.element("Etag", etag_of(container.record.changed));
    xml.element("LeaseStatus", "unlocked");
    xml.element("LeaseState", "available");
    xml.element("HasImmutabilityPolicy", "false");
    xml.element("HasLegalHold", "false");
    xml.close("Properties");
    if (request.with_metadata) write_metadata(xml, container.record.metadata);
    xml.close("Container");
  }
  xml.close("Containers");
  xml.element("NextMarker", marker_of(next));
  xml.close("EnumerationResults");
  return xml.take();
}

std::string blob_list_xml(std::string_view service_url, std::string_view container,
                          const ListRequest& request, const std::vector<ListedBlob>& blobs,
                          std::string_view next) {
  XmlWriter xml;
  write_head(xml,
             " ServiceEndpoint=\"" + xml_escaped(service_url) + "\" ContainerName=\"" +
                 xml_escaped(container) + "\"",
             request);
  xml.open("Blobs");
  for (const ListedBlob& blob : blobs) {
    if (xml.size() >= kListBytesMax) {
      next = blob.entry.name;
      break;
    }
    if (blob.entry.is_prefix) {
      xml.open("BlobPrefix");
      xml.blob_name(blob.entry.name);
      xml.close("BlobPrefix");
    } else {
      write_blob(xml, blob.record, request.with_metadata);
    }
  }
  xml.close("Blobs");
  xml.element("NextMarker", marker_of(next));
  xml.close("EnumerationResults");
  return xml.take();
}

std::string block_list_xml(const std::vector<CommittedBlock>* committed,
                           const std::vector<StagedBlock>* uncommitted) {
  XmlWriter xml;
  const auto block = [&xml](std::string_view id, std::uint64_t size) {
    xml.open("Block");
    xml.element("Name", id);
    xml.element("Size", size);
    xml.close("Block");
  };
  xml.open("BlockList");
  if (committed != nullptr) {
    xml.open("CommittedBlocks");
    for (const auto& one : *committed) block(one.id, one.size);
    xml.close("CommittedBlocks");
  }
  if (uncommitted != nullptr) {
    xml.open("UncommittedBlocks");
    for (const auto& one : *uncommitted) block(one.id, one.size);
    xml.close("UncommittedBlocks");
  }
  xml.close("BlockList");
  return xml.take();
}

}  // namespace windlass::storage
