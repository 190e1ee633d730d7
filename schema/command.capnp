# What gateways ask of shards, and the answers: model/command.h.
@0x81aab75fd5726998;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

using M = import "model.capnp";

struct Command {
  account @0 :Text;
  request @1 :Request;
}

struct Request {
  union {
    addPool @0 :AddPool;
    deletePool @1 :OnPool;
    patchPool @2 :PatchPool;
    resizePool @3 :ResizePool;
    stopResize @4 :OnPool;
    addJob @5 :AddJob;
    deleteJob @6 :DeleteJob;
    terminateJob @7 :TerminateJob;
    disableJob @8 :DisableJob;
    enableJob @9 :OnJob;
    changeJob @10 :ChangeJob;
    addTasks @11 :AddTasks;
    deleteTask @12 :OnTask;
    terminateTask @13 :OnTask;
    changeTask @14 :ChangeTask;
    getPool @15 :OnPool;
    listPools @16 :ListAll;
    getNode @17 :OnNode;
    listNodes @18 :ListOfPool;
    listNodeCounts @19 :ListAll;
    findJob @20 :OnJob;
    getJob @21 :OnJob;
    listJobs @22 :ListJobs;
    getTask @23 :OnTask;
    listTasks @24 :ListOfJob;
    getTaskCounts @25 :OnJob;
    findTaskFiles @26 :OnTask;
    findNodeFiles @27 :OnNode;
    disableNodeScheduling @28 :DisableNodeScheduling;
    enableNodeScheduling @29 :OnNode;
    reactivateTask @30 :OnTask;
    replacePoolProperties @31 :ReplacePoolProperties;
    removeNodes @32 :RemoveNodes;
    restartNode @33 :RestartNode;
    listJobNodes @34 :ListOfJob;
    addJobSchedule @35 :AddJobSchedule;
    deleteJobSchedule @36 :OnJobSchedule;
    terminateJobSchedule @37 :OnJobSchedule;
    disableJobSchedule @38 :OnJobSchedule;
    enableJobSchedule @39 :OnJobSchedule;
    changeJobSchedule @40 :ChangeJobSchedule;
    getJobSchedule @41 :OnJobSchedule;
    listJobSchedules @42 :ListAll;
    getLifetimeStatistics @43 :GetLifetimeStatistics;
    addCertificate @44 :AddCertificate;
    deleteCertificate @45 :OnCertificate;
    cancelCertificateDeletion @46 :OnCertificate;
    getCertificate @47 :OnCertificate;
    listCertificates @48 :ListAll;
  }
}

# Several requests need no more than to name their object.
struct OnPool {
  poolId @0 :Text;
  conditions @1 :M.Conditions;
}
struct OnNode {
  poolId @0 :Text;
  nodeId @1 :Text;
}
struct DisableNodeScheduling {
  poolId @0 :Text;
  nodeId @1 :Text;
  option @2 :M.NodeDisableSchedulingOption;
}
struct OnJob {
  jobId @0 :Text;
  conditions @1 :M.Conditions;
}
struct OnJobSchedule {
  scheduleId @0 :Text;
  conditions @1 :M.Conditions;
  force @2 :Bool;  # of the two that end it
}
struct OnCertificate { thumbprint @0 :Text; }
struct OnTask {
  jobId @0 :Text;
  taskId @1 :Text;
  conditions @2 :M.Conditions;
}

