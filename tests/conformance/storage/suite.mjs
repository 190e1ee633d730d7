// What any blob endpoint must do for us, asked by the unmodified @azure/storage-blob: the same
// cases run against Azurite and against ours. Environment:
//
//   STORAGE_CONNECTION_STRING   the endpoint and an account with its key
//   STORAGE_SERVER              "ours" or "azurite": a few cases are about one of them only
//   NODE_MODULES_FOLDER         where @azure/storage-blob is installed
import { test } from "node:test";
import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.env.NODE_MODULES_FOLDER, "from-here.js"));
const {
  AccountSASPermissions, AccountSASResourceTypes, AccountSASServices, BlobSASPermissions,
  BlobServiceClient, ContainerSASPermissions, SASProtocol, StorageSharedKeyCredential,
  generateAccountSASQueryParameters, generateBlobSASQueryParameters,
} = require("@azure/storage-blob");

const connection = process.env.STORAGE_CONNECTION_STRING;
const ours = process.env.STORAGE_SERVER === "ours";
const quick = { retryOptions: { maxTries: 1 } };
const service = BlobServiceClient.fromConnectionString(connection, quick);
const credential = service.credential;
const later = (minutes) => new Date(Date.now() + minutes * 60_000);
const md5 = (bytes) => crypto.createHash("md5").update(bytes).digest();

let containers = 0;
const run = crypto.randomBytes(4).toString("hex");
async function freshContainer(options) {
  const container = service.getContainerClient(`suite-${run}-${++containers}`);
  await container.create(options);
  return container;
}

async function put(container, name, content, options) {
  const bytes = Buffer.from(content);
  await container.getBlockBlobClient(name).upload(bytes, bytes.length, options);
}

async function text(blob, offset, count, options) {
  const answer = await blob.download(offset, count, options);
  const parts = [];
  for await (const part of answer.readableStreamBody) parts.push(part);
  return Buffer.concat(parts).toString();
}

// Where Azurite words a refusal differently from the service that it stands for.
const kAzuritesWords = { AuthenticationFailed: "AuthorizationFailure", Md5Mismatch: "InvalidOperation" };

// The wish must be refused with this status (or one of them) and, if given, this code.
async function refused(promise, status, code) {
  const error = await promise.then(() => null, (e) => e);
  assert.ok(error, "expected a refusal");
  assert.ok([status].flat().includes(error.statusCode),
    `status ${error.statusCode} ${error.code ?? error.message}, expected ${status}`);
  const expected = ours ? code : kAzuritesWords[code] ?? code;
  if (code) assert.equal(error.code ?? error.details?.errorCode, expected);
  return error;
}

