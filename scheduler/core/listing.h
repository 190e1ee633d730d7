// Pages of lists in ascending lower-cased id order, with a budget on what one page may look at.
#pragma once

#include "query/properties.h"
#include "scheduler/core/rows.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

#include <map>
#include <string>
#include <utility>

namespace windlass::scheduler {

Answer list_tasks(const State& state, Rows& rows, const Settings& settings, const Job& job,
                  const PageRequest& request);

// What an entry adds to the bytes of a page, about: those that can be large say so.
template <class View>
std::size_t bytes_of(const View&) {
  return 0;
}
inline std::size_t bytes_of(const CertificateRecord& certificate) {
  return certificate.public_data.size();
}
inline std::size_t bytes_of(const JobRecord& job) {
  const JobSpec& spec = job.spec;
  std::size_t bytes = 0;
  if (spec.manager_task) bytes += spec.manager_task->task.document.size();
  if (spec.preparation_task) bytes += spec.preparation_task->document.size();
  if (spec.release_task) bytes += spec.release_task->document.size();
  return bytes;
}

// Fills a page from entries in id order; `view` makes what is shown (and filtered) of each.
template <class View, class Iterator, class KeyOf, class ViewOf>
Answer fill_page(const PageRequest& request, const Settings& settings,
                 const query::FilterSchema& schema, Iterator first, Iterator last, KeyOf&& key_of,
                 ViewOf&& view_of) {
  const Result<query::Filter> filter = query::parse_filter(request.filter, schema);
  if (!filter) return filter.error();
  Page<View> page;
  std::size_t scanned = 0;
  std::size_t bytes = 0;
  for (; first != last; ++first) {
    if (page.entries.size() == request.entries_max || scanned == settings.scanned_entries_max ||
        bytes >= settings.page_bytes_max) {
      // `next` names the last entry looked at, so that the next page goes on behind it.
      page.next = key_of(std::prev(first));
      break;
    }
    ++scanned;
    View view = view_of(first->second);
    if (!query::matches(*filter, view)) continue;
    bytes += bytes_of(view);
    page.entries.push_back(std::move(view));
  }
  return page;
}

// Over an index by lower-cased id.
template <class View, class Seq, class ViewOf>
Answer list(const PageRequest& request, const Settings& settings, const query::FilterSchema& schema,
            const std::map<std::string, Seq>& index, ViewOf&& view_of) {
  const auto first = request.after.empty() ? index.begin() : index.upper_bound(request.after);
  return fill_page<View>(
      request, settings, schema, first, index.end(), [](auto entry) { return entry->first; },
      view_of);
}

// Over an index by (account, id): the account's part of it.
template <class View, class Seq, class ViewOf>
Answer list(const PageRequest& request, const Settings& settings, const query::FilterSchema& schema,
            const std::map<EntityKey, Seq>& index, const std::string& account, ViewOf&& view_of) {
  const std::string lower_account = lower_cased(account);
  const auto first = request.after.empty() ? index.lower_bound({lower_account, ""})
                                           : index.upper_bound({lower_account, request.after});
  const auto last = index.lower_bound({lower_account + '\0', ""});
  return fill_page<View>(
      request, settings, schema, first, last, [](auto entry) { return entry->first.second; },
      view_of);
}

// The same for the account's ids from `from` on and before `end`, both in lower case.
template <class View, class Seq, class ViewOf>
Answer list_between(const PageRequest& request, const Settings& settings,
                    const query::FilterSchema& schema, const std::map<EntityKey, Seq>& index,
                    const std::string& account, const std::string& from, const std::string& end,
                    ViewOf&& view_of) {
  const auto first = request.after < from ? index.lower_bound(entity_key(account, from))
                                          : index.upper_bound(entity_key(account, request.after));
  const auto last = index.lower_bound(entity_key(account, end));
  const bool past = request.after >= end;
  return fill_page<View>(
      request, settings, schema, past ? last : first, last,
      [](auto entry) { return entry->first.second; }, view_of);
}

}  // namespace windlass::scheduler
