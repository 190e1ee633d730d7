// Where sessions put the frames they want sent. The shell encodes and sends them; tests and the
// simulator carry them as they like.
#pragma once

#include "model/envelope.h"

#include <span>

namespace windlass::bus {

class FrameSink {
 public:
  virtual ~FrameSink() = default;

  // A frame of messages, or one without a body (acknowledge, session_opened). The views hold until
  // the call returns.
  virtual void frame(const Envelope& envelope, std::span<const BundleEntry> entries) = 0;
  virtual void open(const Envelope& envelope, const OpenSession& body) = 0;
  virtual void refuse(const Envelope& envelope, const SessionRefused& body) = 0;
};

}  // namespace windlass::bus
