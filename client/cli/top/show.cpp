#include "client/cli/top/show.h"

#include <boost/json/array.hpp>

#include <cmath>
#include <cstdio>

namespace windlass::cli::top {
namespace {

namespace json = boost::json;

std::string number(double value, const char* format = "%.0f") {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string rate(double per_second) {
  return number(per_second, per_second < 10 ? "%.1f/s" : "%.0f/s");
}

std::string time_text(double seconds) {
  if (seconds < 1) return number(seconds * 1000, "%.1f ms");
  return seconds < 120 ? number(seconds, "%.1f s") : number(seconds / 60, "%.0f min");
}

std::string list(const std::map<std::string, double>& amounts) {
  std::string text;
  for (const auto& [name, amount] : amounts)
    text += (text.empty() ? "" : ", ") + name + " " + number(amount);
  return text;
}

std::string slowest_text(const View& view) {
  if (!view.slowest) return "no commits";
  const ShardView& shard = view.shards[*view.slowest];
  return "shard " + shard.shard + ", commits p99 " + time_text(*shard.commit_p99_seconds);
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

json::object amounts_json(const std::map<std::string, double>& amounts) {
  json::object out;
  for (const auto& [name, amount] : amounts) out[name] = std::llround(amount);
  return out;
}

}  // namespace

std::string screen_text(const View& view, std::size_t columns, std::size_t lines) {
  std::vector<std::string> out;
  std::string roles;
  for (const auto& [role, count] : view.answering)
    roles += (roles.empty() ? "" : ", ") + std::to_string(count) + " " + role;
  out.push_back("windlass top: " + (roles.empty() ? "nobody answers" : roles));
  for (const auto& [door, problem] : view.silent)
    out.push_back("  silent " + door + ": " + problem);
  for (const auto& [door, role] : view.not_ready)
    out.push_back("  not ready " + door + ": " + role);
  out.emplace_back();
  const std::string reasons = list(view.waiting_for);
  out.push_back("tasks    " + number(view.waiting) + " waiting" +
                (reasons.empty() ? "" : " (" + reasons + ")") + ", " + number(view.running) +
                " running");
  if (view.oldest_waiting_seconds > 0)
    out.push_back("         the oldest waits for " + time_text(view.oldest_waiting_seconds));
  out.push_back("slots    " + number(view.slots_used) + " of " + number(view.slots_total) +
                " used; nodes: " + (view.nodes.empty() ? "none" : list(view.nodes)));
  out.push_back("rates    " + rate(view.added_per_second) + " added, " +
                rate(view.started_per_second) + " started, " + rate(view.ended_per_second) +
                " ended, of these " + rate(view.failed_per_second) + " failed; " +
                rate(view.again_per_second) + " run again");
  out.push_back("slowest  " + slowest_text(view));
  out.push_back("refused  " + rate(view.refused_per_second) +
                " peers; since the start: " + (view.refused.empty() ? "none" : list(view.refused)));
  out.emplace_back();
  if (!view.shards.empty())
    out.push_back("SHARD   WAITING   RUNNING       SLOTS    STARTED      ENDED  COMMIT P99");
  for (const ShardView& shard : view.shards)
    out.push_back(
        padded(shard.shard, 5) + padded(number(shard.waiting), 10) +
        padded(number(shard.running), 10) +
        padded(number(shard.slots_used) + "/" + number(shard.slots_total), 12) +
        padded(rate(shard.started_per_second), 11) + padded(rate(shard.ended_per_second), 11) +
        padded(shard.commit_p99_seconds ? time_text(*shard.commit_p99_seconds) : "-", 12));
  std::string text;
  for (std::size_t i = 0; i < out.size() && i < lines; ++i)
    text += out[i].substr(0, columns) + "\n";
  return text;
}

std::string line_text(const View& view) {
  std::string text = number(view.waiting) + " waiting, " + number(view.running) + " running, " +
                     number(view.slots_used) + "/" + number(view.slots_total) + " slots, " +
                     rate(view.started_per_second) + " started, " + rate(view.ended_per_second) +
                     " ended, " + rate(view.failed_per_second) + " failed, " + slowest_text(view);
  if (view.refused_per_second > 0) text += ", " + rate(view.refused_per_second) + " peers refused";
  if (!view.silent.empty()) text += ", " + std::to_string(view.silent.size()) + " doors silent";
  if (!view.not_ready.empty()) text += ", " + std::to_string(view.not_ready.size()) + " not ready";
  return text + "\n";
}

json::object view_json(const View& view) {
  json::object answering;
  for (const auto& [role, count] : view.answering) answering[role] = count;
  json::array silent;
  for (const auto& [door, problem] : view.silent)
    silent.push_back(json::object{{"door", door}, {"problem", problem}});
  json::array not_ready;
  for (const auto& [door, role] : view.not_ready)
    not_ready.push_back(json::object{{"door", door}, {"role", role}});
  json::array shards;
  for (const ShardView& shard : view.shards) {
    json::object row{{"shard", std::atoi(shard.shard.c_str())},
                     {"door", shard.door},
                     {"waiting", std::llround(shard.waiting)},
                     {"running", std::llround(shard.running)},
                     {"slotsUsed", std::llround(shard.slots_used)},
                     {"slotsTotal", std::llround(shard.slots_total)},
                     {"startedPerSecond", shard.started_per_second},
                     {"endedPerSecond", shard.ended_per_second}};
    if (shard.commit_p99_seconds) row["commitP99Seconds"] = *shard.commit_p99_seconds;
    shards.push_back(std::move(row));
  }
  json::object out{{"seconds", view.seconds},
                   {"doors", json::object{{"answering", std::move(answering)},
                                          {"silent", std::move(silent)},
                                          {"notReady", std::move(not_ready)}}},
                   {"tasks", json::object{{"waiting", std::llround(view.waiting)},
                                          {"running", std::llround(view.running)},
                                          {"waitingFor", amounts_json(view.waiting_for)},
                                          {"oldestWaitingSeconds", view.oldest_waiting_seconds}}},
                   {"slots", json::object{{"used", std::llround(view.slots_used)},
                                          {"total", std::llround(view.slots_total)}}},
                   {"nodes", amounts_json(view.nodes)},
                   {"rates", json::object{{"addedPerSecond", view.added_per_second},
                                          {"startedPerSecond", view.started_per_second},
                                          {"endedPerSecond", view.ended_per_second},
                                          {"failedPerSecond", view.failed_per_second},
                                          {"againPerSecond", view.again_per_second}}},
                   {"refused", json::object{{"perSecond", view.refused_per_second},
                                            {"byReason", amounts_json(view.refused)}}},
                   {"shards", std::move(shards)}};
  if (view.slowest) {
    const ShardView& shard = view.shards[*view.slowest];
    out["slowest"] = json::object{{"shard", std::atoi(shard.shard.c_str())},
                                  {"door", shard.door},
                                  {"commitP99Seconds", *shard.commit_p99_seconds}};
  }
  return out;
}

}  // namespace windlass::cli::top
