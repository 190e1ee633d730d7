// What a worker finds on its disk after it was killed: the spool and the book of grants.
#include "tests/fuzz/target.h"
#include "worker/core/crc32c.h"
#include "worker/core/grant_book.h"
#include "worker/core/spool.h"

namespace windlass::fuzz {
namespace {

using worker::SpoolContent;

constexpr std::string_view kMark = "windlass grants 2\n";

std::string little_endian(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
  return out;
}
std::string spool_frame(std::string_view payload) {
  return little_endian(payload.size(), 4) + little_endian(worker::crc32c(payload), 4) +
         std::string(payload);
}
std::string book_of(std::string_view payload) {
  return std::string(kMark) + little_endian(worker::crc32c(payload), 8) + std::string(payload);
}

// The spool that a worker with this content would begin anew.
std::string written(const SpoolContent& content) {
  std::string out;
  for (const auto& [id, run] : content.runs) worker::spool_run_begun(out, run);
  for (const auto& [id, unreported] : content.unreported)
    worker::spool_ended(out, UINT64_MAX, unreported);
  for (const auto& [key, kept] : content.kept) worker::spool_folder_kept(out, kept);
  return out;
}

SpoolContent judge_spool(std::string_view bytes) {
  SpoolContent content = worker::read_spool(bytes);
  WINDLASS_ASSERT(content.bytes_read <= bytes.size());
  // What is behind the last whole frame makes no difference.
  WINDLASS_ASSERT(written(worker::read_spool(bytes.substr(0, content.bytes_read))) ==
                  written(content));
  content.runs.erase(UINT64_MAX);
  const std::string again = written(content);
  const SpoolContent second = worker::read_spool(again);
  WINDLASS_ASSERT(second.bytes_read == again.size());
  WINDLASS_ASSERT(second.unreported == content.unreported && second.kept == content.kept);
  WINDLASS_ASSERT(written(second) == again);
  return content;
}

void judge_book(std::string_view bytes) {
  const auto book = worker::decode_grant_book(bytes);
  if (!book) return;
  const std::string text = encode_grant_book(*book);
  const auto again = worker::decode_grant_book(text);
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(again->grants == book->grants && again->claims == book->claims);
  WINDLASS_ASSERT(encode_grant_book(*again) == text);
}

void run(std::string_view input) {
  Choices choices(input);
  const std::size_t choice = choices.below(4);
  const std::string_view bytes = choices.rest();
  if (choice == 0) judge_spool(bytes);
  if (choice == 1) judge_book(bytes);
  if (choice == 2) {  // one that was written whole
    const std::string frame = spool_frame(bytes);
    WINDLASS_ASSERT(judge_spool(frame).bytes_read == frame.size());
  }
  if (choice == 3) judge_book(book_of(bytes));
}

std::vector<std::string> seeds() {
  worker::Run run;
  run.id = 3;
  run.node_id = "n";
  run.folder = "workitems/j/job-1/t";
  run.assignment.emplace();
  run.assignment->common_environment_settings = {{"A", "1"}};
  run.assignment->document = "document";
  worker::Unreported unreported;
  unreported.report.exit_code = 1;
  unreported.report.failure = FailureInfo{ErrorCategory::usererror, "c", "m", {{"a", "b"}}};
  unreported.node_id = "n";
  std::vector<std::string> frames(6);
  worker::spool_run_begun(frames[0], run);
  worker::spool_run_dropped(frames[1], 3);
  worker::spool_ended(frames[2], 4, unreported);
  worker::spool_acknowledged(frames[3], {1, {2, 3}, 4});
  worker::spool_folder_kept(frames[4], {"n", "f", WallTime{5}});
  worker::spool_folder_gone(frames[5], "n", "f");
  std::vector<std::string> seeds;
  std::string all;
  for (const std::string& frame : frames) {
    all += frame;
    seeds.push_back(chosen(2, std::string_view(frame).substr(8)));
  }
  seeds.push_back(chosen(0, all));

  worker::GrantBook book;
  book.worker_id = 1;
  book.host_boot_id = "boot";
  worker::Grant grant;
  grant.node_id = "n";
  grant.plan.start_task.emplace();
  grant.start_task_info.emplace();
  grant.errors = {{"c", "m", {}}};
  book.grants.emplace("n", grant);
  book.claims.push_back({1, 2, {{"n", 1, "127.0.0.1"}}});
  const std::string text = encode_grant_book(book);
  seeds.push_back(chosen(1, text));
  seeds.push_back(chosen(3, std::string_view(text).substr(kMark.size() + 8)));
  return seeds;
}

const Target kTarget("worker_files", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
