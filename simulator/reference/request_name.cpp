#include "simulator/reference/request_name.h"

#include <iterator>

namespace windlass::simulator {

namespace {

// In the order of Request.
constexpr const char* kNames[] = {"AddPool",
                                  "DeletePool",
                                  "PatchPool",
                                  "ReplacePoolProperties",
                                  "ResizePool",
                                  "StopResize",
                                  "RemoveNodes",
                                  "DisableNodeScheduling",
                                  "EnableNodeScheduling",
                                  "RestartNode",
                                  "AddJob",
                                  "DeleteJob",
                                  "TerminateJob",
                                  "DisableJob",
                                  "EnableJob",
                                  "ChangeJob",
                                  "AddJobSchedule",
                                  "DeleteJobSchedule",
                                  "TerminateJobSchedule",
                                  "DisableJobSchedule",
                                  "EnableJobSchedule",
                                  "ChangeJobSchedule",
                                  "AddCertificate",
                                  "DeleteCertificate",
                                  "CancelCertificateDeletion",
                                  "AddTasks",
                                  "DeleteTask",
                                  "TerminateTask",
                                  "ReactivateTask",
                                  "ChangeTask",
                                  "GetPool",
                                  "ListPools",
                                  "GetNode",
                                  "ListNodes",
                                  "ListNodeCounts",
                                  "FindJob",
                                  "GetJob",
                                  "ListJobs",
                                  "GetJobSchedule",
                                  "ListJobSchedules",
                                  "GetTask",
                                  "ListTasks",
                                  "GetTaskCounts",
                                  "FindTaskFiles",
                                  "FindNodeFiles",
                                  "ListJobNodes",
                                  "GetLifetimeStatistics",
                                  "GetCertificate",
                                  "ListCertificates"};
static_assert(std::size(kNames) == std::variant_size_v<Request>);

}  // namespace

const char* request_name(const Request& request) {
  return kNames[request.index()];
}

}  // namespace windlass::simulator
