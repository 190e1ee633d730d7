# Pools, nodes, jobs, tasks and the small shapes they share: model/*.h on the wire and on disk.
#
# Rules: fields are only added, at the end, never renumbered or reused; enumerators stand in the
# order of model/ (checked in codec/). Times and lengths are ticks of 100 ns. An absent optional is
# a null pointer, so optional numbers are wrapped.
@0xde58a905e4b0f504;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

# ---- small shapes ----

struct OptionalInt32 { value @0 :Int32; }
struct OptionalInt64 { value @0 :Int64; }   # also times and lengths
struct OptionalEnum { value @0 :UInt16; }
struct OptionalBool { value @0 :Bool; }

struct NameValue {
  name @0 :Text;
  value @1 :Text;
}

struct UserIdentity {
  username @0 :Text;
  scope @1 :AutoUserScope;
  elevation @2 :ElevationLevel;
}
enum AutoUserScope { task @0; pool @1; }
enum ElevationLevel { nonadmin @0; admin @1; }

struct ResourceFile {
  httpUrl @0 :Text;
  storageContainerUrl @1 :Text;
  autoStorageContainerName @2 :Text;
  blobPrefix @3 :Text;
  filePath @4 :Text;
  fileMode @5 :Text;
}

struct OutputFile {
  filePattern @0 :Text;
  path @1 :Text;
  containerUrl @2 :Text;
  uploadHeaders @3 :List(NameValue);
  condition @4 :UploadCondition;
}
enum UploadCondition { taskcompletion @0; tasksuccess @1; taskfailure @2; }

struct FailureInfo {
  category @0 :ErrorCategory;
  code @1 :Text;
  message @2 :Text;
  details @3 :List(NameValue);
}
enum ErrorCategory { usererror @0; servererror @1; }
enum ExecutionResult { success @0; failure @1; }

struct Conditions {
  ifMatch @0 :List(Text);
  ifNoneMatch @1 :List(Text);
  ifModifiedSince @2 :OptionalInt64;
  ifUnmodifiedSince @3 :OptionalInt64;
}

# `code` is the name of the ErrorCode in our spelling, because that list grows in its middle.
struct Error {
  code @0 :Text;
  message @1 :Text;
  values @2 :List(NameValue);
}

# ---- pools and nodes ----

struct StartTask {
  commandLine @0 :Text;
  resourceFiles @1 :List(ResourceFile);
  environmentSettings @2 :List(NameValue);
  userIdentity @3 :UserIdentity;
  retriesMax @4 :Int32;
  waitForSuccess @5 :Bool;
}

struct PoolSpec {
  id @0 :Text;
  displayName @1 :Text;
  vmSize @2 :Text;
  resizeTimeout @3 :Int64;
  targetDedicatedNodes @4 :Int32;
  targetSpotNodes @5 :Int32;
  enableInterNodeCommunication @6 :Bool;
  taskSlotsPerNode @7 :Int32;
  fillType @8 :NodeFillType;
  startTask @9 :StartTask;
  metadata @10 :List(NameValue);
  targetNodeCommunicationMode @11 :Text;
  keptJson @12 :Text;
  jobDefaultOrder @13 :JobDefaultOrder;
}
enum NodeFillType { spread @0; pack @1; }
enum JobDefaultOrder { none @0; creationtime @1; }
enum PoolState { active @0; deleting @1; }
enum AllocationState { steady @0; resizing @1; stopping @2; }
enum NodeDisableSchedulingOption { requeue @0; terminate @1; taskcompletion @2; }
enum NodeDeallocationOption { requeue @0; terminate @1; taskcompletion @2; retaineddata @3; }

struct ResizeError {
  code @0 :Text;
  message @1 :Text;
  values @2 :List(NameValue);
}

struct PoolRecord {
  account @0 :Text;
  seq @1 :UInt64;
  spec @2 :PoolSpec;
  event @3 :UInt64;
  lastModified @4 :Int64;
  creationTime @5 :Int64;
  state @6 :PoolState;
  stateTime @7 :Int64;
  allocationState @8 :AllocationState;
  allocationStateTime @9 :Int64;
  resizeErrors @10 :List(ResizeError);
  resizeStarted @11 :OptionalInt64;
  resizeTimeoutNow @12 :Int64;
  deallocation @13 :NodeDeallocationOption;
  deleteAt @14 :OptionalInt64;
  nodeTimeEnded @15 :Int64;
}

struct PoolView {
  record @0 :PoolRecord;
  currentDedicatedNodes @1 :Int32;
  currentSpotNodes @2 :Int32;
  nodeTime @3 :NodeTime;
}

