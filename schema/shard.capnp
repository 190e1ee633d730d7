# What shards say to each other: model/shard_message.h.
@0xf455a5c2ad5f428b;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

using M = import "model.capnp";

struct ShardMessage {
  from @0 :UInt16;
  id @1 :UInt64;
  request @2 :ShardRequest;
}
struct ShardRequest {
  union {
    makeJob @0 :MakeJob;
    jobMade @1 :JobMade;
    jobGone @2 :JobGone;
    endJob @3 :EndJob;
    jobEnded @4 :JobEnded;
  }
}
struct MakeJob {
  account @0 :Text;
  incarnation @1 :UInt64;
  spec @2 :M.JobSpec;
}
struct JobMade {
  account @0 :Text;
  jobId @1 :Text;
  incarnation @2 :UInt64;
  error @3 :M.Error;  # null: made
  shard @4 :UInt16;
  event @5 :UInt64;
  lastModified @6 :Int64;
}
struct JobGone {
  account @0 :Text;
  jobId @1 :Text;
  incarnation @2 :UInt64;
}
struct EndJob {
  account @0 :Text;
  jobId @1 :Text;
  incarnation @2 :UInt64;
  deletes @3 :Bool;
  force @4 :Bool;
}
struct JobEnded {
  account @0 :Text;
  jobId @1 :Text;
  incarnation @2 :UInt64;
}
struct ShardAcknowledge {
  by @0 :UInt16;
  through @1 :UInt64;
}
