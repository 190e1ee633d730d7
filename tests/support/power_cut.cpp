#include "tests/support/power_cut.h"

#include "model/assert.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace windlass::test {

void DiskRecorder::mark(std::size_t begun, std::size_t acknowledged) {
  Step step;
  step.is_mark = true;
  step.begun = begun;
  step.acknowledged = acknowledged;
  steps_.push_back(std::move(step));
}

void DiskRecorder::after(const DiskCall& call) {
  if (!call.path.starts_with(folder_)) return;
  if (call.kind == DiskCallKind::map || (call.kind == DiskCallKind::open && !call.writes)) return;
  Step step;
  step.call = call;
  steps_.push_back(std::move(step));
}

namespace {

// Our own number of a file: the kernel gives its numbers again.
using FileNumber = std::size_t;

// A write that is not flushed: what it left in each sector that it touched.
struct Unflushed {
  FileNumber file = 0;
  std::map<std::size_t, std::string> sectors;  // by number
  std::uint64_t size = 0;                      // of the file afterwards
  bool cuts = false;                           // a resize: the file is no longer than this
};

struct File {
  std::string durable;
  std::string cached;  // as processes see it
};

struct NameChange {
  std::string name;  // gets the file, or is gone when that is 0
  FileNumber file = 0;
  std::string from;  // rename: gone at the same time
};

// Which of an unflushed write is there: nothing, all, or some of its sectors.
enum class Fate : std::uint8_t { missing, there, torn };

void put(std::string& content, std::size_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '\0');
  content.replace(at, bytes.size(), bytes);
}

class Disk {
 public:
  Disk(const DiskRecorder& recorder, const CrashLimits& limits, RandomModel& random,
       const std::function<void(const CrashImage&)>& visit)
      : folder_(recorder.folder()), limits_(limits), random_(random), visit_(visit) {}

  void go_through(const std::vector<DiskRecorder::Step>& steps) {
    for (const DiskRecorder::Step& step : steps) {
      if (step.is_mark) {
        begun_ = step.begun;
        acknowledged_ = step.acknowledged;
        continue;
      }
      ++moment_;
      take(step.call);
    }
    cut("at the end");
  }

 private:
  void take(const DiskCall& call) {
    switch (call.kind) {
      case DiskCallKind::open:
        return opened(call);
      case DiskCallKind::write:
        return written(call);
      case DiskCallKind::resize:
        return resized(number_of_.at(call.file), call.size);
      case DiskCallKind::flush:
        cut(std::string("before ") + call.name + " of " + call.path);
        return flushed(call);
      case DiskCallKind::rename: {
        const FileNumber file = cached_names_.at(call.path);
        cached_names_.erase(call.path);
        cached_names_[call.new_path] = file;
        names_unflushed_.push_back({call.new_path, file, call.path});
        return;
      }
      case DiskCallKind::remove:
        cached_names_.erase(call.path);
        names_unflushed_.push_back({call.path, 0, ""});
        return;
      case DiskCallKind::map:
        return;
    }
  }

  void opened(const DiskCall& call) {
    const auto known = cached_names_.find(call.path);
    if (known == cached_names_.end() || known->second != number_of_[call.file]) {
      const FileNumber number = ++files_made_;
      number_of_[call.file] = number;
      cached_names_[call.path] = number;
      names_unflushed_.push_back({call.path, number, ""});
    } else if (call.truncates) {
      resized(known->second, 0);
    }
  }

  void resized(FileNumber number, std::uint64_t size) {
    File& file = files_[number];
    if (file.cached.size() == size) return;
    file.cached.resize(size, '\0');
    unflushed_.push_back({number, {}, size, true});
  }

  void written(const DiskCall& call) {
    Unflushed write;
    write.file = number_of_.at(call.file);
    File& file = files_[write.file];
    put(file.cached, call.offset, call.bytes);
    write.size = file.cached.size();
    const std::size_t end = call.offset + call.bytes.size();
    for (std::size_t sector = call.offset / kSectorBytes; sector * kSectorBytes < end; ++sector)
      write.sectors[sector] = file.cached.substr(sector * kSectorBytes, kSectorBytes);
    unflushed_.push_back(std::move(write));
    if (!call.synchronous) return;
    // Under way it may be there or not; afterwards it is, with whatever else is in its sectors.
    cut("during a write of " + call.path);
    const std::map<std::size_t, std::string> sectors = std::move(unflushed_.back().sectors);
    unflushed_.pop_back();
    for (const auto& [number, bytes] : sectors) {
      put(file.durable, number * kSectorBytes, bytes);
      for (Unflushed& other : unflushed_) {
        if (other.file == number_of_.at(call.file)) other.sectors.erase(number);
      }
    }
    cut("after a write of " + call.path);
  }

  void flushed(const DiskCall& call) {
    const auto number = number_of_.find(call.file);
    if (number == number_of_.end()) return names_flushed(call.path);
    files_[number->second].durable = files_[number->second].cached;
    std::erase_if(unflushed_, [&](const Unflushed& write) { return write.file == number->second; });
  }

  void names_flushed(const std::string& folder) {
    std::erase_if(names_unflushed_, [&](const NameChange& change) {
      if (std::filesystem::path(change.name).parent_path() != folder) return false;
      apply(durable_names_, change);
      return true;
    });
  }

