#!/usr/bin/python3
"""Each refusal that the programs can give is met by its code somewhere: those of state and of broken requests here, those of bad
input in bad_input.py, the rest in the conformance tests. A code that no test names fails this suite."""
import os
import pathlib
import re
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import AGENT, IMAGE, ROOT, Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402
from raw import Raw  # noqa: E402

from azure.batch import models  # noqa: E402

# Ends 15 s after it was asked to: until then its job or pool is still on its way out.
STUBBORN = "/bin/sh -c \"trap '' TERM; touch began; while :; do sleep 1; done\""
# Codes for defects of ours: nothing that a client does may bring them about.
OURS = {"InternalError"}


class Refused:
    def __init__(self, cluster):
        self.raw = Raw(cluster)

    def __call__(self, status, code, verb, path, body=None, **more):
        answer = self.raw(verb, path, body, **more)
        expect((answer.status, answer.code) == (status, code), f"{verb} {path}: {answer.status} {answer.code}, not {status} {code}: {answer.body[:300]}")
        expect(answer.message and answer.headers.get("request-id"), f"{code} has a sentence and a request-id")
        return answer


def task(task_id, line="/bin/true", **more):
    return {"id": task_id, "commandLine": line, **more}


def broken_requests(client, refused):
    refused(411, "MissingContentLengthHeader", "POST", "/jobs", headers={"Content-Length": None})
    refused(400, "RequestUrlFailedToParse", "GET", "jobs")
    with socket.create_connection((refused.raw.host, refused.raw.port), timeout=30) as peer:
        peer.sendall(b"this is not HTTP\r\n\r\n")
        said = b""
        while part := peer.recv(65536):
            said += part
    expect(said.startswith(b"HTTP/1.1 400") and b'"InvalidInput"' in said, f"what is not HTTP is answered in the API's shape: {said[:200]}")
    job = refused.raw("GET", "/jobs/plain")
    refused(412, "ConditionNotMet", "PATCH", "/jobs/plain", {"priority": 1}, headers={"If-Match": '"0x123"'})
    fresh = refused.raw("GET", "/jobs/plain", headers={"If-None-Match": job.headers["ETag"]})
    expect((fresh.status, fresh.body) == (304, b""), "a read that is fresh has no body")


def bad_values(client, refused):
    tasks = "/jobs/plain/tasks"
    refused(400, "EmptyMetadataKey", "POST", "/jobs", {"id": "m", "poolInfo": {"poolId": "p"}, "metadata": [{"name": "", "value": "x"}]})
    refused(400, "InvalidConstraintValue", "POST", tasks, task("t", constraints={"maxTaskRetryCount": -2}))
    refused(400, "InvalidConstraintValue", "POST", tasks, task("t", constraints={"maxWallClockTime": "-PT1S"}))
    refused(400, "TaskDependenciesNotSpecifiedOnJob", "POST", tasks, task("t", dependsOn={"taskIds": ["u"]}))
    ids = [f"{number:064}" for number in range(1100)]
    refused(400, "TaskDependencyListTooLong", "POST", "/jobs/depends/tasks", task("t", dependsOn={"taskIds": ids}))


def wrong_moment(client, refused):
    client.task.add("plain", models.TaskAddParameter(id="waits", command_line="/bin/true", required_slots=200))
    client.task.add("plain", models.TaskAddParameter(id="ends", command_line="/usr/bin/mkfifo pipe"))
    wait_until(lambda: client.task.get("plain", "ends").state.value == "completed", 60, "the task ends")
    refused(409, "TaskFilesUnavailable", "GET", "/jobs/plain/tasks/waits/files/stdout.txt")
    refused(403, "IOError", "GET", "/jobs/plain/tasks/ends/files/wd%2Fpipe")
    refused(409, "TaskNotCompleted", "POST", "/jobs/plain/tasks/waits/reactivate")
    refused(409, "TaskExists", "POST", "/jobs/plain/tasks", task("ENDS"))
    make_pool(client, "greedy", nodes=1000, wait=False)
    refused(409, "PoolBeingResized", "POST", "/pools/greedy/resize", {"targetDedicatedNodes": 1})


