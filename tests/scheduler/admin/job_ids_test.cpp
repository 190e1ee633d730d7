#include "scheduler/admin/job_ids.h"

#include "model/ids.h"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace windlass;
using namespace windlass::scheduler;

namespace {

constexpr ShardId kShardsTotal = 3;

JobRecord job(JobSeq seq, const std::string& id, std::uint64_t incarnation) {
  JobRecord out;
  out.account = "windlass";
  out.seq = seq;
  out.incarnation = incarnation;
  out.spec.id = id;
  return out;
}

Reservation held(const std::string& id, std::uint64_t incarnation, ShardId target) {
  return {.account = "windlass",
          .job_id = id,
          .incarnation = incarnation,
          .state = ReservationState::held,
          .target = target,
          .origin = {}};
}

const std::string kId = "film";
const ShardId kHome = shard_of("windlass", kId, kShardsTotal);
const auto kAway = static_cast<ShardId>((kHome + 1) % kShardsTotal);
const auto kFar = static_cast<ShardId>((kHome + 2) % kShardsTotal);

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_backup_job_ids)

BOOST_AUTO_TEST_CASE(what_agrees_stays) {
  std::vector<JobIds> shards(kShardsTotal);
  shards[kAway].jobs = {job(1, kId, 4)};
  shards[kHome].reservations = {held(kId, 4, kAway)};
  const JobIdsSettled settled = settle_job_ids(shards);
  for (const JobIdChanges& changes : settled.changes) {
    BOOST_TEST(changes.dropped.empty());
    BOOST_TEST(changes.put.empty());
    BOOST_TEST(changes.superseded.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_id_without_a_job_is_dropped) {
  std::vector<JobIds> shards(kShardsTotal);
  shards[kHome].reservations = {held(kId, 4, kAway)};
  const JobIdsSettled settled = settle_job_ids(shards);
  BOOST_TEST(settled.dropped == 1u);
  BOOST_TEST_REQUIRE(settled.changes[kHome].dropped.size() == 1u);
  BOOST_TEST(settled.changes[kHome].put.empty());
}

BOOST_AUTO_TEST_CASE(a_job_without_its_id_takes_it_at_home) {
  std::vector<JobIds> shards(kShardsTotal);
  shards[kAway].jobs = {job(1, "FILM", 4)};
  const JobIdsSettled settled = settle_job_ids(shards);
  BOOST_TEST(settled.made == 1u);
  BOOST_TEST((settled.changes[kHome].put == std::vector<Reservation>{held("FILM", 4, kAway)}));
  BOOST_TEST(settled.changes[kHome].incarnations == 4u);
}

BOOST_AUTO_TEST_CASE(a_reservation_under_way_is_held_when_its_job_is_there) {
  std::vector<JobIds> shards(kShardsTotal);
  Reservation reserved = held(kId, 4, kAway);
  reserved.state = ReservationState::reserved;
  reserved.origin = {3, 8};
  shards[kHome].reservations = {reserved};
  shards[kAway].jobs = {job(1, kId, 4)};
  const JobIdsSettled settled = settle_job_ids(shards);
  BOOST_TEST(settled.made == 0u);
  BOOST_TEST((settled.changes[kHome].put == std::vector<Reservation>{held(kId, 4, kAway)}));
}

BOOST_AUTO_TEST_CASE(of_two_jobs_the_later_one_stays) {
  std::vector<JobIds> shards(kShardsTotal);
  shards[kFar].jobs = {job(5, kId, 6)};
  shards[kAway].jobs = {job(1, kId, 4)};
  shards[kHome].reservations = {held(kId, 4, kAway)};
  const JobIdsSettled settled = settle_job_ids(shards);
  BOOST_TEST(settled.superseded == 1u);
  BOOST_TEST((settled.changes[kAway].superseded == std::vector<JobSeq>{1}));
  BOOST_TEST(settled.changes[kFar].superseded.empty());
  BOOST_TEST((settled.changes[kHome].put == std::vector<Reservation>{held(kId, 6, kFar)}));
}

namespace {

JobScheduleRecord schedule(std::uint64_t jobs_made, bool job_active) {
  JobScheduleRecord out;
  out.account = "windlass";
  out.seq = 1;
  out.spec.id = kId;
  out.jobs_made = jobs_made;
  out.job_active = job_active;
  return out;
}

// What becomes of it beside these jobs.
JobScheduleRecord settled(const JobScheduleRecord& record, std::vector<JobRecord> jobs) {
  std::vector<JobIds> shards(kShardsTotal);
  shards[kHome].schedules = {record};
  shards[kAway].jobs = std::move(jobs);
  const JobIdsSettled all = settle_job_ids(shards);
  const std::vector<JobScheduleRecord>& put = all.changes[kHome].schedules;
  return put.empty() ? record : put.front();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_jobs_of_a_schedule_are_held_beside_it) {
  std::vector<JobIds> shards(kShardsTotal);
  shards[kAway].jobs = {job(1, kId + ":job-3", 4)};
  const JobIdsSettled all = settle_job_ids(shards);
  BOOST_TEST((all.changes[kHome].put == std::vector<Reservation>{held(kId + ":job-3", 4, kAway)}));
}

BOOST_AUTO_TEST_CASE(a_schedule_knows_its_newest_job_again) {
  JobRecord third = job(1, kId + ":job-3", 4);
  BOOST_TEST((settled(schedule(3, true), {third}) == schedule(3, true)));
  BOOST_TEST((settled(schedule(3, true), {}) == schedule(3, false)), "it is gone");
  BOOST_TEST((settled(schedule(2, false), {third}) == schedule(3, true)), "its copy is older");
  const JobRecord tenth = job(2, kId + ":job-10", 5), other = job(3, kId + "s:job-11", 6);
  third.state = JobState::completed;
  BOOST_TEST((settled(schedule(3, true), {third, other}) == schedule(3, false)));
  BOOST_TEST((settled(schedule(3, false), {third, tenth, other}) == schedule(10, true)));
}

BOOST_AUTO_TEST_CASE(what_a_schedule_has_said_to_its_jobs_it_says_again) {
  JobScheduleRecord ending = schedule(3, true);
  ending.state = JobScheduleState::terminating;
  ending.job_told = true;
  JobScheduleRecord deleting = schedule(3, true);
  deleting.jobs_deleted_through = kId + ":job-2";
  const JobRecord third = job(1, kId + ":job-3", 4);
  BOOST_TEST(!settled(ending, {third}).job_told);
  BOOST_TEST(settled(deleting, {third}).jobs_deleted_through.empty());
}

BOOST_AUTO_TEST_SUITE_END()