// A request without any SDK.
function raw(method, url, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({
        status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString(),
      }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function blobSas(container, name, letters, more = {}) {
  const Permissions = name === undefined ? ContainerSASPermissions : BlobSASPermissions;
  return generateBlobSASQueryParameters({
    containerName: container.containerName, blobName: name,
    permissions: letters && Permissions.parse(letters), expiresOn: later(10), ...more,
  }, credential).toString();
}

function accountSas(letters, types, more = {}) {
  return generateAccountSASQueryParameters({
    services: AccountSASServices.parse("b").toString(),
    resourceTypes: AccountSASResourceTypes.parse(types).toString(),
    permissions: AccountSASPermissions.parse(letters), expiresOn: later(10), ...more,
  }, credential).toString();
}

const bearing = (sas) => new BlobServiceClient(`${service.url}?${sas}`, undefined, quick);

test("containers are made once, described, listed and deleted", async () => {
  const container = await freshContainer({ metadata: { purpose: "test" } });
  await refused(container.create(), 409, "ContainerAlreadyExists");
  assert.equal((await container.createIfNotExists()).succeeded, false);
  const facts = await container.getProperties();
  assert.equal(facts.metadata.purpose, "test");
  assert.match(facts.etag, /^"0x[0-9A-F]+"$/);
  assert.ok(Math.abs(facts.lastModified - Date.now()) < 60_000);
  await container.setMetadata({ purpose: "other", second: "2" });
  const changed = await container.getProperties();
  assert.deepEqual({ ...changed.metadata }, { purpose: "other", second: "2" });
  assert.notEqual(changed.etag, facts.etag);
  const found = [];
  const options = { prefix: container.containerName, includeMetadata: true };
  for await (const item of service.listContainers(options)) found.push(item);
  assert.equal(found.length, 1);
  assert.equal(found[0].metadata.second, "2");
  await put(container, "a", "content");
  await container.delete();
  assert.equal(await container.exists(), false);
  await refused(container.delete(), 404, "ContainerNotFound");
  await refused(text(container.getBlobClient("a")), 404);
  await container.create();
  assert.equal(await container.getBlobClient("a").exists(), false);
});

test("container names have a form", async () => {
  for (const name of ["ab", "Upper", "-front", "back-", "two--hyphens", "under_score",
    "a".repeat(64)]) {
    await refused(service.getContainerClient(name).create(), 400);
  }
  const longest = service.getContainerClient(`l${run}`.padEnd(63, "0"));
  await longest.create();
  await longest.delete();
});

test("lists of containers come in pages", async () => {
  const prefix = `paged-${run}-`;
  for (let i = 0; i < 5; ++i) await service.getContainerClient(prefix + i).create();
  const pages = [];
  for await (const page of service.listContainers({ prefix }).byPage({ maxPageSize: 2 })) {
    pages.push(page.containerItems.map((item) => item.name.slice(prefix.length)).join(""));
  }
  assert.deepEqual(pages.filter((page) => page !== ""), ["01", "23", "4"]);
});

test("a blob keeps its bytes, headers and metadata", async () => {
  const container = await freshContainer();
  const blob = container.getBlockBlobClient("folder/report.txt");
  const content = Buffer.from("hello, Grüße\n");
  const made = await blob.upload(content, content.length, {
    blobHTTPHeaders: {
      blobContentType: "text/plain; charset=utf-8", blobContentLanguage: "de",
      blobCacheControl: "no-cache", blobContentDisposition: "attachment",
    },
    metadata: { frame: "7", Author: "someone" },
  });
  assert.ok(Buffer.from(made.contentMD5).equals(md5(content)));
  assert.equal(await text(blob), content.toString());
  const facts = await blob.getProperties();
  assert.equal(facts.contentLength, content.length);
  assert.equal(facts.contentType, "text/plain; charset=utf-8");
  assert.equal(facts.contentLanguage, "de");
  assert.equal(facts.cacheControl, "no-cache");
  assert.equal(facts.contentDisposition, "attachment");
  assert.equal(facts.blobType, "BlockBlob");
  assert.equal(facts.metadata.frame, "7");
  assert.equal(Object.keys(facts.metadata).length, 2);
  assert.equal(facts.etag, made.etag);
  assert.ok(Buffer.from(facts.contentMD5).equals(md5(content)));
  const whole = await blob.download();
  whole.readableStreamBody.resume();
  assert.equal(whole.etag, made.etag);
  assert.ok(Buffer.from(whole.contentMD5).equals(md5(content)));
});

test("an empty blob is a blob", async () => {
  const container = await freshContainer();
  await put(container, "empty", "");
  assert.equal(await text(container.getBlobClient("empty")), "");
  const facts = await container.getBlobClient("empty").getProperties();
  assert.equal(facts.contentLength, 0);
  assert.equal(facts.contentType, "application/octet-stream");
});

test("a wrong Content-MD5 keeps nothing", async () => {
  const container = await freshContainer();
  const blob = container.getBlockBlobClient("a");
  const wrong = md5("something else");
  await refused(blob.upload("content", 7,
    { blobHTTPHeaders: { blobContentMD5: wrong } }), 400, "Md5Mismatch");
  assert.equal(await blob.exists(), false);
  await refused(blob.stageBlock(Buffer.from("block1").toString("base64"), "content", 7,
    { transactionalContentMD5: wrong }), 400, "Md5Mismatch");
});

test("ranges", async () => {
  const container = await freshContainer();
  await put(container, "digits", "0123456789");
  const blob = container.getBlobClient("digits");
  assert.equal(await text(blob, 2, 3), "234");
  assert.equal(await text(blob, 7), "789");
  assert.equal(await text(blob, 8, 100), "89");
  assert.equal(await text(blob, 0, 1), "0");
  const part = await blob.download(2, 3);
  part.readableStreamBody.resume();
  assert.equal(part.contentRange, "bytes 2-4/10");
  assert.equal(part._response.status, 206);
  await refused(blob.download(11, 1), 416, "InvalidRange");
  if (ours) await refused(blob.download(10, 1), 416, "InvalidRange");
  const checked = await blob.download(2, 3, { rangeGetContentMD5: true });
  checked.readableStreamBody.resume();
  assert.ok(Buffer.from(checked.contentMD5).equals(md5("234")));

  const url = `${blob.url}?${blobSas(container, "digits", "r")}`;
  const plain = await raw("GET", url, { Range: "bytes=4-5" });
  assert.deepEqual([plain.status, plain.text], [206, "45"]);
  const both = await raw("GET", url, { Range: "bytes=4-5", "x-ms-range": "bytes=0-1" });
  assert.equal(both.text, "01");
  const head = await raw("HEAD", url);
  assert.deepEqual([head.status, head.headers["content-length"], head.text], [200, "10", ""]);
});

test("conditions on reads", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const blob = container.getBlobClient("a");
  const { etag, lastModified } = await blob.getProperties();
  const read = (conditions) => blob.getProperties({ conditions });
  await read({ ifMatch: etag });
  await read({ ifNoneMatch: '"0x1"' });
  await refused(read({ ifMatch: '"0x1"' }), 412);
  await refused(read({ ifNoneMatch: etag }), 304);
  await refused(read({ ifModifiedSince: lastModified }), 304);
  await refused(read({ ifUnmodifiedSince: new Date(lastModified.getTime() - 5000) }), 412);
  await read({ ifUnmodifiedSince: lastModified });
  await read({ ifModifiedSince: new Date(lastModified.getTime() - 5000) });
  await refused(blob.download(0, 1, { conditions: { ifNoneMatch: etag } }), 304);
});

test("conditions on writes", async () => {
  const container = await freshContainer();
  const blob = container.getBlockBlobClient("a");
  const write = (conditions) => blob.upload("new", 3, { conditions });
  await refused(write({ ifMatch: '"0x1"' }), 412);
  const first = await write({ ifNoneMatch: "*" });
  await refused(write({ ifNoneMatch: "*" }), 409, "BlobAlreadyExists");
  const second = await write({ ifMatch: first.etag });
  assert.notEqual(second.etag, first.etag);
  await refused(write({ ifMatch: first.etag }), 412, "ConditionNotMet");
  await refused(write({ ifNoneMatch: second.etag }), 412);
  await refused(blob.setMetadata({ a: "1" }, { conditions: { ifMatch: first.etag } }), 412);
  await refused(blob.delete({ conditions: { ifMatch: first.etag } }), 412);
  await blob.delete({ conditions: { ifMatch: second.etag } });
});

test("metadata and headers change without the bytes", async () => {
  const container = await freshContainer();
  await put(container, "a", "content", { metadata: { old: "1" } });
  const blob = container.getBlobClient("a");
  const before = await blob.getProperties();
  await blob.setMetadata({ fresh: "2" });
  await blob.setHTTPHeaders({ blobContentType: "image/png" });
  const after = await blob.getProperties();
  assert.deepEqual({ ...after.metadata }, { fresh: "2" });
  assert.equal(after.contentType, "image/png");
  assert.notEqual(after.etag, before.etag);
  assert.equal(await text(blob), "content");
  await refused(blob.setMetadata({ "not-an-identifier": "1" }), 400);
  await refused(container.getBlobClient("none").setMetadata({ a: "1" }), 404, "BlobNotFound");
});

test("deleting", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const blob = container.getBlobClient("a");
  await blob.delete();
  await refused(blob.delete(), 404, "BlobNotFound");
  assert.equal((await blob.deleteIfExists()).succeeded, false);
  await refused(text(blob), 404, "BlobNotFound");
  await put(container, "a", "again");
  assert.equal(await text(blob), "again");
});

