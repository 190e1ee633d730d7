#include "model/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace windlass {

namespace {

constexpr std::int64_t kTicksPerSecond = 10'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_number(std::string& out, std::uint64_t value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  (void)error;  // 24 characters hold every 64-bit number
  out.append(digits, end);
}

// Exactly `width` digits, at `at`.
void put_padded(char* at, std::uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// Reads from the front of a text; each step says whether it found what it wanted.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  // Exactly `width` digits.
  bool take_digits(int width, int& value) {
    if (rest_.size() < static_cast<std::size_t>(width)) return false;
    value = 0;
    for (int i = 0; i < width; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      if (!is_digit(c)) return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(static_cast<std::size_t>(width));
    return true;
  }
  // One or more digits; saturates.
  bool take_number(std::uint64_t& value) {
    if (!next_is_digit()) return false;
    value = 0;
    for (; next_is_digit(); rest_.remove_prefix(1)) {
      const std::uint64_t digit = static_cast<std::uint64_t>(rest_.front() - '0');
      if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
          __builtin_add_overflow(value, digit, &value)) {
        value = std::numeric_limits<std::uint64_t>::max();
      }
    }
    return true;
  }
  // The digits after a decimal point, as ticks; what is finer than a tick is cut off.
  bool take_fraction(std::int64_t& ticks) {
    if (!next_is_digit()) return false;
    ticks = 0;
    std::int64_t unit = kTicksPerSecond / 10;
    for (; next_is_digit(); rest_.remove_prefix(1)) {
      ticks += unit * (rest_.front() - '0');
      unit /= 10;
    }
    return true;
  }
  template <std::size_t N>
  bool take_name(const std::array<std::string_view, N>& names, int& index) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!take(names[i])) continue;
      index = static_cast<int>(i);
      return true;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

std::uint64_t add_saturated(std::uint64_t total, std::uint64_t count, std::uint64_t ticks) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(count, ticks, &product)) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  if (__builtin_add_overflow(total, product, &total)) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return total;
}

struct Component {
  char letter;
  std::int64_t seconds;
};
// In the order in which they may stand; each at most once.
constexpr std::array<Component, 4> kDateComponents = {{{'Y', 365 * kSecondsPerDay},
                                                       {'M', 30 * kSecondsPerDay},
                                                       {'W', 7 * kSecondsPerDay},
                                                       {'D', kSecondsPerDay}}};
constexpr std::array<Component, 3> kTimeComponents = {{{'H', 3600}, {'M', 60}, {'S', 1}}};

template <std::size_t N>
bool take_components(Scanner& scan, const std::array<Component, N>& components, bool fraction_too,
                     std::uint64_t& ticks, int& found) {
  std::size_t next = 0;
  while (scan.next_is_digit()) {
    std::uint64_t count = 0;
    std::int64_t fraction = 0;
    if (!scan.take_number(count)) return false;
    const bool has_fraction = fraction_too && scan.take_any(".,");
    if (has_fraction && !scan.take_fraction(fraction)) return false;
    while (next < N && !scan.take(components[next].letter)) ++next;
    if (next == N) return false;
    if (has_fraction && components[next].letter != 'S') return false;
    const std::uint64_t unit =
        static_cast<std::uint64_t>(components[next].seconds * kTicksPerSecond);
    ticks = add_saturated(ticks, count, unit);
    ticks = add_saturated(ticks, static_cast<std::uint64_t>(fraction), 1);
    ++next;
    ++found;
  }
  return true;
}

struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t ticks = 0;  // of the second
  std::int64_t offset_seconds = 0;
};

