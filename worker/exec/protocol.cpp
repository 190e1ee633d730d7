#include "worker/exec/protocol.h"

#include <type_traits>

namespace windlass::worker::exec {

namespace {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class T>
  void number(T value) {
    using Bits = std::make_unsigned_t<T>;
    auto bits = static_cast<Bits>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      out_ += static_cast<char>(bits & 0xFF);
      if constexpr (sizeof(T) > 1) bits = static_cast<Bits>(bits >> 8);
    }
  }
  void flag(bool value) { out_ += value ? '\1' : '\0'; }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_ += value;
  }
  void count(std::size_t value) { number(static_cast<std::uint32_t>(value)); }
  void key(const AttemptKey& k) {
    number(k.shard);
    number(k.job);
    number(k.task);
    number(k.attempt);
    number(k.kind);
  }

 private:
  std::string& out_;
};

// After the first read beyond the end everything reads as zero, and ok() stays false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  template <class T>
  void number(T& value) {
    using Bits = std::make_unsigned_t<T>;
    value = 0;
    if (!take(sizeof(T))) return;
    std::uint64_t bits = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
      bits = (bits << 8) | static_cast<unsigned char>(in_[position_ - sizeof(T) + i]);
    }
    value = static_cast<T>(static_cast<Bits>(bits));
  }
  void flag(bool& value) {
    std::uint8_t byte = 0;
    number(byte);
    if (byte > 1) ok_ = false;
    value = byte == 1;
  }
  void text(std::string& value) {
    std::uint32_t size = 0;
    number(size);
    value.clear();
    if (take(size)) value = in_.substr(position_ - size, size);
  }
  // Each element takes `bytes_min` bytes or more, so a count can be refused before any is made.
  std::size_t count(std::size_t bytes_min) {
    std::uint32_t value = 0;
    number(value);
    if (value > (in_.size() - position_) / bytes_min) ok_ = false;
    return ok_ ? value : 0;
  }
  void key(AttemptKey& k) {
    number(k.shard);
    number(k.job);
    number(k.task);
    number(k.attempt);
    number(k.kind);
  }
  template <class Enum>
  void enumerator(Enum& value, Enum last) {
    std::uint8_t byte = 0;
    number(byte);
    if (byte > static_cast<std::uint8_t>(last)) ok_ = false;
    value = static_cast<Enum>(ok_ ? byte : 0);
  }
  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && position_ == in_.size(); }

 private:
  bool take(std::size_t size) {
    if (!ok_ || size > in_.size() - position_) {
      ok_ = false;
      return false;
    }
    position_ += size;
    return true;
  }

  std::string_view in_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

constexpr std::size_t kKeyBytes = 2 + 8 + 8 + 4 + 4;
constexpr std::size_t kStartedBytes = kKeyBytes + 4 + 8 + 8;

Duration read_duration(Reader& in) {
  std::int64_t ticks = 0;
  in.number(ticks);
  if (ticks < 0) in.fail();
  return Duration{ticks};
}

std::vector<std::string> read_texts(Reader& in) {
  std::vector<std::string> texts(in.count(4));
  for (std::string& text : texts) in.text(text);
  return texts;
}

void write_texts(Writer& out, const std::vector<std::string>& texts) {
  out.count(texts.size());
  for (const std::string& text : texts) out.text(text);
}

// ---- one pair of functions for each message; the order of fields is the layout ---------------

void write(Writer& out, const Hello& m) {
  out.number(m.version);
}
void read(Reader& in, Hello& m) {
  in.number(m.version);
}

