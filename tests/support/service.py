"""A cluster as tests of fields use it: through the wire, with bodies as they stand there, and a store for files of tasks."""
import contextlib
import http.server
import threading
import urllib.parse

from cluster import AGENT, IMAGE, Cluster, expect, wait_until
from raw import Raw

MACHINE = {"virtualMachineConfiguration": {"imageReference": IMAGE, "nodeAgentSKUId": AGENT}}
BLOBS = {"in/a.txt": b"boxed\n", "other.txt": b"other\n"}
SHARED = "$AZ_BATCH_NODE_SHARED_DIR"


class Store(http.server.BaseHTTPRequestHandler):
    """A file, a container with blobs, one that takes blobs and one that takes none."""
    taken = {}

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # noqa: N802
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/file":
            return self.answer(200, b"plain\n")
        if url.path == "/box" and query.get("comp") == ["list"]:
            names = [name for name in BLOBS if name.startswith(query.get("prefix", [""])[0])]
            blobs = "".join(f"<Blob><Name>{name}</Name></Blob>" for name in names)
            return self.answer(200, f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>".encode())
        name = url.path.removeprefix("/box/")
        return self.answer(200, BLOBS[name]) if name in BLOBS else self.answer(404)

    def do_PUT(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.startswith("/out/"):
            return self.answer(403)
        self.taken[self.path.removeprefix("/out/")] = (body, self.headers)
        return self.answer(201)

    def log_message(self, *_):
        pass


class Service:
    def __init__(self, raw, store, patience=60):
        self.raw, self.store = raw, store
        self.patience = patience  # how long a condition may take, in seconds: it only matters when broken

    def wait_until(self, condition, what):
        return wait_until(condition, self.patience, what)

    def __call__(self, verb, path, body=None, **more):
        answer = self.raw(verb, path, body, **more)
        expect(answer.status < 300, f"{verb} {path}: {answer.status} {answer.code} {answer.values}")
        return answer.json

    def pool(self, name, nodes=1, idle=True, **more):
        self("POST", "/pools", {"id": name, "vmSize": "s", **MACHINE, "targetDedicatedNodes": nodes, **more})
        return self.nodes(name, nodes) if idle else None

    def nodes(self, pool, count):
        def idle():
            found = self("GET", f"/pools/{pool}/nodes")["value"]
            return len(found) == count and all(node["state"] == "idle" for node in found) and [node["id"] for node in found]
        return count and self.wait_until(idle, f"{count} idle nodes in {pool}")

    def job(self, name, pool, **more):
        self("POST", "/jobs", {"id": name, "poolInfo": {"poolId": pool}, **more})

    def job_that(self, how, name, pool, wish):
        """A job with the wish, which is said as it is added, or then by PATCH or PUT."""
        self.job(name, pool, **(wish if how == "POST" else {}))
        if how != "POST":
            self(how, f"/jobs/{name}", {**wish, **({"poolInfo": {"poolId": pool}} if how == "PUT" else {})})

    def auto_pool(self, name, nodes=1, **pool):
        """A pool by the specification in a job of that name."""
        spec = {"poolLifetimeOption": "job", "pool": {"vmSize": "s", **MACHINE, "targetDedicatedNodes": nodes, **pool}}
        self("POST", "/jobs", {"id": name, "poolInfo": {"autoPoolSpecification": spec}})
        return self("GET", f"/jobs/{name}")["executionInfo"]["poolId"]

    def add(self, job, *tasks):
        for result in self("POST", f"/jobs/{job}/addtaskcollection", {"value": list(tasks)})["value"]:
            expect(result["status"] == "success", f"{job}: {result}")

    def task(self, job, task, state="completed"):
        def there():
            now = self("GET", f"/jobs/{job}/tasks/{task}")
            return now["state"] == state and now
        return self.wait_until(there, f"{task} of {job} is {state}")

    def ended(self, job, task, result="success"):
        info = self.task(job, task)["executionInfo"]
        expect(info["result"] == result, f"{task} of {job} is a {result}: {info}")
        return info

    def ended_job(self, job, state="completed"):
        def there():
            now = self("GET", f"/jobs/{job}")
            return now["state"] == state and now
        return self.wait_until(there, f"{job} is {state}")

    def text(self, path):
        return self.raw("GET", path).body.decode()

    def shared(self, pool, node, name):
        return self.text(f"/pools/{pool}/nodes/{node}/files/shared%2F{name}")

    def apart(self, job, *tasks):
        """Each began after the one before it had ended."""
        infos = sorted((self.task(job, task)["executionInfo"] for task in tasks), key=lambda info: info["startTime"])
        expect(all(a["endTime"] <= b["startTime"] for a, b in zip(infos, infos[1:])), f"{tasks} of {job} do not overlap: {infos}")


def sh(script):
    return f"/bin/sh -c '{script}'"


def task(name, script="true", **more):
    return {"id": name, "commandLine": sh(script), **more}


def meets(name, other, place):
    """A task that succeeds only beside the other, on the same node."""
    return task(name, f"touch {SHARED}/{place}-{name}; until test -e {SHARED}/{place}-{other}; do sleep 0.05; done", constraints={"maxWallClockTime": "PT30S"})


@contextlib.contextmanager
def service_of(patience=60):
    Store.taken.clear()
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    spot = [f"--offers=1:size-{number}:spot" for number in (1, 2, 3)]
    with Cluster("--nodes", "64") as cluster, cluster.another_worker(*spot):
        yield Service(Raw(cluster), f"http://127.0.0.1:{store.server_port}", patience)
    store.shutdown()
