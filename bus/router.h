// A broker's side of the bus: one ROUTER bound to one or more endpoints, which passes frames on by
// name without looking into their bodies. One thread owns it for life.
#pragma once

#include "bus/gate.h"
#include "bus/options.h"
#include "model/envelope.h"
#include "model/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::bus {

// A broker's CURVE key pair; clients pin the public one.
struct RouterKeys {
  std::string public_key;
  std::string secret_key;
  bool empty() const { return secret_key.empty(); }
};

enum class Passed : std::uint8_t {
  yes,
  unknown,  // no such name is connected
  full      // its queue is full; the frame is dropped, its sender will repeat it
};

class Router;

// A frame on its way through. Envelope and body stay in ZeroMQ's memory and are handed over, never
// copied.
class PassingFrame {
 public:
  PassingFrame();
  ~PassingFrame();
  PassingFrame(PassingFrame&&) noexcept;
  PassingFrame& operator=(PassingFrame&&) noexcept;

  InstanceId from() const { return from_; }
  std::uint32_t from_link() const { return from_link_; }
  const Envelope& envelope() const { return envelope_; }
  std::size_t bytes() const;  // of both parts
  std::string_view body() const;
  // The key (Z85) with which the sender connected; empty on an open socket.
  std::string_view sender_key() const;

 private:
  friend class Router;
  struct Parts;
  std::unique_ptr<Parts> parts_;
  InstanceId from_ = 0;
  std::uint32_t from_link_ = 0;
  Envelope envelope_;
};

class Router {
 public:
  // Throws std::runtime_error that names the endpoint when one cannot be bound. With keys there is
  // a gate, which outlives the router; without keys there is none and the sockets are open.
  Router(const std::vector<std::string>& endpoints, const RouterKeys& keys, Gate* gate = nullptr);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Where it is bound, in the order given; ports that were left to the system (":*") are filled in.
  const std::vector<std::string>& endpoints() const;

  // Tells of news only: ask ready() before waiting on it.
  int fd() const;
  bool ready();

  // Lets the gate decide about those who knock. Call it in each turn, before receive().
  void serve_gate();

  // The next frame; nothing when there is none. Frames that are not ours, or not truthful about
  // their source, are counted and dropped.
  std::optional<PassingFrame> receive();

  Passed pass_on(PassingFrame& frame, InstanceId to, std::uint32_t link);
  Passed send(const Envelope& envelope, std::string body, InstanceId to, std::uint32_t link);

  std::uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Bodies that a broker reads and writes.
Result<HelloBody> read_hello(const PassingFrame& frame);
Result<OpenSession> read_open_session(const PassingFrame& frame);
std::string write_status(const StatusBody& status);
std::string write_undeliverable(const Undeliverable& notice);

}  // namespace windlass::bus
