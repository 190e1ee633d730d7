// @azure/batch 10.2.0, unmodified, for the scripts beside this one: a client of the cluster that the environment names, and how to wait
// for and read what it answers.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const { BatchServiceClient, BatchSharedKeyCredentials } = createRequire(import.meta.url)("@azure/batch");

export const endpoint = process.env.AZURE_BATCH_ENDPOINT;
export const client = new BatchServiceClient(
  new BatchSharedKeyCredentials(process.env.AZURE_BATCH_ACCOUNT, process.env.AZURE_BATCH_ACCESS_KEY), endpoint);

export const machine = {
  vmSize: "standard_d2s_v3",
  virtualMachineConfiguration: {
    imageReference: { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" },
    nodeAgentSKUId: "batch.node.ubuntu 22.04",
  },
};

export async function until(condition, what, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Every item of a list, and in how many pages they came.
export async function all(first, next) {
  const items = [];
  let pages = 1;
  let page = await first();
  items.push(...page);
  while (page.odatanextLink) {
    page = await next(page.odatanextLink);
    items.push(...page);
    pages += 1;
  }
  return { items, pages };
}

// The code with which it is refused; null: it was done.
export async function code(promise) {
  try {
    await promise;
  } catch (error) {
    return error.body?.code ?? error.code;
  }
  return null;
}

export async function text(response) {
  const chunks = [];
  for await (const chunk of response.readableStreamBody) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const idleNodes = (pool, count) => until(async () => {
  const nodes = await client.computeNode.list(pool);
  return nodes.length === count && nodes.every((node) => node.state === "idle") && nodes.map((node) => node.id);
}, `${count} idle nodes in ${pool}`);

export const gone = (get, notFound, what) => until(async () => (await code(get())) === notFound, `${what} gone`);
