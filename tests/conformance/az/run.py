#!/usr/bin/python3
"""The basic workflow through `az batch` 2.45.0, unmodified: over HTTP, and once over HTTPS."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import Cluster, expect, run, wait_until  # noqa: E402

TASKS = 250


class Az:
    def __init__(self, cluster, folder):
        self.environment = {**os.environ, **cluster.environment, "AZURE_CONFIG_DIR": f"{folder}/home",
                            "AZURE_CORE_COLLECT_TELEMETRY": "0", "AZURE_CORE_NO_COLOR": "1"}

    def __call__(self, *words, fails=False):
        done = subprocess.run(["az", "batch", *words, "-o", "json"], capture_output=True, text=True, env=self.environment)
        if fails:
            expect(done.returncode != 0, f"az batch {' '.join(words)} must fail")
            return done.stderr
        expect(done.returncode == 0, f"az batch {' '.join(words)}:\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None


def workflow(*options):
    with Cluster(*options) as cluster, tempfile.TemporaryDirectory() as folder:
        az = Az(cluster, folder)
        az("pool", "create", "--id", "conf-az", "--vm-size", "standard_d2s_v3", "--target-dedicated-nodes", "2",
           "--task-slots-per-node", "4", "--image", "canonical:0001-com-ubuntu-server-jammy:22_04-lts",
           "--node-agent-sku-id", "batch.node.ubuntu 22.04")
        wait_until(lambda: [n["state"] for n in az("node", "list", "--pool-id", "conf-az")] == ["idle", "idle"], 60, "idle nodes")
        node = ["--pool-id", "conf-az", "--node-id", az("node", "list", "--pool-id", "conf-az")[0]["id"]]
        az("node", "scheduling", "disable", *node, "--node-disable-scheduling-option", "taskcompletion")
        expect(az("node", "show", *node)["state"] == "offline", "a node without scheduling is offline")
        az("node", "scheduling", "enable", *node)
        expect(az("node", "show", *node)["state"] == "idle", "and idle again")
        az("job", "create", "--id", "conf-az-job", "--pool-id", "conf-az")
        tasks = [{"id": f"t{i:03}", "commandLine": f"/bin/sh -c 'echo task {i}'"} for i in range(TASKS)]
        path = pathlib.Path(folder) / "tasks.json"
        path.write_text(json.dumps(tasks))
        az("task", "create", "--job-id", "conf-az-job", "--json-file", str(path))
        wait_until(lambda: az("job", "task-counts", "show", "--job-id", "conf-az-job")["taskCounts"]["completed"] == TASKS, 120, "all complete")
        listed = az("task", "list", "--job-id", "conf-az-job", "--filter", "state eq 'completed'", "--select", "id,state")
        expect([t["id"] for t in listed] == [f"t{i:03}" for i in range(TASKS)], "every task is listed, in order")
        output = pathlib.Path(folder) / "stdout.txt"
        az("task", "file", "download", "--job-id", "conf-az-job", "--task-id", "t042", "--file-path", "stdout.txt", "--destination", str(output))
        expect(output.read_text() == "task 42\n", "stdout is what the task said")
        output.unlink()
        az("task", "file", "download", "--job-id", "conf-az-job", "--task-id", "t042", "--file-path", "stdout.txt",
           "--destination", str(output), "--start-range", "5", "--end-range", "6")
        expect(output.read_text() == "42", "a range is a range")
        expect("has succeeded" in az("task", "reactivate", "--job-id", "conf-az-job", "--task-id", "t042", fails=True), "what succeeded is left alone")
        expect(az("pool", "show", "--pool-id", "conf-az")["allocationState"] == "steady", "the pool is steady")
        expect("does not exist" in az("pool", "show", "--pool-id", "nope", fails=True), "a missing pool is an error")
        path.write_text(json.dumps({"id": "conf-az-schedule", "schedule": {"recurrenceInterval": "PT1H"},
                                    "jobSpecification": {"poolInfo": {"poolId": "conf-az"}}}))
        az("job-schedule", "create", "--json-file", str(path))
        shown = az("job-schedule", "show", "--job-schedule-id", "conf-az-schedule")
        expect(shown["executionInfo"]["recentJob"]["id"] == "conf-az-schedule:job-1", "its first job is made at once")
        expect([job["id"] for job in az("job", "list", "--job-schedule-id", "conf-az-schedule")] == ["conf-az-schedule:job-1"], "... and listed")
        az("job-schedule", "disable", "--job-schedule-id", "conf-az-schedule")
        expect([(one["id"], one["state"]) for one in az("job-schedule", "list")] == [("conf-az-schedule", "disabled")], "it is disabled")
        az("job-schedule", "enable", "--job-schedule-id", "conf-az-schedule")
        az("job-schedule", "stop", "--job-schedule-id", "conf-az-schedule")
        wait_until(lambda: az("job-schedule", "show", "--job-schedule-id", "conf-az-schedule")["state"] == "completed", 60, "it ends with its job")
        az("job-schedule", "delete", "--job-schedule-id", "conf-az-schedule", "--yes")
        wait_until(lambda: az("job-schedule", "list") == [], 60, "the schedule is gone")
        az("job", "delete", "--job-id", "conf-az-job", "--yes")
        wait_until(lambda: az("job", "list") == [], 60, "the job is gone")
        az("pool", "delete", "--pool-id", "conf-az", "--yes")
        wait_until(lambda: az("pool", "list") == [], 60, "the pool is gone")


def over_http():
    workflow()


def over_https():
    workflow("--https")


run([over_http, over_https])