void write(Writer& out, const StartRequest& m) {
  out.key(m.key);
  out.text(m.node);
  write_texts(out, m.arguments);
  write_texts(out, m.environment);
  out.text(m.working_folder);
  out.text(m.stdout_path);
  out.text(m.stderr_path);
  out.flag(m.user.has_value());
  if (m.user) {
    out.number(m.user->uid);
    out.number(m.user->gid);
    out.count(m.user->groups.size());
    for (const std::uint32_t group : m.user->groups) out.number(group);
  }
  out.number(m.wall_clock_max.count());
  out.number(m.grace.count());
  out.count(m.limits.size());
  for (const ResourceLimit& limit : m.limits) {
    out.number(limit.resource);
    out.number(limit.soft);
    out.number(limit.hard);
  }
  out.number(m.processes_max);
  out.flag(m.no_new_privileges);
  out.flag(m.keeps_children);
}
void read(Reader& in, StartRequest& m) {
  in.key(m.key);
  in.text(m.node);
  m.arguments = read_texts(in);
  m.environment = read_texts(in);
  in.text(m.working_folder);
  in.text(m.stdout_path);
  in.text(m.stderr_path);
  bool has_user = false;
  in.flag(has_user);
  if (has_user) {
    m.user.emplace();
    in.number(m.user->uid);
    in.number(m.user->gid);
    m.user->groups.resize(in.count(4));
    for (std::uint32_t& group : m.user->groups) in.number(group);
  }
  m.wall_clock_max = read_duration(in);
  m.grace = read_duration(in);
  m.limits.resize(in.count(20));
  for (ResourceLimit& limit : m.limits) {
    in.number(limit.resource);
    in.number(limit.soft);
    in.number(limit.hard);
  }
  in.number(m.processes_max);
  in.flag(m.no_new_privileges);
  in.flag(m.keeps_children);
}

void write(Writer& out, const KillRequest& m) {
  out.key(m.key);
  out.number(m.grace.count());
}
void read(Reader& in, KillRequest& m) {
  in.key(m.key);
  m.grace = read_duration(in);
}

void write(Writer& out, const LeaseRequest& m) {
  out.text(m.node);
  out.flag(m.deadline.has_value());
  if (m.deadline) out.number(m.deadline->ticks);
}
void read(Reader& in, LeaseRequest& m) {
  in.text(m.node);
  bool has_deadline = false;
  in.flag(has_deadline);
  if (has_deadline) in.number(m.deadline.emplace().ticks);
}

void write(Writer& out, const AcknowledgeRequest& m) {
  out.key(m.key);
}
void read(Reader& in, AcknowledgeRequest& m) {
  in.key(m.key);
}

void write(Writer& out, const ShutDownRequest& m) {
  out.number(m.grace.count());
}
void read(Reader& in, ShutDownRequest& m) {
  m.grace = read_duration(in);
}

void write(Writer& out, const Started& m) {
  out.key(m.key);
  out.number(m.pid);
  out.number(m.start_wall.ticks);
  out.number(m.start_boot.ticks);
}
void read(Reader& in, Started& m) {
  in.key(m.key);
  in.number(m.pid);
  in.number(m.start_wall.ticks);
  in.number(m.start_boot.ticks);
}

void write(Writer& out, const Welcome& m) {
  out.number(m.version);
  out.number(m.instance);
  out.number(m.pid);
  out.text(m.mechanism);
  out.count(m.running.size());
  for (const Started& started : m.running) write(out, started);
  out.count(m.unacknowledged.size());
  for (const AttemptKey& key : m.unacknowledged) out.key(key);
}
void read(Reader& in, Welcome& m) {
  in.number(m.version);
  in.number(m.instance);
  in.number(m.pid);
  in.text(m.mechanism);
  m.running.resize(in.count(kStartedBytes));
  for (Started& started : m.running) read(in, started);
  m.unacknowledged.resize(in.count(kKeyBytes));
  for (AttemptKey& key : m.unacknowledged) in.key(key);
}

void write(Writer& out, const StartFailed& m) {
  out.key(m.key);
  out.number(static_cast<std::uint8_t>(m.failure));
  out.number(m.error_number);
  out.text(m.message);
}
void read(Reader& in, StartFailed& m) {
  in.key(m.key);
  in.enumerator(m.failure, StartFailure::refused);
  in.number(m.error_number);
  in.text(m.message);
}

