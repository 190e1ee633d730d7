#include "worker/file_road.h"

#include "runtime/clock.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <system_error>

namespace windlass::worker {
namespace {

constexpr int kWaitMsMax = 1000;
constexpr int kRetryMs = 20;
// Replies that no broker takes at once. Gateways ask again for what is dropped beyond.
constexpr std::size_t kRepliesHeldMax = 64;

bool is_about_files(FileAction action) {
  switch (action) {
    case FileAction::properties:
    case FileAction::read:
    case FileAction::list:
    case FileAction::remove:
      return true;
    default:
      return false;
  }
}

}  // namespace

FileRoad::FileRoad(bus::EndpointOptions options, std::string nodes_folder, ServiceLogs& logs,
                   std::unique_ptr<NodeUsers> users)
    : options_(std::move(options)),
      server_(std::move(nodes_folder)),
      logs_(logs),
      users_(std::move(users)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

FileRoad::~FileRoad() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

FileReply FileRoad::answer(const FileRequest& request) {
  if (is_about_files(request.action)) return server_.answer(request);
  FileRequest node;
  node.id = request.id;
  node.node_id = request.node_id;
  FileReply reply = server_.answer(node);  // its root, if it is one of ours
  if (reply.error) return reply;
  if (request.action == FileAction::upload_logs) return logs_.upload(request);
  reply.error = answer_about_user(request);
  return reply;
}

std::optional<Error> FileRoad::answer_about_user(const FileRequest& request) {
  if (users_) return users_->answer(request);
  if (request.action != FileAction::add_user) return Error{ErrorCode::node_user_not_found, {}, {}};
  return Error{ErrorCode::operation_not_valid_on_node,
               "The owner of this node's host has not allowed users of nodes (--node-users of its "
               "worker).",
               {}};
}

void FileRoad::run(const std::stop_token& stop) {
  bus::BulkEndpoint endpoint(options_);
  std::deque<std::pair<InstanceId, FileReply>> held;
  while (!stop.stop_requested()) {
    const MonoTime now = runtime::mono_now();
    while (!held.empty() && endpoint.send(held.front().first, held.front().second))
      held.pop_front();
    for (bus::BulkEvent& event : endpoint.poll(now)) {
      const auto* asked = std::get_if<bus::FileAsked>(&event);
      if (asked == nullptr) continue;
      FileReply reply = answer(asked->request);
      if (held.empty() && endpoint.send(asked->from, reply)) continue;
      if (held.size() < kRepliesHeldMax) held.emplace_back(asked->from, std::move(reply));
    }
    if (users_) users_->sweep(runtime::wall_now(), runtime::mono_now());
    endpoint.flush(now);
    connected_ = endpoint.connected();

    int wait = held.empty() ? kWaitMsMax : kRetryMs;
    if (const auto deadline = endpoint.next_deadline()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*deadline - runtime::mono_now());
      wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, wait));
    }
    pollfd wanted[] = {{endpoint.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    ::poll(wanted, 2, wait);
  }
}

}  // namespace windlass::worker
