#include "members/enrolment_door.h"

#include "runtime/clock.h"
#include "runtime/metric_catalogue.h"
#include "runtime/paths.h"
#include "schema/codec/member.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace windlass::members {

namespace {

constexpr std::size_t kQuestionBytesMax = 4096;
// Two hundred members that start at once are through in ten seconds; a flood costs a core nothing.
constexpr double kQuestionsPerSecond = 20;
constexpr double kQuestionsBurst = 40;
constexpr int kCopyInterval_ms = 1000;
constexpr std::chrono::milliseconds kCopyPatience{3000};

int stop_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

void stop_thread(int fd, std::thread& thread) {
  const std::uint64_t one = 1;
  if (::write(fd, &one, sizeof one) != sizeof one) std::abort();
  thread.join();
  ::close(fd);
}

}  // namespace

EnrolmentDoor::EnrolmentDoor(const std::string& endpoint, DirectoryFile& directory,
                             runtime::Metrics& metrics, runtime::Log& log)
    : directory_(directory),
      log_(log),
      socket_(endpoint, directory.enrolment_keys(), kQuestionBytesMax),
      pace_(kQuestionsPerSecond, kQuestionsBurst),
      stop_(stop_event()) {
  for (std::size_t i = 0; i < counted_.size(); ++i)
    counted_[i] = metrics.counter(runtime::metric::broker_enrolments,
                                  {to_string(static_cast<EnrolmentOutcome>(i))});
  thread_ = std::thread([this] { run(); });
}

EnrolmentDoor::~EnrolmentDoor() {
  stop_thread(stop_, thread_);
}

void EnrolmentDoor::run() {
  for (;;) {
    while (const auto question = socket_.receive()) {
      EnrolmentReply reply;
      try {
        reply = reply_to(*question);
      } catch (const std::exception& failure) {
        // The disk, most likely: nothing was promised, the joiner asks again.
        log_.error("enrolment_failed", {{"error", failure.what()}});
        reply.outcome = EnrolmentOutcome::busy;
      }
      counted_[static_cast<std::size_t>(reply.outcome)].add();
      socket_.answer(*question, encode(reply));
    }
    pollfd fds[] = {{socket_.fd(), POLLIN, 0}, {stop_, POLLIN, 0}};
    ::poll(fds, 2, -1);
    if (fds[1].revents != 0) return;
  }
}

EnrolmentReply EnrolmentDoor::reply_to(const bus::Question& question) {
  EnrolmentReply reply;
  if (!pace_.take(runtime::mono_now())) {
    reply.outcome = EnrolmentOutcome::busy;
    return reply;
  }
  const Result<EnrolmentRequest> request = decode_enrolment_request(question.bytes);
  if (!request) {
    reply.outcome = EnrolmentOutcome::malformed;
    return reply;
  }
  const std::string digest = bus::digest_of_secret(request->token_secret);
  if (request->wish == EnrolmentWish::rotate && !bus::is_key(request->next_key)) {
    reply.outcome = EnrolmentOutcome::malformed;
    return reply;
  }
  directory_.update([&](MemberDirectory& directory) {
    Enrolled enrolled = enrol(directory, *request, question.key, digest, runtime::wall_now());
    reply = std::move(enrolled.reply);
    return enrolled.changed;
  });
  if (request->wish == EnrolmentWish::join || request->wish == EnrolmentWish::rotate ||
      reply.outcome != EnrolmentOutcome::done) {
    const bool done = reply.outcome == EnrolmentOutcome::done;
    log_.info(done ? "member_enrolled" : "enrolment_refused",
              {{"wish", request->wish == EnrolmentWish::join ? "join" : "other"},
               {"outcome", to_string(reply.outcome)},
               {"role", role_name(request->role)},
               {"name", done ? reply.name : request->name},
               {"token", request->token_id},
               {"key", question.key},
               {"address", question.address}});
  }
  return reply;
}

DirectoryCopy::DirectoryCopy(Membership own, std::string path, runtime::Log& log)
    : own_(std::move(own)), path_(std::move(path)), log_(log), stop_(stop_event()), thread_([this] {
        run();
      }) {}

DirectoryCopy::~DirectoryCopy() {
  stop_thread(stop_, thread_);
}

void DirectoryCopy::run() {
  for (;;) {
    try {
      ask_once();
    } catch (const std::exception& failure) {
      log_.error("directory_copy_failed", {{"error", failure.what()}});
    }
    pollfd stop{stop_, POLLIN, 0};
    if (::poll(&stop, 1, kCopyInterval_ms) > 0) return;
  }
}

void DirectoryCopy::ask_once() {
  EnrolmentRequest request;
  request.wish = EnrolmentWish::copy;
  request.cluster = own_.cluster;
  request.role = own_.role;
  request.version_known = version_;
  const auto bytes = bus::ask(own_.enrolment, own_.enrolment_key, {own_.key, own_.secret_key},
                              encode(request), kCopyPatience);
  const bool silent = !bytes;
  if (silent != std::exchange(silent_, silent)) {
    if (silent)
      log_.warn("directory_away", {{"endpoint", own_.enrolment}, {"version", version_}});
    else
      log_.info("directory_back", {{"endpoint", own_.enrolment}});
  }
  if (!bytes) return;
  const Result<EnrolmentReply> reply = decode_enrolment_reply(*bytes);
  if (!reply || reply->outcome != EnrolmentOutcome::done || !reply->directory) return;
  runtime::write_file_atomically(path_, json_text(*reply->directory), 0600);
  version_ = reply->directory->version;
  log_.info("directory_copied", {{"version", version_}});
}

}  // namespace windlass::members
