#!/usr/bin/python3
"""The disks of a scheduler and a worker fail under load: a flush or a write is refused, half done, or done and yet refused,
and flushes take seconds. A scheduler whose commit failed ends and says why, the next one settles what became of it, and
no accepted task is lost or run twice.

Usage: disk_errors.py [--rounds N] [--seed S]

tests/faults/disk_faults.cpp is loaded into the programs; a fault counts only if it bit.
"""
import argparse
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import BIN, Cluster, Failure, expect, make_job, make_pool, wait_nodes_idle, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from raw import Raw  # noqa: E402

STORE, SPOOL, GRANTS = "windlass-scheduler /data.mdb", "windlass-worker /spool", "windlass-worker /grants"
# Each ends the scheduler.
COMMIT_FAULTS = [f"{STORE} {fault}" for fault in (
    "flush EIO", "write EIO", "write ENOSPC", "write short", "flush EIO-after", "write EIO-after")]
SLOW_FAULTS = {f"{STORE} flush slow 100": 20, f"{STORE} flush slow 5000": 2}  # and how many flushes
# Reports wait in memory until the disk takes them.
SPOOL_FAULTS = [f"{SPOOL} {fault}" for fault in ("write EIO", "write ENOSPC", "write short", "write broken")]
GRANT_FAULTS = [f"{GRANTS} flush EIO", f"{GRANTS} write ENOSPC"]
SAID_AT_THE_END = ("mdb_txn_commit: ", "/grants")


class FailingDisks(Cluster):
    def __init__(self, folder):
        self.order = pathlib.Path(folder) / "order"
        self.bites = pathlib.Path(folder) / "order.bitten"
        self.bites.touch()
        self.ends = 0
        super().__init__(env={"LD_PRELOAD": str(BIN / "libdisk_faults.so"), "WINDLASS_DISK_FAULTS": str(self.order)})

    def bitten(self):
        return self.bites.read_text().splitlines()

    def give(self, order, bites=1):
        """Waits until it has bitten; returns the process that it bit."""
        before = len(self.bitten())
        new = self.order.with_suffix(".new")
        new.write_text(order + "\n")
        new.rename(self.order)
        wait_until(lambda: len(self.bitten()) >= before + bites, 60, f"a bite of: {order}")
        self.order.unlink(missing_ok=True)
        return int(self.bitten()[before].split()[0])

    def wait_end_of(self, pid):
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 30, "the end of the process whose disk failed")
        self.ends += 1

    def broken_promises(self):
        lines = super().broken_promises()
        said = [line for line in lines if any(words in line for words in SAID_AT_THE_END)]
        expect(len(said) == self.ends, f"{self.ends} processes ended of their disks, and {len(said)} said so: {said}")
        return [line for line in lines if line not in said]


class Load:
    """Adds one task after the other; a call without a clear answer is made again."""

    def __init__(self, cluster, job, ledger):
        self.raw, self.job, self.ledger = Raw(cluster), job, ledger
        self.accepted, self.asked_again, self.error = [], 0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        try:
            while not self.over.is_set():
                self.add(f"t{len(self.accepted):05}")
        except Exception as error:  # noqa: BLE001: reported by finish()
            self.error = error

    def add(self, task):
        body = {"id": task, "commandLine": f"/bin/sh -c 'echo $AZ_BATCH_TASK_ID >> {self.ledger}'"}
        deadline = time.monotonic() + 90
        tries = 0
        while True:
            tries += 1
            try:
                answer = self.raw("POST", f"/jobs/{self.job}/tasks", body)
            except OSError:
                answer = None
            # Known already: an earlier try was taken and its answer lost.
            if answer is not None and (answer.status == 201 or tries > 1 and answer.code == "TaskExists"):
                self.accepted.append(task)
                return
            expect(answer is None or answer.status >= 500, f"{answer and (answer.status, answer.code)} to {task}")
            expect(time.monotonic() < deadline, f"{task} was not accepted for 90 s")
            self.asked_again += 1
            time.sleep(0.05)  # a client's back-off

    def wait_for_more(self, count):
        goal = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= goal or self.error, 90, f"{count} more accepted tasks", every=0.005)
        if self.error:
            raise self.error

    def finish(self):
        self.over.set()
        self.thread.join()
        if self.error:
            raise self.error


def one_round(cluster, load, rng):
    client = cluster.batch()
    orders = COMMIT_FAULTS + list(SLOW_FAULTS) + SPOOL_FAULTS + GRANT_FAULTS
    rng.shuffle(orders)
    for order in orders:
        load.wait_for_more(rng.randrange(5, 30))
        begun = time.monotonic()
        if order in GRANT_FAULTS:
            nodes = len(list(client.compute_node.list("disk")))
            resized = threading.Thread(target=lambda: client.pool.resize("disk", models.PoolResizeParameter(target_dedicated_nodes=nodes + 1)))
            resized.start()
            pid = cluster.give(order)
            resized.join()
            cluster.wait_end_of(pid)
            wait_nodes_idle(client, "disk", nodes + 1)
        elif order in COMMIT_FAULTS:
            cluster.wait_end_of(cluster.give(order))
        else:
            pid = cluster.give(order, bites=SLOW_FAULTS.get(order, 1))
            expect(pathlib.Path(f"/proc/{pid}").exists(), "a slow disk, or a spool that waits, ends nobody")
        load.wait_for_more(5)
        print(f"  {order}: tasks are accepted again after {time.monotonic() - begun:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="windlass-disk-errors-") as folder:
        os.chmod(folder, 0o777)
        ledger = pathlib.Path(folder) / "ledger"
        with FailingDisks(folder) as cluster:
            client = cluster.batch()
            make_pool(client, "disk", nodes=2, slots=2)
            make_job(client, "disk-job", "disk")
            load = Load(cluster, "disk-job", ledger)
            try:
                for _ in range(options.rounds):
                    one_round(cluster, load, rng)
                    client.pool.resize("disk", models.PoolResizeParameter(
                        target_dedicated_nodes=2, node_deallocation_option=models.ComputeNodeDeallocationOption.task_completion))
                    wait_nodes_idle(client, "disk", 2)
            finally:
                load.over.set()
            load.finish()
            total = len(load.accepted)
            records = [task.id for task in client.task.list("disk-job")]
            lost = sorted(set(load.accepted) - set(records))
            expect(not lost, f"accepted and lost: {lost[:5]}")
            expect(len(records) == total, f"{len(records)} records of {total} tasks")
            wait_tasks_complete(client, "disk-job", total)
            lines = ledger.read_text().split()
            expect(set(lines) == set(records), f"recorded as run, not in the ledger: {sorted(set(records) - set(lines))[:5]}")
            again = len(lines) - len(set(lines))
            expect(again == 0, f"{again} tasks ran twice")
            print(f"{total} tasks accepted, recorded and run once each; {load.asked_again} requests asked again; "
                  f"{cluster.ends} processes ended of their disks", flush=True)


try:
    main()
except Failure as failure:
    print(f"FAILED: {failure}")
    sys.exit(1)
