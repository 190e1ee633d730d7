// The roads between processes and brokers. A link is a connection with a name, as ZeroMQ makes it;
// frames on it are lost, slow, repeated or out of order as the options say, links are cut, and for
// a while nothing may pass in one direction without anybody being told.
#pragma once

#include "broker/core/frame_switch.h"
#include "bus/links.h"
#include "simulator/process.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windlass::simulator {

struct Frame {
  std::string envelope;
  std::string body;
};

// A broker at its end of the links.
class FrameReceiver {
 public:
  virtual ~FrameReceiver() = default;
  virtual void arrive(InstanceId from, std::uint32_t link, Frame frame) = 0;
};

class Network {
 public:
  explicit Network(World& world);

  // The links of a program that has just started; they close when it lets go of them.
  std::unique_ptr<bus::Links> open(InstanceId instance, Process& owner);

  // Whether frames wait to be received by it.
  bool has_arrived(InstanceId instance) const;

  void broker_up(std::size_t broker, FrameReceiver& receiver);
  void broker_down(std::size_t broker);
  broker::PassResult pass_on(std::size_t broker, InstanceId to, std::uint32_t link,
                             const Frame& frame);

  // ---- faults
  void cut(std::size_t place, std::size_t broker, Duration how_long);
  // Nothing passes from the place to the broker (or the other way) for so long; nobody is told.
  void block(std::size_t place, std::size_t broker, bool towards_broker, Duration how_long);
  // What passes takes `by` longer for so long.
  void lag(std::size_t place, std::size_t broker, bool towards_broker, Duration by,
           Duration how_long);
  void heal();  // nothing is cut, blocked or slow any more

 private:
  class ProcessLinks;
  struct Link {
    std::uint32_t number = 0;      // in its name
    std::uint64_t connection = 0;  // 0: not connected
    bool news = false;
  };
  struct Path {  // between a place and a broker, in one direction
    MonoTime blocked_until{};
    MonoTime slow_until{};
    Duration slow_by{};
    MonoTime last_arrival{};
  };
  struct BrokerEnd {
    FrameReceiver* receiver = nullptr;
    std::map<std::pair<InstanceId, std::uint32_t>, std::uint64_t> names;  // -> connection
    // Of processes that are gone: what they had sent is in the hands of the kernels, and arrives.
    std::set<std::uint64_t> closing;
  };
  using Place = std::pair<std::size_t, std::size_t>;  // place, broker

  void connect_soon(InstanceId instance, std::size_t broker);
  void connect(InstanceId instance, std::size_t broker);
  void disconnect(ProcessLinks& links, std::size_t broker);
  // Calls deliver() once, never or twice, each at its time. It leaves at `leaves`, or now.
  void carry(Path& path, MonoTime leaves, const Frame& frame, const std::function<void()>& deliver);
  Path& path(std::size_t place, std::size_t broker, bool towards_broker) {
    return paths_[{{place, broker}, towards_broker}];
  }

  World& world_;
  Random random_;
  std::vector<BrokerEnd> brokers_;
  std::map<InstanceId, ProcessLinks*> processes_;
  std::map<std::pair<Place, bool>, Path> paths_;
  std::map<Place, MonoTime> cut_until_;
  std::uint64_t connections_ = 0;
};

}  // namespace windlass::simulator