enum NodeState {
  creating @0; starting @1; waitingforstarttask @2; starttaskfailed @3; idle @4; running @5;
  offline @6; rebooting @7; reimaging @8; leavingpool @9; unknown @10; unusable @11; preempted @12;
  deallocating @13; deallocated @14;
}
enum NodeRestart { reboot @0; reimage @1; deallocate @2; start @3; }
enum SchedulingState { enabled @0; disabled @1; }
enum StartTaskState { running @0; completed @1; }

struct StartTaskInfo {
  state @0 :StartTaskState;
  startTime @1 :Int64;
  endTime @2 :OptionalInt64;
  exitCode @3 :OptionalInt32;
  failure @4 :FailureInfo;
  retryCount @5 :Int32;
  lastRetryTime @6 :OptionalInt64;
  result @7 :OptionalEnum;  # ExecutionResult
}

struct NodeError {
  code @0 :Text;
  message @1 :Text;
  details @2 :List(NameValue);
}

struct NodeRecord {
  id @0 :Text;
  pool @1 :UInt64;
  seq @2 :UInt64;
  worker @3 :UInt64;
  boot @4 :UInt64;
  claim @5 :UInt64;
  dedicated @6 :Bool;
  ipAddress @7 :Text;
  state @8 :NodeState;
  stateTime @9 :Int64;
  schedulingState @10 :SchedulingState;
  draining @11 :Bool;
  allocationTime @12 :Int64;
  lastBootTime @13 :Int64;
  totalTasksRun @14 :UInt64;
  totalTasksSucceeded @15 :UInt64;
  startTaskInfo @16 :StartTaskInfo;
  errors @17 :List(NodeError);
  emptying @18 :NodeDeallocationOption;
  restartsWanted @19 :UInt64;
  restartsBegun @20 :UInt64;
  restart @21 :NodeRestart;
  recentTasks @22 :List(TaskKey);
  agentVersion @23 :Text;
  agentTime @24 :Int64;
  bootWiped @25 :UInt64;
}
struct TaskKey {
  job @0 :UInt64;
  task @1 :UInt64;
}
struct RecentTask {
  jobId @0 :Text;
  task @1 :TaskRecord;
  subtask @2 :Int32;
}

struct NodeView {
  record @0 :NodeRecord;
  poolId @1 :Text;
  vmSize @2 :Text;
  startTask @3 :StartTask;
  runningTasks @4 :Int32;
  runningTaskSlots @5 :Int32;
  recentTasks @6 :List(RecentTask);
}

struct NodeCounts {
  byState @0 :List(Int32);  # in the order of NodeState
  total @1 :Int32;
}
struct PoolNodeCounts {
  poolId @0 :Text;
  dedicated @1 :NodeCounts;
  spot @2 :NodeCounts;
}

# ---- usage ----

struct ResourceUsage {
  userCpuTime @0 :Int64;
  kernelCpuTime @1 :Int64;
  readOperations @2 :UInt64;
  writeOperations @3 :UInt64;
  readBytes @4 :UInt64;
  writeBytes @5 :UInt64;
}
struct WorkUsage {
  resources @0 :ResourceUsage;
  wallClockTime @1 :Int64;
  waitTime @2 :Int64;
  tasksSucceeded @3 :UInt64;
  tasksFailed @4 :UInt64;
  taskRetries @5 :UInt64;
}
struct NodeTime {
  ended @0 :Int64;
  nodes @1 :Int64;
  begunMs @2 :Int64;
}

# ---- jobs ----

enum JobState {
  active @0; disabling @1; disabled @2; enabling @3; terminating @4; completed @5; deleting @6;
}
enum DisableTasks { requeue @0; terminate @1; wait @2; }
enum OnAllTasksComplete { noaction @0; terminatejob @1; }
enum OnTaskFailure { noaction @0; performexitoptionsjobaction @1; }

struct JobConstraints {
  maxWallClockTime @0 :Int64;
  taskRetriesMax @1 :Int32;
}

struct JobSpec {
  id @0 :Text;
  displayName @1 :Text;
  poolId @2 :Text;
  priority @3 :Int32;
  parallelTasksMax @4 :Int32;
  usesTaskDependencies @5 :Bool;
  onAllTasksComplete @6 :OnAllTasksComplete;
  onTaskFailure @7 :OnTaskFailure;
  constraints @8 :JobConstraints;
  commonEnvironmentSettings @9 :List(NameValue);
  metadata @10 :List(NameValue);
  keptJson @11 :Text;
  managerTask @12 :JobManagerTask;
  preparationTask @13 :JobPreparationTask;
  releaseTask @14 :JobReleaseTask;
  autoPool @15 :AutoPoolSpec;
  allowTaskPreemption @16 :Bool;
}
struct JobManagerTask {
  task @0 :NewTask;
  killJobOnCompletion @1 :Bool;
  runExclusive @2 :Bool;
  allowSpotNode @3 :Bool;
}
struct JobPreparationTask {
  id @0 :Text;
  constraints @1 :TaskConstraints;
  waitForSuccess @2 :Bool;
  rerunOnNodeRebootAfterSuccess @3 :Bool;
  document @4 :Data;  # an encoded TaskDocument
}
struct JobReleaseTask {
  id @0 :Text;
  maxWallClockTime @1 :Int64;
  retentionTime @2 :Int64;
  document @3 :Data;  # an encoded TaskDocument
}

