// The log: one event with fields a line, to stderr. logfmt when a person looks, JSON otherwise.
//
//   log.info("task_assigned", {{"job", "j1"}, {"task", 7}, {"attempt", 2}});
//   -> time=2026-01-02T03:04:05.678Z level=info role=scheduler event=task_assigned job=j1 task=7
//   attempt=2
//
// Writing is one write(2) under a lock; a level that is off costs a comparison. Threads may share
// one Log.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace windlass::runtime {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { automatic, logfmt, json };

// One key and value. Text is only looked at while the call lasts.
class LogField {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const char* text)
      : key(field_key), value(std::string_view(text)) {}
  LogField(std::string_view field_key, const std::string& text)
      : key(field_key), value(std::string_view(text)) {}
  LogField(std::string_view field_key, bool flag) : key(field_key), value(flag) {}
  LogField(std::string_view field_key, double number) : key(field_key), value(number) {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) LogField(std::string_view field_key, Number number)
      : key(field_key), value(widened(number)) {}

  std::string_view key;
  Value value;

 private:
  template <class Number>
  static Value widened(Number number) {
    if constexpr (std::signed_integral<Number>)
      return static_cast<std::int64_t>(number);
    else
      return static_cast<std::uint64_t>(number);
  }
};

using LogFields = std::initializer_list<LogField>;

// Where a log is kept besides stderr: NAME.log, and before it NAME.1.log and so on, the oldest of
// which is given up.
struct LogFiles {
  std::string folder;  // made when missing, for its owner only
  std::string name;
  std::uint64_t bytes_max = 0;  // of each file
  unsigned older_parts = 0;
};

class Log {
 public:
  explicit Log(std::string role, LogLevel level = LogLevel::info,
               LogFormat format = LogFormat::automatic);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // From now on, in JSON. Before other threads write. Throws when it cannot be.
  void keep_in(const LogFiles& files);

  bool enabled(LogLevel level) const { return level >= level_; }

  void debug(std::string_view event, LogFields fields = {}) {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, LogFields fields = {}) {
    if (enabled(LogLevel::info)) write(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, LogFields fields = {}) {
    if (enabled(LogLevel::warn)) write(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, LogFields fields = {}) {
    if (enabled(LogLevel::error)) write(LogLevel::error, event, fields);
  }

  // Written so far.
  std::uint64_t warnings() const { return warnings_; }
  std::uint64_t errors() const { return errors_; }

 private:
  struct Sink;
  void write(LogLevel level, std::string_view event, LogFields fields);

  LogLevel level_;
  std::unique_ptr<Sink> sink_;
  std::atomic<std::uint64_t> warnings_ = 0;
  std::atomic<std::uint64_t> errors_ = 0;
};

// The line without its newline, for tests and for who writes elsewhere. `time` is ISO 8601.
std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view role,
                     std::string_view event, LogFields fields);

}  // namespace windlass::runtime
