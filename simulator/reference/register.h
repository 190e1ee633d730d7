// One entity as the API knows it: what was asked of it, what was answered, and whether both fit
// together. Every change gives the entity a new version, so answers that carry one are in order
// already; what carries none (refusals, reads of things without ETag) must fit somewhere between
// its asking and its answer. What was never answered may happen at any time after it was asked.
// Slow on purpose: the whole story is told anew after each answer.
#pragma once

#include "model/command.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace windlass::simulator {

// What does not fit, and the promise that it breaks ("API": no other has a number).
struct Contradiction {
  std::string promise;
  std::string words;
};

// What may be said to a request in a state.
struct Verdict {
  bool done = false;
  std::vector<ErrorCode> refused;
  bool may_be(ErrorCode code) const {
    return std::find(refused.begin(), refused.end(), code) != refused.end();
  }
};

// `Rules` says what the entity is:
//   State                            comparable
//   Act                              a wish that changes it
//   Verdict verdict(State, Act)      by the state alone; conditions are judged here
//   State after(State, Act)          if it is done
//   vector<State> halves(State, Act) through which it may pass before it is done
//   vector<State> moves(State, MonoTime until)  where it may go by itself by then
//   bool is_there(State)             there is an entity whose ETag can be compared
template <class Rules>
class Register {
 public:
  using State = typename Rules::State;
  using Act = typename Rules::Act;
  // The state as the answer shows it, which may say more than was known; nothing: another one.
  using Look = std::function<std::optional<State>(const State&)>;

  struct Entry {
    MonoTime asked;
    MonoTime answered{INT64_MAX};
    std::optional<Act> act;             // absent: it only looks
    std::vector<std::string> if_match;  // ETags; "*": any
    bool takes_away = false;            // its version is that of what it removed
    enum Outcome : std::uint8_t { open, done, seen, refused } outcome = open;
    EventNumber version = 0;        // 0: the answer has none
    Look look;                      // seen
    std::optional<ErrorCode> code;  // refused; absent: for a reason that lies elsewhere
    std::string words;              // for people
    std::string promise = "API";
  };

  Register(State initial, std::function<std::string(EventNumber)> etag)
      : initial_(std::move(initial)), etag_(std::move(etag)) {}

  const std::function<std::string(EventNumber)>& etag() const { return etag_; }
  void set_etag(std::function<std::string(EventNumber)> etag) { etag_ = std::move(etag); }

  std::size_t asked(Entry entry) {
    entries_.push_back(std::move(entry));
    return entries_.size() - 1;
  }
  Entry& entry(std::size_t index) { return entries_[index]; }
  const std::vector<Entry>& entries() const { return entries_; }