const blockId = (n) => Buffer.from(String(n).padStart(8, "0")).toString("base64");

test("blocks become a blob when they are committed", async () => {
  const container = await freshContainer();
  const blob = container.getBlockBlobClient("joined");
  for (const n of [1, 2, 3]) await blob.stageBlock(blockId(n), `<${n}>`, 3);
  await blob.stageBlock(blockId(2), "<two>", 5);
  assert.equal(await blob.exists(), false);
  const before = await blob.getBlockList("all");
  assert.equal(before.uncommittedBlocks.length, 3);
  const done = await blob.commitBlockList([blockId(3), blockId(1), blockId(2)],
    { metadata: { made: "of blocks" }, blobHTTPHeaders: { blobContentType: "text/plain" } });
  assert.equal(await text(blob), "<3><1><two>");
  const facts = await blob.getProperties();
  assert.equal(facts.etag, done.etag);
  assert.equal(facts.contentType, "text/plain");
  assert.equal(facts.metadata.made, "of blocks");
  const after = await blob.getBlockList("all");
  assert.deepEqual(after.committedBlocks.map((b) => [b.name, b.size]),
    [[blockId(3), 3], [blockId(1), 3], [blockId(2), 5]]);
  assert.equal((after.uncommittedBlocks ?? []).length, 0);
  // A second list takes committed blocks again, beside a new one.
  await blob.stageBlock(blockId(4), "<4>", 3);
  await blob.commitBlockList([blockId(2), blockId(4)]);
  assert.equal(await text(blob), "<two><4>");
  assert.equal(await text(blob, 4, 3), "><4");
  await refused(blob.commitBlockList([blockId(9)]), 400, "InvalidBlockList");
  assert.equal(await text(blob), "<two><4>");
  await blob.commitBlockList([]);
  assert.equal(await text(blob), "");
});