# The preparation or release of a job on one node.
enum NodeTaskState { running @0; completed @1; }
struct NodeTaskRun {
  state @0 :NodeTaskState;
  attempt @1 :UInt32;
  judged @2 :Bool;
  startTime @3 :Int64;
  endTime @4 :OptionalInt64;
  exitCode @5 :OptionalInt32;
  failure @6 :FailureInfo;
  retryCount @7 :Int32;
  lastRetryTime @8 :OptionalInt64;
  result @9 :OptionalEnum;  # ExecutionResult
}
struct JobNodeRecord {
  job @0 :UInt64;
  node @1 :UInt64;
  poolId @2 :Text;
  nodeId @3 :Text;
  boot @4 :UInt64;
  preparation @5 :NodeTaskRun;
  release @6 :NodeTaskRun;
  releaseSkipped @7 :Bool;
}
struct JobNodeView {
  record @0 :JobNodeRecord;
  preparationId @1 :Text;
  releaseId @2 :Text;
}
enum PoolLifetime { jobschedule @0; job @1; }
struct AutoPoolSpec {
  idPrefix @0 :Text;
  lifetime @1 :PoolLifetime;
  keepAlive @2 :Bool;
  pool @3 :PoolSpec;
}

struct JobChange {
  priority @0 :OptionalInt32;
  parallelTasksMax @1 :OptionalInt32;
  onAllTasksComplete @2 :OptionalEnum;  # OnAllTasksComplete
  constraints @3 :JobConstraints;
  poolId @4 :Text;
  metadata @5 :List(NameValue);
  autoPool @6 :AutoPoolSpec;
  allowTaskPreemption @7 :OptionalBool;
}

enum JobScheduleState { active @0; completed @1; disabled @2; terminating @3; deleting @4; }
struct Schedule {
  doNotRunUntil @0 :OptionalInt64;
  doNotRunAfter @1 :OptionalInt64;
  startWindow @2 :OptionalInt64;
  recurrenceInterval @3 :OptionalInt64;
}
struct JobScheduleSpec {
  id @0 :Text;
  displayName @1 :Text;
  schedule @2 :Schedule;
  job @3 :JobSpec;
  metadata @4 :List(NameValue);
}
struct JobScheduleRecord {
  account @0 :Text;
  seq @1 :UInt64;
  spec @2 :JobScheduleSpec;
  event @3 :UInt64;
  lastModified @4 :Int64;
  creationTime @5 :Int64;
  state @6 :JobScheduleState;
  stateTime @7 :Int64;
  previousState @8 :OptionalEnum;  # JobScheduleState
  previousStateTime @9 :OptionalInt64;
  endTime @10 :OptionalInt64;
  nextRun @11 :OptionalInt64;
  lastRun @12 :OptionalInt64;
  jobsMade @13 :UInt64;
  jobActive @14 :Bool;
  poolId @15 :Text;
  poolOutdated @16 :Bool;
  jobsDeletedThrough @17 :Text;
  jobTold @18 :Bool;
  forced @19 :Bool;
}

struct CertificateRecord {
  account @0 :Text;
  thumbprint @1 :Text;
  publicData @2 :Data;
  event @3 :UInt64;
  lastModified @4 :Int64;
  creationTime @5 :Int64;
}

struct StateCounts {
  active @0 :Int64;
  running @1 :Int64;
  succeeded @2 :Int64;
  failed @3 :Int64;
}
struct TaskCounts {
  tasks @0 :StateCounts;
  slots @1 :StateCounts;
}

struct JobRecord {
  account @0 :Text;
  seq @1 :UInt64;
  incarnation @2 :UInt64;
  spec @3 :JobSpec;
  event @4 :UInt64;
  lastModified @5 :Int64;
  creationTime @6 :Int64;
  state @7 :JobState;
  stateTime @8 :Int64;
  previousState @9 :OptionalEnum;  # JobState
  previousStateTime @10 :OptionalInt64;
  endTime @11 :OptionalInt64;
  terminateReason @12 :Text;
  disableTasks @13 :OptionalEnum;  # DisableTasks
  nextTask @14 :UInt64;
  counts @15 :TaskCounts;
  usage @16 :WorkUsage;
  forced @17 :Bool;
}