struct AddPool { spec @0 :M.PoolSpec; }
struct PatchPool {
  poolId @0 :Text;
  conditions @1 :M.Conditions;
  startTask @2 :M.StartTask;
  metadata @3 :List(M.NameValue);
  targetNodeCommunicationMode @4 :Text;
  displayName @5 :Text;
  vmSize @6 :Text;
  enableInterNodeCommunication @7 :M.OptionalBool;
  taskSlotsPerNode @8 :M.OptionalInt32;
  fillType @9 :M.OptionalEnum;  # NodeFillType
  keptJson @10 :Text;
  jobDefaultOrder @11 :M.OptionalEnum;  # JobDefaultOrder
}
struct ReplacePoolProperties {
  poolId @0 :Text;
  startTask @1 :M.StartTask;
  metadata @2 :List(M.NameValue);
  targetNodeCommunicationMode @3 :Text;
}
struct RemoveNodes {
  poolId @0 :Text;
  conditions @1 :M.Conditions;
  nodeIds @2 :List(Text);
  resizeTimeout @3 :M.OptionalInt64;
  deallocation @4 :M.NodeDeallocationOption;
}
struct RestartNode {
  poolId @0 :Text;
  nodeId @1 :Text;
  restart @2 :M.NodeRestart;
  option @3 :M.NodeDeallocationOption;
}
struct ResizePool {
  poolId @0 :Text;
  conditions @1 :M.Conditions;
  targetDedicatedNodes @2 :M.OptionalInt32;
  targetSpotNodes @3 :M.OptionalInt32;
  resizeTimeout @4 :M.OptionalInt64;
  deallocation @5 :M.NodeDeallocationOption;
}
struct AddJob { spec @0 :M.JobSpec; }
struct DeleteJob {  # as OnJob to readers of before
  jobId @0 :Text;
  conditions @1 :M.Conditions;
  force @2 :Bool;
}
struct TerminateJob {
  jobId @0 :Text;
  conditions @1 :M.Conditions;
  reason @2 :Text;
  force @3 :Bool;
}
struct GetLifetimeStatistics {}
struct DisableJob {
  jobId @0 :Text;
  conditions @1 :M.Conditions;
  disableTasks @2 :M.DisableTasks;
}
struct ChangeJob {
  jobId @0 :Text;
  conditions @1 :M.Conditions;
  change @2 :M.JobChange;
  replace @3 :Bool;
}
struct AddJobSchedule { spec @0 :M.JobScheduleSpec; }
struct ChangeJobSchedule {
  scheduleId @0 :Text;
  conditions @1 :M.Conditions;
  schedule @2 :M.Schedule;
  job @3 :M.JobSpec;
  metadata @4 :List(M.NameValue);
}
struct AddCertificate {
  thumbprint @0 :Text;
  publicData @1 :Data;
}
struct AddTasks {
  jobId @0 :Text;
  tasks @1 :List(M.NewTask);
}
struct ChangeTask {
  jobId @0 :Text;
  taskId @1 :Text;
  conditions @2 :M.Conditions;
  constraints @3 :M.TaskConstraints;
  retriesMax @4 :M.OptionalInt32;
}

struct PageRequest {
  after @0 :Text;
  entriesMax @1 :UInt32;
  filter @2 :Text;
  documents @3 :Bool;
}
struct ListAll { page @0 :PageRequest; }
struct ListJobs {
  page @0 :PageRequest;
  scheduleId @1 :Text;
}
struct ListOfPool {
  poolId @0 :Text;
  page @1 :PageRequest;
}
struct ListOfJob {
  jobId @0 :Text;
  page @1 :PageRequest;
}

# ---- answers ----

struct Answer {
  union {
    error @0 :M.Error;
    notHere @1 :NotHere;
    done @2 :Done;
    tasksAdded @3 :TasksAdded;
    pool @4 :M.PoolView;
    pools @5 :PoolPage;
    node @6 :M.NodeView;
    nodes @7 :NodePage;
    nodeCounts @8 :NodeCountsPage;
    jobFound @9 :JobFound;
    job @10 :M.JobRecord;
    jobs @11 :JobPage;
    task @12 :M.TaskView;
    tasks @13 :TaskPage;
    taskCounts @14 :M.TaskCounts;
    filesFound @15 :FilesFound;
    jobMadeAt @16 :JobMadeAt;
    jobNodes @17 :JobNodePage;
    jobSchedule @18 :M.JobScheduleRecord;
    jobSchedules @19 :JobSchedulePage;
    lifetimeUsage @20 :LifetimeUsage;
    certificate @21 :M.CertificateRecord;
    certificates @22 :CertificatePage;
  }
}

struct LifetimeUsage {
  since @0 :M.OptionalInt64;
  work @1 :M.WorkUsage;
  nodeTime @2 :M.NodeTime;
}

struct NotHere {}
struct Done {
  event @0 :UInt64;
  lastModified @1 :Int64;
}
struct JobMadeAt {
  shard @0 :UInt16;
  event @1 :UInt64;
  lastModified @2 :Int64;
}
struct TaskOutcome {
  error @0 :M.Error;  # null: added
  event @1 :UInt64;
  lastModified @2 :Int64;
}
struct TasksAdded { outcomes @0 :List(TaskOutcome); }

# A null `next` ends the list.
struct PoolPage {
  entries @0 :List(M.PoolView);
  next @1 :Text;
}
struct NodePage {
  entries @0 :List(M.NodeView);
  next @1 :Text;
}
struct NodeCountsPage {
  entries @0 :List(M.PoolNodeCounts);
  next @1 :Text;
}
struct JobPage {
  entries @0 :List(M.JobRecord);
  next @1 :Text;
}
struct JobSchedulePage {
  entries @0 :List(M.JobScheduleRecord);
  next @1 :Text;
}
struct CertificatePage {
  entries @0 :List(M.CertificateRecord);
  next @1 :Text;
}
struct TaskPage {
  entries @0 :List(M.TaskView);
  next @1 :Text;
}
struct JobNodePage {
  entries @0 :List(M.JobNodeView);
  next @1 :Text;
}
struct JobFound { shard @0 :UInt16; }
struct FilesFound {
  worker @0 :UInt64;
  nodeId @1 :Text;
  folder @2 :Text;
}
