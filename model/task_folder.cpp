#include "model/task_folder.h"

namespace windlass {

std::string job_folder(std::string_view job_id) {
  const auto colon = job_id.find(':');
  std::string out = "workitems/";
  out += job_id.substr(0, colon);
  out += '/';
  out += colon == std::string_view::npos ? std::string_view("job-1") : job_id.substr(colon + 1);
  return out;
}

std::string task_folder(std::string_view job_id, std::string_view task_id) {
  std::string out = job_folder(job_id);
  out += '/';
  out += task_id;
  return out;
}

}  // namespace windlass
