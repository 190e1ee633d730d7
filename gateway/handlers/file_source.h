// The bytes of a file, pulled from a worker in chunks with a few of them under way. Each chunk is
// asked for by itself, so a client that stops reading holds nothing at the worker.
#pragma once

#include "gateway/backend.h"
#include "gateway/core/byte_range.h"
#include "gateway/http/message.h"

#include <deque>
#include <memory>
#include <string>

namespace windlass::gateway {

inline constexpr std::size_t kFileChunksUnderWay = 4;
inline constexpr std::chrono::seconds kFileChunkTimeout{30};

class FileSource final : public BodySource {
 public:
  // `request` names the file; `first` holds the bytes from span.offset on that are here already.
  FileSource(Backend& backend, InstanceId worker, FileRequest request, ByteSpan span,
             std::string first);
  ~FileSource() override;

  Async<std::optional<std::string>> next() override;

 private:
  struct Chunk {
    std::uint64_t number = 0;
    std::uint32_t bytes = 0;
    Later<FileReply> reply;
  };
  void ask_ahead();

  Backend& backend_;
  InstanceId worker_;
  FileRequest request_;
  std::string first_;
  std::uint64_t next_offset_;  // of the next chunk to ask for
  std::uint64_t end_;
  std::deque<std::unique_ptr<Chunk>> chunks_;  // in the order of the file
};

}  // namespace windlass::gateway