test("a replaced blob is one whole or the other", async () => {
  const container = await freshContainer();
  const blob = container.getBlockBlobClient("contended");
  const contents = ["a", "b", "c", "d"].map((c) => c.repeat(300_000));
  await Promise.all(contents.map((content) => blob.upload(content, content.length)));
  const reading = text(blob);
  await blob.upload("short", 5);
  assert.ok([...contents, "short"].includes(await reading));
  assert.equal(await text(blob), "short");
});

test("large blobs by parallel blocks", async () => {
  const container = await freshContainer();
  const blob = container.getBlockBlobClient("large");
  const content = crypto.randomBytes(20 << 20);
  await blob.uploadData(content,
    { blockSize: 3 << 20, concurrency: 4, maxSingleShotSize: 1 << 20 });
  const back = await blob.downloadToBuffer(0, undefined, { blockSize: 1 << 20, concurrency: 4 });
  assert.ok(back.equals(content));
  const single = container.getBlockBlobClient("single");
  await single.upload(content, content.length);
  assert.ok((await single.downloadToBuffer()).equals(content));
});

// Segments "." and ".." never arrive: clients resolve them. ours.py sends them without a client.
const kNames = [
  "plain", "with space", "a/b/c.txt", "...", "..a/b..", ".hidden", "end/",
  "100%", "%2F", "%2e%2e%2f", "plus+plus", "question?mark", "hash#mark", "amp&ersand", "semi;colon",
  "quote'\"", "<xml>&amp;", "Grüße/日本語", "emoji-🎬", "tilde~star*", "brackets[1](2){3}",
  "comma,equals=", "colon:at@", "pipe|caret^`", "UPPER", "upper", "long-" + "x".repeat(1019),
  "long-" + "ü".repeat(500),
];

