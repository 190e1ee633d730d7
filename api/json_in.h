// Reading JSON bodies: values that know their place in the body, and the first thing that is wrong.
// Internal to the parsers of api/ (this header drags in the JSON library).
//
// Readers do not return at every mistake: once a problem is found, everything after it is skipped,
// and the parser returns the problem at its end. So the code of a parser reads as its shape.
#pragma once

#include "model/result.h"
#include "model/time.h"
#include "model/words.h"

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace windlass::api {

inline constexpr std::size_t kJsonDepthMax = 64;

// Where a value stands: "startTask.resourceFiles[0].httpUrl".
struct Place {
  const Place* parent = nullptr;
  std::string_view name;    // of a member
  std::int64_t index = -1;  // of an item
  std::string text() const;
};

// The first problem of a body (or of one item of a collection).
class Problem {
 public:
  bool found() const { return error_.has_value(); }
  void set(Error error) {
    if (!error_) error_ = std::move(error);
  }
  Error& error() { return *error_; }

 private:
  std::optional<Error> error_;
};

// One value. Valid while its parent is being walked over. The read functions leave `out` alone and
// return false when the value is null or of the wrong type (which is a problem), or when a problem
// has been found before.
class Value {
 public:
  Value(simdjson::dom::element element, const Place& place, Problem& problem)
      : element_(element), place_(place), problem_(problem) {}

  // Neither null nor to be skipped.
  bool given() const { return !problem_.found() && !element_.is_null(); }
  bool is_object() const { return element_.is_object(); }
  bool is_list() const { return element_.is_array(); }
  bool is_empty_container() const;
  std::optional<std::string_view> as_string() const;

  bool read(std::string& out) const;   // refuses NUL characters: they would cut texts short later
  bool read(bool& out) const;          // also "true", "false"
  bool read(std::int32_t& out) const;  // also "2"
  bool read(Duration& out) const;
  bool read(WallTime& out) const;
  template <class T>
  bool read(std::optional<T>& out) const {
    T value{};
    if (!read(value)) return false;
    out = std::move(value);
    return true;
  }
  template <class E>
  bool read_word(E& out) const {
    std::string text;
    if (!read(text)) return false;
    if (const std::optional<E> parsed = parse_word<E>(text)) {
      out = *parsed;
      return true;
    }
    refuse("The value is none of the permitted words.");
    return false;
  }

  // Calls `visit(item)` for each item of a list; false when there is none to walk over.
  template <class Visit>
  bool each_item(Visit&& visit) const {
    if (!given()) return false;
    simdjson::dom::array array;
    if (element_.get(array) != simdjson::SUCCESS) return refuse_type("a list");
    std::int64_t index = 0;
    for (const simdjson::dom::element item : array) {
      const Place place{&place_, {}, index++};
      visit(Value(item, place, problem_));
      if (problem_.found()) return false;
    }
    return true;
  }
  std::size_t items() const;

  // Calls `visit(name, value)` for each member of an object; it returns whether it knows the name.
  template <class Visit>
  bool each_member(Visit&& visit) const {
    if (!given()) return false;
    simdjson::dom::object object;
    if (element_.get(object) != simdjson::SUCCESS) return refuse_type("an object");
    for (const simdjson::dom::key_value_pair member : object) {
      const Place place{&place_, member.key, -1};
      const Value value(member.value, place, problem_);
      if (!visit(member.key, value)) value.refuse_unknown();
      if (problem_.found()) return false;
    }
    return true;
  }

  // Says that a member of this object is missing, unless `present`.
  void require(bool present, std::string_view member) const;

  void refuse(std::string_view reason) const { refuse(ErrorCode::invalid_property_value, reason); }
  void refuse(ErrorCode code, std::string_view reason) const;
  void refuse_not_built() const;  // 501
  bool refuse_type(std::string_view expected) const;

  // The same value as the root of a body of its own, with problems of its own.
  Value as_root(const Place& place, Problem& problem) const {
    return Value(element_, place, problem);
  }

  // Without blanks; what we keep of members that we do not look into.
  std::string json() const;

  Problem& problem() const { return problem_; }
  std::string place() const { return place_.text(); }

 private:
  void refuse_unknown() const;
  std::string shown() const;

  simdjson::dom::element element_;
  const Place& place_;
  Problem& problem_;
};

// What a member may hold whose effect is not built, or which is not the client's to set.
enum class Allowed : std::uint8_t { anything, nothing, empty };
struct UnbuiltMember {
  std::string_view name;
  Allowed allowed;
};
// Whether `name` is in the table; if so, the value is judged.
bool judge_unbuilt(std::span<const UnbuiltMember> table, std::string_view name, const Value& value);

// A body that must be one JSON object. `read` is called with it; afterwards the problem, if any, is
// returned.
class ParsedBody {
 public:
  explicit ParsedBody(std::string_view body);
  ~ParsedBody();
  ParsedBody(const ParsedBody&) = delete;
  ParsedBody& operator=(const ParsedBody&) = delete;

  bool failed() const { return problem_.found(); }
  Value value() { return Value(root_, place_, problem_); }
  Error error() { return std::move(problem_.error()); }

 private:
  simdjson::dom::element root_;
  Place place_;
  Problem problem_;
};

}  // namespace windlass::api
