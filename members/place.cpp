#include "members/place.h"

#include "bus/key_pair.h"
#include "bus/request_road.h"
#include "members/core/enrolment.h"
#include "members/token.h"
#include "runtime/clock.h"
#include "runtime/paths.h"
#include "runtime/refusal.h"
#include "schema/codec/member.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace windlass::members {

namespace {

using runtime::StartRefused;

constexpr unsigned kOwnerOnly = 0600;
constexpr std::chrono::milliseconds kAnswerPatience{3000};
constexpr Duration kJoinPatience = std::chrono::seconds(60);
constexpr int kAskAgain_ms = 200;
constexpr std::chrono::milliseconds kLookPatience{1000};  // delays each start of a member
constexpr Duration kRefreshInterval = std::chrono::seconds(1);

std::string membership_file(const std::string& folder) {
  return folder + "/membership.json";
}
// The pair is on disk before anybody hears of its public part: whatever breaks off then, the next
// start asks with the same key and is known by it.
std::string first_key_file(const std::string& folder) {
  return folder + "/first-key.json";
}

void write_membership(const std::string& path, const Membership& membership) {
  runtime::write_file_atomically(path, json_text(membership), kOwnerOnly);
}

std::optional<Membership> read_membership(const std::string& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  Result<Membership> membership = membership_of_json(runtime::read_file(path));
  if (!membership) throw StartRefused(path + " cannot be read: " + membership.error().message);
  return std::move(*membership);
}

std::string state_of_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return std::to_string(status.st_ino) + "/" + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw StartRefused("--key-dir: cannot make " + folder + ": " + error.message());
  ::chmod(folder.c_str(), 0700);
}

std::optional<EnrolmentReply> ask_door(const Membership& own, const EnrolmentRequest& request,
                                       std::chrono::milliseconds patience = kAnswerPatience) {
  const auto bytes = bus::ask(own.enrolment, own.enrolment_key, {own.key, own.secret_key},
                              encode(request), patience);
  if (!bytes) return std::nullopt;
  Result<EnrolmentReply> reply = decode_enrolment_reply(*bytes);
  if (!reply) return std::nullopt;
  return std::move(*reply);
}

[[noreturn]] void refuse(const EnrolmentReply& reply, const std::string& what_to_do) {
  throw StartRefused("the cluster refuses: " + std::string(to_string(reply.outcome)) + "\n" +
                     what_to_do);
}

std::string advice(EnrolmentOutcome outcome, PeerKind role) {
  const std::string fresh = "windlass cluster token --dir DIR --role " +
                            std::string(role_name(role)) + ", on the control host";
  switch (outcome) {
    case EnrolmentOutcome::wrong_role:
      return "the token is for another role; make one for this: " + fresh;
    case EnrolmentOutcome::name_taken:
      return "another member has this name: give --member-name, or revoke that one first";
    case EnrolmentOutcome::worker_taken:
      return "another member has this worker's id: is the data folder a copy? Revoke that member "
             "if it is gone";
    case EnrolmentOutcome::unknown_key:
    case EnrolmentOutcome::revoked:
      return "this key is good no more: empty the key folder and join with a new token: " + fresh;
    default:
      return "make a new token: " + fresh;
  }
}

bool loopback(const std::string& endpoint) {
  constexpr std::string_view kTcp = "tcp://";
  if (endpoint.rfind(kTcp, 0) != 0) return true;  // ipc, inproc
  const std::string host = endpoint.substr(kTcp.size());
  return host.rfind("127.", 0) == 0 || host.rfind("localhost:", 0) == 0 ||
         host.rfind("[::1]:", 0) == 0;
}

}  // namespace

