#include "gateway/core/http_date.h"
#include "gateway/core/job_cache.h"
#include "gateway/core/pending.h"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

using namespace windlass;
using namespace windlass::gateway;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(gateway_core_books)

namespace {

MonoTime at(std::chrono::milliseconds ms) {
  return MonoTime{Duration(ms).count()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(pending_is_taken_once) {
  PendingTable<int> table(at(0ms));
  const auto first = table.add(1, at(1000ms));
  BOOST_TEST(*table.find(first) == 1);
  BOOST_TEST(*table.take(first) == 1);
  BOOST_TEST(!table.take(first).has_value());
  const auto second = table.add(2, at(1000ms));  // the same place, another number
  BOOST_TEST(second != first);
  BOOST_TEST(!table.take(first).has_value());
  BOOST_TEST(*table.take(second) == 2);
  BOOST_TEST(!table.take(12345).has_value());
}

BOOST_AUTO_TEST_CASE(pending_ends_with_its_deadline_and_not_before) {
  PendingTable<int> table(at(0ms));
  table.add(1, at(1000ms));
  table.add(2, at(2000ms));
  table.add(3, at(300'000ms));  // further than the wheel reaches
  BOOST_TEST(!table.take_expired(at(900ms)).has_value());
  BOOST_TEST(*table.take_expired(at(1200ms)) == 1);
  BOOST_TEST(!table.take_expired(at(1200ms)).has_value());
  BOOST_TEST(*table.take_expired(at(60'000ms)) == 2);
  BOOST_TEST(!table.take_expired(at(200'000ms)).has_value());
  BOOST_TEST(!table.take_expired(at(299'000ms)).has_value());
  for (auto now = 300'000ms; table.size() > 0 && now < 400'000ms; now += 1000ms)
    table.take_expired(at(now));
  BOOST_TEST(table.size() == 0u);
}

BOOST_AUTO_TEST_CASE(pending_keeps_its_books_under_any_order) {
  std::mt19937 random(7);
  PendingTable<int> table(at(0ms));
  std::set<std::pair<std::uint64_t, int>> model;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto now = at(std::chrono::milliseconds(step * 10));
    if (random() % 3 != 0) {
      const auto deadline = now + Duration(std::chrono::milliseconds(random() % 70'000));
      model.insert({table.add(next, deadline), next});
      ++next;
    } else if (!model.empty()) {
      const auto it = std::next(model.begin(), static_cast<long>(random() % model.size()));
      const auto taken = table.take(it->first);
      BOOST_REQUIRE(taken.has_value());
      BOOST_REQUIRE(*taken == it->second);
      model.erase(it);
    }
    while (const auto expired = table.take_expired(now)) {
      const auto it = std::find_if(model.begin(), model.end(),
                                   [&](const auto& entry) { return entry.second == *expired; });
      BOOST_REQUIRE(it != model.end());
      model.erase(it);
    }
    BOOST_REQUIRE(table.size() == model.size());
  }
}

BOOST_AUTO_TEST_CASE(job_cache_is_bounded_and_keeps_accounts_apart) {
  JobCache cache(100);
  cache.put("a", "Job", 3);
  BOOST_TEST(*cache.find("A", "jOB") == 3);
  BOOST_TEST(!cache.find("b", "job").has_value());
  BOOST_TEST(!cache.find("aj", "ob").has_value());
  for (int i = 0; i < 1000; ++i) {
    cache.put("a", "x" + std::to_string(i), 1);
    BOOST_REQUIRE(cache.size() <= 102u);
    BOOST_REQUIRE(cache.find("a", "job").has_value());  // who is asked for stays
  }
  cache.forget("a", "JOB");
  BOOST_TEST(!cache.find("a", "job").has_value());
}

BOOST_AUTO_TEST_CASE(http_dates_come_back) {
  const auto time = parse_http_date("Tue, 03 Jan 2023 10:20:30 GMT");
  BOOST_REQUIRE(time.has_value());
  BOOST_TEST(time->ticks == 16727412300000000);
  BOOST_TEST(http_date(*time) == "Tue, 03 Jan 2023 10:20:30 GMT");
  BOOST_TEST(http_date(WallTime{-1}) == "Wed, 31 Dec 1969 23:59:59 GMT");
  for (const char* bad : {"", "Tue, 03 Jan 2023 10:20:30", "Tue, 31 Feb 2023 10:20:30 GMT",
                          "Tue, 03 Jan 2023 24:20:30 GMT", "Tue, 03 Jon 2023 10:20:30 GMT",
                          "Tue, -3 Jan 2023 10:20:30 GMT", "2023-01-03T10:20:30Z"})
    BOOST_TEST(!parse_http_date(bad).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()