  std::optional<Contradiction> contradiction(const Rules& rules) const {
    const std::vector<const Entry*> points = in_order();
    if (std::string wrong = disorder(points); !wrong.empty()) return Contradiction{"S11", wrong};
    std::vector<Span> spans;
    if (auto wrong = walk(rules, points, spans)) return wrong;
    for (const Entry& entry : entries_) {
      const bool without = (entry.outcome == Entry::refused && entry.code) ||
                           (entry.outcome == Entry::seen && entry.version == 0);
      if (!without) continue;
      const bool fits = std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
        return span.from <= entry.answered && entry.asked <= span.until &&
               justified(rules, span, entry);
      });
      if (!fits)
        return Contradiction{entry.promise,
                             entry.words + " fits no state that it can have had meanwhile"};
    }
    return std::nullopt;
  }

  // The states that it can have had between the two moments.
  std::vector<State> possible(const Rules& rules, MonoTime from, MonoTime until) const {
    std::vector<Span> spans;
    walk(rules, in_order(), spans);
    std::vector<State> found;
    for (const Span& span : spans) {
      if (span.from > until || from > span.until) continue;
      for (const State& state : span.before) insert(found, state);
      for (const State& state : span.later) insert(found, state);
    }
    return found;
  }

 private:
  // The time between two answers that carry versions.
  struct Span {
    EventNumber version = 0;    // at its beginning
    std::vector<State> before;  // while it has this version
    std::vector<State> later;   // after one change or more
    MonoTime from{};            // it cannot have begun earlier
    MonoTime until{INT64_MAX};  // nor have lasted longer
  };

  // At the same version: what made it, who saw it, who took it away.
  static std::pair<EventNumber, int> place(const Entry& entry) {
    return {entry.version, entry.outcome == Entry::seen ? 1 : (entry.takes_away ? 2 : 0)};
  }

  // Those whose answers carry versions.
  std::vector<const Entry*> in_order() const {
    std::vector<const Entry*> points;
    for (const Entry& entry : entries_) {
      if (entry.version != 0 && (entry.outcome == Entry::done || entry.outcome == Entry::seen))
        points.push_back(&entry);
    }
    std::stable_sort(points.begin(), points.end(),
                     [](const Entry* a, const Entry* b) { return place(*a) < place(*b); });
    return points;
  }

  static std::string disorder(const std::vector<const Entry*>& points) {
    const Entry* latest = nullptr;  // asked last, of those before in order
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Entry& point = *points[i];
      if (latest != nullptr && place(*latest) < place(point) && point.answered < latest->asked)
        return latest->words + " is older than " + point.words + ", which was answered before";
      if (latest == nullptr || latest->asked < point.asked) latest = &point;
      const bool twice =
          i > 0 && point.outcome == Entry::done && place(*points[i - 1]) == place(point);
      if (twice) return point.words + " has the version of " + points[i - 1]->words;
    }
    return {};
  }

  bool matches(const Entry& entry, EventNumber version) const {
    if (entry.if_match.empty()) return true;
    return std::any_of(entry.if_match.begin(), entry.if_match.end(),
                       [&](const std::string& tag) { return tag == "*" || tag == etag_(version); });
  }

  static bool compares(const Entry& entry) {
    return !entry.if_match.empty() &&
           std::find(entry.if_match.begin(), entry.if_match.end(), "*") == entry.if_match.end();
  }

  static void insert(std::vector<State>& states, State state) {
    if (std::find(states.begin(), states.end(), state) == states.end())
      states.push_back(std::move(state));
  }

  std::vector<State> next(const Rules& rules, const Span& span, const State& state) const {
    std::vector<State> found = rules.moves(state, span.until);
    for (const Entry& entry : entries_) {
      if (!entry.act || entry.outcome == Entry::refused || entry.asked > span.until) continue;
      for (State& half : rules.halves(state, *entry.act)) found.push_back(std::move(half));
      if (entry.outcome != Entry::open || !rules.verdict(state, *entry.act).done) continue;
      if (matches(entry, span.version)) found.push_back(rules.after(state, *entry.act));
    }
    return found;
  }

  void spread(const Rules& rules, Span& span) const {
    for (const State& state : span.before) {
      for (State& then : next(rules, span, state)) insert(span.later, std::move(then));
    }
    for (std::size_t i = 0; i < span.later.size(); ++i) {
      for (State& then : next(rules, span, State(span.later[i])))
        insert(span.later, std::move(then));
    }
  }

  std::optional<Contradiction> walk(const Rules& rules, const std::vector<const Entry*>& points,
                                    std::vector<Span>& spans) const {
    Span span;
    span.before = {initial_};
    for (std::size_t i = 0;; ++i) {
      for (std::size_t j = i; j < points.size(); ++j)
        span.until = std::min(span.until, points[j]->answered);
      const bool same = i < points.size() && points[i]->version == span.version;
      if (!same) spread(rules, span);
      spans.push_back(span);
      if (i == points.size()) return std::nullopt;
      Span following;
      following.version = points[i]->version;
      following.before = passed(rules, span, *points[i], same);
      if (following.before.empty()) return wrong(span, *points[i]);
      following.from = span.from;
      if (points[i]->outcome == Entry::done) following.from = std::max(span.from, points[i]->asked);
      for (std::size_t j = 0; j < i; ++j) {
        if (points[j]->version < following.version)
          following.from = std::max(following.from, points[j]->asked);
      }
      span = std::move(following);
    }
  }

  std::vector<State> passed(const Rules& rules, const Span& span, const Entry& point,
                            bool same) const {
    std::vector<State> result;
    const auto pass = [&](const State& state) {
      if (point.outcome == Entry::seen) {
        if (!matches(point, point.version)) return;
        if (std::optional<State> shown = point.look(state)) insert(result, std::move(*shown));
      } else if (rules.verdict(state, *point.act).done) {
        insert(result, rules.after(state, *point.act));
      }
    };
    const bool made = point.outcome == Entry::done && !point.takes_away;
    if (same || made) std::for_each(span.before.begin(), span.before.end(), pass);
    if (point.outcome == Entry::done && compares(point))
      return matches(point, span.version) ? result : std::vector<State>{};
    if (!same) std::for_each(span.later.begin(), span.later.end(), pass);
    return result;
  }

  Contradiction wrong(const Span& span, const Entry& point) const {
    if (!matches(point, point.outcome == Entry::done ? span.version : point.version))
      return {"S11", point.words + " was done although the ETag was another one"};
    return {point.promise, point.words + " does not follow from what came before"};
  }

  bool justified(const Rules& rules, const Span& span, const Entry& entry) const {
    const auto in = [&](const std::vector<State>& states, const auto& holds) {
      return std::any_of(states.begin(), states.end(), holds);
    };
    if (entry.outcome == Entry::seen) {
      const auto shows = [&](const State& state) { return entry.look(state).has_value(); };
      return in(span.before, shows) || in(span.later, shows);
    }
    if (entry.code == ErrorCode::condition_not_met) {
      const auto there = [&](const State& state) { return rules.is_there(state); };
      return (!matches(entry, span.version) && in(span.before, there)) || in(span.later, there);
    }
    const auto refuses = [&](const State& state) {
      return rules.verdict(state, *entry.act).may_be(*entry.code);
    };
    return in(span.before, refuses) || in(span.later, refuses);
  }

  const State initial_;
  std::function<std::string(EventNumber)> etag_;
  std::vector<Entry> entries_;
};

}  // namespace windlass::simulator
