#include "api/select.h"

#include "model/words.h"

#include <algorithm>

namespace windlass::api {

namespace {

constexpr std::string_view kPool[] = {"id",
                                      "displayName",
                                      "url",
                                      "eTag",
                                      "lastModified",
                                      "creationTime",
                                      "state",
                                      "stateTransitionTime",
                                      "allocationState",
                                      "allocationStateTransitionTime",
                                      "vmSize",
                                      "cloudServiceConfiguration",
                                      "virtualMachineConfiguration",
                                      "resizeTimeout",
                                      "resizeErrors",
                                      "currentDedicatedNodes",
                                      "currentLowPriorityNodes",
                                      "targetDedicatedNodes",
                                      "targetLowPriorityNodes",
                                      "enableAutoScale",
                                      "autoScaleFormula",
                                      "autoScaleEvaluationInterval",
                                      "autoScaleRun",
                                      "enableInterNodeCommunication",
                                      "networkConfiguration",
                                      "startTask",
                                      "certificateReferences",
                                      "applicationPackageReferences",
                                      "applicationLicenses",
                                      "taskSlotsPerNode",
                                      "maxTasksPerNode",
                                      "taskSchedulingPolicy",
                                      "userAccounts",
                                      "metadata",
                                      "stats",
                                      "mountConfiguration",
                                      "identity",
                                      "targetNodeCommunicationMode",
                                      "currentNodeCommunicationMode",
                                      "resourceTags",
                                      "upgradePolicy"};

constexpr std::string_view kNode[] = {"id",
                                      "url",
                                      "state",
                                      "schedulingState",
                                      "stateTransitionTime",
                                      "lastBootTime",
                                      "allocationTime",
                                      "ipAddress",
                                      "ipv6Address",
                                      "affinityId",
                                      "vmSize",
                                      "totalTasksRun",
                                      "runningTasksCount",
                                      "runningTaskSlotsCount",
                                      "totalTasksSucceeded",
                                      "recentTasks",
                                      "startTask",
                                      "startTaskInfo",
                                      "certificateReferences",
                                      "errors",
                                      "isDedicated",
                                      "endpointConfiguration",
                                      "nodeAgentInfo",
                                      "virtualMachineInfo"};

constexpr std::string_view kNodeExtension[] = {"provisioningState", "vmExtension", "instanceView"};

constexpr std::string_view kJob[] = {"id",
                                     "displayName",
                                     "usesTaskDependencies",
                                     "url",
                                     "eTag",
                                     "lastModified",
                                     "creationTime",
                                     "state",
                                     "stateTransitionTime",
                                     "previousState",
                                     "previousStateTransitionTime",
                                     "priority",
                                     "allowTaskPreemption",
                                     "maxParallelTasks",
                                     "constraints",
                                     "jobManagerTask",
                                     "jobPreparationTask",
                                     "jobReleaseTask",
                                     "commonEnvironmentSettings",
                                     "poolInfo",
                                     "onAllTasksComplete",
                                     "onTaskFailure",
                                     "networkConfiguration",
                                     "metadata",
                                     "executionInfo",
                                     "stats"};

constexpr std::string_view kJobSchedule[] = {"id",
                                             "displayName",
                                             "url",
                                             "eTag",
                                             "lastModified",
                                             "creationTime",
                                             "state",
                                             "stateTransitionTime",
                                             "previousState",
                                             "previousStateTransitionTime",
                                             "schedule",
                                             "jobSpecification",
                                             "executionInfo",
                                             "metadata",
                                             "stats"};

// The members from kTaskDocumentFirst on come from the document.
constexpr std::string_view kTask[] = {"id",
                                      "url",
                                      "eTag",
                                      "lastModified",
                                      "creationTime",
                                      "state",
                                      "stateTransitionTime",
                                      "previousState",
                                      "previousStateTransitionTime",
                                      "constraints",
                                      "requiredSlots",
                                      "executionInfo",
                                      "nodeInfo",
                                      "stats",
                                      "displayName",
                                      "exitConditions",
                                      "commandLine",
                                      "containerSettings",
                                      "resourceFiles",
                                      "outputFiles",
                                      "environmentSettings",
                                      "affinityInfo",
                                      "userIdentity",
                                      "multiInstanceSettings",
                                      "dependsOn",
                                      "applicationPackageReferences",
                                      "authenticationTokenSettings"};
constexpr std::size_t kTaskDocumentFirst = 14;
static_assert(kTask[kTaskDocumentFirst] == "displayName");

constexpr std::string_view kSubtask[] = {"id",
                                         "nodeInfo",
                                         "startTime",
                                         "endTime",
                                         "exitCode",
                                         "containerInfo",
                                         "failureInfo",
                                         "state",
                                         "stateTransitionTime",
                                         "previousState",
                                         "previousStateTransitionTime",
                                         "result"};

constexpr std::string_view kJobNode[] = {"poolId", "nodeId", "nodeUrl",
                                         "jobPreparationTaskExecutionInfo",
                                         "jobReleaseTaskExecutionInfo"};

constexpr std::string_view kCertificate[] = {"thumbprint",
                                             "thumbprintAlgorithm",
                                             "url",
                                             "state",
                                             "stateTransitionTime",
                                             "previousState",
                                             "previousStateTransitionTime",
                                             "publicData",
                                             "deleteCertificateError"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Error refusal(std::string_view parameter, std::string_view text, const std::string& reason) {
  Error error = query_error(ErrorCode::invalid_query_parameter_value, parameter,
                            text.substr(0, 1024), reason);
  error.message =
      "The value of the query parameter " + std::string(parameter) + " is invalid: " + reason;
  return error;
}

}  // namespace

std::span<const std::string_view> known_names(Entity entity) {
  switch (entity) {
    case Entity::pool:
      return kPool;
    case Entity::node:
      return kNode;
    case Entity::node_extension:
      return kNodeExtension;
    case Entity::job:
      return kJob;
    case Entity::job_schedule:
      return kJobSchedule;
    case Entity::task:
      return kTask;
    case Entity::subtask:
      return kSubtask;
    case Entity::job_node:
      return kJobNode;
    case Entity::certificate:
      return kCertificate;
  }
  return {};
}

Result<Select> Select::parse(std::optional<std::string_view> text, Entity entity) {
  Select select;
  if (!text || trimmed(*text).empty()) return select;
  const std::span<const std::string_view> known = known_names(entity);
  std::string_view rest = *text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string_view name = trimmed(rest.substr(0, comma));
    if (more) rest.remove_prefix(comma + 1);
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return refusal("$select", *text,
                     "'" + std::string(name.substr(0, 64)) + "' is not a property to select.");
    }
    if (!select.wants(name) || select.wants_all()) select.names_.push_back(*found);
  }
  return select;
}

bool Select::wants(std::string_view name) const {
  return names_.empty() || std::find(names_.begin(), names_.end(), name) != names_.end();
}

bool Select::wants_task_document() const {
  if (names_.empty()) return true;
  const auto first = std::begin(kTask) + kTaskDocumentFirst;
  return std::any_of(names_.begin(), names_.end(), [&](std::string_view name) {
    return std::find(first, std::end(kTask), name) != std::end(kTask);
  });
}

Result<bool> parse_expand(std::optional<std::string_view> text) {
  if (!text || trimmed(*text).empty()) return false;
  if (same_word(trimmed(*text), "stats")) return true;
  return refusal("$expand", *text, "only stats can be expanded.");
}

}  // namespace windlass::api
