// Bytes on their way in: one new file, removed again unless it becomes a blob's data or a block.
#pragma once

#include "storage/core/record.h"
#include "storage/crypto.h"
#include "storage/store/file.h"

namespace windlass::storage {

class Upload {
 public:
  Upload(std::filesystem::path path, Generation generation)
      : provisional_(path), file_(File::create(path)), generation_(generation) {}

  void write(std::span<const std::byte> bytes) {
    file_.write(bytes);
    md5_.update(bytes);
    size_ += bytes.size();
  }

  // Appends a stretch of another file, unhashed: joined blocks have no MD5 of their own.
  void append(const File& source, std::uint64_t offset, std::uint64_t length) {
    file_.append_from(source, offset, length);
    size_ += length;
  }

  std::string md5() { return md5_.finish(); }  // 16 bytes; once
  void sync() const { file_.sync(); }
  std::uint64_t size() const { return size_; }
  Generation generation() const { return generation_; }
  const std::filesystem::path& path() const { return file_.path(); }
  void keep() { provisional_.keep(); }

 private:
  Provisional provisional_;
  File file_;
  Md5 md5_;
  std::uint64_t size_ = 0;
  Generation generation_;
};

}  // namespace windlass::storage
