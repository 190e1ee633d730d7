#include "simulator/network.h"

#include <algorithm>

namespace windlass::simulator {

class Network::ProcessLinks final : public bus::Links {
 public:
  ProcessLinks(Network& network, InstanceId instance, Process& owner)
      : network_(network), instance_(instance), owner_(owner), links_(network.brokers_.size()) {
    network_.processes_[instance] = this;
    for (std::size_t broker = 0; broker < links_.size(); ++broker)
      network_.connect_soon(instance, broker);
  }
  ~ProcessLinks() override {
    for (std::size_t broker = 0; broker < links_.size(); ++broker) {
      if (links_[broker].connection != 0)
        network_.brokers_[broker].closing.insert(links_[broker].connection);
      network_.disconnect(*this, broker);
    }
    network_.processes_.erase(instance_);
  }

  int fd() const override { return -1; }
  bool send(std::size_t link, std::string envelope, std::string body) override {
    if (links_[link].connection == 0) return false;
    Frame frame{std::move(envelope), std::move(body)};
    Network& network = network_;
    network.carry(network.path(owner_.place(), link, true), owner_.free_at(), frame,
                  [&network, link, connection = links_[link].connection, instance = instance_,
                   number = links_[link].number, frame] {
                    BrokerEnd& end = network.brokers_[link];
                    const auto name = end.names.find({instance, number});
                    const bool open = name != end.names.end() && name->second == connection;
                    if (open || end.closing.contains(connection))
                      end.receiver->arrive(instance, number, frame);
                  });
    return true;
  }
  std::optional<bus::ReceivedFrame> receive() override {
    if (arrived_.empty()) return std::nullopt;
    auto [link, frame] = std::move(arrived_.front());
    arrived_.pop_front();
    return bus::ReceivedFrame{link, bus::ZmqMessage(std::move(frame.envelope)),
                              bus::ZmqMessage(std::move(frame.body))};
  }
  std::vector<std::size_t> settle() override {
    std::vector<std::size_t> fresh;
    for (std::size_t link = 0; link < links_.size(); ++link) {
      if (std::exchange(links_[link].news, false)) fresh.push_back(link);
    }
    return fresh;
  }
  bool connected(std::size_t link) const override { return links_[link].connection != 0; }
  void renew(std::size_t link) override {
    network_.disconnect(*this, link);
    ++links_[link].number;
    network_.connect_soon(instance_, link);
  }
  std::optional<std::size_t> outdated() const override { return std::nullopt; }
  bool secured() const override { return false; }

  void arrive(std::size_t link, std::uint64_t connection, const Frame& frame) {
    if (links_[link].connection != connection) return;
    arrived_.emplace_back(link, frame);
    owner_.wake();
  }
  bool has_arrived() const { return !arrived_.empty(); }
  Link& link(std::size_t broker) { return links_[broker]; }
  InstanceId instance() const { return instance_; }
  Process& owner() { return owner_; }

