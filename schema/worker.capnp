# What shards and workers say to each other: model/worker_message.h.
@0xfa2411f147d7cf23;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

using M = import "model.capnp";

struct FromWorker {
  union {
    offersFree @0 :OffersFree;
    claimAnswered @1 :ClaimAnswered;
    nodeStatus @2 :NodeStatus;
    nodeReturned @3 :NodeReturned;
    attemptEnded @4 :AttemptEnded;
    renewLease @5 :RenewLease;
    resync @6 :Resync;
    instanceReady @7 :InstanceReady;
  }
}

struct OfferClass {
  vmSize @0 :Text;
  dedicated @1 :Bool;
  free @2 :Int32;
}
struct OffersFree { classes @0 :List(OfferClass); }
struct GrantedNode {
  nodeId @0 :Text;
  boot @1 :UInt64;
  ipAddress @2 :Text;
}
struct ClaimAnswered {
  claim @0 :UInt64;
  nodes @1 :List(GrantedNode);
}
struct NodeStatus {
  nodeId @0 :Text;
  boot @1 :UInt64;
  state @2 :M.NodeState;
  startTaskInfo @3 :M.StartTaskInfo;
  errors @4 :List(M.NodeError);
  restarts @5 :UInt64;
}
struct NodeReturned { nodeId @0 :Text; }

enum AttemptEnd {
  exited @0; wallClock @1; stopped @2; notStarted @3; uploadFailed @4; lost @5;
  coordinationFailed @6;
}
struct AttemptEnded {
  id @0 :M.AttemptId;
  end @1 :AttemptEnd;
  startTime @2 :M.OptionalInt64;
  endTime @3 :Int64;
  exitCode @4 :M.OptionalInt32;
  failure @5 :M.FailureInfo;
  userCpuTime @6 :Int64;
  kernelCpuTime @7 :Int64;
  readOperations @8 :UInt64;
  writeOperations @9 :UInt64;
  readBytes @10 :UInt64;
  writeBytes @11 :UInt64;
}
struct InstanceReady { id @0 :M.AttemptId; }
struct RenewLease {
  sentAt @0 :Int64;
  nodesHash @1 :UInt64;
}
struct NodeHeld {
  nodeId @0 :Text;
  claim @1 :UInt64;
  boot @2 :UInt64;
  state @3 :M.NodeState;
  restarts @4 :UInt64;
}
struct Resync {
  running @0 :List(M.AttemptId);
  unreported @1 :List(M.AttemptId);
  nodes @2 :List(NodeHeld);
  epoch @3 :UInt64;
  agentVersion @4 :Text;
}

struct ToWorker {
  union {
    claimNodes @0 :ClaimNodes;
    returnNode @1 :ReturnNode;
    assignment @2 :Assignment;
    endAttempt @3 :EndAttempt;
    deleteTaskFolder @4 :DeleteTaskFolder;
    leaseRenewed @5 :LeaseRenewed;
    resynced @6 :Resynced;
    beginRestart @7 :BeginRestart;
    beginCommand @8 :BeginCommand;
  }
}

struct NodePlan {
  account @0 :Text;
  poolId @1 :Text;
  taskSlotsPerNode @2 :Int32;
  dedicated @3 :Bool;
  startTask @4 :M.StartTask;
}
struct ClaimNodes {
  claim @0 :UInt64;
  vmSize @1 :Text;
  count @2 :Int32;
  plan @3 :NodePlan;
}
struct ReturnNode {
  nodeId @0 :Text;
  afterRetention @1 :Bool;
}
struct BeginRestart {
  nodeId @0 :Text;
  number @1 :UInt64;
  restart @2 :M.NodeRestart;
  afterRetention @3 :Bool;
  plan @4 :NodePlan;
}
struct Assignment {
  id @0 :M.AttemptId;
  account @1 :Text;
  jobId @2 :Text;
  taskId @3 :Text;
  nodeId @4 :Text;
  nodeBoot @5 :UInt64;
  requiredSlots @6 :Int32;
  maxWallClockTime @7 :Int64;
  retentionTime @8 :Int64;
  commonEnvironmentSettings @9 :List(M.NameValue);
  document @10 :Data;
  preparationId @11 :Text;
  instance @12 :InstancePlace;
}
struct InstancePlace {
  number @0 :Int32;
  addresses @1 :List(Text);
}
struct BeginCommand { id @0 :M.AttemptId; }
struct EndAttempt {
  id @0 :M.AttemptId;
  deleteFolder @1 :Bool;
}
struct DeleteTaskFolder {
  nodeId @0 :Text;
  jobId @1 :Text;
  taskId @2 :Text;
}
struct LeaseRenewed {
  sentAt @0 :Int64;
  length @1 :Int64;
}
struct Resynced {
  recorded @0 :List(M.AttemptId);
  unwanted @1 :List(M.AttemptId);
  unwantedNodes @2 :List(Text);
}
