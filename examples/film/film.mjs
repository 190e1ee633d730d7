#!/usr/bin/env node
// Renders a film on a batch service: a task for each frame, and one that waits for all of them and
// makes the film. Everything goes through the unmodified Azure packages, so this runs against
// whatever speaks their APIs; the addresses come from the environment:
//
//   AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY, AZURE_BATCH_ENDPOINT,
//   AZURE_STORAGE_CONNECTION_STRING             (eval "$(windlass env)" sets all four)
//
//   node film.mjs [--output DIR] [--pool ID] [--timeout SECONDS]
//
// NODE_MODULES_FOLDER may say where the packages are installed, if not here.
// Exit code 0: the film is there. 1: something failed. 2: usage. 130: interrupted.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bar, clear, progress, say, seconds, table } from "./progress.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(process.env.NODE_MODULES_FOLDER ?? here, "film.mjs"));
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");
const { BlobServiceClient, ContainerSASPermissions, generateBlobSASQueryParameters } =
  require("@azure/storage-blob");

const kFrames = 24;
const kFramesPerSecond = 12;
const kNodes = 2;
const kSlotsPerNode = 2;
const kPollMs = 250;
const kStderrLines = 20;
const kStderrTasks = 2;  // the others usually fail alike
const scene = path.join(here, "scene", "windlass.pov");

class Failed extends Error {}

function settings() {
  const { values } = parseArgs({
    options: {
      output: { type: "string", default: "film-output" },
      pool: { type: "string", default: "film" },
      timeout: { type: "string", default: "900" },
    },
  });
  const names = ["AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ACCESS_KEY", "AZURE_BATCH_ENDPOINT",
    "AZURE_STORAGE_CONNECTION_STRING"];
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new TypeError(`Not set: ${missing.join(", ")}. With Windlass: eval "$(windlass env)"`);
  }
  return { ...values, timeoutMs: Number(values.timeout) * 1000 };
}

// --- The pool: made once, found again by the next film.

async function ensurePool(batch, id, deadline) {
  let pool = await batch.pool.get(id).catch((error) => {
    if (error.statusCode === 404) return undefined;
    throw error;
  });
  if (pool === undefined) {
    await batch.pool.add({
      id,
      vmSize: "STANDARD_D2_V3",
      virtualMachineConfiguration: await anyLinuxImage(batch),
      targetDedicatedNodes: kNodes,
      taskSlotsPerNode: kSlotsPerNode,
    });
    say(`pool ${id}: made, ${kNodes} nodes with ${kSlotsPerNode} slots each`);
  } else {
    say(`pool ${id}: found`);
    if (pool.targetDedicatedNodes < kNodes && pool.allocationState === "steady") {
      await batch.pool.resize(id, { targetDedicatedNodes: kNodes });
    }
  }
  for (;;) {
    pool = await batch.pool.get(id);
    if (pool.allocationState === "steady") {
      const [trouble] = pool.resizeErrors ?? [];
      if (trouble) throw new Failed(`The pool got no nodes: ${trouble.code}: ${trouble.message}`);
      if (pool.currentDedicatedNodes >= kNodes) break;
    }
    progress(`nodes: ${pool.currentDedicatedNodes} of ${kNodes}`);
    if (Date.now() > deadline) throw new Failed("The pool's nodes did not come in time.");
    await pause(kPollMs);
  }
  clear();
}

async function anyLinuxImage(batch) {
  const images = await batch.account.listSupportedImages(
    { accountListSupportedImagesOptions: { filter: "osType eq 'linux'" } });
  if (images.length === 0) throw new Failed("The service offers no Linux image.");
  const { imageReference, nodeAgentSKUId } = images[0];
  return { imageReference, nodeAgentSKUId };
}

// --- The job: frames, and the film that waits for them.

const frameId = (number) => `frame-${String(number).padStart(4, "0")}`;