std::optional<WallTime> wall_time(const CivilTime& civil) {
  const std::chrono::year_month_day date{std::chrono::year{civil.year},
                                         std::chrono::month{static_cast<unsigned>(civil.month)},
                                         std::chrono::day{static_cast<unsigned>(civil.day)}};
  if (civil.year < 1 || !date.ok()) return std::nullopt;
  if (civil.hour > 23 || civil.minute > 59 || civil.second > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * kSecondsPerDay + civil.hour * 3600 + civil.minute * 60 +
                               civil.second - civil.offset_seconds;
  return WallTime{seconds * kTicksPerSecond + civil.ticks};
}

constexpr std::int64_t kFirstTick = -62'135'596'800 * kTicksPerSecond;     // 0001-01-01
constexpr std::int64_t kLastTick = 253'402'300'800 * kTicksPerSecond - 1;  // end of 9999

struct Split {
  std::chrono::year_month_day date;
  unsigned weekday;
  std::uint32_t second_of_day;
  std::uint32_t ticks;

  std::uint32_t year() const { return static_cast<std::uint32_t>(static_cast<int>(date.year())); }
  std::uint32_t month() const { return static_cast<unsigned>(date.month()); }
  std::uint32_t day() const { return static_cast<unsigned>(date.day()); }
};

Split split(WallTime time) {
  const std::int64_t ticks = std::clamp(time.ticks, kFirstTick, kLastTick);
  constexpr std::int64_t kTicksPerDay = kSecondsPerDay * kTicksPerSecond;
  std::int64_t days = ticks / kTicksPerDay;
  std::int64_t rest = ticks % kTicksPerDay;
  if (rest < 0) {
    rest += kTicksPerDay;
    --days;
  }
  const std::chrono::sys_days point{std::chrono::days{days}};
  return {std::chrono::year_month_day{point}, std::chrono::weekday{point}.c_encoding(),
          static_cast<std::uint32_t>(rest / kTicksPerSecond),
          static_cast<std::uint32_t>(rest % kTicksPerSecond)};
}

// "hh:mm:ss" over the zeros at `at`.
void put_time_of_day(char* at, std::uint32_t second_of_day) {
  put_padded(at, second_of_day / 3600, 2);
  put_padded(at + 3, second_of_day / 60 % 60, 2);
  put_padded(at + 6, second_of_day % 60, 2);
}

// "Z", "+02:00", "-0530", "+02".
bool take_offset(Scanner& scan, std::int64_t& seconds) {
  if (scan.take_any("Zz")) return true;
  const bool plus = scan.take('+');
  if (!plus && !scan.take('-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!scan.take_digits(2, hours)) return false;
  const bool colon = scan.take(':');
  if ((colon || scan.next_is_digit()) && !scan.take_digits(2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  seconds = (hours * 3600 + minutes * 60) * (plus ? 1 : -1);
  return true;
}

}  // namespace

void append_duration(std::string& out, Duration duration) {
  std::uint64_t ticks = static_cast<std::uint64_t>(duration.count());
  if (duration < Duration::zero()) {
    out += '-';
    ticks = 0 - ticks;
  }
  const std::uint64_t seconds = ticks / kTicksPerSecond;
  const std::uint64_t fraction = ticks % kTicksPerSecond;
  out += 'P';
  if (seconds >= kSecondsPerDay) {
    append_number(out, seconds / kSecondsPerDay);
    out += 'D';
  }
  const std::uint64_t rest = seconds % kSecondsPerDay;
  if (rest == 0 && fraction == 0 && seconds != 0) return;
  out += 'T';
  const auto append = [&](std::uint64_t count, char letter) {
    if (count == 0) return;
    append_number(out, count);
    out += letter;
  };
  append(rest / 3600, 'H');
  append(rest / 60 % 60, 'M');
  if (fraction == 0) {
    if (ticks == 0) out += "0S";
    append(rest % 60, 'S');
    return;
  }
  append_number(out, rest % 60);
  out += '.';
  char digits[7];
  put_padded(digits, static_cast<std::uint32_t>(fraction), 7);
  out.append(digits, sizeof digits);
  while (out.back() == '0') out.pop_back();
  out += 'S';
}

std::string duration_text(Duration duration) {
  std::string out;
  append_duration(out, duration);
  return out;
}

std::optional<Duration> parse_duration(std::string_view text) {
  Scanner scan(text);
  const bool negative = scan.take('-');
  if (!scan.take('P')) return std::nullopt;
  std::uint64_t ticks = 0;
  int found = 0;
  if (!take_components(scan, kDateComponents, false, ticks, found)) return std::nullopt;
  if (scan.take('T')) {
    const int before = found;
    if (!take_components(scan, kTimeComponents, true, ticks, found)) return std::nullopt;
    if (found == before) return std::nullopt;
  }
  if (found == 0 || !scan.at_end()) return std::nullopt;
  constexpr std::uint64_t kMax = static_cast<std::uint64_t>(kInfinite.count());
  const std::int64_t count = static_cast<std::int64_t>(std::min(ticks, kMax));
  return Duration{negative ? -count : count};
}

void append_timestamp(std::string& out, WallTime time) {
  const Split parts = split(time);
  char text[] = "0000-00-00T00:00:00.0000000Z";
  put_padded(text, parts.year(), 4);
  put_padded(text + 5, parts.month(), 2);
  put_padded(text + 8, parts.day(), 2);
  put_time_of_day(text + 11, parts.second_of_day);
  put_padded(text + 20, parts.ticks, 7);
  out.append(text, sizeof text - 1);
}

std::string timestamp_text(WallTime time) {
  std::string out;
  append_timestamp(out, time);
  return out;
}

std::optional<WallTime> parse_timestamp(std::string_view text) {
  if (!text.empty() && !is_digit(text.front())) return parse_http_date(text);
  Scanner scan(text);
  CivilTime civil;
  const bool date = scan.take_digits(4, civil.year) && scan.take('-') &&
                    scan.take_digits(2, civil.month) && scan.take('-') &&
                    scan.take_digits(2, civil.day);
  if (!date) return std::nullopt;
  if (scan.take_any("Tt ")) {
    if (!scan.take_digits(2, civil.hour) || !scan.take(':') || !scan.take_digits(2, civil.minute)) {
      return std::nullopt;
    }
    if (scan.take(':')) {
      if (!scan.take_digits(2, civil.second)) return std::nullopt;
      if (scan.take_any(".,") && !scan.take_fraction(civil.ticks)) return std::nullopt;
    }
  }
  if (!scan.at_end() && !take_offset(scan, civil.offset_seconds)) return std::nullopt;
  if (!scan.at_end()) return std::nullopt;
  return wall_time(civil);
}

std::string http_date_text(WallTime time) {
  const Split parts = split(time);
  std::string text = "Www, 00 Mmm 0000 00:00:00 GMT";
  text.replace(0, 3, kWeekdays[parts.weekday]);
  put_padded(text.data() + 5, parts.day(), 2);
  text.replace(8, 3, kMonths[parts.month() - 1]);
  put_padded(text.data() + 12, parts.year(), 4);
  put_time_of_day(text.data() + 17, parts.second_of_day);
  return text;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  Scanner scan(text);
  CivilTime civil;
  int weekday = 0;  // not compared with the date: a wrong one does no harm
  int month = 0;
  const bool good =
      scan.take_name(kWeekdays, weekday) && scan.take(", ") && scan.take_digits(2, civil.day) &&
      scan.take(' ') && scan.take_name(kMonths, month) && scan.take(' ') &&
      scan.take_digits(4, civil.year) && scan.take(' ') && scan.take_digits(2, civil.hour) &&
      scan.take(':') && scan.take_digits(2, civil.minute) && scan.take(':') &&
      scan.take_digits(2, civil.second) && scan.take(' ');
  if (!good) return std::nullopt;
  if (!scan.take("GMT") && !scan.take("UTC") && !scan.take("+0000")) return std::nullopt;
  if (!scan.at_end()) return std::nullopt;
  civil.month = month + 1;
  return wall_time(civil);
}

}  // namespace windlass
