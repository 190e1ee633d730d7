// The images that pools may name. All of them mean "the host as it is": clients pick one by
// publisher, offer and sku, and give up when the list lacks what they know.
#pragma once

#include "query/filter.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::api {

struct SupportedImage {
  std::string_view publisher;
  std::string_view offer;
  std::string_view sku;
  std::string_view node_agent_sku_id;
  bool verified = true;
};

// Their order never changes within a release: a place in it is a page's skip token.
std::span<const SupportedImage> supported_images();

// `filter` was parsed with query::image_filter_schema().
bool matches(const query::Filter& filter, const SupportedImage& image);

void write_supported_image(std::string& out, const SupportedImage& image);

// The same images as versions before 2019-08 show them: by node agent, each with those that it
// runs. Filters of that time know osType alone.
std::vector<std::string_view> node_agent_skus(const query::Filter& filter);
void write_node_agent_sku(std::string& out, std::string_view node_agent_sku_id);

}  // namespace windlass::api
