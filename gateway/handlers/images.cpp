// The images that pools may name. No shard is asked: the list is ours.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/supported_images.h"
#include "gateway/handlers/replying.h"

#include <charconv>

namespace windlass::gateway {

Async<Reply> account_list_supported_images(Exchange& exchange) {
  auto list = list_request(exchange, query::image_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  const auto images = api::supported_images();
  // The key to go on behind is a place in the list.
  std::size_t place = 0;
  const std::string& after = list->page.after;
  if (!after.empty()) {
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), place);
    if (error != std::errc{} || end != after.data() + after.size() || place > images.size())
      co_return query_error(ErrorCode::invalid_query_parameter_value, "$skiptoken", "",
                            "It is not a token of this list");
  }
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, "supportedimages");
  std::uint32_t shown = 0;
  for (; place < images.size() && shown < list->page.entries_max; ++place) {
    if (!api::matches(list->filter, images[place])) continue;
    api::write_supported_image(json, images[place]);
    ++shown;
  }
  std::optional<std::string> next;
  if (place < images.size()) next = std::to_string(place);
  writer.finish(link_after(exchange, next));
  co_return success(exchange, std::move(json));
}

}  // namespace windlass::gateway
