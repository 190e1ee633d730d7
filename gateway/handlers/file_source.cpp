#include "gateway/handlers/file_source.h"

#include "runtime/clock.h"

#include <algorithm>

namespace windlass::gateway {

FileSource::FileSource(Backend& backend, InstanceId worker, FileRequest request, ByteSpan span,
                       std::string first)
    : backend_(backend),
      worker_(worker),
      request_(std::move(request)),
      first_(std::move(first)),
      next_offset_(span.offset + first_.size()),
      end_(span.offset + span.length) {
  request_.action = FileAction::read;
}

FileSource::~FileSource() {
  for (const auto& chunk : chunks_) backend_.forget_files(chunk->number);
}

void FileSource::ask_ahead() {
  const MonoTime deadline = runtime::mono_now() + Duration(kFileChunkTimeout);
  while (chunks_.size() < kFileChunksUnderWay && next_offset_ < end_) {
    auto chunk = std::make_unique<Chunk>();
    chunk->bytes = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(kFileChunkBytesMax, end_ - next_offset_));
    FileRequest request = request_;
    request.offset = next_offset_;
    request.bytes_max = chunk->bytes;
    next_offset_ += chunk->bytes;
    chunk->number = backend_.ask_files(worker_, std::move(request), deadline, chunk->reply);
    chunks_.push_back(std::move(chunk));
  }
}

Async<std::optional<std::string>> FileSource::next() {
  ask_ahead();
  if (!first_.empty()) co_return std::exchange(first_, {});
  if (chunks_.empty()) co_return std::nullopt;
  Chunk& chunk = *chunks_.front();
  Later<FileReply>& later = chunk.reply;
  FileReply reply = co_await later;
  const std::uint32_t wanted = chunk.bytes;
  chunks_.pop_front();
  // Shorter than it was when we promised its length: the client must see that something is wrong.
  if (reply.error || reply.data.size() != wanted) co_return std::nullopt;
  ask_ahead();
  co_return std::move(reply.data);
}

}  // namespace windlass::gateway
