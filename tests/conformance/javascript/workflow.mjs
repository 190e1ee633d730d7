// The basic workflow through @azure/batch 10.2.0, unmodified.
import assert from "node:assert/strict";
import { all, client, code, endpoint, gone, idleNodes, machine, text, until } from "./client.mjs";

const TASKS = 250;

await client.pool.add({ id: "conf-js", targetDedicatedNodes: 2, taskSlotsPerNode: 4, ...machine });
assert.equal((await client.pool.exists("conf-js")).body, true);
assert.equal((await client.pool.exists("no-such-pool")).body, false);
await idleNodes("conf-js", 2);
const pool = await client.pool.get("conf-js");
assert.equal(pool.allocationState, "steady");
assert.equal(pool.resizeErrors, undefined);
assert.equal(pool.currentDedicatedNodes, 2);

await client.job.add({ id: "conf-js-job", poolInfo: { poolId: "conf-js" } });
for (let from = 0; from < TASKS; from += 100) {
  const value = [];
  for (let i = from; i < Math.min(from + 100, TASKS); i += 1) {
    value.push({ id: `t${String(i).padStart(3, "0")}`, commandLine: `/bin/sh -c 'echo "task ${i}"; exit ${i === 7 ? 1 : 0}'` });
  }
  const added = await client.task.addCollection("conf-js-job", value);
  assert.ok(added.value.every((item) => item.status === "success"));
}
const counts = await until(async () => {
  const now = await client.job.getTaskCounts("conf-js-job");
  return now.taskCounts.completed === TASKS && now.taskCounts;
}, "all tasks complete", 120);
assert.equal(counts.failed, 1);

const { items, pages } = await all(
  () => client.task.list("conf-js-job", { taskListOptions: { filter: "state eq 'completed'", select: "id,state", maxResults: 50 } }),
  (link) => client.task.listNext(link));
assert.equal(items.length, TASKS);
assert.ok(pages >= 5, "the list came in pages");
assert.deepEqual(items.map((task) => task.id), [...items.map((task) => task.id)].sort());
assert.equal(items[0].commandLine, undefined);

const task = await client.task.get("conf-js-job", "t042");
assert.equal(task.executionInfo.exitCode, 0);
assert.equal(task.executionInfo.result.toLowerCase(), "success");
assert.equal(await text(await client.file.getFromTask("conf-js-job", "t042", "stdout.txt")), "task 42\n");
const ranged = await client.file.getFromTask("conf-js-job", "t042", "stdout.txt", { fileGetFromTaskOptions: { ocpRange: "bytes=5-6" } });
assert.equal(ranged._response.status, 200);
assert.equal(await text(ranged), "42");
const properties = await client.file.getPropertiesFromTask("conf-js-job", "t042", "stdout.txt");
assert.equal(Number(properties.contentLength), 8);
assert.deepEqual((await client.file.listFromTask("conf-js-job", "t042")).map((file) => file.name), ["stderr.txt", "stdout.txt", "wd"]);

assert.equal(await code(client.pool.add({ id: "conf-js", vmSize: "x", cloudServiceConfiguration: { osFamily: "6" } })), "PoolExists");
assert.equal(await code(client.job.get("nope")), "JobNotFound");
assert.equal(await code(client.task.addCollection("conf-js-job", [{ id: "bad id!", commandLine: "true" }]).then((r) => {
  assert.equal(r.value[0].status.toLowerCase(), "clienterror");
  throw { code: r.value[0].error.code };
})), "InvalidPropertyValue");

await client.job.terminate("conf-js-job", {});
await until(async () => (await client.job.get("conf-js-job")).state === "completed", "the job completed");
await client.job.deleteMethod("conf-js-job");
await gone(() => client.job.get("conf-js-job"), "JobNotFound", "the job");

// A pool that comes and goes with its job; a schedule of jobs.
const autoPool = (poolLifetimeOption) => ({ autoPoolSpecification: { autoPoolIdPrefix: "js", poolLifetimeOption, keepAlive: false, pool: { ...machine, targetDedicatedNodes: 0 } } });
await client.job.add({ id: "conf-js-auto", poolInfo: autoPool("job") });
const ownPool = (await client.job.get("conf-js-auto")).executionInfo.poolId;
assert.match(ownPool, /^js_[0-9A-F-]{36}$/);
await client.job.deleteMethod("conf-js-auto");
await gone(() => client.pool.get(ownPool), "PoolNotFound", "its pool");

await client.jobSchedule.add({ id: "conf-js-schedule", schedule: { recurrenceInterval: "PT1H", startWindow: "PT5M" },
  jobSpecification: { poolInfo: autoPool("jobSchedule"), priority: 5 } });
const schedule = await client.jobSchedule.get("conf-js-schedule");
assert.equal(schedule.executionInfo.recentJob.id, "conf-js-schedule:job-1");
assert.equal(schedule.schedule.recurrenceInterval, "PT1H");
assert.equal((await client.jobSchedule.exists("conf-js-schedule")).body, true);
assert.equal((await client.jobSchedule.exists("no-such-schedule")).body, false);
assert.deepEqual((await client.job.listFromJobSchedule("conf-js-schedule")).map((job) => [job.id, job.priority]), [["conf-js-schedule:job-1", 5]]);
await client.jobSchedule.disable("conf-js-schedule");
assert.equal((await client.jobSchedule.get("conf-js-schedule")).state, "disabled");
await client.jobSchedule.enable("conf-js-schedule");
await client.jobSchedule.patch("conf-js-schedule", { metadata: [{ name: "a", value: "b" }] });
assert.deepEqual((await client.jobSchedule.list()).map((one) => one.metadata[0].value), ["b"]);
await client.jobSchedule.terminate("conf-js-schedule");
await until(async () => (await client.jobSchedule.get("conf-js-schedule")).state === "completed", "the schedule completed");
assert.equal((await client.job.get("conf-js-schedule:job-1")).executionInfo.terminateReason, "TerminateJobSchedule");
await client.jobSchedule.deleteMethod("conf-js-schedule");
await gone(() => client.jobSchedule.get("conf-js-schedule"), "JobScheduleNotFound", "the schedule");
assert.equal(await code(client.job.get("conf-js-schedule:job-1")), "JobNotFound");

await client.pool.deleteMethod("conf-js");
await gone(() => client.pool.get("conf-js"), "PoolNotFound", "the pool");
console.log(`the JavaScript SDK ran the whole workflow with ${TASKS} tasks at ${endpoint}`);
