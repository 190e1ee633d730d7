// Nodes through @azure/batch 10.2.0, unmodified: removed, rebooted, reimaged; a pool's properties replaced. Reads the cluster
// from the environment.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const require = createRequire(import.meta.url);
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");

const env = process.env;
const credentials = new BatchSharedKeyCredentials(env.AZURE_BATCH_ACCOUNT, env.AZURE_BATCH_ACCESS_KEY);
const client = new BatchServiceClient(credentials, env.AZURE_BATCH_ENDPOINT);
const POOL = "nodes-js";

async function until(condition, what, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function code(promise) {
  try {
    await promise;
  } catch (error) {
    return error.body?.code ?? error.code;
  }
  return null;
}

const idle = (node) => until(async () => {
  const now = await client.computeNode.get(POOL, node);
  return now.state === "idle" && now;
}, `${node} idle`);

await client.pool.add({
  id: POOL,
  vmSize: "standard_d2s_v3",
  targetDedicatedNodes: 2,
  startTask: { commandLine: "/bin/echo first", waitForSuccess: true },
  virtualMachineConfiguration: {
    imageReference: { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" },
    nodeAgentSKUId: "batch.node.ubuntu 22.04",
  },
});
const nodes = await until(async () => {
  const now = await client.computeNode.list(POOL);
  return now.length === 2 && now.every((node) => node.state === "idle") && now.map((node) => node.id);
}, "two idle nodes");

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
assert.equal(await code(client.computeNode.addUser(POOL, nodes[0], { name: "me", password: "Secret-123" })), "OperationNotValidOnNode");
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
await client.pool.deleteMethod(POOL);
await until(async () => (await code(client.pool.get(POOL))) === "PoolNotFound", "the pool gone");
console.log(`the JavaScript SDK removed, rebooted and reimaged nodes at ${env.AZURE_BATCH_ENDPOINT}`);
