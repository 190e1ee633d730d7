// windlass cluster: who belongs to a cluster. These commands work on the cluster's folder on the
// control host; rotate works on a member's own key folder.
#include "bus/key_pair.h"
#include "client/cli/command.h"
#include "members/core/enrolment.h"
#include "members/directory_file.h"
#include "members/place.h"
#include "members/token.h"
#include "model/base64.h"
#include "model/time_text.h"
#include "runtime/clock.h"
#include "runtime/default_ports.h"
#include "runtime/paths.h"
#include "runtime/refusal.h"

#include <sys/random.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using members::DirectoryFile;
using runtime::ConfigError;
using runtime::OptionTable;

constexpr std::size_t kClusterIdBytes = 8;
constexpr std::size_t kAccountKeyBytes = 64;
constexpr std::int64_t kTokenUsesMax = 100'000;

void add_dir_option(OptionTable& table, std::string& dir) {
  table.add({.name = "dir",
             .target = &dir,
             .meaning = "The cluster's folder on the control host.",
             .required = true,
             .value_name = "DIR"});
}

// "90s", "30m", "12h", "7d".
Duration life_of(const std::string& text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, count);
  if (code == std::errc() && count > 0 && count <= 100'000 && end - rest == 1) {
    switch (*rest) {
      case 's':
        return std::chrono::seconds(count);
      case 'm':
        return std::chrono::minutes(count);
      case 'h':
        return std::chrono::hours(count);
      case 'd':
        return std::chrono::hours(24 * count);
      default:
        break;
    }
  }
  throw ConfigError("--ttl '" + text + "' is not a number with s, m, h or d, such as 90s or 12h");
}

