"""A cluster of members for tests: made by `windlass cluster`, over TCP with CURVE, each role a process of its own."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from cluster import BIN, WINDLASS, Failure, expect, wait_until
from ports import free_port

# Each "host" is another loopback address: what is bound on one is not reached on another by accident.
CONTROL, SECOND, FRONT = "127.0.0.11", "127.0.0.12", "127.0.0.13"


class Members:
    """The cluster's folder, and the processes that have been started."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="windlass-joining-", dir=os.environ.get("WINDLASS_TEST_DIR"))
        os.chmod(self.root, 0o711)
        self.dir = f"{self.root}/cluster"
        self.processes = {}
        self.enrolment = f"tcp://{CONTROL}:{free_port(CONTROL)}"
        self.bus = f"tcp://{CONTROL}:{free_port(CONTROL)}"
        self.bulk = f"tcp://{CONTROL}:{free_port(CONTROL)}"
        self.api = f"{FRONT}:{free_port(FRONT)}"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for name in reversed(list(self.processes)):
            self.stop(name)
        if error is not None:
            for log in sorted(pathlib.Path(self.root).glob("*.log")):
                print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-25:], sep="\n")
        shutil.rmtree(self.root, ignore_errors=True)

    def windlass(self, *words):
        return subprocess.run([WINDLASS, *words], capture_output=True, text=True)

    def doctor(self, name):
        """What windlass doctor says of a member: the worst of what is about it, and the step to take."""
        done = self.windlass("doctor", "--key-dir", f"{self.root}/{name}/key", "--disk", self.root, "-o", "json")
        about = [row for row in json.loads(done.stdout) if row["check"] in ("member", "key", "key folder", "broker", "broker's bulk")]
        worst = max(about, key=lambda row: ("ok", "warn", "fail").index(row["level"]))
        return worst["level"], worst["next"]

    def cluster(self, *words, check=True):
        done = self.windlass("cluster", *words)
        if check and done.returncode != 0:
            raise Failure(f"windlass cluster {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def token(self, role, *more):
        path = f"{self.root}/token-{role}-{len(os.listdir(self.root))}"
        pathlib.Path(path).write_text(self.cluster("token", "--dir", self.dir, "--role", role, *more).stdout)
        return path

    def on(self, name):
        """Words before the program's own, where it is started somewhere else."""
        return []

    def admin_host(self, name):
        return "127.0.0.1"

    def start(self, name, role, *options, wait=True):
        status = pathlib.Path(f"{self.root}/{name}.status")
        status.unlink(missing_ok=True)
        with open(f"{self.root}/{name}.log", "a") as log:
            self.processes[name] = subprocess.Popen(
                [*self.on(name), str(BIN / f"windlass-{role}"), f"--admin-address={self.admin_host(name)}:0", f"--status-file={status}",
                 "--log-format=json", *options], stdout=log, stderr=log)
        if wait:
            wait_until(lambda: status.exists() or self.processes[name].poll() is not None, 60, f"{name} has started")
            expect(status.exists(), f"{name} has ended: {self.log(name)[-2000:]}")
        return self.processes[name]

    def stop(self, name):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        if process.poll() is None:
            process.kill()
            process.wait()

    def log(self, name):
        return pathlib.Path(f"{self.root}/{name}.log").read_text(errors="replace")

    def door(self, name, page):
        status = json.loads(pathlib.Path(f"{self.root}/{name}.status").read_text())
        with contextlib.suppress(urllib.error.HTTPError):
            with urllib.request.urlopen(f"http://{status['admin']}/{page}", timeout=10) as answer:
                return answer.read().decode()
        return ""

    def ready(self, name):
        wait_until(lambda: self.door(name, "readyz"), 60, f"{name} is ready")

    def count(self, member, name, **labels):
        """0 while there was none of its kind yet."""
        try:
            return round(self.metric(member, name, **labels))
        except Failure:
            return 0

    def metric(self, broker, name, **labels):
        inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
        for line in self.door(broker, "metrics").splitlines():
            if line.startswith(f"{name}{{{inside}}} "):
                return float(line.rsplit(" ", 1)[1])
        raise Failure(f"{broker} has no {name}{{{inside}}}")

    def refused(self, reason, broker="broker"):
        return self.metric(broker, "windlass_broker_peers_refused_total", reason=reason)

    def refused_handshakes(self):
        """Of peers that do not speak CURVE: they often see the broker's greeting, and leave, before they have said what they speak."""
        return self.refused("plaintext") + self.refused("broken_off")

    def knock_in_plaintext(self, endpoint):
        """A ZeroMQ peer without keys, as far as it gets: until the broker closes."""
        host, port = endpoint[len("tcp://"):].rsplit(":", 1)
        greeting = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
        with socket.create_connection((host, int(port)), timeout=30) as peer:
            peer.sendall(greeting)
            with contextlib.suppress(ConnectionError):
                while peer.recv(4096):
                    pass

    def enrolled(self, outcome):
        return self.metric("broker", "windlass_broker_enrolments_total", outcome=outcome)

    def member_states(self):
        rows = json.loads(self.cluster("members", "--dir", self.dir, "-o", "json").stdout)
        return {row["name"]: (row["role"], row["state"]) for row in rows}

    # ---- the parts of a cluster

    def init(self):
        self.cluster("init", "--dir", self.dir, "--enrolment", self.enrolment)

    def start_control(self):
        self.start_broker()
        self.start_scheduler("scheduler-1", f"{self.root}/scheduler")

    def start_broker(self):
        self.start("broker", "broker", f"--cluster-dir={self.dir}", f"--enrolment-bind={self.enrolment}",
                   f"--bus-bind={self.bus}", f"--bulk-bind={self.bulk}", "--member-name=broker-control")

    def start_scheduler(self, member, data_dir):
        self.start("scheduler", "scheduler", f"--data-dir={data_dir}", f"--join-token-file={self.token('scheduler')}",
                   f"--member-name={member}", "--lease-seconds=3")

    def start_gateway(self, *options):
        self.start("gateway", "gateway", *options, f"--listen={self.api}", f"--accounts-file={self.dir}/accounts.toml",
                   f"--key-dir={self.root}/gateway-key", f"--join-token-file={self.token('gateway')}", "--member-name=gateway-1")
        self.ready("gateway")

    def start_worker(self, name, token=None, offers="2:*", **more):
        return self.start(name, "worker", f"--data-dir={self.root}/{name}", f"--offers={offers}", f"--member-name={name}",
                          *([f"--join-token-file={token}"] if token else []), **more)

    def batch(self, url=None):
        from azure.batch import BatchServiceClient
        from azure.batch.batch_auth import SharedKeyCredentials
        key = pathlib.Path(f"{self.dir}/accounts/windlass.primary.key").read_text().strip()
        return BatchServiceClient(SharedKeyCredentials("windlass", key), batch_url=url or f"http://{self.api}")


def run_task(batch, job):
    from azure.batch import models
    task = f"t{len(list(batch.task.list(job)))}"
    batch.task.add(job, models.TaskAddParameter(id=task, command_line="/bin/echo hello from a member"))
    wait_until(lambda: str(getattr(batch.task.get(job, task).state, "value", batch.task.get(job, task).state)) == "completed", 60,
               f"{task} is complete")
    result = batch.task.get(job, task).execution_info.exit_code
    expect(result == 0, f"{task} ended with {result}")
    out = b"".join(batch.file.get_from_task(job, task, "stdout.txt"))
    expect(out == b"hello from a member\n", f"its output came over the bulk road: {out!r}")
