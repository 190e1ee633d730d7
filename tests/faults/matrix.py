#!/usr/bin/python3
"""Each fault with each role, for real: two of each role on hosts of their own (network namespaces), unmodified clients, a
history of all that was asked, answered and seen, and a ledger of all that really ran.

Usage: matrix.py [--only FAULT[:ROLE]]... [--pairs N] [--seed S] [--state FILE] [--list]

A cell is a fault and a role, such as `freeze:scheduler`. In each, tasks are added and read through both gateways, the fault
begins, lasts, is over, and all that was accepted must come to its end; `tests/support/load.py` says what is checked. A cell
counts only if its fault bit, and says by what that was seen. `--pairs N` also draws so many pairs of cells that happen at the
same time. Exit code 77, with the reason as the last line, where network namespaces are not permitted.
"""
import argparse
import contextlib
import email.utils
import json
import os
import pathlib
import random
import resource
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import namespaces  # noqa: E402
from cluster import BIN, Failure, expect, wait_until  # noqa: E402

namespaces.inside()
from ledger import overlaps_are_seen  # noqa: E402
from load import Client, Load, word  # noqa: E402
from namespaces import LEASE_SECONDS, NODES, WORKER_FREE_BYTES_MIN, Site, alive  # noqa: E402

from azure.batch import models  # noqa: E402

ROLES = ("gateway", "broker", "scheduler", "worker")
BEYOND_LEASE = LEASE_SECONDS + 6


