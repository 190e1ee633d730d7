// What else @azure/batch 10.2.0, unmodified, can ask for, with what it must be answered: jobs that are changed, disabled and enabled,
// nodes that prepare for them, tasks by themselves, files by node and by task, resizes, images and counts.
import assert from "node:assert/strict";
import { all, client, code, endpoint, gone, idleNodes, machine, text, until } from "./client.mjs";

const POOL = "ops-js";
const JOB = "ops-js-job";
const taskState = (job, task, state) => until(async () => {
  const now = await client.task.get(job, task);
  return now.state === state && now;
}, `${task} ${state}`);
const jobState = (job, state) => until(async () => {
  const now = await client.job.get(job);
  return now.state === state && now;
}, `${job} ${state}`);
// Of a download that is refused this client hands the body on unread.
const missing = (download) => assert.rejects(download, (error) => error.statusCode === 404);
const steady = (pool) => until(async () => {
  const now = await client.pool.get(pool);
  return now.allocationState === "steady" && now;
}, `${pool} steady`);

async function pools() {
  const verified = { accountListSupportedImagesOptions: { filter: "verificationType eq 'verified'", maxResults: 1 } };
  const images = await all(() => client.account.listSupportedImages(verified), (link) => client.account.listSupportedImagesNext(link));
  assert.ok(images.pages > 1 && images.items.every((image) => image.verificationType === "verified"), "images come in pages, by filter");
  assert.ok(images.items.some((image) => image.nodeAgentSKUId === machine.virtualMachineConfiguration.nodeAgentSKUId));

  await client.pool.add({ id: POOL, targetDedicatedNodes: 1, taskSlotsPerNode: 4, metadata: [{ name: "a", value: "1" }], ...machine });
  await client.pool.add({ id: "ops-js-other", targetDedicatedNodes: 0, ...machine });
  await idleNodes(POOL, 1);
  await client.pool.patch(POOL, { metadata: [{ name: "b", value: "2" }] });
  const patched = await client.pool.get(POOL);
  assert.deepEqual(patched.metadata, [{ name: "b", value: "2" }]);
  assert.equal(await code(client.pool.patch(POOL, { metadata: [] }, { poolPatchOptions: { ifMatch: "0x1" } })), "ConditionNotMet");
  await client.pool.resize(POOL, { targetDedicatedNodes: 2 });
  assert.equal((await steady(POOL)).currentDedicatedNodes, 2);
  await idleNodes(POOL, 2);
  const listed = await all(() => client.pool.list({ poolListOptions: { maxResults: 1, select: "id,targetDedicatedNodes" } }),
    (link) => client.pool.listNext(link));
  assert.deepEqual([listed.items.map((pool) => [pool.id, pool.targetDedicatedNodes]), listed.pages], [[[POOL, 2], ["ops-js-other", 0]], 2]);
  const counts = await client.account.listPoolNodeCounts({ accountListPoolNodeCountsOptions: { filter: `poolId eq '${POOL}'` } });
  assert.deepEqual(counts.map((pool) => [pool.poolId, pool.dedicated.idle, pool.dedicated.total, pool.lowPriority.total]), [[POOL, 2, 2, 0]]);

  await client.pool.resize("ops-js-other", { targetDedicatedNodes: 10000 });
  assert.equal(await code(client.pool.resize("ops-js-other", { targetDedicatedNodes: 1 })), "PoolBeingResized");
  await client.pool.stopResize("ops-js-other");
  assert.deepEqual((await steady("ops-js-other")).resizeErrors.map((error) => error.code), ["ResizeStopped"]);
  assert.equal(await code(client.pool.stopResize("ops-js-other")), "OperationInvalidForCurrentState");
  await client.pool.deleteMethod("ops-js-other");
  await gone(() => client.pool.get("ops-js-other"), "PoolNotFound", "the other pool");
}

