#!/usr/bin/python3
"""Jobs whose tasks wait for each other by the thousand, through deaths of the scheduler; with --million, one of a million tasks."""
import argparse
import pathlib
import signal
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import BIN, Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402

CHAIN = 1000
DIAMOND = 10_000
KILLS = 3
MILLION = 1_000_000
LIST_PAGES = 50        # of the million, listed by state
SUBMITS = 300          # of a small job beside the big one
AT_ONCE_SECONDS = 1.0  # a deletion is acknowledged without waiting for the rows


def cluster():
    return Cluster("--executor", "null", "--nodes", "8")


def task(number, **depends):
    depends_on = models.TaskDependencies(**depends) if depends else None
    return models.TaskAddParameter(id=str(number), command_line="true", depends_on=depends_on)


def add(client, job, tasks):
    for first in range(0, len(tasks), 100):
        result = client.task.add_collection(job, tasks[first:first + 100])
        expect(all(str(getattr(t.status, "value", t.status)).lower() == "success" for t in result.value), "every task is added")


def ended(client, job):
    """{id: (start, end)} of a job whose tasks all ran once and succeeded."""
    times = {}
    for one in client.task.list(job, models.TaskListOptions(select="id,state,executionInfo")):
        info = one.execution_info
        expect(info.exit_code == 0 and info.retry_count == 0, f"{one.id} ran once and succeeded")
        times[one.id] = (info.start_time, info.end_time)
    return times


def kill_at(cluster, client, job, total):
    """kill -9 of the scheduler whenever another share of the tasks has ended; answers how many bit."""
    bitten = 0
    for kill in range(KILLS):
        wanted = total * (kill + 1) // (KILLS + 2)

        def far_enough():
            try:
                return client.job.get_task_counts(job).task_counts.completed >= wanted
            except Exception:  # noqa: BLE001: the scheduler is on its way back
                return False
        wait_until(far_enough, 120, f"{wanted} ends in {job}", every=0.005)
        if client.job.get_task_counts(job).task_counts.completed < total:
            bitten += 1
        cluster.kill("scheduler", signal.SIGKILL)
        cluster.wait_healthy()
    return bitten


def chain(client, job):
    return [task(0)] + [task(number, task_ids=[str(number - 1)]) for number in range(1, CHAIN)]


def a_chain_runs_in_order():
    with cluster() as site:
        client = site.batch()
        make_pool(client, "chain", nodes=4, slots=2)
        make_job(client, "chain-job", "chain", uses_task_dependencies=True)
        # The first comes last, so that nothing runs while the rest is still being added.
        tasks = chain(client, "chain-job")
        add(client, "chain-job", tasks[1:])
        begun = time.monotonic()
        add(client, "chain-job", tasks[:1])
        wait_tasks_complete(client, "chain-job", CHAIN, 120)
        took = time.monotonic() - begun
        times = ended(client, "chain-job")
        gaps = []
        for number in range(1, CHAIN):
            gap = (times[str(number)][0] - times[str(number - 1)][1]).total_seconds() * 1000
            expect(gap >= 0, f"task {number} began {-gap} ms before its parent had ended")
            gaps.append(gap)
        print(f"a dependent starts {statistics.median(gaps):.2f} ms (p50), {sorted(gaps)[int(len(gaps) * .99)]:.2f} ms (p99) after its parent "
              f"has ended; a link of the chain takes {took / CHAIN * 1000:.2f} ms with its end recorded")


def a_chain_outlives_the_scheduler():
    with cluster() as site:
        client = site.batch()
        make_pool(client, "chain", nodes=4, slots=2)
        make_job(client, "chain-job", "chain", uses_task_dependencies=True)
        tasks = chain(client, "chain-job")
        add(client, "chain-job", tasks[1:])
        add(client, "chain-job", tasks[:1])
        bitten = kill_at(site, client, "chain-job", CHAIN)
        expect(bitten == KILLS, f"only {bitten} of {KILLS} kills came before the end")
        wait_tasks_complete(client, "chain-job", CHAIN, 240)
        times = ended(client, "chain-job")
        for number in range(1, CHAIN):
            expect(times[str(number)][0] >= times[str(number - 1)][1], f"task {number} began before its parent had ended")


