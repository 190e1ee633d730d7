// Times and durations as text: ISO 8601 as the REST API writes it, and the dates of HTTP headers.
#pragma once

#include "model/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace windlass {

// "PT15M", "P1DT2H", "PT0.5S", "PT0S"; kInfinite is "P10675199DT2H48M5.4775807S".
std::string duration_text(Duration duration);
void append_duration(std::string& out, Duration duration);

// Every ISO 8601 form that clients send, zero-padded ones and weeks included (a year counts 365
// days and a month 30, as .NET reads them). Values too large saturate to kInfinite: SDKs round the
// infinite duration upwards when they write it back. Nothing when the text is no duration.
std::optional<Duration> parse_duration(std::string_view text);

// "2016-09-06T06:59:15.1161429Z": always 7 digits. Times outside the years 1 to 9999 are clamped.
std::string timestamp_text(WallTime time);
void append_timestamp(std::string& out, WallTime time);

// A date alone, with or without seconds, any number of fraction digits, any offset or none (UTC);
// also the form of HTTP dates. Nothing for anything else, or for a day that does not exist.
std::optional<WallTime> parse_timestamp(std::string_view text);

// "Tue, 03 Jan 2023 10:20:30 GMT". The fraction of the second is cut off.
std::string http_date_text(WallTime time);
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace windlass
