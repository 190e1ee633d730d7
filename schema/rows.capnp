# What a shard keeps on disk beside pools, nodes, jobs and tasks: model/shard_rows.h. The rules are
# those of model.capnp. (Rows of tasks have a denser form of their own: codec/task_row.h.)
@0xb0a4fd2aafc9bd0e;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

using M = import "model.capnp";
using E = import "envelope.capnp";

struct ShardCounters {
  events @0 :UInt64;
  pools @1 :UInt64;
  nodes @2 :UInt64;
  jobs @3 :UInt64;
  claims @4 :UInt64;
  incarnations @5 :UInt64;
  leaseLongest @6 :Int64;
  jobSchedules @7 :UInt64;
  accounts @8 :List(AccountUsage);
}

struct AccountUsage {
  account @0 :Text;
  since @1 :Int64;
  work @2 :M.WorkUsage;
  nodeTimeEnded @3 :Int64;
}

struct ClaimRecord {
  id @0 :UInt64;
  pool @1 :UInt64;
  worker @2 :UInt64;
  count @3 :Int32;
  dedicated @4 :Bool;
}

struct LingeringAttempt {
  id @0 :M.AttemptId;
  node @1 :UInt64;
  slots @2 :Int32;
  jobId @3 :Text;
  taskId @4 :Text;
  deleteFolder @5 :Bool;
}

struct Reservation {
  account @0 :Text;
  jobId @1 :Text;
  incarnation @2 :UInt64;
  state @3 :ReservationState;
  target @4 :UInt16;
  originSession @5 :UInt64;
  originSequence @6 :UInt64;
}
enum ReservationState { reserved @0; held @1; }

struct OutboxRow {
  to @0 :UInt16;
  message @1 :Data;  # an encoded ShardMessage (shard.capnp)
}

struct ShardProgress {
  shard @0 :UInt16;
  receivedThrough @1 :UInt64;
  sentLast @2 :UInt64;
}

struct SessionState {
  id @0 :UInt64;
  kind @1 :E.PeerKind;
  instance @2 :UInt64;
  worker @3 :UInt64;
  acknowledgedThrough @4 :UInt64;
  above @5 :List(UInt64);
}