void add_join_options(runtime::OptionTable& table, JoinConfig& config,
                      const std::string& key_dir_text) {
  table.add({.name = "key-dir",
             .target = &config.key_dir,
             .meaning = "Folder of this member's key, which it gets when it joins a cluster. "
                        "Without a key there the bus is open.",
             .value_name = "DIR",
             .default_text = key_dir_text});
  table.add({.name = "join-token",
             .target = &config.join_token,
             .meaning = "The token to join with, from windlass cluster token. Not looked at once "
                        "there is a key.",
             .secret = true});
  table.add({.name = "member-name",
             .target = &config.member_name,
             .meaning = "The name to join under.",
             .value_name = "NAME",
             .default_text = "ROLE-HOST"});
  table.add({.name = "bus-plain-allowed",
             .target = &config.bus_plain_allowed,
             .meaning = "Speak on the bus without keys even where other hosts can listen or speak. "
                        "For networks that nobody else is on."});
}

std::string usual_name(PeerKind role) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string name = std::string(role_name(role)) + "-" + host.data();
  for (char& c : name) {
    if (!is_member_name(std::string_view(&c, 1))) c = '-';
  }
  return name.substr(0, kNameBytesMax);
}

void refuse_open_endpoints(const std::vector<std::string>& endpoints, const std::string& flag,
                           bool allowed) {
  if (allowed) return;
  for (const std::string& endpoint : endpoints) {
    if (loopback(endpoint)) continue;
    throw StartRefused(flag + " " + endpoint +
                       " is not on loopback, and this process has no key: join a cluster "
                       "(--key-dir and --join-token-file, see windlass cluster token --help),\nor "
                       "say --bus-plain-allowed if nobody else is on that network");
  }
}

Place::Place(const JoinConfig& config, const JoinWish& wish, runtime::Program& program)
    : program_(program),
      plain_allowed_(config.bus_plain_allowed),
      folder_(config.key_dir.empty() ? wish.key_dir : config.key_dir) {
  if (folder_.empty()) {
    if (!config.join_token.empty())
      throw StartRefused("--join-token-file needs --key-dir: where is the key to be kept?");
    return;
  }
  membership_ = read_membership(file());
  if (!membership_ && config.join_token.empty()) return;
  if (membership_) {
    if (membership_->role != wish.role)
      throw StartRefused("the key in " + folder_ + " is of a " +
                         std::string(role_name(membership_->role)) + ": choose another --key-dir");
    if (wish.worker != 0 && membership_->worker != wish.worker)
      throw StartRefused("the key in " + folder_ +
                         " is of another worker than --data-dir: they "
                         "belong together, move them together");
    look_around(wish);
  } else {
    join(config, wish);
  }
  keys_ = std::make_shared<bus::KeyRing>(membership_->key, membership_->secret_key);
  seen_ = state_of_file(file());
  program_.log.info("member", {{"name", membership_->name},
                               {"cluster", membership_->cluster},
                               {"key", membership_->key},
                               {"brokers", membership_->brokers.size()}});
}

std::string Place::file() const {
  return membership_file(folder_);
}

void Place::save() const {
  write_membership(file(), *membership_);
}

