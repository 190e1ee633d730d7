"""A real Windlass cluster on loopback for tests: started by `windlass dev`, as users start it.

Runs under /usr/bin/python3 of Debian (its modules azure.batch and azure.storage.blob are the
unmodified SDKs).
"""
import contextlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import facts

ROOT = pathlib.Path(os.environ.get("WINDLASS_ROOT", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("WINDLASS_BIN", ROOT / "build" / "release" / "bin"))
WINDLASS = str(BIN / "windlass")


class Failure(Exception):
    """A test expectation that does not hold."""


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


def wait_until(condition, seconds, what, every=0.05):
    """Waits for a condition; the deadline is generous, because it only matters when broken."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds} s in vain for: {what}")
        time.sleep(every)


class Cluster:
    def __init__(self, *options, data=None, keep=False, env=None):
        # Tasks run as another user, who must be able to pass through the folder.
        self.data = data or tempfile.mkdtemp(prefix="windlass-test-", dir=os.environ.get("WINDLASS_TEST_DIR"))
        if not data:
            os.chmod(self.data, 0o711)
        self.options = list(options)
        self.keep = keep
        self.env_extra = {**facts.environment(), **(env or {})}
        self.environment = {}

    def command(self, *words, check=True, **more):
        done = subprocess.run([WINDLASS, *words], capture_output=True, text=True,
                              env={**os.environ, **self.env_extra, **self.environment}, **more)
        if check and done.returncode != 0:
            raise Failure(f"windlass {shlex.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self):
        self.command("dev", "--data", self.data, "--port", "0", "--detach", *self.options, timeout=120)
        for line in self.command("env", "--data", self.data).stdout.splitlines():
            if line.startswith("export "):
                name, _, value = line[len("export "):].partition("=")
                self.environment[name] = shlex.split(value)[0] if value else ""
        return self

    def stop(self):
        self.command("dev", "stop", "--data", self.data, check=False, timeout=120)

    def status(self):
        done = self.command("dev", "status", "--data", self.data, "-o", "json", check=False)
        return json.loads(done.stdout) if done.stdout.strip() else []

    def pid(self, role):
        for entry in self.status():
            if entry["role"] == role:
                return entry["pid"]
        raise Failure(f"no role {role} in {self.status()}")

    def kill(self, role, number=signal.SIGKILL):
        pid = self.pid(role)
        os.kill(pid, number)
        return pid

    def wait_healthy(self, seconds=60):
        def healthy():
            entries = self.status()
            return entries and all(entry["healthy"] for entry in entries)
        wait_until(healthy, seconds, "every role healthy")

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if error is not None:
            print(f"--- logs of the cluster in {self.data}")
            for log in sorted(pathlib.Path(self.data).glob("logs/*")):
                tail = log.read_text(errors="replace").splitlines()[-40:]
                print(f"--- {log.name}", *tail, sep="\n")
        self.stop()
        facts.recorder.look(self.data)
        undocumented = self.undocumented_moves() if error is None else ""
        broken = self.broken_promises()
        leftovers = self.processes()
        if not self.keep:
            shutil.rmtree(self.data, ignore_errors=True)
        if error is None:
            expect(not undocumented, f"states changed as no table of model/state_machines.cpp has it:\n{undocumented}")
            expect(not broken, f"a program of the cluster failed by itself: {broken[:3]}")
            expect(not leftovers, f"processes left after dev stop: {leftovers}")
        return False

    def undocumented_moves(self):
        """What the shards recorded, against the state machines: sentences, or nothing. Tests of faults leave folders that cannot be read."""
        if not facts.records_moves():
            return ""
        done = subprocess.run([BIN / "shard_history", f"{self.data}/scheduler"], capture_output=True, text=True, check=False)
        facts.recorder.moved(done.stdout)
        return done.stderr if done.returncode else ""

    def broken_promises(self):
        """Lines of the logs that say that a program failed: `windlass dev` restarts it, which hides it."""
        found = []
        data = pathlib.Path(self.data)
        for log in [*data.glob("logs/*"), *data.glob("worker*/guard/spawner.log")]:
            for line in log.read_text(errors="replace").splitlines():
                if "event=assertion_failed" in line or '"event":"failed"' in line or "Sanitizer" in line:
                    found.append(f"{log.name}: {line}")
        return found

    def processes(self):
        """Processes that belong to this cluster: its programs, its spawner and its tasks."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                cwd = os.readlink(entry / "cwd")
                if self.data in line and "windlass" in line and "python3" not in line or cwd.startswith(self.data):
                    found.append((int(entry.name), line[:120] or "(zombie)"))
        return found

    @contextlib.contextmanager
    def another_worker(self, *options):
        """A worker beside those of `windlass dev`, as another host has one."""
        words = pathlib.Path(f"/proc/{self.pid('worker')}/cmdline").read_bytes().decode().split("\0")[:-1]
        theirs = ("--data-dir=", "--nodes-dir=", "--status-file=", "--offers=", "--node-address=")
        with tempfile.TemporaryDirectory(prefix="windlass-test-", dir=os.environ.get("WINDLASS_TEST_DIR")) as folder:
            os.chmod(folder, 0o711)
            with open(pathlib.Path(self.data) / "logs" / "another-worker.log", "a") as log:
                worker = subprocess.Popen([*(word for word in words if not word.startswith(theirs)), f"--data-dir={folder}/worker", *options],
                                          stdout=log, stderr=log)
            try:
                yield worker
            finally:
                worker.terminate()
                code = worker.wait(60)
            expect(code == 0, f"the other worker stops in order, not with {code}")

    # The unmodified SDKs.
    def batch(self, account=None, key=None):
        from azure.batch import BatchServiceClient
        from azure.batch.batch_auth import SharedKeyCredentials
        credentials = SharedKeyCredentials(account or self.environment["AZURE_BATCH_ACCOUNT"],
                                           key or self.environment["AZURE_BATCH_ACCESS_KEY"])
        return BatchServiceClient(credentials, batch_url=self.environment["AZURE_BATCH_ENDPOINT"])


IMAGE = dict(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts", version="latest")
AGENT = "batch.node.ubuntu 22.04"


def make_pool(client, pool_id, nodes=2, slots=1, wait=True, **more):
    from azure.batch import models
    client.pool.add(models.PoolAddParameter(
        id=pool_id, vm_size="standard_d2s_v3", target_dedicated_nodes=nodes, task_slots_per_node=slots,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT), **more))
    if wait:
        wait_nodes_idle(client, pool_id, nodes)


def wait_nodes_idle(client, pool_id, nodes, seconds=60):
    def ready():
        states = [str(getattr(node.state, "value", node.state)) for node in client.compute_node.list(pool_id)]
        return len(states) == nodes and all(state == "idle" for state in states)
    wait_until(ready, seconds, f"{nodes} idle nodes in {pool_id}")


def make_job(client, job_id, pool_id, **more):
    from azure.batch import models
    client.job.add(models.JobAddParameter(id=job_id, pool_info=models.PoolInformation(pool_id=pool_id), **more))


def wait_tasks_complete(client, job_id, total, seconds=120):
    def complete():
        counts = client.job.get_task_counts(job_id).task_counts
        return counts.completed == total and counts
    return wait_until(complete, seconds, f"{total} tasks of {job_id} complete")


def run(tests):
    """Runs the functions in turn; the last line printed says how it went."""
    begun = time.monotonic()
    failures = 0
    for test in tests:
        started = time.monotonic()
        facts.recorder.begin(test.__name__)
        try:
            test()
            facts.recorder.keep(passed=True)
            print(f"passed {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:  # noqa: BLE001: every failure is reported, then the next test runs
            failures += 1
            facts.recorder.keep(passed=False)
            import traceback
            traceback.print_exc()
            print(f"FAILED {test.__name__}: {error}", flush=True)
    print(f"{len(tests) - failures} of {len(tests)} tests in {time.monotonic() - begun:.0f} s", flush=True)
    raise SystemExit(1 if failures else 0)
