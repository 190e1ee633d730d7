#!/usr/bin/python3
"""Shards go from one scheduler process to another, and to another "host", while clients add tasks and read: nothing is
lost, nothing runs twice, and no call fails for longer than a client tries again."""
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import expect, make_job, make_pool, run, wait_until  # noqa: E402
from members import Members  # noqa: E402

from azure.batch import models  # noqa: E402

POOLS = [f"pool-{i}" for i in range(4)]  # some on each shard
GOAL_SECONDS = 5


class Client:
    """Adds a task to one job, reads it, and again; a call that fails is made again, as clients do. Remembers the longest
    time without an answer."""

    def __init__(self, batch, job):
        self.batch, self.job = batch, job
        self.added, self.longest_s, self.failed = 0, 0.0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def call(self, what):
        begun = time.monotonic()
        while True:
            try:
                what()
                break
            except models.BatchErrorException as error:
                if error.error and error.error.code == "TaskExists":
                    break  # the answer of an earlier try was lost
                if not (error.error and error.error.code == "ServerBusy") or time.monotonic() > begun + 60:
                    raise
                time.sleep(0.05)  # the client's back-off
        self.longest_s = max(self.longest_s, time.monotonic() - begun)

    def work(self):
        try:
            while not self.over.is_set():
                task = f"t{self.added}"
                self.call(lambda: self.batch.task.add(self.job, models.TaskAddParameter(id=task, command_line="/bin/true")))
                self.added += 1
                self.call(lambda: self.batch.task.get(self.job, task))
        except Exception as error:  # noqa: BLE001: looked at by the test
            self.failed = error


def admin(members, *words, code=0):
    done = members.windlass("admin", "shard", *words)
    expect(done.returncode == code, f"admin shard {' '.join(words)} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}")


def shards_of(members, name):
    """What the process's metrics say it has."""
    return {int(line.split('shard="')[1].split('"')[0]) for line in members.door(name, "metrics").splitlines()
            if line.startswith("windlass_scheduler_free_bytes{")}


def shards_move_under_load():
    with Members() as members:
        members.init()
        members.start_broker()
        first, second = f"{members.root}/first", f"{members.root}/second"
        for name, data, shards in (("first", first, "0-1"), ("second", second, "2-3")):
            members.start(name, "scheduler", f"--data-dir={data}", f"--join-token-file={members.token('scheduler')}", "--shards-total=4",
                          f"--shards={shards}", f"--member-name={name}", "--lease-seconds=10")
        members.start_gateway("--shards-total=4")
        members.start_worker("worker-1", members.token("worker"), offers="4:*")
        batch = members.batch()
        for pool in POOLS:
            make_pool(batch, pool, nodes=1, slots=2)
            make_job(batch, f"job-{pool}", pool)
            batch.task.add(f"job-{pool}", models.TaskAddParameter(id="long", command_line="/bin/sleep 600"))
            wait_until(lambda: batch.task.get(f"job-{pool}", "long").state == "running", 60, "a long task runs")
        clients = [Client(members.batch(), f"job-{pool}") for pool in POOLS]

        def go_on(what):
            before = [client.added for client in clients]
            wait_until(lambda: any(client.failed for client in clients) or
                       all(client.added > added + 10 for client, added in zip(clients, before)), 60, f"clients go on after {what}")

        try:
            go_on("the start")
            # Between processes of a host, one after the other, until the first has none.
            for shard in (0, 1):
                admin(members, "move", str(shard), "--from", first, "--to", second)
                go_on(f"the move of shard {shard}")
            wait_until(lambda: not shards_of(members, "first") and shards_of(members, "second") == {0, 1, 2, 3}, 30,
                       "the second has all shards, and the first says so")
            admin(members, "move", "0", "--from", first, "--to", second)  # again: there is nothing left to do
            admin(members, "move", "2", "--from", first, "--to", second, code=5)
            # The first may stop and start: it does not take back what it is configured for.
            members.stop("first")
            members.start("first", "scheduler", f"--data-dir={first}", "--shards-total=4", "--shards=0-1", "--lease-seconds=10")
            go_on("a start of the first")
            expect(not pathlib.Path(f"{first}/shard-0").exists(), "no empty shard was made where one has left")
            # To another host: released, carried, adopted.
            admin(members, "release", "3", "--data-dir", second, "--to", f"{members.root}/carried")
            subprocess.run(["cp", "-a", f"{members.root}/carried", f"{members.root}/arrived"], check=True)
            admin(members, "adopt", "3", "--from", f"{members.root}/arrived", "--data-dir", first)
            go_on("the move to another host")
            admin(members, "adopt", "3", "--from", f"{members.root}/arrived", "--data-dir", second, code=5)
            wait_until(lambda: shards_of(members, "first") == {3}, 30, "the first has the one that it adopted")
        finally:
            for client in clients:
                client.over.set()
            for client in clients:
                client.thread.join()
        failed = [client.failed for client in clients if client.failed]
        expect(not failed, f"a call failed: {failed[:1]}")
        for pool, client in zip(POOLS, clients):
            job = f"job-{pool}"
            expect(batch.task.get(job, "long").state == "running", "the long task was not disturbed")
            batch.task.terminate(job, "long")
            wait_until(lambda: batch.job.get_task_counts(job).task_counts.completed == client.added + 1, 60, f"all of {job} complete")
            for task in batch.task.list(job):
                if task.id != "long":
                    info = task.execution_info
                    expect(info.exit_code == 0 and info.retry_count == 0 and not info.requeue_count, f"{task.id} ran once")
        longest = max(client.longest_s for client in clients)
        print(f"{sum(client.added for client in clients)} tasks added during three moves; the longest call took {longest:.1f} s "
              f"(goal {GOAL_SECONDS} s)")


run([shards_move_under_load])
