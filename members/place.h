// A process's own place in the cluster: its key, and the way to the brokers. Found in its key
// folder, or got with a join token at the first start. Without either the bus is open, which is for
// loopback and for sockets in a folder that only one user may enter.
#pragma once

#include "bus/key_ring.h"
#include "bus/options.h"
#include "members/directory_file.h"
#include "model/member.h"
#include "runtime/options.h"
#include "runtime/program.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace windlass::members {

struct JoinConfig {
  std::string key_dir;
  std::string join_token;
  std::string member_name;
  bool bus_plain_allowed = false;
};

// `key_dir_text` says what an empty key_dir means.
void add_join_options(runtime::OptionTable& table, JoinConfig& config,
                      const std::string& key_dir_text);

struct JoinWish {
  PeerKind role = PeerKind::worker;
  std::string key_dir;       // where the configuration names none; may be empty, too
  std::uint64_t worker = 0;  // workers: the id, if there is one
  std::string bus;           // brokers: how others reach them
  std::string bulk;
};

// The name that a member gets when nobody says one: ROLE-HOST.
std::string usual_name(PeerKind role);

// Refuses endpoints that others could reach, when the bus is open and nobody has allowed it. `flag`
// is the option that named them.
void refuse_open_endpoints(const std::vector<std::string>& endpoints, const std::string& flag,
                           bool allowed);

class Place {
 public:
  // Finds the membership or joins, which may take a while. Throws StartRefused with the reason.
  Place(const JoinConfig& config, const JoinWish& wish, runtime::Program& program);

  bool joined() const { return membership_.has_value(); }
  const Membership& membership() const { return *membership_; }
  std::uint64_t worker() const { return membership_ ? membership_->worker : 0; }

  // Where the brokers are and with which keys. `configured` are the endpoints of an open bus, named
  // by `flag`.
  void equip_bus(bus::EndpointOptions& options, const std::vector<std::string>& configured,
                 const std::string& flag) const;
  void equip_bulk(bus::EndpointOptions& options, const std::vector<std::string>& configured,
                  const std::string& flag) const;

  // Takes up a new key when the membership file has one (windlass cluster rotate). Call it in each
  // turn of the loop: it looks once a second.
  void refresh();

 private:
  void join(const JoinConfig& config, const JoinWish& wish);
  void look_around(const JoinWish& wish);
  std::string file() const;
  void save() const;

  runtime::Program& program_;
  const bool plain_allowed_;
  std::string folder_;
  std::optional<Membership> membership_;
  std::shared_ptr<bus::KeyRing> keys_;
  std::string seen_;  // which state of the file
  MonoTime refresh_at_;
};

// What windlass cluster rotate does: a new key for the member of this folder, accepted by the
// directory before the file changes. Throws StartRefused with the reason. Returns the new state.
Membership rotate_key(const std::string& key_dir);

// What windlass doctor looks at: the membership that a key folder holds, if any. Throws
// StartRefused when there is one that cannot be read.
std::optional<Membership> membership_in(const std::string& key_dir);

// What the enrolment door says to this member's key. Nothing when nobody answers. Changes nothing.
std::optional<EnrolmentOutcome> standing_of(const Membership& membership);

// For the broker that runs beside the directory and may write it: makes its membership in `key_dir`
// where there is none, and says where others reach it. Throws StartRefused.
void settle_control_broker(DirectoryFile& directory, const std::string& key_dir,
                           const std::string& name, const std::string& bus,
                           const std::string& bulk);

}  // namespace windlass::members