# ---- tasks ----

enum TaskState { active @0; preparing @1; running @2; completed @3; }

# Stored for as long as the task exists. formatVersion is 1 and rises when a reader of today could
# misunderstand the bytes; new fields alone do not raise it.
struct TaskDocument {
  formatVersion @0 :UInt16;
  displayName @1 :Text;
  commandLine @2 :Text;
  resourceFiles @3 :List(ResourceFile);
  outputFiles @4 :List(OutputFile);
  environmentSettings @5 :List(NameValue);
  userIdentity @6 :UserIdentity;
  dependsOnIds @7 :List(Text);
  affinityId @8 :Text;
  keptJson @9 :Text;
  dependsOnRanges @10 :List(TaskIdRange);
  multiInstance @11 :MultiInstanceSettings;
  jobAccess @12 :Bool;
  tokenSecret @13 :Text;
}
struct MultiInstanceSettings {
  instances @0 :Int32;
  coordinationCommandLine @1 :Text;
  commonResourceFiles @2 :List(ResourceFile);
}

enum JobAction { none @0; disable @1; terminate @2; }
enum DependencyAction { satisfy @0; block @1; }
enum ExitCondition { code @0; codeRange @1; preProcessingError @2; fileUploadError @3; otherwise @4; }
struct ExitRule {
  condition @0 :ExitCondition;
  first @1 :Int32;
  last @2 :Int32;
  jobAction @3 :OptionalEnum;  # JobAction
  dependencyAction @4 :OptionalEnum;  # DependencyAction
}
struct TaskIdRange {
  start @0 :Int32;
  end @1 :Int32;
}

struct TaskConstraints {
  retriesMax @0 :Int32;
  maxWallClockTime @1 :Int64;
  retentionTime @2 :Int64;
}

struct NewTask {
  id @0 :Text;
  requiredSlots @1 :Int32;
  retriesMax @2 :OptionalInt32;
  maxWallClockTime @3 :OptionalInt64;
  retentionTime @4 :OptionalInt64;
  dependsOnIds @5 :List(Text);
  affinityId @6 :Text;
  document @7 :Data;  # an encoded TaskDocument
  dependsOnRanges @8 :List(TaskIdRange);
  exitRules @9 :List(ExitRule);
  instances @10 :Int32;
}

struct TaskNode {
  poolId @0 :Text;
  nodeId @1 :Text;
  worker @2 :UInt64;
}

enum SubtaskState { preparing @0; running @1; completed @2; }
struct Subtask {
  state @0 :SubtaskState;
  stateTime @1 :Int64;
  previousState @2 :OptionalEnum;  # SubtaskState
  previousStateTime @3 :OptionalInt64;
  node @4 :TaskNode;
  ready @5 :Bool;
  startTime @6 :OptionalInt64;
  endTime @7 :OptionalInt64;
  exitCode @8 :OptionalInt32;
  failure @9 :FailureInfo;
  result @10 :OptionalEnum;  # ExecutionResult
}

struct TaskRecord {
  id @0 :Text;
  jobSeq @1 :UInt64;
  taskSeq @2 :UInt64;
  event @3 :UInt64;
  lastModified @4 :Int64;
  creationTime @5 :Int64;
  state @6 :TaskState;
  stateTime @7 :Int64;
  previousState @8 :OptionalEnum;  # TaskState
  previousStateTime @9 :OptionalInt64;
  requiredSlots @10 :Int32;
  constraints @11 :TaskConstraints;
  attempt @12 :UInt32;
  retryCount @13 :Int32;
  requeueCount @14 :Int32;
  startTime @15 :OptionalInt64;
  endTime @16 :OptionalInt64;
  exitCode @17 :OptionalInt32;
  failure @18 :FailureInfo;
  result @19 :OptionalEnum;  # ExecutionResult
  lastRetryTime @20 :OptionalInt64;
  lastRequeueTime @21 :OptionalInt64;
  node @22 :TaskNode;
  exitRules @23 :List(ExitRule);
  satisfiesDependents @24 :Bool;
  usage @25 :ResourceUsage;
  earlierWallClockTime @26 :Int64;
  instances @27 :Int32;
  coordinated @28 :Bool;
  subtasks @29 :List(Subtask);
}

struct TaskView {
  record @0 :TaskRecord;
  document @1 :Data;
}

# One run of a task on a node.
struct AttemptId {
  shard @0 :UInt16;
  attempt @1 :UInt32;
  job @2 :UInt64;
  task @3 :UInt64;
}
