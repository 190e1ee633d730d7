// URLs of the Azure Blob protocol: a container's URL with its signature, and what is in it.
// https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

// http or https, with a host.
bool is_http_url(std::string_view url);

// Percent-encodes all but unreserved characters and '/'.
std::string encode_path(std::string_view path);
std::string encode_query_value(std::string_view value);

// container URL and blob name -> the blob's URL; the query (SAS) is kept.
std::string blob_url(std::string_view container_url, std::string_view blob_name);

// `parameters` ("comp=list&...") in front of what query the URL has.
std::string with_query(std::string_view url, std::string_view parameters);

// The page of a container after `marker`.
std::string list_url(std::string_view container_url, std::string_view prefix,
                     std::string_view marker);

struct BlobPage {
  std::vector<std::string> names;
  std::string next_marker;  // empty: the last page
};

// From the XML of List Blobs; nothing when it is not that.
std::optional<BlobPage> parse_blob_page(std::string_view xml);

// Names of blocks are base64 of equal length.
std::string block_id(std::uint32_t number);
std::string block_list_xml(std::uint32_t blocks);

}  // namespace windlass::worker