std::string random_account_key() {
  std::string bytes(kAccountKeyBytes, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::system_error(errno, std::generic_category(), "getrandom");
  return base64_encoded(bytes);
}

// accounts.toml for --accounts-file of the gateways, with its keys beside it.
void write_accounts(const std::string& dir, const std::vector<std::string>& names) {
  const std::string folder = dir + "/accounts";
  std::filesystem::create_directories(folder);
  std::string toml =
      "# Written by windlass cluster init. Gateways read it again when it changes.\n";
  for (const std::string& name : names) {
    toml += "\n[[account]]\nname = \"" + name + "\"\n";
    for (const std::string which : {"primary", "secondary"}) {
      const std::string file = "accounts/" + name + "." + which + ".key";
      runtime::write_file_atomically(dir + "/" + file, random_account_key() + "\n", 0600);
      toml += which + "_key_file = '" + file + "'\n";
    }
  }
  runtime::write_file_atomically(dir + "/accounts.toml", toml, 0600);
}

bool valid_account(const std::string& name) {
  return name.size() >= 3 && name.size() <= 24 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
}

int cluster_init(const std::vector<std::string>& arguments) {
  std::string dir;
  std::string format = "table";
  std::string enrolment = runtime::kDefaultEnrolmentEndpoint;
  std::vector<std::string> accounts{"windlass"};
  OptionTable table("windlass cluster init", "",
                    "Makes a cluster: its id, its enrolment key, its directory of members and its "
                    "accounts.");
  add_dir_option(table, dir);
  table
      .add({.name = "enrolment",
            .target = &enrolment,
            .meaning = "Where members will join, as they reach it: the --enrolment-bind of the "
                       "broker on this host.",
            .value_name = "ENDPOINT"})
      .add({.name = "account",
            .target = &accounts,
            .meaning = "Accounts to make, with two keys each.",
            .value_name = "NAME"});
  add_output_option(table, format);
  table.example("windlass cluster init --dir /srv/windlass --enrolment tcp://10.0.0.1:8452",
                "then start the broker of this host with --cluster-dir /srv/windlass");
  if (const auto code = load_command(table, arguments)) return *code;
  for (const std::string& name : accounts) {
    if (!valid_account(name))
      throw ConfigError("--account '" + name +
                        "': a name has 3 to 24 lower-case letters and "
                        "digits");
  }
  if (!enrolment.starts_with("tcp://") && !enrolment.starts_with("ipc://"))
    throw ConfigError("--enrolment '" + enrolment + "' is not tcp://HOST:PORT");
  const bus::KeyPair keys = bus::new_key_pair();
  MemberDirectory directory;
  directory.cluster = bus::random_text(kClusterIdBytes);
  directory.version = 1;
  directory.enrolment = enrolment;
  directory.enrolment_key = keys.public_key;
  DirectoryFile file(dir);
  file.create(directory, keys);
  write_accounts(dir, accounts);
  print(object_text(format_named(format), json::object{{"cluster", directory.cluster},
                                                       {"dir", dir},
                                                       {"enrolment", enrolment},
                                                       {"enrolmentKey", directory.enrolment_key},
                                                       {"accountsFile", dir + "/accounts.toml"}}));
  return kOk;
}

int cluster_token(const std::vector<std::string>& arguments) {
  std::string dir;
  std::string role;
  std::string ttl = "1h";
  std::int64_t uses = 1;
  OptionTable table("windlass cluster token", "",
                    "Prints a token with which a process joins the cluster. It is a secret while "
                    "it is good; the directory keeps only a digest.");
  add_dir_option(table, dir);
  table
      .add({.name = "role",
            .target = &role,
            .meaning = "What the joiner will be.",
            .choices = {"worker", "gateway", "scheduler", "broker"},
            .required = true})
      .add({.name = "ttl",
            .target = &ttl,
            .meaning = "How long it is good: a number with s, m, h or d.",
            .value_name = "TIME"})
      .add({.name = "uses",
            .target = &uses,
            .meaning = "How many may join with it.",
            .min = 1,
            .max = kTokenUsesMax});
  table.example("windlass cluster token --dir /srv/windlass --role worker --ttl 1h >token",
                "then on the worker's host: windlass-worker --join-token-file token");
  if (const auto code = load_command(table, arguments)) return *code;
  const Duration life = life_of(ttl);
  std::string text;
  DirectoryFile(dir).update([&](MemberDirectory& directory) {
    if (directory.tokens.size() >= members::kTokensMax)
      throw runtime::StartRefused("there are too many tokens that have not expired");
    members::MadeToken made =
        members::make_token(directory, *members::role_named(role), runtime::wall_now(), life,
                            static_cast<std::uint32_t>(uses));
    text = std::move(made.text);
    members::add_token(directory, std::move(made.record));
    return true;
  });
  print(text + "\n");
  return kOk;
}

json::value member_json(const Member& member) {
  json::object out{{"name", member.name},
                   {"role", members::role_name(member.role)},
                   {"state", member.revoked_at ? "revoked" : "active"},
                   {"key", member.key},
                   {"joined", timestamp_text(member.joined_at)}};
  if (member.revoked_at) out["revoked"] = timestamp_text(*member.revoked_at);
  if (member.worker != 0) out["worker"] = std::to_string(member.worker);
  if (!member.bus.empty()) out["bus"] = member.bus;
  if (!member.bulk.empty()) out["bulk"] = member.bulk;
  return out;
}

int cluster_members(const std::vector<std::string>& arguments) {
  std::string dir;
  std::string format = "table";
  OptionTable table("windlass cluster members", "", "Lists who has joined, revoked ones too.");
  add_dir_option(table, dir);
  add_output_option(table, format);
  table.example("windlass cluster members --dir /srv/windlass -o json",
                "all that is known of each");
  if (const auto code = load_command(table, arguments)) return *code;
  std::vector<json::value> rows;
  for (const Member& member : DirectoryFile(dir).load().members)
    rows.push_back(member_json(member));
  print(rows_text(format_named(format),
                  {{"NAME", "name"},
                   {"ROLE", "role"},
                   {"STATE", "state"},
                   {"JOINED", "joined"},
                   {"KEY", "key"}},
                  rows));
  return kOk;
}

int cluster_revoke(const std::vector<std::string>& arguments) {
  std::string dir;
  std::string member;
  OptionTable table("windlass cluster revoke", "",
                    "Takes a member's place away: brokers refuse its key from the next second on.");
  table.add({.name = "member",
             .target = &member,
             .meaning = "Name or public key of the member.",
             .positional = true,
             .required = true});
  add_dir_option(table, dir);
  table.example("windlass cluster revoke worker-host7 --dir /srv/windlass",
                "its tasks run elsewhere once its leases have run out");
  if (const auto code = load_command(table, arguments)) return *code;
  bool found = false;
  DirectoryFile(dir).update([&](MemberDirectory& directory) {
    found = members::revoke(directory, member, runtime::wall_now());
    return found;
  });
  if (found) return kOk;
  std::fprintf(stderr,
               "windlass: there is no member '%s' that is not revoked; see: windlass cluster "
               "members --dir %s\n",
               member.c_str(), dir.c_str());
  return kNotFound;
}

int cluster_rotate(const std::vector<std::string>& arguments) {
  std::string key_dir;
  std::string format = "table";
  OptionTable table("windlass cluster rotate", "",
                    "Gives a member a new key, on its own host. It goes on running: the old key is "
                    "good for ten more minutes, and the process changes over by itself.");
  table.add({.name = "key-dir",
             .target = &key_dir,
             .meaning = "The member's key folder: its --key-dir, or key in its --data-dir.",
             .required = true,
             .value_name = "DIR"});
  add_output_option(table, format);
  table.example("windlass cluster rotate --key-dir /var/lib/windlass/worker/key",
                "a new key for the worker of this host");
  if (const auto code = load_command(table, arguments)) return *code;
  const Membership membership = members::rotate_key(key_dir);
  print(
      object_text(format_named(format), json::object{{"name", membership.name},
                                                     {"role", members::role_name(membership.role)},
                                                     {"key", membership.key}}));
  return kOk;
}

}  // namespace

std::vector<Command> cluster_commands() {
  return {{"cluster init", "Makes a cluster of several hosts.", cluster_init},
          {"cluster token", "Prints a token to join it with.", cluster_token},
          {"cluster members", "Lists who has joined.", cluster_members},
          {"cluster revoke", "Takes a member's place away.", cluster_revoke},
          {"cluster rotate", "Gives a member a new key.", cluster_rotate}};
}

}  // namespace windlass::cli