class Fault:
    """begin, last, end; `bit` says by what one saw that it was there, and is empty when it was not."""

    def __init__(self, site, load, rng, role):
        self.site, self.load, self.rng, self.role = site, load, rng, role
        self.name = rng.choice(sorted(name for name, member in site.members.items() if member.role == role) or [role])
        self.bit = ""
        load.leases_end |= self.beyond_lease and role in ("scheduler", "worker")

    beyond_lease = False

    def prepare(self):
        """Before there is load."""

    def begin(self):
        pass

    def last(self):
        pass

    def end(self):
        pass

    def pid(self):
        return self.site.processes[self.name].pid

    def member(self):
        return self.site.members[self.name]

    def stay(self, seconds):
        """The fault's own length, which is what it is about."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.load.check_going()
            time.sleep(0.1)


class Kill(Fault):
    """SIGKILL, three times, each once it is back and there is load."""
    roles = ROLES
    times = 3

    def begin(self):
        killed = 0
        for _ in range(self.times):
            self.load.wait_busy()
            pid = self.pid()
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not alive(pid), 30, "its end", every=0.002)
            killed += 1
            wait_until(lambda: self.site.is_ready(self.name), 60, f"{self.name} is back")
        self.bit = f"killed {killed} times under load"


class CrashLoop(Fault):
    """SIGKILL again and again, whether it is ready or not."""
    roles = ROLES

    def begin(self):
        ends = len(self.member().ends)
        until = time.monotonic() + 12
        while time.monotonic() < until:
            with contextlib.suppress(ProcessLookupError):
                self.site.signal(self.name, signal.SIGKILL)
            self.stay(self.rng.uniform(0.2, 1.2))
        self.bit = f"ended {len(self.member().ends) - ends} times in 12 s"
        expect(len(self.member().ends) - ends >= 5, "it was started and killed again and again")


class Freeze(Fault):
    """SIGSTOP for longer than the lease, then SIGCONT."""
    roles = ROLES
    beyond_lease = True

    def begin(self):
        self.site.signal(self.name, signal.SIGSTOP)

    def last(self):
        self.stay(BEYOND_LEASE)
        state = pathlib.Path(f"/proc/{self.pid()}/stat").read_text().rpartition(") ")[2][:1]
        self.bit = f"stood still for {BEYOND_LEASE} s" if state == "T" else ""

    def end(self):
        self.site.signal(self.name, signal.SIGCONT)


class Partition(Fault):
    """Whatever it sends and is sent is dropped."""
    roles = ROLES
    beyond_lease = True
    chains, share = ("INPUT", "OUTPUT"), 1.0

    def begin(self):
        self.member().host.drop(*self.chains, share=self.share)

    def last(self):
        self.stay(BEYOND_LEASE)
        dropped = self.member().host.dropped()
        self.bit = f"{dropped} packets dropped in {BEYOND_LEASE} s" if dropped else ""

    def end(self):
        self.member().host.mend()


class Deaf(Partition):
    """Whatever it is sent is dropped, while it can speak."""
    chains = ("INPUT",)


class Mute(Partition):
    """Whatever it sends is dropped, while it can hear."""
    chains = ("OUTPUT",)


class Loss(Partition):
    """Each third packet is lost both ways: TCP makes delays of seconds of it."""
    share = 0.3


class ClockStep(Fault):
    """The wall clock an hour and ten years to and fro; the monotonic clock goes on."""
    roles = ("gateway", "scheduler", "worker")

    def prepare(self):
        self.file = f"{self.site.root}/clock-{self.name}"
        pathlib.Path(self.file).write_bytes(bytes(8))
        self.site.restart(self.name, before=["env", f"LD_PRELOAD={BIN}/wall_clock.so", f"WINDLASS_TEST_CLOCK={self.file}"])
        self.site.wait_ready()

    def step(self, seconds):
        with open(self.file, "r+b") as file:  # as it is: the member has it mapped
            file.write(seconds.to_bytes(8, "little", signed=True))

    def begin(self):
        seen = []
        for seconds in (3600, -3600, 3650 * 86400, -3650 * 86400, 0):
            self.step(seconds)
            self.stay(4)
            seen.append(round(self.says() - time.time()))
        far = sum(abs(step) > 3000 for step in seen)
        self.bit = f"its clock was seen to be {', '.join(str(step) for step in seen)} s off" if far == 4 else ""

    def says(self):
        """What time it is, as the member says."""
        if self.role == "gateway":
            try:
                with urllib.request.urlopen(f"http://{self.member().host.address}:8440/pools", timeout=5) as answer:
                    date = answer.headers["Date"]
            except urllib.error.HTTPError as error:
                date = error.headers["Date"]
            return email.utils.parsedate_to_datetime(date).timestamp()
        job = self.load.jobs[0 if self.role == "worker" or self.name == "scheduler-1" else 1]
        if self.role == "scheduler":  # when the newest task was added, as its shard says
            task = max(self.load.acknowledged[job])
            return Client(self.site, 0).until_answered(lambda batch: batch.task.get(job, task), task).creation_time.timestamp()
        # When tasks that have just ended began, as their worker says: half of them are this one's.
        offs = [0.0]
        for job in self.load.jobs:
            recent = {attempt.task: attempt for attempt in self.site.ledger.attempts(job) if attempt.ended and attempt.begun > time.time() - 3}
            for task in Client(self.site, 0).until_answered(lambda batch: list(batch.task.list(job)), job):
                if task.id in recent and task.execution_info and task.execution_info.start_time:
                    offs.append(task.execution_info.start_time.timestamp() - recent[task.id].begun)
        return time.time() + max(offs, key=abs)

    def end(self):
        self.step(0)


class FileLimit(Fault):
    """Not one more file may be opened for a while, while others connect again and strangers knock."""
    roles = ROLES
    PORTS = {"gateway": 8440, "broker": 8450}

    def begin(self):
        pid = self.limited = self.pid()
        self.before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        self.lost = self.attempts_lost()
        used = 1 << 20
        for _ in range(20):  # those that it has all the time
            used = min(used, len(os.listdir(f"/proc/{pid}/fd")))
            time.sleep(0.02)
        # A few come and go; a scheduler gets those back that it had to the broker which is killed below.
        used -= 6 if self.role == "scheduler" else 2
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, self.before[1]))
        for role in {"gateway", "broker", "worker"} - {self.role}:
            if role != "worker" or self.role in self.PORTS:
                self.site.signal(max(name for name in self.site.members if name.startswith(f"{role}-")), signal.SIGKILL)
        with contextlib.ExitStack() as held:
            until = time.monotonic() + 10
            refused = most = 0
            while time.monotonic() < until and alive(pid):
                self.load.check_going()
                most = max(most, len(os.listdir(f"/proc/{pid}/fd")))
                if self.role in self.PORTS and refused < 20:
                    refused += not self.spoken_to(held)
                time.sleep(0.05)
        expect(alive(pid), f"{self.name} was ended by it: {self.site.last_words(self.name)}")
        self.denied = f"{refused} connections not answered" if self.role in self.PORTS else self.site.last_words(self.name, "Too many open files")
        self.used = f"{most} of {used} descriptors used for 10 s"

    def spoken_to(self, held):
        """Whether one more connection is answered; it is held open then."""
        try:
            peer = held.enter_context(socket.create_connection((self.member().host.address, self.PORTS[self.role]), timeout=1))
            peer.settimeout(0.5)
            if self.role == "gateway":
                peer.sendall(b"GET /pools HTTP/1.1\r\nHost: x\r\n\r\n")
            return bool(peer.recv(1))
        except OSError:
            return False

    def end(self):
        if not alive(self.limited):
            return
        resource.prlimit(self.limited, resource.RLIMIT_NOFILE, self.before)
        if self.role == "worker":
            lost = self.attempts_lost() - self.lost
            self.denied = f"{lost} attempts could not begin and came back" if lost else ""
        if self.denied:
            self.bit = f"{self.used}, {self.denied}"

    def attempts_lost(self):
        return self.site.count(self.name, "windlass_worker_attempts_ended_total", end="lost") if self.role == "worker" else 0


class MemoryLimit(Fault):
    """Not one more page of address space for a while."""
    roles = ROLES

    def begin(self):
        pid = self.limited = self.pid()
        ends = len(self.member().ends)
        self.before = resource.prlimit(pid, resource.RLIMIT_AS)
        size = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (size, self.before[1]))
        until = time.monotonic() + 10
        denied = False
        while time.monotonic() < until and alive(pid):
            self.load.check_going()
            if self.role == "gateway":
                self.feed()
            denied = denied or int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize() >= size
            time.sleep(0.05)
        ended = len(self.member().ends) - ends or not alive(pid)
        if ended or denied:
            self.bit = f"ended by it ({self.ending()}) and started again" if ended else f"held to {size >> 20} MiB of address space for 10 s"

    def ending(self):
        return self.site.last_words(self.name) or f"code {self.member().ends[-1]}"

    def feed(self):
        with contextlib.suppress(OSError):
            with socket.create_connection((self.member().host.address, 8440), timeout=1) as peer:
                peer.sendall(b"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + bytes(900_000))

    def end(self):
        if alive(self.limited):
            resource.prlimit(self.limited, resource.RLIMIT_AS, self.before)


class Hostile(Fault):
    """Bytes of no protocol, half a handshake and a flood of connections at each door that listens."""
    roles = ("gateway", "broker")

    def begin(self):
        doors = {"gateway": (8440,), "broker": (8450, 8451) + ((8452,) if self.name == "broker-1" else ())}[self.role]
        address, sent, closed = self.member().host.address, 0, 0
        pid = self.pid()
        held = []
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self.load.check_going()
            for door in doors:
                greeting = self.rng.choice((b"", b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(47), b"POST / HTTP/1.1\r\nContent-Length: 9\r\n"))
                with contextlib.suppress(OSError):
                    peer = socket.create_connection((address, door), timeout=2)
                    peer.sendall(greeting + self.rng.randbytes(self.rng.randrange(1, 4000)))
                    sent += 1
                    if self.rng.random() < 0.5 and len(held) < 200:
                        held.append(peer)
                        continue
                    peer.settimeout(0.05)
                    with contextlib.suppress(OSError):
                        closed += not peer.recv(4096)
                    peer.close()
        for peer in held:
            peer.close()
        expect(alive(pid), f"{self.name} was ended by it")
        self.bit = f"{sent} connections with hostile bytes, {len(held)} held open"


class HostLost(Fault):
    """The host and its disk are gone for good; another one joins in its place."""
    # The broker last: for it the schedulers are stopped in order, and then a worker may be silent for a parting lease.
    roles = ("gateway", "worker", "broker")
    beyond_lease = True

    def __init__(self, site, load, rng, role):
        super().__init__(site, load, rng, role)
        self.name = max((name for name in site.members if name.startswith(f"{role}-")), key=lambda name: int(name.rpartition("-")[2]))

    def begin(self):
        self.address = self.member().host.address
        self.site.lose(self.name)
        self.stay(3)
        self.site.generation += 1
        number = 10 + self.site.generation
        getattr(self.site, f"add_{self.role}")(f"{self.role}-{number}")
        self.bit = f"{self.name} gone with its disk, {self.role}-{number} instead"
        if self.role == "broker":  # members learn of a new broker when they start
            self.load.leases_end = True  # a worker that is stopped gives back what runs
            for name, member in list(self.site.members.items()):
                if member.role != "broker":
                    self.site.restart(name)
        if self.role == "worker":
            for pool in self.site.pools:
                self.replace_nodes(pool)

    def replace_nodes(self, pool):
        """As a user does who does not want to wait until the pool gives up its silent nodes by itself."""
        client = Client(self.site, 0)

        def nodes():
            return client.until_answered(lambda batch: list(batch.compute_node.list(pool)), "nodes")

        def resize(size):
            parameter = models.PoolResizeParameter(target_dedicated_nodes=size, node_deallocation_option="requeue")
            client.until_answered(lambda batch: batch.pool.resize(pool, parameter) or True, "a resize")
            wait_until(lambda: len(nodes()) == size and
                       word(client.until_answered(lambda batch: batch.pool.get(pool), pool).allocation_state) == "steady", 60, f"{size} nodes")

        gone = [node for node in nodes() if node.ip_address == self.address]
        if not gone:
            return
        wait_until(lambda: all(word(node.state) == "unknown" for node in nodes() if node.ip_address == self.address), LEASE_SECONDS + 15,
                   "nodes whose host is gone are unknown")
        size = len(nodes())
        resize(size - len(gone))
        resize(size)
        self.bit += f", {len(gone)} nodes of {pool} replaced"


class WorkerDiskFull(Fault):
    """The worker's disk is filled to the last byte, and freed."""
    roles = ("worker",)

    def begin(self):
        self.load.excused_codes = {"DiskFull", "FailureExitCode"}
        disk = self.member().disk
        filler = pathlib.Path(disk) / "filler"
        with open(filler, "wb") as file:
            free = os.statvfs(disk)
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        try:
            self.stay(8)
            left = os.statvfs(disk)
            if left.f_bavail * left.f_frsize < WORKER_FREE_BYTES_MIN:
                self.bit = f"{left.f_bavail * left.f_frsize >> 20} MiB free for 8 s"
        finally:
            filler.unlink()


