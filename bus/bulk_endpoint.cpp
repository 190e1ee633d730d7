#include "bus/bulk_endpoint.h"

#include "bus/brokers.h"
#include "model/assert.h"
#include "schema/codec/envelope.h"
#include "schema/codec/file_message.h"

#include <map>
#include <utility>

namespace windlass::bus {

class BulkEndpoint::Impl {
 public:
  explicit Impl(EndpointOptions options) : brokers_(std::move(options)) {
    WINDLASS_ASSERT(brokers_.options().instance != 0);
  }

  Brokers& brokers() { return brokers_; }

  bool send(InstanceId to, FrameKind kind, const std::string& message) {
    Envelope envelope;
    envelope.generation = brokers_.options().generation;
    envelope.source = brokers_.options().instance;
    envelope.source_kind = brokers_.options().kind;
    envelope.destination = ToInstance{to};
    envelope.kind = kind;
    const BundleEntry entry{0, message};
    const auto road = roads_.find(to);
    const std::size_t link = road == roads_.end() ? SIZE_MAX : road->second;
    return brokers_.send(envelope, encode_bundle({&entry, 1}), link);
  }

  std::vector<BulkEvent> poll(MonoTime now, std::size_t messages_max) {
    std::vector<BulkEvent> events;
    while (events.size() < messages_max) {
      const std::optional<BusFrame> frame = brokers_.receive(now);
      if (!frame) break;
      take(*frame, events);
    }
    for (const InstanceId instance : brokers_.take_unknown_instances()) {
      roads_.erase(instance);
      events.push_back(InstanceUnreachable{instance});
    }
    brokers_.take_changed_roads();
    return events;
  }

 private:
  void take(const BusFrame& frame, std::vector<BulkEvent>& events) {
    const Envelope& envelope = frame.envelope;
    const Result<Bundle> bundle = Bundle::decode(frame.body.bytes());
    if (!bundle) {
      ++brokers_.counters().malformed;
      return;
    }
    if (roads_.size() >= kRoadsMax) roads_.clear();
    roads_[envelope.source] = frame.link;
    for (const BundleEntry& entry : bundle->entries()) {
      if (envelope.kind == FrameKind::file_requests) {
        Result<FileRequest> request = decode_file_request(entry.message);
        if (request) {
          events.push_back(FileAsked{envelope.source, std::move(*request)});
          continue;
        }
      } else if (envelope.kind == FrameKind::file_replies) {
        Result<FileReply> reply = decode_file_reply(entry.message);
        if (reply) {
          events.push_back(FileReplied{envelope.source, std::move(*reply)});
          continue;
        }
      }
      ++brokers_.counters().malformed;
    }
  }

  static constexpr std::size_t kRoadsMax = 10'000;  // it is a cache

  Brokers brokers_;
  std::map<InstanceId, std::size_t> roads_;  // the broker through which a process was heard last
};

BulkEndpoint::BulkEndpoint(EndpointOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
BulkEndpoint::~BulkEndpoint() = default;

int BulkEndpoint::fd() const {
  return impl_->brokers().fd();
}
std::optional<MonoTime> BulkEndpoint::next_deadline() const {
  return impl_->brokers().next_deadline();
}
std::vector<BulkEvent> BulkEndpoint::poll(MonoTime now, std::size_t messages_max) {
  return impl_->poll(now, messages_max);
}
void BulkEndpoint::flush(MonoTime now) {
  impl_->brokers().flush(now);
}
bool BulkEndpoint::send(InstanceId to, const FileRequest& request) {
  return impl_->send(to, FrameKind::file_requests, encode(request));
}
bool BulkEndpoint::send(InstanceId to, const FileReply& reply) {
  return impl_->send(to, FrameKind::file_replies, encode(reply));
}
bool BulkEndpoint::connected() const {
  return impl_->brokers().connected();
}
const BusCounters& BulkEndpoint::counters() const {
  return impl_->brokers().counters();
}

}  // namespace windlass::bus
