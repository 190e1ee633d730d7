#include "storage/core/dates.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace windlass::storage {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kTicksPerSecond = 10'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Civil {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  unsigned weekday = 0;
  std::int64_t fraction = 0;  // ticks
};

Civil civil(WallTime time) {
  std::int64_t seconds = time.ticks / kTicksPerSecond;
  std::int64_t fraction = time.ticks % kTicksPerSecond;
  if (fraction < 0) {
    fraction += kTicksPerSecond;
    --seconds;
  }
  std::int64_t day = seconds / kSecondsPerDay;
  std::int64_t rest = seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --day;
  }
  const sys_days date{days{day}};
  const std::chrono::year_month_day ymd{date};
  return {static_cast<int>(ymd.year()),
          static_cast<unsigned>(ymd.month()),
          static_cast<unsigned>(ymd.day()),
          static_cast<unsigned>(rest / 3600),
          static_cast<unsigned>(rest / 60 % 60),
          static_cast<unsigned>(rest % 60),
          std::chrono::weekday{date}.c_encoding(),
          fraction};
}

std::optional<WallTime> from_civil(const Civil& c) {
  const std::chrono::year_month_day ymd{std::chrono::year{c.year}, std::chrono::month{c.month},
                                        std::chrono::day{c.day}};
  if (!ymd.ok() || c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;
  const std::int64_t day = sys_days{ymd}.time_since_epoch().count();
  const std::int64_t seconds = day * kSecondsPerDay + c.hour * 3600 + c.minute * 60 + c.second;
  return WallTime{seconds * kTicksPerSecond + c.fraction};
}

// Reads fixed pieces off the front of a text; once a piece does not fit, everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  unsigned number(std::size_t digits) {
    unsigned value = 0;
    if (text_.size() < digits) return fail();
    for (std::size_t i = 0; i < digits; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return fail();
      value = value * 10 + static_cast<unsigned>(text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }

  void literal(std::string_view expected) {
    if (!text_.starts_with(expected)) {
      fail();
    } else {
      text_.remove_prefix(expected.size());
    }
  }

  template <std::size_t N>
  unsigned word(const std::array<std::string_view, N>& words) {
    for (unsigned i = 0; i < N; ++i) {
      if (text_.starts_with(words[i])) {
        text_.remove_prefix(words[i].size());
        return i;
      }
    }
    return fail();
  }

  bool next_is(char c) const { return ok_ && !text_.empty() && text_.front() == c; }
  bool next_is_digit() const {
    return ok_ && !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
  }
  bool at_end() const { return ok_ && text_.empty(); }

 private:
  unsigned fail() {
    ok_ = false;
    return 0;
  }

  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::string http_date(WallTime time) {
  const Civil c = civil(time);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02u:%02u:%02u GMT", kDays[c.weekday].data(),
                c.day, kMonths[c.month - 1].data(), c.year, c.hour, c.minute, c.second);
  return text;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  Scanner scan(text);
  Civil c;
  scan.word(kDays);  // clients that name the wrong day still mean the date
  scan.literal(", ");
  c.day = scan.number(2);
  scan.literal(" ");
  c.month = scan.word(kMonths) + 1;
  scan.literal(" ");
  c.year = static_cast<int>(scan.number(4));
  scan.literal(" ");
  c.hour = scan.number(2);
  scan.literal(":");
  c.minute = scan.number(2);
  scan.literal(":");
  c.second = scan.number(2);
  scan.literal(" GMT");
  if (!scan.at_end()) return std::nullopt;
  return from_civil(c);
}

std::optional<WallTime> parse_sas_time(std::string_view text) {
  Scanner scan(text);
  Civil c;
  c.year = static_cast<int>(scan.number(4));
  scan.literal("-");
  c.month = scan.number(2);
  scan.literal("-");
  c.day = scan.number(2);
  if (scan.at_end()) return from_civil(c);
  scan.literal("T");
  c.hour = scan.number(2);
  scan.literal(":");
  c.minute = scan.number(2);
  if (scan.next_is(':')) {
    scan.literal(":");
    c.second = scan.number(2);
    if (scan.next_is('.')) {
      scan.literal(".");
      std::int64_t unit = kTicksPerSecond / 10;
      do {
        c.fraction += scan.number(1) * unit;
        unit /= 10;
      } while (unit > 0 && scan.next_is_digit());
    }
  }
  scan.literal("Z");
  if (!scan.at_end()) return std::nullopt;
  return from_civil(c);
}

std::string iso_time(WallTime time) {
  const Civil c = civil(time);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02u.%07lldZ", c.year, c.month, c.day,
                c.hour, c.minute, c.second, static_cast<long long>(c.fraction));
  return text;
}

WallTime whole_seconds(WallTime time) {
  const std::int64_t rest = time.ticks % kTicksPerSecond;
  return WallTime{time.ticks - (rest < 0 ? rest + kTicksPerSecond : rest)};
}

}  // namespace windlass::storage