class TaskKill(Fault):
    """SIGKILL of running tasks: they failed, once, and were not tried again."""
    roles = ("task",)

    def begin(self):
        killed = []
        for job in self.load.jobs:
            for task, pid in list(self.site.task_processes(job).items())[:3]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.load.excused[task] = "killed"
                    killed.append(task)
        self.bit = f"{len(killed)} tasks" if killed else ""


class TaskFreeze(Fault):
    """SIGSTOP of running tasks, then SIGCONT."""
    roles = ("task",)

    def begin(self):
        self.pids = [pid for job in self.load.jobs for pid in self.site.task_processes(job).values()]
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def last(self):
        self.stay(BEYOND_LEASE)
        still = sum(alive(pid) for pid in self.pids)
        self.bit = f"{still} tasks stood still for {BEYOND_LEASE} s" if still else ""

    def end(self):
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


FAULTS = {"kill": Kill, "crash-loop": CrashLoop, "freeze": Freeze, "partition": Partition, "deaf": Deaf, "mute": Mute, "loss": Loss,
          "clock-step": ClockStep, "file-limit": FileLimit, "memory-limit": MemoryLimit, "hostile-bytes": Hostile, "host-lost": HostLost,
          "disk-full": WorkerDiskFull, "task-kill": TaskKill, "task-freeze": TaskFreeze}
