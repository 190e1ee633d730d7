#!/usr/bin/python3
"""docker/compose.yml, each container replaced by a new one in turn, as an upgrade does, while clients add tasks to every shard
and read them: no acknowledged task is lost, none is recorded twice, and no shard is away for long.

Usage: upgrade.py     Exit code 77, with the reason as the last line, where no Docker engine can be had.
"""
import pathlib
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Failure, expect, make_job, make_pool, wait_tasks_complete, wait_until  # noqa: E402
from compose import ComposeCluster, WORKERS  # noqa: E402
from engine import run_with_engine  # noqa: E402
from project import UP_SECONDS, build_images  # noqa: E402
from shards import SHARDS, name_on  # noqa: E402

from azure.batch import models  # noqa: E402

# In the order of docker/README.md.
SERVICES = ["broker-1", "broker-2", "scheduler-1", "scheduler-2", "gateway-1", "gateway-2", "storage", "proxy", "worker"]
AWAY_SECONDS_GOAL = 5
AWAY_SECONDS_MAX = 10  # the goal, on a machine that is busy with other things
ROUNDS_BETWEEN = 10  # answers that each client wants before the next container is replaced
SETTLED_SECONDS = 240


class Client(threading.Thread):
    """Adds tasks to a job of one shard and reads them, one request after the other, with no retries but its own."""

    def __init__(self, cluster, shard):
        super().__init__()
        self.cluster, self.shard = cluster, shard
        account = cluster.environment["AZURE_BATCH_ACCOUNT"]
        self.pool, self.job = name_on(shard, account, "pool"), name_on(shard, account, "job")
        self.acknowledged = []
        self.failures = {}        # of this round: what was answered instead
        self.away = 0.0           # of this round: the longest time between two answers
        self.answers = 0
        self.answered = None
        self.enough = threading.Event()
        self.failure = None

    def run(self):
        try:
            client = self.cluster.batch()
            client.config.retry_policy.retries = 0
            client.config.connection.timeout = 10
            self.answered = time.monotonic()
            while not self.enough.is_set():
                task = f"t{len(self.acknowledged):05}"
                self.ask(lambda: self.add(client, task))
                self.acknowledged.append(task)
                self.ask(lambda: client.task.get(self.job, task))
                self.enough.wait(0.1)  # the client's own pace
        except Exception as error:  # noqa: BLE001: told by the test
            self.failure = error

    def add(self, client, task):
        try:
            client.task.add(self.job, models.TaskAddParameter(id=task, command_line="/bin/true"))
        except models.BatchErrorException as error:
            if error.error is None or error.error.code != "TaskExists":
                raise

    def ask(self, question):
        """Until there is an answer; a wrong one (404 for what was acknowledged) is none."""
        while True:
            try:
                question()
                break
            except Exception as error:  # noqa: BLE001: a cut connection, 5xx
                status = getattr(getattr(error, "response", None), "status_code", None)
                word = str(status or type(error).__name__)
                self.failures[word] = self.failures.get(word, 0) + 1
                if status is not None and status < 500:
                    raise
                if time.monotonic() - self.answered > 120:
                    raise Failure(f"shard {self.shard} was away for 120 s: {error}")
                time.sleep(0.05)  # the client's own back-off
        now = time.monotonic()
        self.away = max(self.away, now - self.answered)
        self.answered = now
        self.answers += 1

    def begin_round(self):
        self.away, self.failures = 0.0, {}


def every_shard_has_a_pool(cluster):
    found = {}
    for service in ("scheduler-1", "scheduler-2"):
        about, = cluster.containers()[service]
        address, = (network["IPAddress"] for network in about["NetworkSettings"]["Networks"].values())
        with urllib.request.urlopen(f"http://{address}:8462/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("windlass_scheduler_pools{"):
                    shard = line.partition('shard="')[2].partition('"')[0]
                    found[shard] = found.get(shard, 0) + float(line.rsplit(" ", 1)[1])
    return len(found) == SHARDS and all(count == 1 for count in found.values())


def answered(clients):
    """Until each client has had some more answers."""
    before = [client.answers for client in clients]

    def more():
        for client in clients:
            if client.failure:
                raise client.failure
        return all(client.answers >= answers + ROUNDS_BETWEEN for client, answers in zip(clients, before))
    wait_until(more, 150, "answers of every shard")


def replace(cluster, clients, service):
    for client in clients:
        client.begin_round()
    before = {about["Id"] for about in cluster.containers()[service]}
    scale = ["--scale", f"worker={WORKERS}"] if service == "worker" else []
    begun = time.monotonic()
    cluster.compose("up", "-d", "--no-deps", "--force-recreate", *scale, service)
    wait_until(cluster.all_healthy, UP_SECONDS, f"{service} healthy", every=0.2)
    took = time.monotonic() - begun
    after = {about["Id"] for about in cluster.containers()[service]}
    expect(not before & after and len(after) == len(before), f"{service} is another container")
    answered(clients)
    worst = max(clients, key=lambda client: client.away)
    failures = {}
    for client in clients:
        for word, count in client.failures.items():
            failures[word] = failures.get(word, 0) + count
    print(f"{service} replaced in {took:.0f} s; longest time without an answer {worst.away:.1f} s (shard {worst.shard}); "
          f"asked again because of {failures or 'nothing'}", flush=True)
    return worst.away


def replaced_one_by_one(cluster):
    clients = [Client(cluster, shard) for shard in range(SHARDS)]
    batch = cluster.batch()
    for client in clients:
        make_pool(batch, client.pool, nodes=1, slots=4)
        make_job(batch, client.job, client.pool)
    wait_until(lambda: every_shard_has_a_pool(cluster), 30, "a pool on every shard", every=0.5)
    for client in clients:
        client.start()
    try:
        answered(clients)
        away = {service: replace(cluster, clients, service) for service in SERVICES}
    finally:
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join()
    for client in clients:
        if client.failure:
            raise client.failure
        total = len(client.acknowledged)
        counts = wait_tasks_complete(batch, client.job, total, SETTLED_SECONDS)
        expect(counts.succeeded == total and counts.failed == 0, f"all tasks of shard {client.shard} succeed: {counts}")
        tasks = [task.id for task in batch.task.list(client.job)]
        expect(sorted(tasks) == client.acknowledged, f"the tasks of shard {client.shard} are those that were acknowledged, once each")
    print(f"{sum(len(client.acknowledged) for client in clients)} tasks on {SHARDS} shards; longest unavailability of a shard: "
          f"{max(away.values()):.1f} s ({max(away, key=away.get)}); the goal is {AWAY_SECONDS_GOAL} s", flush=True)
    expect(max(away.values()) <= AWAY_SECONDS_MAX, f"no shard is away for more than {AWAY_SECONDS_MAX} s: {away}")


if __name__ == "__main__":
    run_with_engine(lambda engine: ComposeCluster(engine, build_images(engine, *ComposeCluster.images)), [replaced_one_by_one])