def on_the_way_out(client, refused):
    for job, pool in (("terminated", "p"), ("deleted", "p"), ("poolless", "q")):
        client.task.add(job, models.TaskAddParameter(id="stubborn", command_line=STUBBORN))
        wait_until(lambda: refused.raw("HEAD", f"/jobs/{job}/tasks/stubborn/files/wd%2Fbegan").status == 200, 60, "it runs")
    expect(refused.raw("POST", "/jobs/terminated/terminate").status == 202, "terminated")
    refused(409, "JobBeingTerminated", "POST", "/jobs/terminated/terminate")
    refused(409, "JobBeingTerminated", "POST", "/jobs/terminated/tasks", task("late"))
    refused(409, "JobBeingTerminated", "PATCH", "/jobs/terminated", {"priority": 1})
    expect(refused.raw("DELETE", "/jobs/deleted").status == 202, "deleted")
    refused(409, "JobBeingDeleted", "DELETE", "/jobs/deleted")
    refused(409, "JobBeingDeleted", "POST", "/jobs/deleted/tasks", task("late"))
    refused(409, "JobExists", "POST", "/jobs", {"id": "deleted", "poolInfo": {"poolId": "p"}})
    expect(refused.raw("DELETE", "/pools/q").status == 202, "the pool goes")
    refused(409, "PoolBeingDeleted", "DELETE", "/pools/q")
    refused(409, "PoolBeingDeleted", "POST", "/pools/q/resize", {"targetDedicatedNodes": 1})
    refused(409, "PoolExists", "POST", "/pools", {"id": "q", "vmSize": "s", "virtualMachineConfiguration": {"imageReference": IMAGE, "nodeAgentSKUId": AGENT}})


def away(cluster, refused):
    scheduler = cluster.pid("scheduler")

    def timed_out():
        os.kill(scheduler, signal.SIGSTOP)
        try:
            answer = refused.raw("GET", "/jobs/plain", query={"timeout": "1"})
        finally:
            os.kill(scheduler, signal.SIGCONT)
        # On a busy machine the broker may miss the shard before the time is over: that is 503.
        expect((answer.status, answer.code) in ((500, "OperationTimedOut"), (503, "ServerBusy")), f"a frozen shard: {answer.status} {answer.code}")
        return answer.code == "OperationTimedOut"
    wait_until(timed_out, 60, "a shard that does not answer in time", every=1)
    path = "/jobs/plain/tasks/ends/files/stdout.txt"

    # A question that is under way to the worker when it dies is not answered: the next look is then a new one.
    def read():
        return refused.raw("GET", path, query={"timeout": "2"})

    def met():
        with_worker = read()
        if with_worker.status == 200:
            cluster.kill("worker")
            return read().code == "NodeNotReady"
        return with_worker.code == "NodeNotReady"
    wait_until(met, 60, "a node whose worker is gone is not ready", every=0.5)


def states():
    with Cluster() as cluster:
        client, refused = cluster.batch(), Refused(cluster)
        make_pool(client, "p", nodes=2, slots=2)
        make_pool(client, "q", nodes=1)
        for job in ("plain", "terminated", "deleted"):
            make_job(client, job, "p")
        make_job(client, "depends", "p", uses_task_dependencies=True)
        make_job(client, "poolless", "q")
        for part in (broken_requests, bad_values, wrong_moment, on_the_way_out):
            print(f"  {part.__name__.replace('_', ' ')}", flush=True)
            part(client, refused)
        print("  away", flush=True)
        away(cluster, refused)


def every_code_has_its_test():
    names = dict(re.findall(r'case ErrorCode::(\w+):\s*return \{\d+, "(\w+)"', (ROOT / "api" / "errors.cpp").read_text()))
    given = set()
    for folder in ("gateway", "api", "scheduler", "query", "worker", "model", "bus"):
        for file in (*(ROOT / folder).rglob("*.cpp"), *(ROOT / folder).rglob("*.h")):
            if file != ROOT / "api" / "errors.cpp":
                given |= set(re.findall(r"ErrorCode::(\w+)\b", file.read_text())) & set(names)
    tests = [file.read_text() for pattern in ("integration/*.py", "conformance/**/*.py", "conformance/**/*.mjs", "faults/*.py")
             for file in (ROOT / "tests").glob(pattern)]
    unmet = sorted(names[code] for code in given if names[code] not in OURS
                   and not any(f'"{names[code]}"' in text for text in tests))
    expect(len(given) > 40, f"the sources were read: {len(given)}")
    expect(not unmet, f"codes that the programs give and no test meets: {', '.join(unmet)}")
    print(f"{len(given)} of {len(names)} codes can be given; each is met by a test")


run([states, every_code_has_its_test])