async function jobs() {
  await client.job.add({ id: JOB, poolInfo: { poolId: POOL }, priority: 1, jobPreparationTask: { commandLine: "/bin/sh -c 'echo ready > made'" },
    jobReleaseTask: { commandLine: "/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/made'" } });
  await client.job.add({ id: "ops-js-plain", poolInfo: { poolId: POOL } });
  const before = await client.job.get(JOB);
  await client.job.patch(JOB, { priority: 100, metadata: [{ name: "a", value: "b" }] }, { jobPatchOptions: { ifMatch: before.eTag } });
  const patched = await client.job.get(JOB);
  assert.deepEqual([patched.priority, patched.metadata[0].value], [100, "b"]);
  await client.job.update(JOB, { poolInfo: { poolId: POOL }, constraints: { maxTaskRetryCount: 2 } });
  const updated = await client.job.get(JOB);
  assert.deepEqual([updated.priority, updated.metadata, updated.constraints.maxTaskRetryCount], [0, undefined, 2], "what PUT leaves out is gone");
  const listed = await all(() => client.job.list({ jobListOptions: { filter: "startswith(id, 'ops-js')", maxResults: 1 } }),
    (link) => client.job.listNext(link));
  assert.deepEqual([listed.items.map((job) => job.id), listed.pages], [[JOB, "ops-js-plain"], 2]);
  assert.equal(await code(client.job.listPreparationAndReleaseTaskStatus("ops-js-plain")), "JobPreparationTaskNotSpecified");

  await client.task.add("ops-js-plain", { id: "long", commandLine: "/bin/sleep 600" });
  await taskState("ops-js-plain", "long", "running");
  await client.job.disable("ops-js-plain", "requeue");
  await jobState("ops-js-plain", "disabled");
  assert.equal((await client.task.get("ops-js-plain", "long")).state, "active", "a disabled job runs nothing");
  assert.equal(await code(client.task.add("ops-js-plain", { id: "late", commandLine: "/bin/true" })), null, "it takes tasks");
  await client.job.enable("ops-js-plain");
  await jobState("ops-js-plain", "active");
  assert.equal((await taskState("ops-js-plain", "long", "running")).executionInfo.requeueCount, 1);
  assert.equal(await code(client.job.enable("ops-js-plain")), "OperationInvalidForCurrentState");
}

async function tasks() {
  const limits = { constraints: { maxTaskRetryCount: 0, retentionTime: "PT1H" } };
  await client.task.add(JOB, { id: "says", commandLine: "/bin/sh -c 'echo hello; mkdir d; echo inner > d/inner'", ...limits });
  assert.equal(await code(client.task.add(JOB, { id: "SAYS", commandLine: "/bin/true" })), "TaskExists");
  assert.equal((await taskState(JOB, "says", "completed")).executionInfo.exitCode, 0);
  await client.task.add(JOB, { id: "fails", commandLine: "/bin/sh -c 'test -e $AZ_BATCH_NODE_SHARED_DIR/repaired || exit 3'", ...limits });
  const failed = await taskState(JOB, "fails", "completed");
  assert.deepEqual([failed.executionInfo.exitCode, failed.executionInfo.failureInfo.code], [3, "FailureExitCode"]);
  assert.equal(await code(client.task.reactivate(JOB, "says")), "TaskSucceeded");
  await client.task.reactivate(JOB, "fails");
  const again = await taskState(JOB, "fails", "completed");
  assert.ok(again.executionInfo.endTime > failed.executionInfo.endTime && again.executionInfo.exitCode === 3, "it ran once more");

  await client.task.add(JOB, { id: "long", commandLine: "/bin/sleep 600" });
  await taskState(JOB, "long", "running");
  await client.task.update(JOB, "long", { constraints: { maxTaskRetryCount: 4, maxWallClockTime: "PT2H" } });
  const constraints = (await client.task.get(JOB, "long")).constraints;
  assert.deepEqual([constraints.maxTaskRetryCount, constraints.maxWallClockTime], [4, "PT2H"]);
  await client.task.terminate(JOB, "long");
  assert.equal((await client.task.get(JOB, "long")).executionInfo.failureInfo.code, "TaskEnded");
  assert.equal(await code(client.task.terminate(JOB, "long")), "TaskCompleted");
  await client.task.deleteMethod(JOB, "long");
  assert.equal(await code(client.task.get(JOB, "long")), "TaskNotFound");

  const prepared = await client.job.listPreparationAndReleaseTaskStatus(JOB);
  const node = (await client.task.get(JOB, "says")).nodeInfo.nodeId;
  const entry = prepared.find((status) => status.nodeId === node);
  assert.deepEqual([entry.poolId, entry.jobPreparationTaskExecutionInfo.exitCode, entry.jobReleaseTaskExecutionInfo], [POOL, 0, undefined]);
}