void Place::join(const JoinConfig& config, const JoinWish& wish) {
  const std::optional<JoinToken> token = read_token(config.join_token);
  if (!token) throw StartRefused("--join-token-file: this is not a join token of windlass cluster");
  if (token->role != wish.role)
    throw StartRefused("--join-token-file: the token is for a " +
                       std::string(role_name(token->role)) + ", this is a " +
                       std::string(role_name(wish.role)));
  make_folder(folder_);
  Membership own;
  if (auto kept = read_membership(first_key_file(folder_))) own = std::move(*kept);
  if (own.key.empty()) {
    const bus::KeyPair pair = bus::new_key_pair();
    own.key = pair.public_key;
    own.secret_key = pair.secret_key;
    own.worker = wish.worker;
    if (wish.role == PeerKind::worker && own.worker == 0) own.worker = bus::random_instance();
    write_membership(first_key_file(folder_), own);
  }
  own.cluster = token->cluster;
  own.enrolment = token->enrolment;
  own.enrolment_key = token->enrolment_key;
  own.role = wish.role;
  EnrolmentRequest request;
  request.wish = EnrolmentWish::join;
  request.cluster = token->cluster;
  request.token_id = token->id;
  request.token_secret = token->secret;
  request.role = wish.role;
  request.name = config.member_name.empty() ? usual_name(wish.role) : config.member_name;
  request.worker = own.worker;
  request.bus = wish.bus;
  request.bulk = wish.bulk;
  const MonoTime end = runtime::mono_now() + kJoinPatience;
  program_.readiness.set_not_ready("joining the cluster at " + own.enrolment);
  for (;;) {
    const auto reply = ask_door(own, request);
    if (reply && reply->outcome == EnrolmentOutcome::done && !reply->brokers.empty()) {
      own.generation = reply->generation;
      own.name = reply->name;
      own.worker = reply->worker;
      own.brokers = reply->brokers;
      break;
    }
    if (reply && reply->outcome != EnrolmentOutcome::done &&
        reply->outcome != EnrolmentOutcome::busy)
      refuse(*reply, advice(reply->outcome, wish.role));
    if (runtime::mono_now() >= end)
      throw StartRefused("no answer from " + own.enrolment +
                         ", where the token says the cluster takes members: is the broker with "
                         "--cluster-dir running, and can this host reach it?");
    pollfd stop{program_.shutdown.fd(), POLLIN, 0};
    if (::poll(&stop, 1, kAskAgain_ms) > 0) throw StartRefused("stopped while joining");
  }
  membership_ = std::move(own);
  save();
  std::filesystem::remove(first_key_file(folder_));
  program_.readiness.set_not_ready("starting");
  program_.log.info("joined", {{"name", membership_->name}, {"cluster", membership_->cluster}});
}

// Where the brokers are now. Nobody there: what was known the last time will do.
void Place::look_around(const JoinWish& wish) {
  EnrolmentRequest request;
  request.wish = EnrolmentWish::look;
  request.cluster = membership_->cluster;
  request.role = wish.role;
  request.bus = wish.bus;
  request.bulk = wish.bulk;
  const auto reply = ask_door(*membership_, request, kLookPatience);
  if (!reply) {
    program_.log.warn("enrolment_door_silent", {{"endpoint", membership_->enrolment}});
    return;
  }
  if (reply->outcome == EnrolmentOutcome::revoked ||
      reply->outcome == EnrolmentOutcome::unknown_key)
    refuse(*reply, advice(reply->outcome, wish.role) + " (key folder: " + folder_ + ")");
  if (reply->outcome != EnrolmentOutcome::done || reply->brokers.empty()) return;
  if (reply->brokers == membership_->brokers && reply->generation == membership_->generation)
    return;
  membership_->brokers = reply->brokers;
  membership_->generation = reply->generation;
  save();
}

void Place::equip_bus(bus::EndpointOptions& options, const std::vector<std::string>& configured,
                      const std::string& flag) const {
  if (!joined()) {
    refuse_open_endpoints(configured, flag, plain_allowed_);
    options.brokers = configured;
    return;
  }
  options.keys = keys_;
  options.brokers.clear();
  options.broker_keys.clear();
  for (const BrokerPlace& broker : membership_->brokers) {
    options.brokers.push_back(broker.bus);
    options.broker_keys.push_back(broker.key);
  }
}

void Place::equip_bulk(bus::EndpointOptions& options, const std::vector<std::string>& configured,
                       const std::string& flag) const {
  equip_bus(options, configured, flag);
  if (!joined()) return;
  for (std::size_t i = 0; i < options.brokers.size(); ++i)
    options.brokers[i] = membership_->brokers[i].bulk;
}

void Place::refresh() {
  const MonoTime now = runtime::mono_now();
  if (!joined() || now < refresh_at_) return;
  refresh_at_ = now + kRefreshInterval;
  std::string state = state_of_file(file());
  if (state.empty() || state == seen_) return;
  seen_ = std::move(state);
  try {
    const auto kept = read_membership(file());
    if (!kept || kept->key == membership_->key) return;
    membership_->key = kept->key;
    membership_->secret_key = kept->secret_key;
    keys_->replace(kept->key, kept->secret_key);
    program_.log.info("key_rotated", {{"name", membership_->name}, {"key", membership_->key}});
  } catch (const std::exception& failure) {
    program_.log.error("membership_refused", {{"error", failure.what()}});
  }
}