def a_diamond_outlives_the_scheduler():
    with cluster() as site:
        client = site.batch()
        make_pool(client, "diamond", nodes=8, slots=4)
        make_job(client, "diamond-job", "diamond", uses_task_dependencies=True)
        last = DIAMOND - 1
        middle = range(1, last)
        add(client, "diamond-job", [task(number, task_ids=["0"]) for number in middle])
        add(client, "diamond-job", [task(last, task_id_ranges=[models.TaskIdRange(start=1, end=last - 1)])])
        counts = client.job.get_task_counts("diamond-job").task_counts
        expect(counts.active == DIAMOND - 1 and counts.completed == 0, "nothing runs before the first is there")
        add(client, "diamond-job", [task(0)])
        bitten = kill_at(site, client, "diamond-job", DIAMOND)
        wait_tasks_complete(client, "diamond-job", DIAMOND, 240)
        times = ended(client, "diamond-job")
        expect(len(times) == DIAMOND, "each task is there")
        expect(all(times[str(number)][0] >= times["0"][1] for number in middle), "none begins before the first has ended")
        expect(times[str(last)][0] >= max(times[str(number)][1] for number in middle), "the last begins when all have ended")
        expect(bitten > 0, "no kill came before the end")
        print(f"{bitten} of {KILLS} deaths of the scheduler came in the middle")


def submit_times(client, job, first):
    """Milliseconds of each of SUBMITS single tasks, from the request to its answer."""
    took = []
    for number in range(first, first + SUBMITS):
        begun = time.monotonic()
        client.task.add(job, task(number))
        took.append((time.monotonic() - begun) * 1000)
    return took


def told(took):
    took = sorted(took)
    return f"{statistics.median(took):.1f} / {took[int(len(took) * .99)]:.1f} ms"


def a_million_tasks():
    """Added, counted, listed by state, deleted; beside it the tasks of a small job on the same shard."""
    with cluster() as site:
        client = site.batch()
        make_pool(client, "big", nodes=8, slots=4)
        make_job(client, "small", "big")
        before = submit_times(client, "small", 0)
        begun = time.monotonic()
        make_job(client, "big-job", "big")
        filled = subprocess.run([BIN / "windlass-loadtest", "fill", "big-job", str(MILLION)], env=site.environment, capture_output=True, text=True,
                                timeout=600)
        expect(filled.returncode == 0, f"windlass-loadtest fill: {filled.stderr}")
        added = time.monotonic() - begun
        begun = time.monotonic()
        counts = client.job.get_task_counts("big-job").task_counts
        counted = (time.monotonic() - begun) * 1000
        expect(counts.active + counts.running + counts.completed == MILLION, f"the counts say {counts}")
        wait_tasks_complete(client, "big-job", MILLION, 600)
        pages, seen = [], set()
        options = models.TaskListOptions(filter="state eq 'completed'", select="id,state", max_results=1000)
        pager = client.task.list("big-job", options)
        for _ in range(LIST_PAGES):
            begun = time.monotonic()
            page = pager.advance_page()
            pages.append((time.monotonic() - begun) * 1000)
            seen.update(one.id for one in page)
        expect(len(seen) == LIST_PAGES * 1000, f"{len(seen)} different tasks on {LIST_PAGES} pages")
        begun = time.monotonic()
        client.job.delete("big-job")
        acknowledged = time.monotonic() - begun
        expect(acknowledged < AT_ONCE_SECONDS, f"the deletion was acknowledged after {acknowledged:.2f} s")

        gone = threading.Event()

        def wait_for_it():
            watcher = site.batch()

            def is_gone():
                try:
                    watcher.job.get("big-job")
                except models.BatchErrorException as error:
                    return error.error.code == "JobNotFound"
                return False
            wait_until(is_gone, 600, "the big job is gone", every=0.2)
            gone.set()
        watch = threading.Thread(target=wait_for_it)
        deleted_from = time.monotonic()
        watch.start()
        during, number = [], SUBMITS
        while not gone.is_set() and watch.is_alive():
            during += submit_times(client, "small", number)
            number += SUBMITS
        watch.join()
        expect(gone.is_set(), "the big job goes")
        took = time.monotonic() - deleted_from
        wait_tasks_complete(client, "small", number)
        after = submit_times(client, "small", number)
        print(f"{MILLION} tasks: added in {added:.0f} s, counted in {counted:.1f} ms, a page of 1,000 by state {told(pages)} (p50 / p99), "
              f"deletion acknowledged in {acknowledged * 1000:.0f} ms and done in {took:.0f} s; a task of another job is added in {told(before)} "
              f"before, {told(during)} during the deletion ({len(during)} of them), {told(after)} after")


parser = argparse.ArgumentParser()
parser.add_argument("--million", action="store_true")
if parser.parse_args().million:
    run([a_million_tasks])
else:
    run([a_chain_runs_in_order, a_chain_outlives_the_scheduler, a_diamond_outlives_the_scheduler])
