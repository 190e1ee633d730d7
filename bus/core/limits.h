// The numbers of the session protocol. Credits stand well below the sockets' high-water marks, so
// that it is the credit, which is visible, that stops a sender, and not the socket, which drops.
#pragma once

#include "model/time.h"

#include <cstddef>
#include <cstdint>

namespace windlass::bus {

// How many messages a receiver takes beyond those acknowledged, and how many bytes of messages a
// sender has under way at most.
inline constexpr std::uint32_t kCreditMessages = 8192;
inline constexpr std::size_t kInFlightBytesMax = std::size_t{16} << 20;

// What waits for credit at the sender. Beyond it, send() refuses.
inline constexpr std::size_t kQueueMessagesMax = 65'536;
inline constexpr std::size_t kQueueBytesMax = std::size_t{128} << 20;

// A frame is closed when it holds this much; a single message may be larger.
inline constexpr std::size_t kFrameMessagesMax = 512;
inline constexpr std::size_t kFrameBytesMax = std::size_t{256} << 10;

// Waiting for an acknowledgement: adapts to the time that acknowledgements take, doubles with each
// repetition in vain.
inline constexpr Duration kRetransmitInitial = std::chrono::milliseconds(200);
inline constexpr Duration kRetransmitMin = std::chrono::milliseconds(100);
inline constexpr Duration kRetransmitMax = std::chrono::seconds(5);
inline constexpr std::size_t kRetransmitMessagesMax = 4096;  // at once

// A peer lets an acknowledgement wait this long for a frame to ride on, or for this many messages.
inline constexpr Duration kAcknowledgeDelay = std::chrono::milliseconds(20);
inline constexpr std::uint32_t kAcknowledgeMessages = 256;

// A peer says something in an open session at least this often.
inline constexpr Duration kAliveInterval = std::chrono::seconds(10);

}  // namespace windlass::bus
