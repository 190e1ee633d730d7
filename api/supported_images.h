// The images that pools may name. All of them mean "the host as it is": clients pick one by
// publisher, offer and sku, and give up when the list lacks what they know.
#pragma once

#include "query/filter.h"

#include <span>
#include <string>
#include <string_view>

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

}  // namespace windlass::api
