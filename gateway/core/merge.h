// One page out of the pages of several shards, in the order of lower-cased ids.
//
// A shard's page may be short, even empty, and still say that more follows: everything up to its
// `next` has been looked at. So what may be shown is what lies at or below the least `next`, and
// that is also where the merged list goes on: one key is enough to resume all shards.
#pragma once

#include "model/command.h"
#include "model/ids.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace windlass::gateway {

template <class View>
struct FromShard {
  ShardId shard = 0;
  View view;
};

template <class View>
struct MergedPage {
  std::vector<FromShard<View>> entries;
  std::optional<std::string> next;
};

// `id_of(view)` is the id as shown. `pages[i]` is what `shards[i]` answered; all were asked for
// what follows the same key.
template <class View, class IdOf>
MergedPage<View> merge_pages(std::vector<std::pair<ShardId, Page<View>>> pages,
                             std::uint32_t entries_max, IdOf id_of) {
  struct Keyed {
    std::string key;
    ShardId shard;
    View* view;
  };
  std::optional<std::string> bound;
  std::vector<Keyed> all;
  for (auto& [shard, page] : pages) {
    if (page.next && (!bound || *page.next < *bound)) bound = page.next;
    for (View& view : page.entries) all.push_back({lower_cased(id_of(view)), shard, &view});
  }
  std::sort(all.begin(), all.end(), [](const Keyed& a, const Keyed& b) {
    return a.key != b.key ? a.key < b.key : a.shard < b.shard;
  });

  MergedPage<View> merged;
  merged.next = bound;
  for (Keyed& keyed : all) {
    if (bound && keyed.key > *bound) break;
    if (merged.entries.size() == entries_max) {
      merged.next = lower_cased(id_of(merged.entries.back().view));
      break;
    }
    merged.entries.push_back({keyed.shard, std::move(*keyed.view)});
  }
  return merged;
}

}  // namespace windlass::gateway
