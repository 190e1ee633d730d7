#include "api/viewer.h"

namespace windlass::api {

namespace {

// Ids hold only characters that need no encoding in a path, but for the colon of
// `{schedule}:job-1`, which may stand in one.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string url;
  for (const std::string_view part : parts) url += part;
  return url;
}

}  // namespace

std::string pool_url(std::string_view base_url, std::string_view pool_id) {
  return joined({base_url, "/pools/", pool_id});
}

std::string node_url(std::string_view base_url, std::string_view pool_id,
                     std::string_view node_id) {
  return joined({base_url, "/pools/", pool_id, "/nodes/", node_id});
}

std::string job_url(std::string_view base_url, std::string_view job_id) {
  return joined({base_url, "/jobs/", job_id});
}

std::string job_schedule_url(std::string_view base_url, std::string_view schedule_id) {
  return joined({base_url, "/jobschedules/", schedule_id});
}

std::string certificate_url(std::string_view base_url, std::string_view thumbprint) {
  return joined({base_url, "/certificates(thumbprintAlgorithm=sha1,thumbprint=", thumbprint, ")"});
}

std::string task_url(std::string_view base_url, std::string_view job_id, std::string_view task_id) {
  return joined({base_url, "/jobs/", job_id, "/tasks/", task_id});
}

}  // namespace windlass::api