test("names may be anything", async () => {
  const container = await freshContainer();
  const kept = kNames;
  for (const name of kept) await put(container, name, `content of ${name}`);
  const listed = [];
  for await (const item of container.listBlobsFlat()) listed.push(item.name);
  assert.deepEqual(listed.sort(), [...kept].sort());
  for (const name of kept) {
    assert.equal(await text(container.getBlobClient(name)), `content of ${name}`, name);
    const sas = blobSas(container, name, "r");
    const signed = new BlobServiceClient(`${service.url}?${sas}`, undefined, quick)
      .getContainerClient(container.containerName).getBlobClient(name);
    assert.equal(await text(signed), `content of ${name}`, name);
  }
  for (const name of kept) await container.getBlobClient(name).delete();
  const left = [];
  for await (const item of container.listBlobsFlat()) left.push(item.name);
  assert.deepEqual(left, []);
  if (ours) await refused(put(container, "x".repeat(1025), ""), 400);
});

test("lists: prefix, pages, folders, metadata", async () => {
  const container = await freshContainer();
  const names = ["b.txt", "frames/001.png", "frames/002.png", "frames/low/001.png", "scene.pov",
    "scenes/a", "scenes/b"];
  for (const name of names) await put(container, name, name, { metadata: { of: "x" } });
  const flat = async (options) => {
    const found = [];
    for await (const item of container.listBlobsFlat(options)) found.push(item.name);
    return found;
  };
  assert.deepEqual(await flat(), names);
  assert.deepEqual(await flat({ prefix: "frames/" }), names.slice(1, 4));
  assert.deepEqual(await flat({ prefix: "scene" }), names.slice(4));
  assert.deepEqual(await flat({ prefix: "zzz" }), []);
  const pages = [];
  for await (const page of container.listBlobsFlat().byPage({ maxPageSize: 3 })) {
    pages.push(page.segment.blobItems.length);
  }
  assert.deepEqual(pages.filter((n) => n > 0), [3, 3, 1]);
  const folders = [], leaves = [];
  for await (const item of container.listBlobsByHierarchy("/")) {
    (item.kind === "prefix" ? folders : leaves).push(item.name);
  }
  assert.deepEqual([folders, leaves], [["frames/", "scenes/"], ["b.txt", "scene.pov"]]);
  const below = [];
  for await (const item of container.listBlobsByHierarchy("/", { prefix: "frames/" })) {
    below.push(`${item.kind} ${item.name}`);
  }
  assert.equal(below.length, 3);
  assert.ok(below.includes("prefix frames/low/"));
  const steps = [];
  for await (const page of container.listBlobsByHierarchy("/").byPage({ maxPageSize: 1 })) {
    steps.push(...(page.segment.blobPrefixes ?? []).map((p) => p.name),
      ...page.segment.blobItems.map((b) => b.name));
  }
  assert.deepEqual(steps.sort(), ["b.txt", "frames/", "scene.pov", "scenes/"]);
  for await (const item of container.listBlobsFlat({ includeMetadata: true, prefix: "b" })) {
    assert.equal(item.metadata.of, "x");
    assert.equal(item.properties.contentLength, 5);
    assert.equal(item.properties.blobType, "BlockBlob");
    assert.match(item.properties.etag, /0x/);
  }
});

test("strangers are refused", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const blob = container.getBlobClient("a");
  for (const url of [blob.url, `${container.url}?restype=container&comp=list`,
    `${service.url}?comp=list`]) {
    const answer = await raw("GET", url);
    assert.ok([401, 403, 404].includes(answer.status), `${url} ${answer.status}`);
    assert.match(answer.text, /<Code>/);
  }
  const wrongKey = new StorageSharedKeyCredential(service.accountName,
    crypto.randomBytes(64).toString("base64"));
  const stranger = new BlobServiceClient(service.url, wrongKey, quick);
  const theirs = stranger.getContainerClient(container.containerName);
  await refused(theirs.getProperties(), 403);
  await refused(put(theirs, "b", "x"), 403, "AuthenticationFailed");
  await refused(theirs.getBlobClient("a").delete(), 403);
  assert.equal(await text(blob), "content");
});

