// Files as the blob store uses them: whole writes, flushes, and errors that keep their cause.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::storage {

// The disk failed us.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& what, const std::filesystem::path& path, int error_number);
  int error_number() const { return error_number_; }
  bool disk_is_full() const;  // or a quota is used up

 private:
  int error_number_;
};

// Owns one descriptor.
class File {
 public:
  static File create(const std::filesystem::path& path);  // must not exist; readable too
  static File open(const std::filesystem::path& path);    // to read
  static std::optional<File> open_if_there(const std::filesystem::path& path);

  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  void write(std::span<const std::byte> bytes);  // all of them, at the end of what was written
  // Reads until `into` is full or the file ends; says how much.
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const;
  // Appends `length` bytes of `source` from `offset`; throws if there are fewer.
  void append_from(const File& source, std::uint64_t offset, std::uint64_t length);
  void sync() const;
  std::uint64_t size() const;
  int descriptor() const { return descriptor_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  File(int descriptor, std::filesystem::path path);
  int descriptor_ = -1;
  std::filesystem::path path_;
};

// A file that is removed again unless kept. Removing never throws.
class Provisional {
 public:
  explicit Provisional(std::filesystem::path path) : path_(std::move(path)) {}
  ~Provisional();
  Provisional(Provisional&& other) noexcept;
  Provisional& operator=(Provisional&&) = delete;
  const std::filesystem::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

void rename_over(const std::filesystem::path& from, const std::filesystem::path& to);
void remove_if_there(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& path);
void make_folder(const std::filesystem::path& path);  // fine if it exists
std::vector<std::string> names_in(const std::filesystem::path& folder);
std::optional<std::string> read_small(const std::filesystem::path& path);  // nothing: no such file
// Writes, flushes and renames: after a crash the file has the old content or the new.
void replace_small(const std::filesystem::path& path, std::string_view text);
std::uint64_t free_bytes(const std::filesystem::path& folder);

}  // namespace windlass::storage
