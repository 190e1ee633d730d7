#include "schema/codec/worker_message.h"

#include "schema/codec/shapes.h"
#include "schema/worker.capnp.h"

namespace windlass::codec {

WINDLASS_ENUM(AttemptEnd, coordination_failed, COORDINATION_FAILED)

// ---- worker to shard -----------------------------------------------------------------------

WINDLASS_STRUCT(OfferClass, (vm_size, VmSize), (dedicated, Dedicated), (free, Free))
WINDLASS_STRUCT(OffersFree, (classes, Classes))
WINDLASS_STRUCT(GrantedNode, (node_id, NodeId), (boot, Boot), (ip_address, IpAddress))
WINDLASS_STRUCT(ClaimAnswered, (claim, Claim), (nodes, Nodes))
WINDLASS_STRUCT(NodeStatus, (node_id, NodeId), (boot, Boot), (state, State),
                (start_task_info, StartTaskInfo), (errors, Errors), (restarts, Restarts))
WINDLASS_STRUCT(NodeReturned, (node_id, NodeId))
WINDLASS_STRUCT(AttemptEnded, (id, Id), (end, End), (start_time, StartTime), (end_time, EndTime),
                (exit_code, ExitCode), (failure, Failure), (usage.user_cpu_time, UserCpuTime),
                (usage.kernel_cpu_time, KernelCpuTime), (usage.read_operations, ReadOperations),
                (usage.write_operations, WriteOperations), (usage.read_bytes, ReadBytes),
                (usage.write_bytes, WriteBytes))
WINDLASS_STRUCT(InstanceReady, (id, Id))
WINDLASS_STRUCT(RenewLease, (sent_at, SentAt), (nodes_hash, NodesHash))
WINDLASS_STRUCT(NodeHeld, (node_id, NodeId), (claim, Claim), (boot, Boot), (state, State),
                (restarts, Restarts))
WINDLASS_STRUCT(Resync, (epoch, Epoch), (running, Running), (unreported, Unreported),
                (nodes, Nodes), (agent_version, AgentVersion))

WINDLASS_VARIANT(FromWorker, wire::FromWorker, (OffersFree, OffersFree, OFFERS_FREE),
                 (ClaimAnswered, ClaimAnswered, CLAIM_ANSWERED),
                 (NodeStatus, NodeStatus, NODE_STATUS), (NodeReturned, NodeReturned, NODE_RETURNED),
                 (AttemptEnded, AttemptEnded, ATTEMPT_ENDED), (RenewLease, RenewLease, RENEW_LEASE),
                 (Resync, Resync, RESYNC), (InstanceReady, InstanceReady, INSTANCE_READY))

// ---- shard to worker -----------------------------------------------------------------------

WINDLASS_STRUCT(NodePlan, (account, Account), (pool_id, PoolId),
                (task_slots_per_node, TaskSlotsPerNode), (dedicated, Dedicated),
                (start_task, StartTask))
WINDLASS_STRUCT(ClaimNodes, (claim, Claim), (vm_size, VmSize), (count, Count), (plan, Plan))
WINDLASS_STRUCT(ReturnNode, (node_id, NodeId), (after_retention, AfterRetention))
WINDLASS_STRUCT(BeginRestart, (node_id, NodeId), (number, Number), (restart, Restart),
                (after_retention, AfterRetention), (plan, Plan))
WINDLASS_STRUCT(InstancePlace, (number, Number), (addresses, Addresses))
WINDLASS_STRUCT(BeginCommand, (id, Id))
WINDLASS_STRUCT(Assignment, (id, Id), (account, Account), (job_id, JobId), (task_id, TaskId),
                (node_id, NodeId), (node_boot, NodeBoot), (required_slots, RequiredSlots),
                (max_wall_clock_time, MaxWallClockTime), (retention_time, RetentionTime),
                (common_environment_settings, CommonEnvironmentSettings), (document, Document),
                (preparation_id, PreparationId), (instance, Instance))
WINDLASS_STRUCT(EndAttempt, (id, Id), (delete_folder, DeleteFolder))
WINDLASS_STRUCT(DeleteTaskFolder, (node_id, NodeId), (job_id, JobId), (task_id, TaskId))
WINDLASS_STRUCT(LeaseRenewed, (sent_at, SentAt), (length, Length))
WINDLASS_STRUCT(Resynced, (recorded, Recorded), (unwanted, Unwanted),
                (unwanted_nodes, UnwantedNodes))

WINDLASS_VARIANT(ToWorker, wire::ToWorker, (ClaimNodes, ClaimNodes, CLAIM_NODES),
                 (ReturnNode, ReturnNode, RETURN_NODE), (Assignment, Assignment, ASSIGNMENT),
                 (EndAttempt, EndAttempt, END_ATTEMPT),
                 (DeleteTaskFolder, DeleteTaskFolder, DELETE_TASK_FOLDER),
                 (LeaseRenewed, LeaseRenewed, LEASE_RENEWED), (Resynced, Resynced, RESYNCED),
                 (BeginRestart, BeginRestart, BEGIN_RESTART),
                 (BeginCommand, BeginCommand, BEGIN_COMMAND))

}  // namespace windlass::codec

namespace windlass {

std::string encode(const FromWorker& value) {
  return codec::build<wire::FromWorker>(
      [&](auto root) { codec::Codec<FromWorker>::put(root, value); });
}
Result<FromWorker> decode_from_worker(std::string_view bytes) {
  return codec::read<FromWorker, wire::FromWorker>(
      bytes, [](auto root, FromWorker& value) { codec::Codec<FromWorker>::take(root, value); });
}

std::string encode(const ToWorker& value) {
  return codec::build<wire::ToWorker>([&](auto root) { codec::Codec<ToWorker>::put(root, value); });
}
Result<ToWorker> decode_to_worker(std::string_view bytes) {
  return codec::read<ToWorker, wire::ToWorker>(
      bytes, [](auto root, ToWorker& value) { codec::Codec<ToWorker>::take(root, value); });
}

}  // namespace windlass