// Files of a task that go up into the container: `name` when it succeeded, its output when not.
function outputFiles(task, name, blobName, containerUrl) {
  return [
    {
      filePattern: name,
      destination: { container: { containerUrl, path: blobName } },
      uploadOptions: { uploadCondition: "tasksuccess" },
    },
    {
      filePattern: "../std*.txt",
      destination: { container: { containerUrl, path: `logs/${task}` } },
      uploadOptions: { uploadCondition: "taskfailure" },
    },
  ];
}

export function renderCommand(number) {
  const clock = ((number - 1) / (kFrames - 1)).toFixed(6);
  return `povray +Iwindlass.pov +O${frameId(number)}.png +FN8 +W320 +H180 +A0.3 +AM2 +R2 +WT1 -D ` +
    `+K${clock}`;
}

function tasksOf(container, containerUrl) {
  const sceneUrl = container.getBlobClient("scene/windlass.pov").url + new URL(containerUrl).search;
  const frames = [];
  for (let number = 1; number <= kFrames; ++number) {
    const id = frameId(number);
    frames.push({
      id,
      commandLine: renderCommand(number),
      resourceFiles: [{ httpUrl: sceneUrl, filePath: "windlass.pov" }],
      outputFiles: outputFiles(id, `${id}.png`, `frames/${id}.png`, containerUrl),
    });
  }
  const film = {
    id: "film",
    displayName: "the film out of all frames",
    commandLine: `ffmpeg -y -loglevel warning -framerate ${kFramesPerSecond} ` +
      "-i frames/frame-%04d.png -c:v libx264 -crf 14 -pix_fmt yuv420p -movflags +faststart film.mp4",
    dependsOn: { taskIds: frames.map((task) => task.id) },
    // What the container holds when the task starts: all frames, since it waits for them.
    resourceFiles: [{ storageContainerUrl: containerUrl, blobPrefix: "frames/" }],
    outputFiles: outputFiles("film", "film.mp4", "film.mp4", containerUrl),
  };
  return [...frames, film];
}

async function submit(batch, jobId, poolId, tasks) {
  await batch.job.add({ id: jobId, poolInfo: { poolId }, usesTaskDependencies: true });
  const { value } = await batch.task.addCollection(jobId, tasks);
  const refused = value.find((result) => result.status !== "success" && result.status !== "Success");
  if (refused) {
    throw new Failed(`Task ${refused.taskId} was refused: ${refused.error?.code} ` +
      `${refused.error?.message?.value ?? ""}`);
  }
}

async function wait(batch, jobId, total, started, deadline) {
  for (;;) {
    const { taskCounts } = await batch.job.getTaskCounts(jobId);
    const { active, running, completed, failed } = taskCounts;
    progress(`${bar(completed, total)}  running ${running}, waiting ${active}, failed ${failed}`,
      `  ${seconds(Date.now() - started)}`);
    if (failed > 0 || completed === total) return taskCounts;
    if (Date.now() > deadline) throw new Failed("The tasks did not end in time.");
    await pause(kPollMs);
  }
}

async function allTasks(batch, jobId) {
  let page = await batch.task.list(jobId);
  const tasks = [...page];
  while (page.odatanextLink) {
    page = await batch.task.listNext(page.odatanextLink);
    tasks.push(...page);
  }
  return tasks;
}

// --- What is told at the end.

async function tailOf(batch, jobId, taskId, file) {
  try {
    const answer = await batch.file.getFromTask(jobId, taskId, file);
    let text = "";
    for await (const part of answer.readableStreamBody) text += part;
    return text.trimEnd().split("\n").slice(-kStderrLines).join("\n");
  } catch (error) {
    return `(${file} cannot be read: ${error.code ?? error.message})`;
  }
}

async function explainFailures(batch, jobId) {
  const failed = (await allTasks(batch, jobId)).filter((task) =>
    task.executionInfo?.result?.toLowerCase() === "failure");
  let tails = kStderrTasks;
  for (const task of failed) {
    const { exitCode, failureInfo } = task.executionInfo;
    say(`task ${task.id} failed: ${exitCode === undefined ? "it did not run" : `exit code ${exitCode}`}` +
      (failureInfo ? ` (${failureInfo.code}: ${failureInfo.message})` : ""));
    for (const { name, value } of failureInfo?.details ?? []) say(`  ${name}: ${value}`);
    if (exitCode !== undefined && tails-- > 0) {
      say(`  the end of its stderr:\n${await tailOf(batch, jobId, task.id, "stderr.txt")}`);
    }
  }
}