test("a container signature allows what its letters say", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const as = (letters, more) =>
    bearing(blobSas(container, undefined, letters, more)).getContainerClient(container.containerName);
  assert.equal(await text(as("r").getBlobClient("a")), "content");
  await refused(put(as("r"), "b", "x"), 403, "AuthorizationPermissionMismatch");
  await refused(as("r").listBlobsFlat().next(), 403);
  await refused(as("r").getBlobClient("a").delete(), 403);
  assert.equal((await as("l").listBlobsFlat().next()).value.name, "a");
  await refused(text(as("l").getBlobClient("a")), 403);
  await put(as("w"), "b", "written");
  await put(as("w"), "b", "written again");
  await put(as("c"), "c", "created");
  await refused(put(as("c"), "c", "over"), 403);
  assert.equal(await text(container.getBlobClient("c")), "created");
  await as("d").getBlobClient("c").delete();
  await refused(as("racwdl").delete(), 403);
  await refused(as("racwdl").create(), 403);
  const elsewhere = await freshContainer();
  const crossed = bearing(blobSas(container, undefined, "racwdl"))
    .getContainerClient(elsewhere.containerName);
  await refused(put(crossed, "x", "x"), 403, "AuthenticationFailed");
});

test("a blob signature is for that blob", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  await put(container, "b", "other");
  const sas = blobSas(container, "a", "r", { contentDisposition: "attachment; filename=x.txt" });
  const theirs = bearing(sas).getContainerClient(container.containerName);
  assert.equal(await text(theirs.getBlobClient("a")), "content");
  assert.equal((await theirs.getBlobClient("a").getProperties()).contentDisposition,
    "attachment; filename=x.txt");
  await refused(text(theirs.getBlobClient("b")), 403, "AuthenticationFailed");
  await refused(theirs.listBlobsFlat().next(), 403);
  const forNew = bearing(blobSas(container, "new", "cw")).getContainerClient(container.containerName);
  await put(forNew, "new", "made by signature");
  assert.equal(await text(container.getBlobClient("new")), "made by signature");
});

test("signatures of every version", async () => {
  const container = await freshContainer();
  await put(container, "a/ü b", "content");
  for (const version of ["2015-04-05", "2016-05-31", "2018-03-28", "2018-11-09", "2019-12-12",
    "2020-08-04", "2020-12-06", "2022-11-02", "2025-07-05"]) {
    for (const name of [undefined, "a/ü b"]) {
      const sas = blobSas(container, name, "r", { version });
      const blob = bearing(sas).getContainerClient(container.containerName).getBlobClient("a/ü b");
      assert.equal(await text(blob), "content", `${version} ${name}`);
    }
    const account = bearing(accountSas("r", "o", { version }))
      .getContainerClient(container.containerName).getBlobClient("a/ü b");
    assert.equal(await text(account), "content", version);
  }
});

test("signatures have a time, an address and a protocol", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const read = (more) => text(bearing(blobSas(container, "a", "r", more))
    .getContainerClient(container.containerName).getBlobClient("a"));
  await refused(read({ expiresOn: later(-1) }), 403, "AuthenticationFailed");
  await refused(read({ startsOn: later(5) }), 403, "AuthenticationFailed");
  assert.equal(await read({ startsOn: later(-5) }), "content");
  assert.equal(await read({ protocol: SASProtocol.HttpsAndHttp }), "content");
  await refused(read({ protocol: SASProtocol.Https }), 403);
  assert.equal(await read({ ipRange: { start: "127.0.0.1" } }), "content");
  assert.equal(await read({ ipRange: { start: "127.0.0.0", end: "127.0.0.9" } }), "content");
  if (ours) {
    await refused(read({ ipRange: { start: "10.0.0.1", end: "10.0.0.9" } }), 403,
      "AuthorizationSourceIPMismatch");
  }
  const sas = blobSas(container, "a", "r");
  for (const forged of [sas.replace("sp=r", "sp=rw"), sas.replace(/se=20/, "se=21"),
    sas.replace(/sig=..../, "sig=AAAA")]) {
    const answer = await raw("GET", `${container.getBlobClient("a").url}?${forged}`);
    assert.equal(answer.status, 403, forged);
  }
});

