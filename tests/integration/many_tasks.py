#!/usr/bin/python3
"""10,000 tasks of /bin/true over 4 nodes complete once each; the counts are right at every moment."""
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402

TOTAL = 10_000
SAMPLES_MIN = 50  # so that it was looked at while tasks ran; a busy machine takes few


def ten_thousand():
    with Cluster() as cluster:
        client = cluster.batch()
        make_pool(client, "many", nodes=4, slots=2)
        make_job(client, "many-job", "many")
        sent = acknowledged = 0
        samples = []
        stop = threading.Event()
        problems = []

        def watch():
            watcher = cluster.batch()
            completed_before = 0
            while not stop.is_set():
                low = acknowledged
                counts = watcher.job.get_task_counts("many-job").task_counts
                high = sent
                total = counts.active + counts.running + counts.completed
                if not low <= total <= high:
                    problems.append(f"total {total} is not between {low} acknowledged and {high} sent")
                if counts.completed < completed_before:
                    problems.append(f"completed fell from {completed_before} to {counts.completed}")
                if counts.succeeded + counts.failed != counts.completed:
                    problems.append("completed is not succeeded + failed")
                completed_before = counts.completed
                samples.append(total)
                time.sleep(0.01)  # the pace of sampling, not a wait for anything

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for first in range(0, TOTAL, 100):
                tasks = [models.TaskAddParameter(id=f"t{i:05}", command_line="/bin/true") for i in range(first, first + 100)]
                sent += 100
                client.task.add_collection("many-job", tasks)
                acknowledged += 100
            counts = wait_tasks_complete(client, "many-job", TOTAL, 300)
        finally:
            stop.set()
            watcher.join()
        expect(not problems, f"{len(problems)} wrong samples, the first: {problems[:3]}")
        expect(len(samples) >= SAMPLES_MIN, f"only {len(samples)} samples were taken")
        expect(counts.succeeded == TOTAL and counts.failed == 0, "all succeeded")
        listed = list(client.task.list("many-job", models.TaskListOptions(select="id,state,executionInfo")))
        expect(len(listed) == TOTAL and len({t.id for t in listed}) == TOTAL, "the list agrees with the counts")
        expect(all(t.execution_info.exit_code == 0 and t.execution_info.retry_count == 0 for t in listed), "one run each")
        runs = sum(node.total_tasks_run for node in client.compute_node.list("many"))
        expect(runs == TOTAL, f"nodes ran {runs} tasks")
        print(f"{TOTAL} tasks, {len(samples)} samples of the counts, all right")


def null_executor_uses_the_whole_road():
    with Cluster("--executor", "null", "--nodes", "8") as cluster:
        client = cluster.batch()
        make_pool(client, "null", nodes=8, slots=4)
        make_job(client, "null-job", "null")
        total = 2000
        client.task.add_collection("null-job", [
            models.TaskAddParameter(id=f"t{i}", command_line="/bin/false") for i in range(total)])
        counts = wait_tasks_complete(client, "null-job", total)
        expect(counts.succeeded == total, "simulated tasks end with exit code 0")
        import urllib.request
        metrics = {}
        for entry in cluster.status():
            if entry["role"] in ("worker", "scheduler"):
                text = urllib.request.urlopen(f"http://{entry['admin']}/metrics", timeout=10).read().decode()
                for line in text.splitlines():
                    if line and not line.startswith("#"):
                        name, _, value = line.rpartition(" ")
                        metrics[name.split("{")[0]] = metrics.get(name.split("{")[0], 0) + float(value)
        expect(metrics["windlass_scheduler_assignments_total"] == total, "one assignment for each task went over the bus")
        expect(metrics["windlass_worker_reports_sent_total"] == total, "one report for each task came back")


def a_deleted_job_goes_while_nothing_else_happens():
    with Cluster("--executor", "null", "--nodes", "8") as cluster:
        client = cluster.batch()
        make_pool(client, "null", nodes=8, slots=4)
        make_job(client, "gone", "null")
        total = 3000  # more than go in one batch
        for first in range(0, total, 100):
            client.task.add_collection("gone", [
                models.TaskAddParameter(id=f"t{i}", command_line="/bin/true") for i in range(first, first + 100)])
        wait_tasks_complete(client, "gone", total)
        client.job.delete("gone")

        def is_gone():
            try:
                client.job.get("gone")
            except models.BatchErrorException as error:
                return error.error.code == "JobNotFound"
            return False
        wait_until(is_gone, 60, "the job is gone")


run([ten_thousand, null_executor_uses_the_whole_road, a_deleted_job_goes_while_nothing_else_happens])
