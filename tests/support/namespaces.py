"""A cluster of members for tests, each on a "host" of its own: a network namespace on one bridge. Two of each role, four
shards. The whole lives inside a network and mount namespace of the test's process, so that nothing of it outlives the test.

`inside()` must be called before anything else; it starts the test again inside. Where that is not permitted the test is
skipped (exit code 77) with the reason."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

from cluster import expect, make_pool, wait_until
from ledger import Ledger
from members import Members
from shards import name_on

NETWORK = "10.77.0"
LEASE_SECONDS = 10
SHARDS = 4
NODES = 4  # two of each worker
SLOTS = 2
RESTART_SECONDS = 0.5  # between an end and the next start, as a service manager waits
WORKER_DISK_BYTES = 192 << 20
WORKER_FREE_BYTES_MIN = 64 << 20


def ip(*words, **more):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True, **more)


def inside():
    if os.environ.get("WINDLASS_TEST_INSIDE"):
        ip("link", "set", "lo", "up")
        pathlib.Path("/run/netns").mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "windlass-test", "/run/netns"], check=True)
        ip("link", "add", "windlass", "type", "bridge")
        ip("address", "add", f"{NETWORK}.1/24", "dev", "windlass")
        ip("link", "set", "windlass", "up")
        return
    tried = subprocess.run(["unshare", "--net", "--mount", "ip", "link", "add", "windlass", "type", "bridge"], capture_output=True, text=True)
    if tried.returncode != 0:
        print(f"network namespaces are not permitted here: {tried.stderr.strip()}")
        sys.exit(77)
    os.environ["WINDLASS_TEST_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1] not in ("Z", "X")
    except OSError:
        return False


class Host:
    def __init__(self, number):
        self.address = f"{NETWORK}.{number}"
        self.name = f"wl{number}"
        ip("netns", "add", self.name)
        ip("link", "add", f"{self.name}-out", "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", f"{self.name}-out", "master", "windlass", "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")

    def words(self):
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    def run(self, *words):
        return subprocess.run([*self.words(), *words], check=True, capture_output=True, text=True).stdout

    # What other hosts send or are sent is dropped; what the test itself asks is not.
    def drop(self, *chains, share=1.0):
        for chain in chains:
            way = "-s" if chain == "INPUT" else "-d"
            chance = ["-m", "statistic", "--mode", "random", "--probability", str(share)] if share < 1 else []
            self.run("iptables", "-A", chain, way, f"{NETWORK}.0/24", *chance, "-j", "DROP")
            self.run("iptables", "-I", chain, way, f"{NETWORK}.1", "-j", "ACCEPT")

    def dropped(self):
        """Packets, until now."""
        rules = self.run("iptables", "-nvxL").splitlines()
        return sum(int(rule.split()[0]) for rule in rules if " DROP " in rule and rule.split()[0].isdigit())

    def mend(self):
        self.run("iptables", "-F")


class Member:
    """A process and how it is started again."""

    def __init__(self, role, host, options):
        self.role, self.host, self.options = role, host, options
        self.before = []         # words before the program's
        self.wanted = True       # started again when it ends
        self.ends = []           # how the process ended, each time


class Site(Members):
    def __init__(self):
        super().__init__()
        self.members = {}
        self.hosts = 1
        # One on the first scheduler's shards, one on the second's.
        self.pools = [name_on(shard, "windlass", "pool", SHARDS) for shard in (0, 2)]
        self.generation = 0
        self.over = threading.Event()
        self.lock = threading.RLock()
        self.ledger = Ledger(f"{self.root}/ledger")

    # ---- places

    def on(self, name):
        member = self.members[name]
        return member.host.words() + member.before

    def admin_host(self, name):
        return self.members[name].host.address

    def host(self):
        self.hosts += 1
        return Host(self.hosts)

    # ---- start and stop

    def __enter__(self):
        try:
            self.begin()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        self.over.set()
        if hasattr(self, "supervisor"):
            self.supervisor.join()
        for member in self.members.values():
            member.host.mend()
        for name in list(self.processes):
            with contextlib.suppress(ProcessLookupError):
                self.processes[name].send_signal(signal.SIGCONT)
        for name in reversed(list(self.processes)):
            self.stop(name)
        for member in self.members.values():
            if member.role == "worker":
                self.take_away(member)
            ip("netns", "delete", member.host.name)
        super().__exit__(kind, error, trace)

    def begin(self):
        control = self.host()
        self.enrolment, self.bus, self.bulk = (f"tcp://{control.address}:{port}" for port in (8452, 8450, 8451))
        self.init()
        self.add("broker-1", "broker", control, f"--cluster-dir={self.dir}", f"--enrolment-bind={self.enrolment}",
                 f"--bus-bind={self.bus}", f"--bulk-bind={self.bulk}", "--member-name=broker-1")
        self.add_broker("broker-2")
        for number, shards in ((1, "0-1"), (2, "2-3")):
            self.add(f"scheduler-{number}", "scheduler", None, f"--shards-total={SHARDS}", f"--shards={shards}",
                     f"--lease-seconds={LEASE_SECONDS}", data=True)
        for number in (1, 2):
            self.add_gateway(f"gateway-{number}")
            self.add_worker(f"worker-{number}")
        self.supervisor = threading.Thread(target=self.supervise)
        self.supervisor.start()
        self.wait_ready()
        for pool in self.pools:
            make_pool(self.client(), pool, nodes=NODES // 2, slots=SLOTS)

    def add(self, name, role, host, *options, data=False):
        host = host or self.host()
        more = []
        if data:
            more.append(f"--data-dir={self.root}/{name}")
        if role != "broker" or not any(option.startswith("--cluster-dir") for option in options):
            more += [f"--join-token-file={self.token(role)}", f"--member-name={name}"]
        self.members[name] = Member(role, host, [*more, *options])
        self.run_member(name)

    def add_broker(self, name):
        host = self.host()
        self.add(name, "broker", host, f"--bus-bind=tcp://{host.address}:8450", f"--bulk-bind=tcp://{host.address}:8451",
                 f"--key-dir={self.root}/{name}-key")

    def add_gateway(self, name):
        host = self.host()
        self.add(name, "gateway", host, f"--listen={host.address}:8440", "--http-plain-allowed", f"--shards-total={SHARDS}",
                 f"--accounts-file={self.dir}/accounts.toml", f"--key-dir={self.root}/{name}-key")

    def add_worker(self, name):
        """Its files are on a small disk of its own."""
        host = self.host()
        disk = f"{self.root}/{host.name}-disk"
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={WORKER_DISK_BYTES},mode=755", "windlass-test", disk], check=True)
        self.add(name, "worker", host, f"--data-dir={disk}/worker", f"--offers={NODES // 2}:*", f"--node-address={host.address}",
                 f"--free-bytes-min={WORKER_FREE_BYTES_MIN}")
        self.members[name].disk = disk

    def run_member(self, name, wait=True):
        member = self.members[name]
        with self.lock:
            return self.start(name, member.role, *member.options, wait=wait)

    def supervise(self):
        """Starts again what has ended, as a service manager does."""
        ended = {}
        while not self.over.is_set():
            with self.lock:
                for name, member in self.members.items():
                    process = self.processes.get(name)
                    if process is None or process.poll() is None:
                        continue
                    if name not in ended:
                        ended[name] = time.monotonic()
                        member.ends.append(process.returncode)
                    if member.wanted and time.monotonic() - ended[name] > RESTART_SECONDS:
                        del ended[name]
                        self.run_member(name, wait=False)
            self.over.wait(0.05)

    def signal(self, name, number):
        self.processes[name].send_signal(number)

    def restart(self, name, before=()):
        """Stops it in order and starts it, with other words before the program's."""
        with self.lock:
            self.stop(name)
            self.members[name].before = list(before)
            self.run_member(name)

    def take_away(self, member):
        """A worker's disk, and whatever runs on it still."""
        for pid in self.guards(member) + self.tasks_of(member):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        subprocess.run(["umount", "-l", member.disk], check=True)

    def lose(self, name):
        """The host and what it had are gone for good."""
        member = self.members[name]
        member.wanted = False
        with self.lock:
            process = self.processes.pop(name)
            process.kill()
            process.wait()
            del self.members[name]
        if member.role == "worker":
            self.take_away(member)
        ip("netns", "delete", member.host.name)
        for path in (f"{self.root}/{name}-key", f"{self.root}/{name}"):
            shutil.rmtree(path, ignore_errors=True)

    # ---- what is seen from outside

    def is_ready(self, name):
        status = pathlib.Path(f"{self.root}/{name}.status")
        process = self.processes.get(name)
        if process is None or process.poll() is not None or not status.exists():
            return False
        try:
            if json.loads(status.read_text())["pid"] != process.pid:
                return False
            return self.door(name, "readyz") != ""
        except (OSError, ValueError, KeyError):
            return False

    def wait_ready(self, seconds=90):
        wait_until(lambda: all(self.is_ready(name) for name in self.members), seconds, "every member is ready")

    def last_words(self, name, about=""):
        """The last error or warning in a member's log, or else what it wrote beside its log."""
        said = ""
        for line in self.log(name).splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                event = {"level": "error", "error": line}
            if event.get("level") in ("warn", "error") and about in line:
                said = event.get("error") or event.get("message") or event.get("event", "")
        return said[:200]

    def gateways(self):
        return sorted(name for name in self.members if name.startswith("gateway-"))

    def client(self, gateway="gateway-1"):
        """Tries once, and not for long: the test itself asks again."""
        client = self.batch(f"http://{self.members[gateway].host.address}:8440")
        client.config.connection.timeout = 10
        client.config.retry_policy.retries = 0
        return client

    def processes_where(self, condition):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if condition(entry):
                        found.append(int(entry.name))
        return found

    def guards(self, member):
        """A worker's guard, which starts tasks and ends them when the worker cannot."""
        return self.processes_where(lambda entry: b"--spawner" in (entry / "cmdline").read_bytes() and
                                    member.disk.encode() in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes())

    def tasks_of(self, member):
        return self.processes_where(lambda entry: os.readlink(entry / "cwd").startswith(member.disk))

    def task_processes(self, job):
        """The shells of the tasks that run: {task id: pid}."""
        found = {}
        for pid in self.processes_where(lambda entry: b"task.sh" in (entry / "cmdline").read_bytes()):
            with contextlib.suppress(OSError):
                values = dict(item.split("=", 1) for item in
                              pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0") if "=" in item)
                if values.get("AZ_BATCH_JOB_ID") == job:
                    found[values["AZ_BATCH_TASK_ID"]] = pid
        return found

    def attempts_left(self):
        """Processes of tasks, when no task runs any more."""
        return self.processes_where(lambda entry: f"{self.root}/ledger/task.sh".encode() in (entry / "cmdline").read_bytes())


def healthy_ends(site):
    for name, member in site.members.items():
        expect(all(end in (0, -signal.SIGKILL) for end in member.ends), f"{name} ended by itself: {member.ends}")
