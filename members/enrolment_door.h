// Where tokens are redeemed: a socket and a thread of its own, so that strangers never delay the
// bus. It changes the directory's file; who watches that file learns of it.
#pragma once

#include "bus/request_road.h"
#include "members/core/enrolment.h"
#include "members/directory_file.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#include <array>
#include <string>
#include <thread>

namespace windlass::members {

class EnrolmentDoor {
 public:
  EnrolmentDoor(const std::string& endpoint, DirectoryFile& directory, runtime::Metrics& metrics,
                runtime::Log& log);
  ~EnrolmentDoor();
  EnrolmentDoor(const EnrolmentDoor&) = delete;
  EnrolmentDoor& operator=(const EnrolmentDoor&) = delete;

  const std::string& endpoint() const { return socket_.endpoint(); }

 private:
  void run();
  EnrolmentReply reply_to(const bus::Question& question);

  DirectoryFile& directory_;
  runtime::Log& log_;
  std::array<runtime::Counter, kEnrolmentOutcomesTotal> counted_;
  bus::QuestionSocket socket_;
  Pace pace_;
  int stop_;
  std::thread thread_;
};

// A broker's copy of the directory, asked for by a thread of its own and kept in a file, so that
// the broker starts without the control host.
class DirectoryCopy {
 public:
  DirectoryCopy(Membership own, std::string path, runtime::Log& log);
  ~DirectoryCopy();
  DirectoryCopy(const DirectoryCopy&) = delete;
  DirectoryCopy& operator=(const DirectoryCopy&) = delete;

 private:
  void run();
  void ask_once();

  const Membership own_;
  const std::string path_;
  runtime::Log& log_;
  std::uint64_t version_ = 0;
  bool silent_ = false;
  int stop_;
  std::thread thread_;
};

}  // namespace windlass::members
