#include "runtime/log.h"

#include "runtime/clock.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <optional>

namespace windlass::runtime {
namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error", "off"};

std::string time_text(WallTime time) {
  const std::time_t seconds = static_cast<std::time_t>(time.ticks / 10'000'000);
  const int milliseconds = static_cast<int>(time.ticks / 10'000 % 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", milliseconds);
  return text;
}

// Escapes as JSON does; both formats use it inside quotes. Bytes above 127 pass: we write UTF-8.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < ' ' || c == 127) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x",
                        static_cast<unsigned>(static_cast<unsigned char>(c)));
          out += escape;
        } else {
          out += c;
        }
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 127)
      return false;
  }
  return true;
}

template <class Number>
void append_number(std::string& out, Number number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, end);
}

void append_text(std::string& out, LogFormat format, std::string_view text) {
  if (format == LogFormat::logfmt && plain(text))
    out += text;
  else
    append_quoted(out, text);
}

void append_value(std::string& out, LogFormat format, const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value))
    return append_text(out, format, *text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return append_number(out, *number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return append_number(out, *number);
  if (const auto* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
    return;
  }
  const double real = std::get<double>(value);
  if (std::isfinite(real))
    append_number(out, real);
  else
    append_quoted(out, std::isnan(real) ? "nan"
                       : real > 0       ? "inf"
                                        : "-inf");  // JSON knows no such number
}

void append_field(std::string& out, LogFormat format, std::string_view key,
                  const LogField::Value& value) {
  if (format == LogFormat::json) {
    out += out.empty() ? '{' : ',';
    append_quoted(out, key);
    out += ':';
  } else {
    if (!out.empty()) out += ' ';
    out += key;
    out += '=';
  }
  append_value(out, format, value);
}

// Whole lines, whose level was judged before they were built.
void take_lines(spdlog::logger& logger) {
  logger.set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc));
  logger.set_level(spdlog::level::trace);
}

}  // namespace

std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view role,
                     std::string_view event, LogFields fields) {
  std::string line;
  line.reserve(200);
  append_field(line, format, "time", time);
  append_field(line, format, "level", kLevelNames[static_cast<std::size_t>(level)]);
  append_field(line, format, "role", role);
  append_field(line, format, "event", event);
  for (const LogField& field : fields) append_field(line, format, field.key, field.value);
  if (format == LogFormat::json) line += '}';
  return line;
}

struct Log::Sink {
  std::string role;
  LogFormat format;
  spdlog::logger logger;
  std::optional<spdlog::logger> files;
};

Log::Log(std::string role, LogLevel level, LogFormat format) : level_(level) {
  if (format == LogFormat::automatic)
    format = ::isatty(STDERR_FILENO) == 1 ? LogFormat::logfmt : LogFormat::json;
  sink_ = std::make_unique<Sink>(Sink{
      std::move(role), format,
      spdlog::logger("windlass", std::make_shared<spdlog::sinks::stderr_sink_mt>()), std::nullopt});
  take_lines(sink_->logger);
}

void Log::keep_in(const LogFiles& files) {
  namespace fs = std::filesystem;
  if (fs::create_directories(files.folder)) fs::permissions(files.folder, fs::perms::owner_all);
  sink_->files.emplace("windlass", std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
                                       files.folder + "/" + files.name + ".log", files.bytes_max,
                                       files.older_parts));
  take_lines(*sink_->files);
  sink_->files->flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view event, LogFields fields) {
  if (level == LogLevel::warn) ++warnings_;
  if (level == LogLevel::error) ++errors_;
  const std::string time = time_text(wall_now());
  const auto put = [&](spdlog::logger& logger, LogFormat format) {
    const std::string line = log_line(format, time, level, sink_->role, event, fields);
    logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  };
  put(sink_->logger, sink_->format);
  if (sink_->files) put(*sink_->files, LogFormat::json);
}

}  // namespace windlass::runtime
