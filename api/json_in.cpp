#include "api/json_in.h"

#include "model/time_text.h"

#include <algorithm>
#include <charconv>
#include <new>

namespace windlass::api {

namespace {

constexpr std::size_t kShownBytesMax = 256;
constexpr std::size_t kKeptCapacityMax = 256 * 1024;  // of the parser's buffers between bodies

// Buffers only: no body leaves a trace in it that the next could see.
simdjson::dom::parser& thread_parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

Error body_error(std::string_view reason) {
  Error error{ErrorCode::invalid_request_body, {}, {{"Reason", std::string(reason)}}};
  error.message = "The request body could not be read: " + std::string(reason);
  return error;
}

// Cut at a character's border.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace

std::string Place::text() const {
  if (parent == nullptr) return {};
  std::string out = parent->text();
  if (index >= 0) return out + '[' + std::to_string(index) + ']';
  if (!out.empty()) out += '.';
  return out += cut(name, kShownBytesMax);
}

bool Value::is_empty_container() const {
  simdjson::dom::array array;
  if (element_.get(array) == simdjson::SUCCESS) return array.begin() == array.end();
  simdjson::dom::object object;
  if (element_.get(object) == simdjson::SUCCESS) return object.begin() == object.end();
  return false;
}

std::size_t Value::items() const {
  simdjson::dom::array array;
  return element_.get(array) == simdjson::SUCCESS ? array.size() : 0;
}

std::optional<std::string_view> Value::as_string() const {
  std::string_view text;
  if (element_.get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

bool Value::read(std::string& out) const {
  if (!given()) return false;
  std::string_view text;
  if (element_.get(text) != simdjson::SUCCESS) return refuse_type("a string");
  if (text.find('\0') != std::string_view::npos) {
    refuse("The value holds a NUL character.");
    return false;
  }
  out = text;
  return true;
}

bool Value::read(bool& out) const {
  if (!given()) return false;
  if (element_.get(out) == simdjson::SUCCESS) return true;
  if (const auto text = as_string()) {
    const bool yes = same_word(*text, "true");
    if (yes || same_word(*text, "false")) {
      out = yes;
      return true;
    }
  }
  return refuse_type("true or false");
}

bool Value::read(std::int32_t& out) const {
  if (!given()) return false;
  std::int64_t number = 0;
  if (const auto text = as_string()) {
    const char* end = text->data() + text->size();
    const auto [stop, problem] = std::from_chars(text->data(), end, number);
    if (text->empty() || problem != std::errc() || stop != end) return refuse_type("an integer");
  } else if (element_.get(number) != simdjson::SUCCESS) {
    return refuse_type("an integer");
  }
  if (number < INT32_MIN || number > INT32_MAX) return refuse_type("an integer of 32 bits");
  out = static_cast<std::int32_t>(number);
  return true;
}

bool Value::read(Duration& out) const {
  if (!given()) return false;
  const auto text = as_string();
  const std::optional<Duration> duration = text ? parse_duration(*text) : std::nullopt;
  if (!duration) return refuse_type("an ISO 8601 duration such as PT15M");
  out = *duration;
  return true;
}

bool Value::read(WallTime& out) const {
  if (!given()) return false;
  const auto text = as_string();
  const std::optional<WallTime> time = text ? parse_timestamp(*text) : std::nullopt;
  if (!time) return refuse_type("an ISO 8601 time such as 2026-01-31T08:00:00Z");
  out = *time;
  return true;
}

void Value::require(bool present, std::string_view member) const {
  if (present || problem_.found()) return;
  const Place missing{&place_, member, -1};
  Error error = property_error(ErrorCode::missing_required_property, missing.text(), "",
                               "The property is required.");
  error.message = "The property " + missing.text() + " of the request body is required.";
  problem_.set(std::move(error));
}

void Value::refuse(ErrorCode code, std::string_view reason) const {
  const std::string name = place();
  Error error = property_error(code, name, shown(), reason);
  error.message = "The value of the property " + name + " is invalid: " + std::string(reason);
  problem_.set(std::move(error));
}

void Value::refuse_not_built() const {
  problem_.set(not_implemented(place()));
}

bool Value::refuse_type(std::string_view expected) const {
  refuse("The value must be " + std::string(expected) + ".");
  return false;
}

void Value::refuse_unknown() const {
  const std::string name = place();
  Error error = property_error(ErrorCode::unsupported_property, name, shown(),
                               "The property is not known here.");
  error.message = "The property " + name + " of the request body is not supported.";
  problem_.set(std::move(error));
}

std::string Value::json() const {
  return simdjson::minify(element_);
}

std::string Value::shown() const {
  if (const auto text = as_string()) return std::string(cut(*text, kShownBytesMax));
  return std::string(cut(json(), kShownBytesMax));
}

bool judge_unbuilt(std::span<const UnbuiltMember> table, std::string_view name,
                   const Value& value) {
  for (const UnbuiltMember& member : table) {
    if (member.name != name) continue;
    if (!value.given() || member.allowed == Allowed::anything) return true;
    if (member.allowed == Allowed::empty && value.is_empty_container()) return true;
    value.refuse_not_built();
    return true;
  }
  return false;
}

ParsedBody::ParsedBody(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);  // some .NET writers begin with it
  simdjson::dom::parser& parser = thread_parser();
  if (parser.max_depth() != kJsonDepthMax || parser.capacity() == 0) {
    constexpr std::size_t kFirstCapacity = 16 * 1024;
    const auto allocated = parser.allocate(std::max(kFirstCapacity, body.size()), kJsonDepthMax);
    if (allocated != simdjson::SUCCESS) throw std::bad_alloc();
  }
  const simdjson::error_code code = parser.parse(body.data(), body.size()).get(root_);
  if (code == simdjson::MEMALLOC) throw std::bad_alloc();
  if (code == simdjson::EMPTY) {
    problem_.set(body_error("it is empty."));
  } else if (code == simdjson::DEPTH_ERROR) {
    problem_.set(body_error("it is nested too deeply."));
  } else if (code != simdjson::SUCCESS) {
    problem_.set(body_error("it is not valid JSON."));
  } else if (!root_.is_object()) {
    problem_.set(body_error("it is not a JSON object."));
  }
}

ParsedBody::~ParsedBody() {
  simdjson::dom::parser& parser = thread_parser();
  if (parser.capacity() > kKeptCapacityMax) parser = simdjson::dom::parser();
}

}  // namespace windlass::api