 private:
  Network& network_;
  const InstanceId instance_;
  Process& owner_;
  std::vector<Link> links_;
  std::deque<std::pair<std::size_t, Frame>> arrived_;
};

Network::Network(World& world)
    : world_(world),
      random_(world.random.fork()),
      brokers_(static_cast<std::size_t>(world.options.brokers)) {}

std::unique_ptr<bus::Links> Network::open(InstanceId instance, Process& owner) {
  return std::make_unique<ProcessLinks>(*this, instance, owner);
}

bool Network::has_arrived(InstanceId instance) const {
  const auto found = processes_.find(instance);
  return found != processes_.end() && found->second->has_arrived();
}

void Network::connect_soon(InstanceId instance, std::size_t broker) {
  world_.timeline.after(
      random_.between(std::chrono::milliseconds(1), std::chrono::milliseconds(100)),
      [this, instance, broker] { connect(instance, broker); });
}

void Network::connect(InstanceId instance, std::size_t broker) {
  const auto found = processes_.find(instance);
  if (found == processes_.end() || brokers_[broker].receiver == nullptr) return;
  Link& link = found->second->link(broker);
  if (link.connection != 0) return;
  const MonoTime cut_until = cut_until_[{found->second->owner().place(), broker}];
  if (world_.timeline.now() < cut_until) {
    world_.timeline.at(cut_until, [this, instance, broker] { connect_soon(instance, broker); });
    return;
  }
  link.connection = ++connections_;
  link.news = true;
  brokers_[broker].names[{instance, link.number}] = link.connection;
  found->second->owner().wake();
}

void Network::disconnect(ProcessLinks& links, std::size_t broker) {
  Link& link = links.link(broker);
  if (link.connection == 0) return;
  link.connection = 0;
  link.news = false;
  brokers_[broker].names.erase({links.instance(), link.number});
}

void Network::broker_up(std::size_t broker, FrameReceiver& receiver) {
  brokers_[broker].receiver = &receiver;
  for (const auto& [instance, links] : processes_) connect_soon(instance, broker);
}

void Network::broker_down(std::size_t broker) {
  brokers_[broker].receiver = nullptr;
  brokers_[broker].closing.clear();
  for (const auto& [instance, links] : processes_) {
    disconnect(*links, broker);
    links->owner().wake();
  }
}

broker::PassResult Network::pass_on(std::size_t broker, InstanceId to, std::uint32_t number,
                                    const Frame& frame) {
  const auto name = brokers_[broker].names.find({to, number});
  if (name == brokers_[broker].names.end()) return broker::PassResult::unknown;
  const std::size_t place = processes_.at(to)->owner().place();
  carry(path(place, broker, false), world_.timeline.now(), frame,
        [this, broker, to, connection = name->second, frame] {
          const auto found = processes_.find(to);
          if (found != processes_.end()) found->second->arrive(broker, connection, frame);
        });
  return broker::PassResult::passed;
}

void Network::carry(Path& path, MonoTime leaves, const Frame& frame,
                    const std::function<void()>& deliver) {
  const Options& options = world_.options;
  world_.trace.mix(frame.envelope.size() << 32 | frame.body.size());
  const MonoTime now = std::max(world_.timeline.now(), leaves);
  if (now < path.blocked_until) return world_.bit("blocked frame");
  int copies = 1;
  if (!world_.calm && random_.chance(options.loss)) {
    world_.bit("lost frame");
    copies = 0;
  } else if (!world_.calm && random_.chance(options.duplication)) {
    world_.bit("repeated frame");
    copies = 2;
  }
  for (int i = 0; i < copies; ++i) {
    Duration delay = random_.between(std::chrono::microseconds(50), options.delay_max);
    if (!world_.calm && random_.chance(options.slow)) {
      world_.bit("slow frame");
      delay = random_.between(options.delay_max, std::max(options.delay_max, options.slow_max));
    }
    if (now < path.slow_until) delay += path.slow_by;
    MonoTime arrival = now + delay;
    if (!options.reordering || world_.calm) arrival = std::max(arrival, path.last_arrival);
    path.last_arrival = std::max(path.last_arrival, arrival);
    world_.timeline.at(arrival, deliver);
  }
}

void Network::cut(std::size_t place, std::size_t broker, Duration how_long) {
  cut_until_[{place, broker}] = world_.timeline.now() + how_long;
  std::vector<ProcessLinks*> here;
  for (const auto& [instance, links] : processes_) {
    if (links->owner().place() == place) here.push_back(links);
  }
  for (ProcessLinks* links : here) {
    if (links->link(broker).connection == 0) continue;
    world_.bit("cut link");
    disconnect(*links, broker);
    links->owner().wake();
    connect_soon(links->instance(), broker);
  }
}

void Network::block(std::size_t place, std::size_t broker, bool towards_broker, Duration how_long) {
  path(place, broker, towards_broker).blocked_until = world_.timeline.now() + how_long;
}

void Network::lag(std::size_t place, std::size_t broker, bool towards_broker, Duration by,
                  Duration how_long) {
  Path& slow = path(place, broker, towards_broker);
  slow.slow_until = world_.timeline.now() + how_long;
  slow.slow_by = by;
}

void Network::heal() {
  for (auto& [key, path] : paths_) path.blocked_until = path.slow_until = {};
  for (auto& [place, until] : cut_until_) until = {};
  for (const auto& [instance, links] : processes_) {
    for (std::size_t broker = 0; broker < brokers_.size(); ++broker) connect_soon(instance, broker);
  }
}

}  // namespace windlass::simulator