std::optional<Membership> membership_in(const std::string& key_dir) {
  return read_membership(membership_file(key_dir));
}

std::optional<EnrolmentOutcome> standing_of(const Membership& membership) {
  EnrolmentRequest request;
  request.wish = EnrolmentWish::look;
  request.cluster = membership.cluster;
  request.role = membership.role;
  const auto reply = ask_door(membership, request);
  if (!reply) return std::nullopt;
  return reply->outcome;
}

Membership rotate_key(const std::string& key_dir) {
  std::optional<Membership> membership = read_membership(membership_file(key_dir));
  if (!membership)
    throw StartRefused("there is no key in " + key_dir +
                       ": give the --key-dir of the member, on its own host");
  // As with the first key: the new pair is on disk before the directory hears of it.
  std::optional<Membership> next = read_membership(first_key_file(key_dir));
  if (!next) {
    const bus::KeyPair pair = bus::new_key_pair();
    next = *membership;
    next->key = pair.public_key;
    next->secret_key = pair.secret_key;
    write_membership(first_key_file(key_dir), *next);
  }
  EnrolmentRequest request;
  request.wish = EnrolmentWish::rotate;
  request.cluster = membership->cluster;
  request.role = membership->role;
  request.next_key = next->key;
  const auto reply = ask_door(*membership, request);
  if (!reply)
    throw StartRefused("no answer from " + membership->enrolment +
                       "; the old key stays in use. Try again");
  if (reply->outcome != EnrolmentOutcome::done) {
    if (membership->role == PeerKind::broker)
      refuse(*reply,
             "a broker's key is pinned by everybody: let a new broker join, then revoke "
             "this one");
    refuse(*reply, "the old key stays in use");
  }
  write_membership(membership_file(key_dir), *next);
  std::filesystem::remove(first_key_file(key_dir));
  return std::move(*next);
}

void settle_control_broker(DirectoryFile& directory, const std::string& key_dir,
                           const std::string& name, const std::string& bus,
                           const std::string& bulk) {
  make_folder(key_dir);
  const std::string path = membership_file(key_dir);
  std::optional<Membership> own = read_membership(path);
  if (!own) {
    const bus::KeyPair pair = bus::new_key_pair();
    own = Membership{.name = name.empty() ? usual_name(PeerKind::broker) : name,
                     .role = PeerKind::broker,
                     .key = pair.public_key,
                     .secret_key = pair.secret_key};
  }
  directory.update([&](MemberDirectory& members) {
    own->cluster = members.cluster;
    own->generation = members.generation;
    own->enrolment = members.enrolment;
    own->enrolment_key = members.enrolment_key;
    for (Member& member : members.members) {
      if (member.key != own->key) continue;
      if (member.revoked_at)
        throw StartRefused("the key of this broker was revoked: remove " + key_dir +
                           " and start again");
      own->name = member.name;
      if (member.bus == bus && member.bulk == bulk) return false;
      member.bus = bus;
      member.bulk = bulk;
      ++members.version;
      return true;
    }
    write_membership(path, *own);  // first: an entry without its secret would be in the way
    const auto why = add_member(members, Member{.name = own->name,
                                                .role = PeerKind::broker,
                                                .key = own->key,
                                                .joined_at = runtime::wall_now(),
                                                .bus = bus,
                                                .bulk = bulk});
    if (why)
      throw StartRefused("this broker cannot be a member (" + std::string(to_string(*why)) +
                         "): give another --member-name, or revoke the one of that name");
    ++members.version;
    return true;
  });
  write_membership(path, *own);
}

}  // namespace windlass::members