function showTasks(tasks) {
  const rows = [["TASK", "STATE", "EXIT", "NODE", "STARTED", "TOOK"]];
  for (const { id, state, executionInfo = {}, nodeInfo } of tasks) {
    const { exitCode, startTime, endTime } = executionInfo;
    rows.push([id, state, exitCode ?? "-", nodeInfo?.nodeId ?? "-",
      startTime ? new Date(startTime).toISOString().slice(11, 23) : "-",
      startTime && endTime ? seconds(new Date(endTime) - new Date(startTime)) : "-"]);
  }
  table(rows);
}

async function download(container, folder) {
  fs.mkdirSync(path.join(folder, "frames"), { recursive: true });
  for (let number = 1; number <= kFrames; ++number) {
    const name = `frames/${frameId(number)}.png`;
    await container.getBlobClient(name).downloadToFile(path.join(folder, name));
    progress("downloading the frames", `: ${number} of ${kFrames}`);
  }
  const film = path.join(folder, "film.mp4");
  await container.getBlobClient("film.mp4").downloadToFile(film);
  clear();
  return film;
}

async function main() {
  const options = settings();
  const started = Date.now();
  const deadline = started + options.timeoutMs;
  const batch = new BatchServiceClient(
    new BatchSharedKeyCredentials(process.env.AZURE_BATCH_ACCOUNT, process.env.AZURE_BATCH_ACCESS_KEY),
    process.env.AZURE_BATCH_ENDPOINT);
  const storage =
    BlobServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING);

  const jobId = `film-${new Date().toISOString().replace(/\D/g, "").slice(0, 17)}`;
  const container = storage.getContainerClient(jobId);
  await container.create();
  await container.getBlockBlobClient("scene/windlass.pov").uploadFile(scene);
  // Not container.generateSasUrl: it guesses the container from the URL, and wrongly where the
  // account is part of the path and the host has a name.
  const signature = generateBlobSASQueryParameters({
    containerName: jobId,
    permissions: ContainerSASPermissions.parse("rcwl"),
    startsOn: new Date(started - 15 * 60_000),  // clocks differ
    expiresOn: new Date(deadline + 60 * 60_000),
  }, storage.credential);
  const containerUrl = `${container.url}?${signature}`;
  say(`storage container ${jobId}: scene uploaded`);

  await ensurePool(batch, options.pool, deadline);

  const tasks = tasksOf(container, containerUrl);
  await submit(batch, jobId, options.pool, tasks);
  const end = () => batch.job.terminate(jobId).catch(() => {});
  process.once("SIGINT", () => {
    say("interrupted: the job is told to end");
    end().finally(() => process.exit(130));
  });
  say(`job ${jobId}: ${kFrames} frames and a film, ${tasks.length} tasks`);
  try {
    const rendering = Date.now();
    const counts = await wait(batch, jobId, tasks.length, rendering, deadline);
    clear();
    if (counts.failed > 0) {
      await explainFailures(batch, jobId);
      throw new Failed(`${counts.failed} of ${tasks.length} tasks failed.`);
    }
    const took = Date.now() - rendering;
    const folder = path.resolve(options.output, jobId);
    const film = await download(container, folder);
    showTasks(await allTasks(batch, jobId));
    say(`frames: ${path.join(folder, "frames")}`);
    say(`film:   ${film}  (${kFrames} frames, rendered and encoded in ${seconds(took)})`);
  } finally {
    await end();
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    clear();
    const about = error.body?.message?.value ?? error.message;
    console.error(`film: ${error instanceof Failed || error instanceof TypeError ? "" :
      `${error.code ?? error.name}: `}${about}`);
    process.exit(error instanceof TypeError && /^Not set|Unknown option|argument/.test(about) ? 2 : 1);
  });
