#!/usr/bin/python3
"""kill -9 of a role at random moments during many short tasks, again and again.

Usage: kill.py [--rounds N] [--tasks N] [--roles broker,scheduler,...] [--seed S] [--state FILE]

After each round the accepted ids, the records and a ledger that the tasks write outside of the
system are compared: every acknowledged task ends exactly once in the record, the ledger has at
least one line for each, nothing stays stuck, no process is left. A round counts only if the kill
bit: a task ran or a command was unacknowledged at that moment.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster, Failure, expect, make_job, make_pool, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402

ADDERS = 4
ROLES = ["gateway", "broker", "scheduler", "worker", "spawner", "dev"]


def pids_where(cluster, condition):
    """Processes of this cluster (they carry its data folder in their environment) by command line.
    A child that has not come to its exec yet looks like its parent, and is left out."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                environment = (entry / "environ").read_bytes().decode(errors="replace")
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
            except OSError:
                continue
            if cluster.data in environment or cluster.data in words:
                if condition(words):
                    found[int(entry.name)] = parent
    return [pid for pid, parent in found.items() if parent not in found]


def alive(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(") ")[2][:1] not in ("Z", "X")


def spawner_pids(cluster):
    return pids_where(cluster, lambda words: "--spawner" in words)


def dev_pids(cluster):
    return pids_where(cluster, lambda words: words[0].endswith("/windlass") and "dev" in words[1:2])


class Round:
    """One job, its tasks added by several threads, with one kill in the middle."""

    def __init__(self, cluster, number, role, rng, tasks):
        self.cluster, self.number, self.role, self.rng, self.tasks = cluster, number, role, rng, tasks
        self.job = f"kill-{role}-{number}"
        self.ledger = pathlib.Path(cluster.ledgers) / self.job
        self.accepted = set()
        self.unknown = set()
        self.in_flight = 0
        self.lock = threading.Lock()

    def add(self, first):
        """Adds 50 tasks; what failed without an answer is unknown until it is asked again."""
        ids = [f"t{i:05}" for i in range(first, first + 50)]
        line = "/bin/sh -c 'echo $AZ_BATCH_TASK_ID >> {}'".format(self.ledger)
        client = self.cluster.batch()
        deadline = time.monotonic() + 120
        pending = ids
        while pending:
            with self.lock:
                self.in_flight += 1
            try:
                result = client.task.add_collection(self.job, [
                    models.TaskAddParameter(id=i, command_line=line) for i in pending])
                for item in result.value:
                    with self.lock:
                        self.accepted.add(item.task_id)
                pending = []
            except Exception as error:  # noqa: BLE001: a cut connection, 5xx: unknown, so it is asked again
                expect(time.monotonic() < deadline, f"tasks could not be added for 120 s: {error}")
                time.sleep(0.1)  # the client's own back-off
                client = self.cluster.batch()  # a new `windlass dev` may have another port
            finally:
                with self.lock:
                    self.in_flight -= 1

    def kill(self):
        if self.role == "spawner":
            pids = spawner_pids(self.cluster)
            expect(pids, "there is a spawner to kill")
        elif self.role == "dev":
            pids = dev_pids(self.cluster)
            expect(pids, "there is a windlass dev to kill")
        else:
            pids = [self.cluster.pid(self.role)]
        bit = self.in_flight > 0 or self.ledger_lines() < self.tasks
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in pids), 30, "the end of what was killed", every=0.002)
        return bit

    def ledger_lines(self):
        try:
            return len(self.ledger.read_text().splitlines())
        except FileNotFoundError:
            return 0

    def run(self):
        make_job(self.cluster.batch(), self.job, "kill-pool")
        errors = []

        def adder(part):
            try:
                each = self.tasks // ADDERS
                for first in range(part * each, (part + 1) * each, 50):
                    self.add(first)
            except Exception as error:  # noqa: BLE001: reported below
                errors.append(error)

        adders = [threading.Thread(target=adder, args=(part,)) for part in range(ADDERS)]
        for thread in adders:
            thread.start()
        # The moment of the kill is drawn from the progress of the tasks, not from a clock.
        threshold = self.rng.randrange(1, self.tasks * 3 // 4)
        wait_until(lambda: self.ledger_lines() >= threshold or errors, 120, f"{threshold} lines of the ledger", every=0.002)
        bit = self.kill()
        if self.role == "dev":
            self.cluster.start()  # the next start takes the cluster over
        for thread in adders:
            thread.join()
        expect(not errors, f"adding failed: {errors[:1]}")
        self.check()
        return bit

    def check(self):
        client = self.cluster.batch()

        def complete():
            try:
                counts = client.job.get_task_counts(self.job).task_counts
            except Exception:  # noqa: BLE001: the role is coming back
                return False
            return counts.completed == self.tasks and counts
        counts = wait_until(complete, 180, f"all {self.tasks} tasks of {self.job} complete")
        expect(counts.active == 0 and counts.running == 0, "nothing is stuck")
        records = {t.id: t for t in client.task.list(self.job, models.TaskListOptions(select="id,state,executionInfo"))}
        expect(self.accepted <= set(records), f"accepted and lost: {sorted(self.accepted - set(records))[:5]}")
        expect(len(records) == self.tasks, f"{len(records)} records of {self.tasks} tasks")
        failed = [(t.id, t.execution_info.exit_code, str(t.execution_info.failure_info))
                  for t in records.values() if t.execution_info.exit_code != 0]
        expect(not failed, f"failed: {failed[:5]}")
        lines = self.ledger.read_text().split()
        missing = set(records) - set(lines)
        expect(not missing, f"recorded as run but not in the ledger: {sorted(missing)[:5]}")
        again = len(lines) - len(set(lines))
        print(f"  {self.job}: {self.tasks} records, {again} re-runs", flush=True)
        client.job.delete(self.job)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=2000, help=f"a round's, a multiple of {ADDERS * 50}")
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--state", help="a file that remembers counted rounds, so that a long run can go on")
    options = parser.parse_args()
    if options.tasks % (ADDERS * 50):
        parser.error(f"--tasks wants a multiple of {ADDERS * 50}")
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    counted = {}
    if options.state and os.path.exists(options.state):
        counted = json.loads(pathlib.Path(options.state).read_text())
    ledgers = tempfile.mkdtemp(prefix="windlass-ledger-")
    os.chmod(ledgers, 0o777)
    for role in options.roles.split(","):
        tries = 0
        with Cluster() as cluster:
            cluster.ledgers = ledgers
            make_pool(cluster.batch(), "kill-pool", nodes=4, slots=4)
            while counted.get(role, 0) < options.rounds:
                tries += 1
                expect(tries <= options.rounds * 3, f"{role}: too few rounds in which the kill bit")
                if Round(cluster, tries, role, rng, options.tasks).run():
                    counted[role] = counted.get(role, 0) + 1
                cluster.wait_healthy()
                if options.state:
                    pathlib.Path(options.state).write_text(json.dumps(counted))
        print(f"{role}: {counted[role]} counted rounds of {tries}, no acknowledged task lost", flush=True)
    print("kill -9 of " + ", ".join(f"{role} x {counted[role]}" for role in options.roles.split(",")), flush=True)


try:
    main()
except Failure as failure:
    print(f"FAILED: {failure}")
    sys.exit(1)