async function files() {
  const { nodeId, taskRootDirectory: root } = (await client.task.get(JOB, "says")).nodeInfo;
  const path = `${root}/stdout.txt`;
  assert.equal(await text(await client.file.getFromComputeNode(POOL, nodeId, path)), "hello\n");
  const ranged = await client.file.getFromComputeNode(POOL, nodeId, path, { fileGetFromComputeNodeOptions: { ocpRange: "bytes=1-3" } });
  assert.equal(await text(ranged), "ell");
  const about = await client.file.getPropertiesFromComputeNode(POOL, nodeId, path);
  assert.deepEqual([Number(about.contentLength), String(about.ocpBatchFileIsdirectory)], [6, "false"]);
  const folder = await client.file.getPropertiesFromComputeNode(POOL, nodeId, `${root}/wd/d`);
  assert.equal(String(folder.ocpBatchFileIsdirectory), "true");
  const below = { recursive: true, fileListFromComputeNodeOptions: { filter: `startswith(name, '${root}/wd')`, maxResults: 1 } };
  const found = await all(() => client.file.listFromComputeNode(POOL, nodeId, below), (link) => client.file.listFromComputeNodeNext(link));
  assert.deepEqual(found.items.map((file) => [file.name, file.isDirectory]),
    [[`${root}/wd`, true], [`${root}/wd/d`, true], [`${root}/wd/d/inner`, false]]);
  assert.ok(found.pages >= 3, "they came in pages");
  assert.notEqual(await code(client.file.deleteFromTask(JOB, "says", "wd/d")), null, "a folder that holds something stays");
  await client.file.deleteFromTask(JOB, "says", "wd/d", { recursive: true });
  await missing(client.file.getFromTask(JOB, "says", "wd/d/inner"));
  await client.file.deleteFromComputeNode(POOL, nodeId, path);
  await missing(client.file.getFromComputeNode(POOL, nodeId, path));
  assert.deepEqual((await client.file.listFromTask(JOB, "says")).map((file) => file.name), ["stderr.txt", "wd"]);
}

async function nodes() {
  const [node] = (await client.computeNode.list(POOL)).map((one) => one.id);
  await client.computeNode.disableScheduling(POOL, node, { nodeDisableSchedulingOption: "requeue" });
  const off = await client.computeNode.get(POOL, node);
  assert.deepEqual([off.schedulingState, off.state], ["disabled", "offline"]);
  assert.equal(await code(client.computeNode.disableScheduling(POOL, node)), "NodeAlreadyInTargetSchedulingState");
  await client.computeNode.enableScheduling(POOL, node);
  assert.equal((await client.computeNode.get(POOL, node)).schedulingState, "enabled");
  assert.equal(await code(client.computeNode.updateUser(POOL, node, "me", { password: "Secret-456" })), "NodeUserNotFound");
  assert.equal(await code(client.computeNode.deleteUser(POOL, node, "me")), "NodeUserNotFound");
  await assert.rejects(client.computeNode.getRemoteDesktop(POOL, node), (error) => error.statusCode === 409);
  assert.equal(await code(client.computeNodeExtension.get(POOL, node, "x")), "ResourceNotFound");
  assert.equal(await code(client.application.get("x")), "ApplicationNotFound");
}

async function logs() {
  const containerUrl = process.env.WINDLASS_TEST_CONTAINER;
  const [node] = (await client.computeNode.list(POOL)).map((one) => one.id);
  const wanted = { containerUrl, startTime: new Date(Date.now() - 3600000) };
  const uploaded = await client.computeNode.uploadBatchServiceLogs(POOL, node, wanted);
  assert.equal(uploaded.numberOfFilesUploaded, 1);
  const [place, signature] = containerUrl.split("?");
  const blob = `${place}/${uploaded.virtualDirectoryName}/worker.log?${signature}`;
  const answer = await until(async () => {
    const now = await fetch(blob);
    return now.ok && now;
  }, "the log in its container");
  assert.match(await answer.text(), /"event":"session_open"/);
  const early = { ...wanted, endTime: new Date(Date.now() - 3000000) };
  assert.equal((await client.computeNode.uploadBatchServiceLogs(POOL, node, early)).numberOfFilesUploaded, 0);
}

