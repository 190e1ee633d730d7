// The Batch REST API for C++ programs: signs, retries, follows pages. JSON in, JSON out; bound by
// the public API only. One object per thread.
#pragma once

#include "client/http_client.h"

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::client {

struct Account {
  std::string endpoint;  // http://127.0.0.1:8440
  std::string name;
  std::string key;      // base64, as `windlass env` prints it
  std::string ca_file;  // for https with an authority of one's own
};

// The service answered, and refused.
class ServiceError : public std::runtime_error {
 public:
  ServiceError(int status, std::string code, const std::string& message,
               std::vector<std::pair<std::string, std::string>> values);

  int status;
  std::string code;  // "PoolNotFound"; empty when the answer had no error body
  std::vector<std::pair<std::string, std::string>> values;
};

using Query = std::vector<std::pair<std::string, std::string>>;  // decoded; api-version is added

struct ByteRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;  // inclusive
};

// What became of one task of a collection.
struct AddedTask {
  std::string id;
  std::string error_code;  // empty: added
  std::string message;
};

class BatchClient {
 public:
  // Throws std::invalid_argument for an endpoint or key that cannot be one.
  explicit BatchClient(Account account);

  // How long an unreachable or busy service (503, 429, 5xx) is asked again. Zero: not at all.
  void retry_for(std::chrono::milliseconds patience) { patience_ = patience; }

  // Any request; `path` is encoded ("/jobs/j1"). Throws ServiceError unless the status is 2xx.
  HttpResponse request(std::string_view method, std::string_view path, const Query& query = {},
                       const boost::json::value* body = nullptr,
                       const std::vector<std::pair<std::string, std::string>>& headers = {});

  boost::json::value get(std::string_view path, const Query& query = {});
  bool exists(std::string_view path);  // by HEAD for pools and schedules, by GET for others

  // Every element of a list, page by page, until `each` returns false.
  void list(std::string_view path, const Query& query,
            const std::function<bool(boost::json::value&)>& each);

  void post(std::string_view path, const boost::json::value& body);
  void post(std::string_view path);  // without a body
  void patch(std::string_view path, const boost::json::value& body);
  void put(std::string_view path, const boost::json::value& body);
  void remove(std::string_view path);

  // Adds tasks in requests of at most 100 and 1 MB, halving what is too large. Items that fail on
  // the server's side are sent again within the patience.
  std::vector<AddedTask> add_tasks(std::string_view job, std::vector<boost::json::value> tasks);

  // The file's bytes into `sink`; answers how many. `file` is a path below the task, not encoded.
  std::uint64_t read_task_file(std::string_view job, std::string_view task, std::string_view file,
                               const std::function<void(std::string_view)>& sink,
                               std::optional<ByteRange> range = {});
  std::uint64_t read_file(std::string_view path, const std::function<void(std::string_view)>& sink,
                          std::optional<ByteRange> range = {});
  std::uint64_t file_length(std::string_view path);

  const Account& account() const { return account_; }

 private:
  HttpResponse send(std::string_view method, const std::string& target, const std::string& body,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::function<void(std::string_view)>& sink);
  HttpResponse send_once(std::string_view method, const std::string& target,
                         const std::string& body,
                         const std::vector<std::pair<std::string, std::string>>& headers,
                         const std::function<void(std::string_view)>& sink);
  std::string target_of(std::string_view path, const Query& query) const;
  void add_some(std::string_view job, std::vector<boost::json::value> tasks,
                std::vector<AddedTask>& results);

  Account account_;
  Url url_;
  std::string key_;  // decoded
  HttpClient http_;
  std::chrono::milliseconds patience_{0};
};

// "/jobs/J/tasks/T/files/F" and its kin, from parts that are not encoded yet.
std::string path_of(std::initializer_list<std::string_view> parts);

}  // namespace windlass::client
