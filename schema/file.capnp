# Reading node files over the bulk road: model/file_message.h.
@0xfc6efdcebe1c85e7;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("windlass::wire");

using M = import "model.capnp";

enum FileAction { properties @0; read @1; list @2; remove @3; uploadLogs @4; addUser @5; updateUser @6; deleteUser @7; }

struct FileRequest {
  id @0 :UInt64;
  nodeId @1 :Text;
  folder @2 :Text;
  path @3 :Text;
  action @4 :FileAction;
  offset @5 :UInt64;
  bytesMax @6 :UInt32;
  recursive @7 :Bool;
  after @8 :Text;
  entriesMax @9 :UInt32;
  namePrefix @10 :Text;
  containerUrl @11 :Text;
  logsFrom @12 :Int64;
  logsUntil @13 :M.OptionalInt64;
  user @14 :NodeUser;
}
struct NodeUser {
  name @0 :Text;
  isAdmin @1 :Bool;
  expires @2 :Int64;
  password @3 :Text;
  sshPublicKey @4 :Text;
  askedBy @5 :Text;
}
struct FileProperties {
  name @0 :Text;
  isDirectory @1 :Bool;
  contentLength @2 :UInt64;
  lastModified @3 :Int64;
  creationTime @4 :M.OptionalInt64;
  mode @5 :UInt32;
}
struct FileReply {
  id @0 :UInt64;
  error @1 :M.Error;  # null: none
  properties @2 :FileProperties;
  data @3 :Data;
  entries @4 :List(FileProperties);
  more @5 :Bool;
  filesTotal @6 :UInt32;
}