CELLS = [f"{fault}:{role}" for fault, kind in FAULTS.items() for role in kind.roles]


def run_cells(site, rng, cells, label):
    begun = time.monotonic()
    load = Load(site, label)
    faults = [FAULTS[cell.split(":")[0]](site, load, rng, cell.split(":")[1]) for cell in cells]
    for fault in faults:
        fault.prepare()
    with load:
        load.wait_busy()
        load.wait_progress()
        try:
            for fault in faults:
                fault.begin()
            load.begin_stop()
            for fault in faults:
                fault.last()
        finally:
            for fault in faults:
                fault.end()
        over = time.monotonic()
        for cell, fault in zip(cells, faults):
            expect(fault.bit, f"{cell} did not bite")
        site.wait_ready()
        again = load.wait_progress()
        said = load.finish(over)
    for fault in faults:
        if any(member.before for member in site.members.values()):
            site.restart(fault.name)
    site.wait_ready()
    bitten = "; ".join(f"{fault.name}: {fault.bit}" for fault in faults)
    return f"{' + '.join(cells)}: {bitten}; 10 tasks more {again:.1f} s after it was over; {said} ({time.monotonic() - begun:.0f} s)"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--state", help="a file that remembers what has passed, so that a long run can go on")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print(*CELLS, sep="\n")
        return 0
    overlaps_are_seen()
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    chosen = [[cell] for cell in CELLS if not options.only or any(cell == only or cell.split(":")[0] == only for only in options.only)]
    paired = [cell for cell in CELLS if cell.split(":")[0] not in ("clock-step", "host-lost", "disk-full")]
    chosen += [rng.sample(paired, 2) for _ in range(options.pairs)]
    passed = {}
    if options.state and os.path.exists(options.state):
        passed = json.loads(pathlib.Path(options.state).read_text())
    failed = []
    waiting = [cells for cells in chosen if "+".join(cells) not in passed]
    while waiting:
        # After a failure the rest goes on with a cluster of its own.
        with contextlib.suppress(Failure), Site() as site:
            for number, cells in enumerate(list(waiting)):
                waiting.remove(cells)
                try:
                    said = run_cells(site, rng, cells, f"m{len(passed) + len(failed)}")
                except Exception as error:  # noqa: BLE001: told, and the rest goes on
                    traceback.print_exc()
                    failed.append("+".join(cells))
                    print(f"FAILED {'+'.join(cells)}: {error}", flush=True)
                    raise Failure(str(error)) from error
                passed["+".join(cells)] = said
                print(said, flush=True)
                if options.state:
                    pathlib.Path(options.state).write_text(json.dumps(passed, indent=1))
    print(f"{len(chosen) - len(failed)} of {len(chosen)} cells passed" + (f"; failed: {', '.join(failed)}" if failed else ""), flush=True)
    return 1 if failed else 0


sys.exit(main())