test("account signatures", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const as = (letters, types, more) =>
    bearing(accountSas(letters, types, more)).getContainerClient(container.containerName);
  assert.equal(await text(as("r", "o").getBlobClient("a")), "content");
  await refused(text(as("r", "c").getBlobClient("a")), 403, "AuthorizationResourceTypeMismatch");
  await refused(put(as("r", "o"), "b", "x"), 403, "AuthorizationPermissionMismatch");
  await put(as("w", "o"), "b", "written");
  assert.equal((await as("l", "c").listBlobsFlat().next()).value.name, "a");
  await refused(text(as("r", "o", { services: "q" }).getBlobClient("a")), 403,
    "AuthorizationServiceMismatch");
  const admin = bearing(accountSas("racwdl", "sco"));
  const made = admin.getContainerClient(`suite-${run}-by-sas`);
  await made.create();
  assert.equal((await admin.listContainers({ prefix: made.containerName }).next()).value.name,
    made.containerName);
  await made.delete();
});

test("a refusal says what and to whom", async () => {
  const container = await freshContainer();
  const url = `${container.url}/none?${blobSas(container, undefined, "r")}`;
  const answer = await raw("GET", url, { "x-ms-client-request-id": "my-id-7" });
  assert.equal(answer.status, 404);
  assert.match(answer.text, /<Error>\s*<Code>BlobNotFound<\/Code>\s*<Message>/);
  assert.equal(answer.headers["x-ms-error-code"], "BlobNotFound");
  if (ours) assert.equal(answer.headers["x-ms-client-request-id"], "my-id-7");
  assert.match(answer.headers["x-ms-request-id"], /^[0-9a-f-]{36}$/);
  if (ours) assert.match(answer.headers["x-ms-version"], /^\d{4}-\d\d-\d\d$/);
  assert.match(answer.headers["content-type"], /application\/xml/);
  const absent = service.getContainerClient(`suite-${run}-absent`);
  await refused(put(absent, "a", "x"), 404, "ContainerNotFound");
  await refused(absent.listBlobsFlat().next(), 404, "ContainerNotFound");
  await refused(absent.getProperties(), 404);
});

// Azurite has these.
if (ours) test("what is not built says so", async () => {
  const container = await freshContainer();
  await put(container, "a", "content");
  const blob = container.getBlobClient("a");
  const unbuilt = async (promise, name) => {
    const error = await refused(promise, 501, "NotImplemented");
    assert.match(error.message, name);
  };
  await unbuilt(container.getBlobClient("b").syncCopyFromURL(blob.url), /Copy Blob/);
  await unbuilt(container.getBlobClient("b").beginCopyFromURL(blob.url), /Copy Blob/);
  await unbuilt(blob.createSnapshot(), /Snapshot Blob/);
  await unbuilt(blob.setTags({ a: "b" }), /Blob Tags/);
  await unbuilt(blob.setAccessTier("Cool"), /Blob Tier/);
  await unbuilt(blob.getBlobLeaseClient().acquireLease(15), /Lease Blob/);
  await unbuilt(container.getAppendBlobClient("b").create(), /AppendBlob/);
  await unbuilt(container.getPageBlobClient("b").create(512), /PageBlob/);
  await unbuilt(container.getAccessPolicy(), /Container ACL/);
  await unbuilt(service.getProperties(), /Service Properties/);
  await unbuilt(service.getAccountInfo(), /Account Information/);
  await unbuilt(service.getContainerClient(`pub-${run}`).create({ access: "blob" }), /public-access/);
  await unbuilt(put(container, "b", "x", { tags: { a: "b" } }), /x-ms-tags/);
  await unbuilt(put(container, "b", "x", { tier: "Cool" }), /tier Cool/);
  await unbuilt(put(container, "b", "x", { conditions: { leaseId: "7" } }), /x-ms-lease-id/);
  await unbuilt(bearing(blobSas(container, undefined, undefined, { identifier: "p" }))
    .getContainerClient(container.containerName).getBlobClient("a").getProperties()
    .catch((error) => { error.message += " stored access policy"; throw error; }),
  /stored access policy/);
  assert.equal(await container.getBlobClient("b").exists(), false);
});

test.after(async () => {
  for await (const item of service.listContainers()) {
    if (item.name.includes(run)) await service.deleteContainer(item.name);
  }
});
