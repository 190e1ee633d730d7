// Nodes through @azure/batch 10.2.0, unmodified: removed, rebooted, reimaged; a pool's properties replaced.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { client, code, endpoint, gone, idleNodes, machine, until } from "./client.mjs";

const POOL = "nodes-js";

const idle = (node) => until(async () => {
  const now = await client.computeNode.get(POOL, node);
  return now.state === "idle" && now;
}, `${node} idle`);

await client.pool.add({ id: POOL, targetDedicatedNodes: 2, startTask: { commandLine: "/bin/echo first", waitForSuccess: true }, ...machine });
const nodes = await idleNodes(POOL, 2);

const before = await client.computeNode.get(POOL, nodes[0]);
assert.equal(before.startTaskInfo.result, "success");
assert.ok(before.nodeAgentInfo.version);
await client.pool.updateProperties(POOL, {
  startTask: { commandLine: "/bin/echo second", waitForSuccess: true },
  certificateReferences: [],
  applicationPackageReferences: [],
  metadata: [{ name: "a", value: "b" }],
});
assert.equal((await client.pool.get(POOL)).metadata[0].value, "b");
assert.equal((await client.computeNode.reboot(POOL, nodes[0], { nodeRebootOption: "taskcompletion" }))._response.status, 202);
const rebooted = await idle(nodes[0]);
assert.ok(rebooted.lastBootTime > before.lastBootTime);
assert.equal(rebooted.startTask.commandLine, "/bin/echo second");
assert.equal((await client.computeNode.reimage(POOL, nodes[1]))._response.status, 202);
await idle(nodes[1]);
assert.equal(await code(client.computeNode.reboot(POOL, "tvmps_none_d")), "NodeNotFound");

assert.equal((await client.computeNode.getRemoteLoginSettings(POOL, nodes[0])).remoteLoginPort, 22);
const user = process.env.WINDLASS_TEST_USER;
if (user) {
  // Of the node that is removed below, and with it.
  assert.equal((await client.computeNode.addUser(POOL, nodes[1], { name: user, password: "Secret-123" }))._response.status, 201);
  assert.equal(await code(client.computeNode.addUser(POOL, nodes[0], { name: user })), "NodeUserExists");
  assert.equal((await client.computeNode.updateUser(POOL, nodes[1], user, { password: "Secret-456" }))._response.status, 200);
  assert.equal(await code(client.computeNode.deleteUser(POOL, nodes[0], user)), "NodeUserNotFound");
  assert.equal((await client.computeNode.deleteUser(POOL, nodes[1], user))._response.status, 200);
  assert.equal((await client.computeNode.addUser(POOL, nodes[1], { name: user, isAdmin: true }))._response.status, 201);
} else {
  console.log("no users of nodes: only root can make them");
}
assert.equal((await client.computeNodeExtension.list(POOL, nodes[0])).length, 0);
assert.equal((await client.application.list()).length, 0);
assert.equal((await client.pool.listUsageMetrics()).length, 0);

assert.equal((await client.pool.removeNodes(POOL, { nodeList: [nodes[1]], nodeDeallocationOption: "terminate" }))._response.status, 202);
const pool = await until(async () => {
  const now = await client.pool.get(POOL);
  return now.allocationState === "steady" && now;
}, "the removal");
assert.deepEqual([pool.targetDedicatedNodes, pool.currentDedicatedNodes], [1, 1]);
assert.equal(await code(client.computeNode.get(POOL, nodes[1])), "NodeNotFound");
if (user) await until(() => spawnSync("getent", ["passwd", user]).status !== 0, "its user has gone with it");
await client.pool.deleteMethod(POOL);
await gone(() => client.pool.get(POOL), "PoolNotFound", "the pool");
console.log(`the JavaScript SDK removed, rebooted and reimaged nodes at ${endpoint}`);
