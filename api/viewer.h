// Where the reader of an answer sees us, and which version it speaks.
#pragma once

#include "api/version.h"
#include "model/time.h"

#include <string>
#include <string_view>

namespace windlass::api {

struct Viewer {
  std::string base_url;  // "https://host:port", without a slash at the end
  ApiVersion version;
  WallTime now;  // of the request
};

// Absolute URLs of what is written or shown (Location, DataServiceId, `url`).
std::string pool_url(std::string_view base_url, std::string_view pool_id);
std::string node_url(std::string_view base_url, std::string_view pool_id, std::string_view node_id);
std::string job_url(std::string_view base_url, std::string_view job_id);
std::string job_schedule_url(std::string_view base_url, std::string_view schedule_id);
std::string certificate_url(std::string_view base_url, std::string_view thumbprint);
std::string task_url(std::string_view base_url, std::string_view job_id, std::string_view task_id);

}  // namespace windlass::api