  static void apply(std::map<std::string, FileNumber>& names, const NameChange& change) {
    if (!change.from.empty()) names.erase(change.from);
    if (change.file == 0)
      names.erase(change.name);
    else
      names[change.name] = change.file;
  }

  // The power goes now.
  void cut(const std::string& when) {
    when_ = "step " + std::to_string(moment_) + ", " + when;
    const std::size_t total = unflushed_.size();
    using Fates = std::vector<Fate>;
    emit(Fates(total, Fate::missing), 0, false);
    for (std::size_t names = 1; names < names_unflushed_.size(); ++names) {
      emit(Fates(total, Fate::missing), names, false);
      emit(Fates(total, Fate::there), names, false);
    }
    if (total == 0 && names_unflushed_.empty()) return;
    const std::size_t all_names = names_unflushed_.size();
    emit(Fates(total, Fate::there), all_names, false);
    if (total == 0) return;
    if (all_names > 0) emit(Fates(total, Fate::missing), all_names, false);
    emit(Fates(total, Fate::missing), all_names, true);
    if (total <= limits_.all_subsets_of) {
      for (std::size_t subset = 1; subset + 1 < std::size_t{1} << total; ++subset) {
        Fates fates(total, Fate::missing);
        for (std::size_t i = 0; i < total; ++i)
          if ((subset >> i & 1) != 0) fates[i] = Fate::there;
        emit(fates, all_names, random_.flag());
      }
    } else {
      for (std::size_t n = 0; n < std::min(total, limits_.singles_max); ++n) {
        const std::size_t i = total <= limits_.singles_max ? n : random_.below(total);
        Fates fates(total, Fate::missing);
        fates[i] = Fate::there;
        emit(fates, all_names, random_.flag());
        fates.assign(total, Fate::there);
        fates[i] = Fate::missing;
        emit(fates, all_names, random_.flag());
      }
    }
    for (std::size_t n = 0; n < limits_.random_per_moment; ++n) {
      Fates fates(total);
      for (Fate& fate : fates) fate = random_.one_of(Fate::torn);
      emit(fates, random_.below(all_names + 1), random_.flag());
    }
  }

  void emit(const std::vector<Fate>& fates, std::size_t names_there, bool full_length) {
    std::map<FileNumber, std::string> contents;
    for (const auto& [number, file] : files_) contents[number] = file.durable;
    std::size_t missing = 0;
    std::size_t torn = 0;
    for (std::size_t i = 0; i < fates.size(); ++i) {
      const Unflushed& write = unflushed_[i];
      if (fates[i] == Fate::missing) ++missing;
      if (fates[i] == Fate::torn) ++torn;
      if (fates[i] == Fate::missing) continue;
      std::string& content = contents[write.file];
      if (write.cuts) {
        content.resize(write.size, '\0');
        continue;
      }
      if (content.size() < write.size) content.resize(write.size, '\0');
      for (const auto& [number, bytes] : write.sectors) {
        if (fates[i] == Fate::torn && random_.flag()) continue;
        put(content, number * kSectorBytes, bytes);
      }
    }
    std::map<std::string, FileNumber> names = durable_names_;
    for (std::size_t i = 0; i < names_there; ++i) apply(names, names_unflushed_[i]);

    CrashImage image;
    for (const auto& [path, number] : names) {
      std::string content = contents[number];
      const std::size_t length = files_[number].cached.size();
      if (full_length && content.size() < length) content.resize(length, '\0');
      image.files[path.substr(folder_.size() + 1)] = std::move(content);
    }
    image.begun = begun_;
    image.acknowledged = acknowledged_;
    image.complete = missing == 0 && torn == 0 && names_there == names_unflushed_.size();
    image.story = when_ + ": of " + std::to_string(fates.size()) + " unflushed writes " +
                  std::to_string(missing) + " missing and " + std::to_string(torn) + " torn, " +
                  std::to_string(names_there) + " of " + std::to_string(names_unflushed_.size()) +
                  " names there" + (full_length ? ", at full length" : "");
    visit_(image);
  }

  const std::string folder_;
  const CrashLimits limits_;
  RandomModel& random_;
  const std::function<void(const CrashImage&)>& visit_;

  std::map<FileNumber, File> files_;
  std::map<ino_t, FileNumber> number_of_;  // the last that had it
  FileNumber files_made_ = 0;
  std::vector<Unflushed> unflushed_;  // in order
  std::map<std::string, FileNumber> durable_names_;
  std::map<std::string, FileNumber> cached_names_;
  std::vector<NameChange> names_unflushed_;  // in order
  std::size_t begun_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t moment_ = 0;
  std::string when_;
};

}  // namespace

void each_crash_image(const DiskRecorder& recorder, const CrashLimits& limits, RandomModel& random,
                      const std::function<void(const CrashImage&)>& visit) {
  Disk(recorder, limits, random, visit).go_through(recorder.steps());
}

void write_image(const CrashImage& image, const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& [path, content] : image.files) {
    const std::filesystem::path whole = std::filesystem::path(folder) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream file(whole, std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    WINDLASS_ASSERT(file.good());
  }
}

}  // namespace windlass::test