void write(Writer& out, const Ended& m) {
  out.key(m.key);
  out.number(static_cast<std::uint8_t>(m.reason));
  out.number(m.exit_code);
  out.number(m.signal);
  out.number(m.start_wall.ticks);
  out.number(m.end_wall.ticks);
  out.number(m.usage.user_cpu_time.count());
  out.number(m.usage.kernel_cpu_time.count());
  out.number(m.usage.read_operations);
  out.number(m.usage.write_operations);
  out.number(m.usage.read_bytes);
  out.number(m.usage.write_bytes);
}
void read(Reader& in, Ended& m) {
  in.key(m.key);
  in.enumerator(m.reason, EndReason::lost);
  in.number(m.exit_code);
  in.number(m.signal);
  in.number(m.start_wall.ticks);
  in.number(m.end_wall.ticks);
  m.usage.user_cpu_time = read_duration(in);
  m.usage.kernel_cpu_time = read_duration(in);
  in.number(m.usage.read_operations);
  in.number(m.usage.write_operations);
  in.number(m.usage.read_bytes);
  in.number(m.usage.write_bytes);
}

void write(Writer& out, const Settled& m) {
  out.key(m.key);
  out.number(m.end_wall.ticks);
}
void read(Reader& in, Settled& m) {
  in.key(m.key);
  in.number(m.end_wall.ticks);
}

// The type byte is the position in the variant, so new messages go to its end.
template <class Message>
bool append_any(std::string& out, const Message& message) {
  const std::size_t begin = out.size();
  Writer writer(out);
  writer.number(std::uint32_t{0});
  writer.number(static_cast<std::uint8_t>(message.index()));
  std::visit([&](const auto& m) { write(writer, m); }, message);
  const std::size_t length = out.size() - begin - 4;
  if (length > kFrameBytesMax) {
    out.resize(begin);
    return false;
  }
  for (std::size_t i = 0; i < 4; ++i)
    out[begin + i] = static_cast<char>((length >> (8 * i)) & 0xFF);
  return true;
}

template <class Variant, std::size_t Index = 0>
std::optional<Variant> decode_any(std::size_t type, Reader& in) {
  if constexpr (Index == std::variant_size_v<Variant>) {
    return std::nullopt;
  } else {
    if (type != Index) return decode_any<Variant, Index + 1>(type, in);
    std::variant_alternative_t<Index, Variant> message;
    read(in, message);
    if (!in.done()) return std::nullopt;
    return Variant(std::in_place_index<Index>, std::move(message));
  }
}

}  // namespace

bool append_frame(std::string& out, const Request& request) {
  return append_any(out, request);
}
bool append_frame(std::string& out, const Reply& reply) {
  return append_any(out, reply);
}

std::optional<Request> decode_request(std::string_view frame) {
  if (frame.empty()) return std::nullopt;
  Reader in(frame.substr(1));
  return decode_any<Request>(static_cast<unsigned char>(frame[0]), in);
}
std::optional<Reply> decode_reply(std::string_view frame) {
  if (frame.empty()) return std::nullopt;
  Reader in(frame.substr(1));
  return decode_any<Reply>(static_cast<unsigned char>(frame[0]), in);
}

void FrameReader::append(std::string_view bytes) {
  buffer_.erase(0, position_);
  position_ = 0;
  buffer_ += bytes;
}

std::optional<std::string_view> FrameReader::next() {
  if (broken_ || buffer_.size() - position_ < 4) return std::nullopt;
  std::uint32_t length = 0;
  for (std::size_t i = 4; i-- > 0;) {
    length = (length << 8) | static_cast<unsigned char>(buffer_[position_ + i]);
  }
  if (length > kFrameBytesMax) {
    broken_ = true;
    return std::nullopt;
  }
  if (buffer_.size() - position_ - 4 < length) return std::nullopt;
  const std::string_view frame = std::string_view(buffer_).substr(position_ + 4, length);
  position_ += 4 + length;
  return frame;
}

}  // namespace windlass::worker::exec
