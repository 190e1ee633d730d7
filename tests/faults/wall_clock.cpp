// Loaded before a program (LD_PRELOAD), it puts the wall clock off by what the file that
// WINDLASS_TEST_CLOCK names holds: an int64 of seconds, which may change at any time. The monotonic
// clock is left alone. (libfaketime needs an allocator that asks for no time, which jemalloc does.)
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <fcntl.h>
#include <unistd.h>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const std::int64_t* offset = nullptr;  // nothing is put off before the file is mapped

__attribute__((constructor)) void map_offset() {
  const char* path = std::getenv("WINDLASS_TEST_CLOCK");
  if (path == nullptr) return;
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = ::mmap(nullptr, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped != MAP_FAILED) offset = static_cast<const std::int64_t*>(mapped);
}

std::int64_t seconds_off() {
  return offset == nullptr ? 0 : *static_cast<const volatile std::int64_t*>(offset);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    time->tv_sec += seconds_off();
  return result;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}

std::time_t time(std::time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
}