async function gangs() {
  await client.pool.add({ id: "ops-js-gangs", targetDedicatedNodes: 2, taskSlotsPerNode: 1, enableInterNodeCommunication: true, ...machine });
  await client.job.add({ id: "ops-js-gangs", poolInfo: { poolId: "ops-js-gangs" } });
  await client.task.add("ops-js-gangs", { id: "both", commandLine: "/bin/true",
    multiInstanceSettings: { numberOfInstances: 2, coordinationCommandLine: "/bin/sh -c 'echo instance'" } });
  const task = await taskState("ops-js-gangs", "both", "completed");
  const { value: [subtask, ...more] } = await client.task.listSubtasks("ops-js-gangs", "both");
  assert.deepEqual([subtask.id, subtask.state, subtask.result, subtask.exitCode, more], [1, "completed", "success", 0, []]);
  assert.notEqual(subtask.nodeInfo.nodeId, task.nodeInfo.nodeId);
  assert.deepEqual((await client.task.listSubtasks(JOB, "says")).value, []);
  await client.job.deleteMethod("ops-js-gangs");
  await client.pool.deleteMethod("ops-js-gangs");
}

async function schedules() {
  const jobSpecification = { poolInfo: { poolId: POOL }, priority: 3 };
  await client.jobSchedule.add({ id: "ops-js-schedule", schedule: { recurrenceInterval: "PT1H" }, jobSpecification, metadata: [{ name: "a", value: "b" }] });
  await client.jobSchedule.update("ops-js-schedule", { schedule: { recurrenceInterval: "PT2H" }, jobSpecification: { ...jobSpecification, priority: 7 } });
  const now = await client.jobSchedule.get("ops-js-schedule");
  assert.deepEqual([now.schedule.recurrenceInterval, now.jobSpecification.priority, now.metadata], ["PT2H", 7, undefined]);
  assert.equal((await client.job.get("ops-js-schedule:job-1")).priority, 3, "a job that is there stays as it was");
  await client.jobSchedule.deleteMethod("ops-js-schedule");
  await gone(() => client.jobSchedule.get("ops-js-schedule"), "JobScheduleNotFound", "the schedule");
}

async function certificates() {
  const { thumbprint, publicData, pfxData, password } = JSON.parse(process.env.WINDLASS_TEST_CERTIFICATE);
  const given = { thumbprint, thumbprintAlgorithm: "sha1", data: pfxData, certificateFormat: "pfx", password };
  await client.certificate.add(given);
  assert.equal(await code(client.certificate.add(given)), "CertificateExists");
  const shown = await client.certificate.get("sha1", thumbprint);
  assert.deepEqual([shown.thumbprint, shown.state, shown.publicData, shown.deleteCertificateError], [thumbprint, "active", publicData, undefined]);
  assert.equal(JSON.stringify(shown).includes(password), false);
  assert.deepEqual((await client.certificate.list()).map((one) => one.thumbprint), [thumbprint]);
  assert.equal(await code(client.certificate.cancelDeletion("sha1", thumbprint)), "CertificateStateActive");
  assert.equal((await client.certificate.deleteMethod("sha1", thumbprint))._response.status, 202);
  assert.equal(await code(client.certificate.get("sha1", thumbprint)), "CertificateNotFound");
}

async function end() {
  await client.job.terminate(JOB, { terminateReason: "enough" });
  assert.equal((await jobState(JOB, "completed")).executionInfo.terminateReason, "enough");
  const used = await client.job.listPreparationAndReleaseTaskStatus(JOB);
  assert.ok(used.length > 0 && used.every((status) => status.jobReleaseTaskExecutionInfo.exitCode === 0), "what was prepared was released");
  const said = await client.file.getFromComputeNode(POOL, used[0].nodeId, `${used[0].jobReleaseTaskExecutionInfo.taskRootDirectory}/stdout.txt`);
  assert.equal(await text(said), "ready\n");
  for (const job of [JOB, "ops-js-plain"]) {
    await client.job.deleteMethod(job);
    await gone(() => client.job.get(job), "JobNotFound", job);
  }
  await client.pool.deleteMethod(POOL);
  await gone(() => client.pool.get(POOL), "PoolNotFound", "the pool");
  const life = await client.job.getAllLifetimeStatistics();
  assert.ok(life.numSucceededTasks > 0 && life.numFailedTasks > 0 && life.wallClockTime !== "PT0S", "what was done stays done");
  const nodes = await client.pool.getAllLifetimeStatistics();
  assert.notEqual(nodes.usageStats.dedicatedCoreTime, "PT0S", "and what nodes it took");
}

for (const part of [pools, jobs, tasks, files, nodes, logs, gangs, schedules, certificates, end]) {
  console.log(`  ${part.name}`);
  await part();
}
console.log(`the JavaScript SDK asked for all the rest at ${endpoint}`);
