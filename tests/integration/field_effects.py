#!/usr/bin/python3
"""What fields of requests bring about, by their names on the wire: those that tests/conformance/fields.tsv calls honoured and no SDK's test shows.

The parts have pools and jobs of their own and run side by side. A wish that has no effect is seen by what then happens, or by a wait in vain.
With --bites [PART...] each part runs again without each field that names it in the table, taken out of its requests: it has to fail then.
"""
import collections
import concurrent.futures
import contextlib
import io
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fields  # noqa: E402
from cluster import expect, run  # noqa: E402
from service import MACHINE, SHARED, Store, meets, service_of, sh, task  # noqa: E402

# Ways to say something of a job: when it is added, or later.
CHANGES = ("POST", "PATCH", "PUT")


# Which requests are of a model: verb and path.
REQUESTS = {
    "PoolAddParameter": ("POST", "/pools"), "PoolPatchParameter": ("PATCH", "/pools/.*"), "PoolUpdatePropertiesParameter": ("POST", ".*/updateproperties"),
    "PoolResizeParameter": ("POST", ".*/resize"), "NodeDisableSchedulingParameter": ("POST", ".*/disablescheduling"),
    "NodeDeallocateParameter": ("POST", ".*/deallocate"), "JobAddParameter": ("POST", "/jobs"), "JobPatchParameter": ("PATCH", "/jobs/.*"),
    "JobUpdateParameter": ("PUT", "/jobs/[^/]*"), "JobDisableParameter": ("POST", ".*/disable"), "TaskUpdateParameter": ("PUT", ".*/tasks/.*"),
}


class Missing:
    """Sends requests with a field of a model taken out of their bodies."""

    def __init__(self, row, send):
        self.row, self.send = row, send
        self.parents = {other.field for other in fields.rows() if fields.model_of(other.value)[0] == row.model}
        self.taken = 0

    def __call__(self, verb, path, body=None, **more):
        return self.send(verb, path, self.out_of(verb, path, body), **more)

    def out_of(self, verb, path, body):
        in_verb, in_path = REQUESTS.get(self.row.model, ("", ""))
        return self.without(body, bool(re.fullmatch(in_verb, verb) and re.fullmatch(in_path, path)))

    def without(self, body, is_model):
        if isinstance(body, list):
            return [self.without(item, is_model) for item in body]
        if not isinstance(body, dict):
            return body
        self.taken += is_model and self.row.field in body
        return {name: self.without(item, name in self.parents) for name, item in body.items() if not is_model or name != self.row.field}


def outputs(service, name):
    def output(condition):
        container = {"containerUrl": service.store + "/out", "path": f"{name}/{condition}",
                     "uploadHeaders": [{"name": "x-ms-blob-content-type", "value": "text/plain"}]}
        return {"filePattern": "result.txt", "destination": {"container": container}, "uploadOptions": {"uploadCondition": condition}}
    return [output(condition) for condition in ("tasksuccess", "taskfailure", "taskcompletion")]


def what_a_task_is_given(service):
    service.pool("given", taskSlotsPerNode=4)
    service.job("given", "given", commonEnvironmentSettings=[{"name": "SHARED", "value": "common"}, {"name": "COLOUR", "value": "grey"}])
    files = [{"httpUrl": service.store + "/file", "filePath": "plain.txt", "fileMode": "0604"},
             {"storageContainerUrl": service.store + "/box", "blobPrefix": "in/", "filePath": "box"}]
    for name, code, met in (("good", 0, "tasksuccess"), ("bad", 3, "taskfailure")):
        script = f"cat plain.txt box/in/a.txt; ls box; stat -c %a plain.txt; echo $SHARED $COLOUR; echo result > result.txt; exit {code}"
        service.add("given", {"id": name, "commandLine": sh(script), "environmentSettings": [{"name": "COLOUR", "value": "blue"}],
                              "resourceFiles": files, "outputFiles": outputs(service, name)})
        expect(service.task("given", name)["executionInfo"]["exitCode"] == code, f"{name} ran")
        said = service.text(f"/jobs/given/tasks/{name}/files/stdout.txt")
        expect(said == "plain\nboxed\nin\n604\ncommon blue\n", f"{name} has its files, their mode and its variables: {said}")
        taken = {path.split("/")[1]: blob for path, blob in Store.taken.items() if path.startswith(f"{name}/")}
        expect(set(taken) == {met, "taskcompletion"}, f"{name}: uploadOptions with uploadCondition, destination with containerUrl and path of its container: {list(taken)}")
        body, headers = taken[met]
        expect((body, headers["x-ms-blob-content-type"]) == (b"result\n", "text/plain"), f"filePattern and uploadHeaders: {body}")
    service("POST", "/jobschedules", {"id": "given-often", "schedule": {}, "jobSpecification": {
        "poolInfo": {"poolId": "given"}, "commonEnvironmentSettings": [{"name": "SHARED", "value": "specified"}]}})
    job = "given-often:job-1"
    service.wait_until(lambda: service.raw("GET", f"/jobs/{job}").status == 200, job)
    service.add(job, task("t", "echo $SHARED"))
    service.ended(job, "t")
    expect(service.text(f"/jobs/{job}/tasks/t/files/stdout.txt") == "specified\n", "commonEnvironmentSettings of a jobSpecification")


def what_tasks_of_jobs_are_given(service):
    node = service.pool("tended")[0]
    given = {"commandLine": sh("cat plain.txt; echo $COLOUR; echo result > result.txt"),
             "resourceFiles": [{"httpUrl": service.store + "/file", "filePath": "plain.txt"}],
             "environmentSettings": [{"name": "COLOUR", "value": "green"}]}
    service.job("tended", "tended", jobManagerTask={**given, "id": "boss", "outputFiles": outputs(service, "boss")},
                jobPreparationTask={**given, "id": "prep"}, jobReleaseTask={**given, "id": "rel"})
    service.ended_job("tended")
    for name in ("boss", "prep", "rel"):
        said = service.text(f"/pools/tended/nodes/{node}/files/workitems%2Ftended%2Fjob-1%2F{name}%2Fstdout.txt")
        expect(said == "plain\ngreen\n", f"{name} has its resourceFiles and environmentSettings: {said}")
    expect(Store.taken["boss/tasksuccess"][0] == b"result\n", "the outputFiles of the manager")


def wait_swept(service, pool, node, folder):
    path = f"/pools/{pool}/nodes/{node}/files/workitems%2F" + folder.replace("/", "%2F") + "%2Fstdout.txt"
    service.wait_until(lambda: service.raw("HEAD", path).status == 404, f"retentionTime of {folder} is over")


def limits_of_tasks(service):
    node = service.pool("limited", taskSlotsPerNode=4)[0]
    for how in ("POST", "PUT"):
        job = f"limited-{how}"
        service.job(job, "limited")
        # No task of a disabled job starts before it has been changed.
        service("POST", f"/jobs/{job}/disable", {"disableTasks": "wait"})
        wishes = {"retried": {"maxTaskRetryCount": 2}, "cut": {"maxWallClockTime": "PT1S"}, "swept": {"retentionTime": "PT1S"}}
        scripts = {"retried": "exit 1", "cut": "sleep 600", "swept": "echo out"}
        for name, constraints in wishes.items():
            service.add(job, task(name, scripts[name], **({"constraints": constraints} if how == "POST" else {})))
            if how == "PUT":
                service("PUT", f"/jobs/{job}/tasks/{name}", {"constraints": constraints})
        service.ended_job(job, "disabled")
        service("POST", f"/jobs/{job}/enable")
        expect(service.ended(job, "retried", "failure")["retryCount"] == 2, f"{how}: maxTaskRetryCount")
        expect(service.ended(job, "cut", "failure")["failureInfo"]["code"] == "TaskEnded", f"{how}: maxWallClockTime")
        service.ended(job, "swept")
        wait_swept(service, "limited", node, f"{job}/job-1/swept")


def limits_of_the_tasks_of_jobs(service):
    node = service.pool("bounds")[0]
    service.job("bounds-retried", "bounds", jobManagerTask={"id": "boss", "commandLine": sh("exit 1"), "constraints": {"maxTaskRetryCount": 1}})
    expect(service.ended("bounds-retried", "boss", "failure")["retryCount"] == 1, "constraints of a manager")
    short = {"maxWallClockTime": "PT1S"}
    service.job("bounds-cut", "bounds", jobManagerTask={"id": "boss", "commandLine": "/bin/sleep 600", "constraints": short})
    service.ended("bounds-cut", "boss", "failure")

    def released(job):
        found = service("GET", f"/jobs/{job}/jobpreparationandreleasetaskstatus")["value"]
        return found and found[0]
    service.job("bounds-prep", "bounds", jobPreparationTask={"id": "prep", "commandLine": "/bin/sleep 600", "constraints": short})
    service.add("bounds-prep", task("t"))
    service.wait_until(lambda: (released("bounds-prep") or {}).get("jobPreparationTaskExecutionInfo", {}).get("result") == "failure",
               "constraints of a preparation")
    soon = {"retentionTime": "PT1S"}
    service.job("bounds-kept", "bounds", jobPreparationTask={"id": "prep", "commandLine": "/bin/true", "constraints": soon},
                jobReleaseTask={"id": "rel", "commandLine": "/bin/true", **soon})
    service.job("bounds-rel", "bounds", jobPreparationTask={"commandLine": "/bin/true"},
                jobReleaseTask={"commandLine": "/bin/sleep 600", "maxWallClockTime": "PT1S"})
    for job in ("bounds-kept", "bounds-rel"):
        service.add(job, task("t"))
        service.ended(job, "t")
        service("POST", f"/jobs/{job}/terminate")
        service.ended_job(job)
    expect(released("bounds-rel")["jobReleaseTaskExecutionInfo"]["result"] == "failure", "maxWallClockTime of a release")
    for name in ("prep", "rel"):
        wait_swept(service, "bounds", node, f"bounds-kept/job-1/{name}")


def limits_of_jobs(service):
    service.pool("jobs", taskSlotsPerNode=8)
    wish = {"maxParallelTasks": 1, "constraints": {"maxTaskRetryCount": 1, "maxWallClockTime": "PT6S"}}
    jobs = {how: f"jobs-{how}" for how in CHANGES}
    for how, job in jobs.items():
        service.job_that(how, job, "jobs", wish)
    service("POST", "/jobschedules", {"id": "jobs", "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": "jobs"}, **wish}})
    jobs["specified"] = "jobs:job-1"
    for job in jobs.values():
        service.wait_until(lambda: service.raw("GET", f"/jobs/{job}").status == 200, job)
        service.add(job, task("a", "sleep 0.5"), task("b", "sleep 0.5"), task("fails", "exit 1"), task("long", "sleep 600"))
    for how, job in jobs.items():
        service.apart(job, "a", "b")
        expect(service.ended(job, "fails", "failure")["retryCount"] == 1, f"{how}: maxTaskRetryCount of a job")
        ended = service.ended_job(job)
        expect(ended["executionInfo"]["terminateReason"] == "MaxWallClockTimeExpiry", f"{how}: maxWallClockTime of a job")


def priorities(service):
    service.pool("queue")
    service.job("queue-plain", "queue", priority=50)
    service.add("queue-plain", task("blocks", "sleep 600"))
    service.task("queue-plain", "blocks", "running")
    order = {"queue-POST": 300, "queue-PATCH": 200, "queue-PUT": 100}
    service.add("queue-plain", task("t"))
    for job, priority in reversed(order.items()):
        service.job_that(job.removeprefix("queue-"), job, "queue", {"priority": priority})
        service.add(job, task("t"))
    service("POST", "/jobs/queue-plain/tasks/blocks/terminate")
    began = {job: service.ended(job, "t")["startTime"] for job in (*order, "queue-plain")}
    expect(sorted(began, key=began.get) == list(began), f"by priority, whenever it was said: {began}")


def ends_of_jobs(service):
    service.pool("ends")
    for how in CHANGES:
        # A task that is there keeps it from ending before it was told to.
        service.job(f"ends-{how}", "ends", **({"onAllTasksComplete": "terminatejob"} if how == "POST" else {}))
        service.add(f"ends-{how}", task("t", "sleep 0.3"))
        if how != "POST":
            service(how, f"/jobs/ends-{how}", {"onAllTasksComplete": "terminatejob", "poolInfo": {"poolId": "ends"}})
        expect(service.ended_job(f"ends-{how}")["executionInfo"]["terminateReason"] == "AllTasksComplete", f"{how}: onAllTasksComplete")


def jobs_that_move(service):
    service.pool("there")
    for how in ("PATCH", "PUT"):
        job = f"moves-{how}"
        service.job(job, "nowhere")
        service.add(job, task("t"))
        service("POST", f"/jobs/{job}/disable", {"disableTasks": "requeue"})
        service.ended_job(job, "disabled")
        service(how, f"/jobs/{job}", {"poolInfo": {"poolId": "there"}})
        service("POST", f"/jobs/{job}/enable")
        expect(service.task(job, "t")["nodeInfo"]["poolId"] == "there", f"{how}: poolInfo with another poolId")


def dependencies(service):
    service.pool("family", taskSlotsPerNode=8)
    dependent = task("child", dependsOn={"taskIds": ["parent"]})
    service.job("family-none", "family")
    refused = service.raw("POST", "/jobs/family-none/tasks", dependent)
    expect(refused.code == "TaskDependenciesNotSpecifiedOnJob", f"without usesTaskDependencies: {refused.code}")
    service("POST", "/jobschedules", {"id": "family", "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": "family"}, "usesTaskDependencies": True}})
    service.job("family-added", "family", usesTaskDependencies=True)
    for job in ("family-added", "family:job-1"):
        service.wait_until(lambda: service.raw("GET", f"/jobs/{job}").status == 200, job)
        lost = {"containerUrl": service.store + "/closed"}
        never_sent = [{"filePattern": "stdout.txt", "destination": {"container": lost}, "uploadOptions": {"uploadCondition": "taskcompletion"}},
                      {"filePattern": "../stdout.txt", "destination": {"container": lost}, "uploadOptions": {"uploadCondition": "taskcompletion"}}]
        service.add(job, dependent, task("parent", "sleep 0.5"), task("ranged", dependsOn={"taskIdRanges": [{"start": 3, "end": 4}]}),
                    task("2", "sleep 600"), task("3", "sleep 0.3"), task("4", "sleep 0.5"), task("5", "sleep 600"),
                    task("after", dependsOn={"taskIds": ["upload"]}),
                    task("upload", outputFiles=never_sent, exitConditions={"fileUploadError": {"dependencyAction": "satisfy"}}))
        service.apart(job, "parent", "child")
        service.apart(job, "3", "ranged")
        service.apart(job, "4", "ranged")
        service.ended(job, "upload", "failure")
        service.ended(job, "after")


def slots(service):
    service.pool("slots", taskSlotsPerNode=2)
    service.pool("slots-patched", nodes=0)
    service("PATCH", "/pools/slots-patched", {"taskSlotsPerNode": 2}, version="2025-06-01")
    service("POST", "/pools/slots-patched/resize", {"targetDedicatedNodes": 1})
    for name, pool in (("slots", "slots"), ("slots-patched", "slots-patched")):
        service.job(name, pool)
    service.auto_pool("slots-specified", taskSlotsPerNode=2)
    for job in ("slots", "slots-patched", "slots-specified"):
        service.add(job, meets("x", "y", job), meets("y", "x", job))
        for name in ("x", "y"):
            service.ended(job, name)
        service.add(job, task("wide", "sleep 0.5", requiredSlots=2), task("wider", "sleep 0.5", requiredSlots=2))
        service.apart(job, "wide", "wider")
    # A manager beside another task of its job, one that wants two slots, and one that wants no other beside it.
    for job, manager, beside in (("beside", {"runExclusive": False}, True), ("two", {"runExclusive": False, "requiredSlots": 2}, False),
                                 ("alone", {"runExclusive": True}, False)):
        boss = meets("boss", "other", job) if beside else task("boss", "sleep 1")
        service.job(f"slots-{job}", "slots", jobManagerTask={**boss, **manager, "killJobOnCompletion": False})
        service.add(f"slots-{job}", meets("other", "boss", job) if beside else task("other", "sleep 0.5"))
        if beside:
            service.ended(f"slots-{job}", "boss")
            service.ended(f"slots-{job}", "other")
        else:
            service.apart(f"slots-{job}", "boss", "other")


def packed_and_spread(service):
    def places_of(job):
        service.add(job, task("a", "sleep 600"), task("b", "sleep 600"))
        found = [service.task(job, name, "running")["nodeInfo"]["nodeId"] for name in ("a", "b")]
        service("POST", f"/jobs/{job}/terminate")
        return len(set(found))
    policy = {"taskSchedulingPolicy": {"nodeFillType": "pack"}, "taskSlotsPerNode": 2}
    service.pool("pack", nodes=2, **policy)
    service.pool("patched", nodes=0, taskSlotsPerNode=2)
    service("PATCH", "/pools/patched", {"taskSchedulingPolicy": {"nodeFillType": "pack"}}, version="2025-06-01")
    service("POST", "/pools/patched/resize", {"targetDedicatedNodes": 2})
    service.nodes("patched", 2)
    nodes = service.pool("spread", nodes=2, taskSlotsPerNode=4, taskSchedulingPolicy={"nodeFillType": "spread"})
    service.nodes(service.auto_pool("specified", nodes=2, **policy), 2)
    for pool in ("pack", "patched", "spread"):
        service.job(pool, pool)
    found = {job: places_of(job) for job in ("pack", "patched", "specified", "spread")}
    expect(found == {"pack": 1, "patched": 1, "specified": 1, "spread": 2}, f"nodeFillType: {found}")
    service.job("wishes", "spread")
    for number, node in enumerate([*nodes, *nodes]):
        service.add("wishes", task(f"w{number}", affinityInfo={"affinityId": f"TVM:{node}"}))
        expect(service.task("wishes", f"w{number}")["nodeInfo"]["nodeId"] == node, "affinityId")


def nodes_of_a_size(service):
    """Only one worker has spot nodes, one of each of these sizes."""
    def node_of(pool):
        def there():
            found = service("GET", f"/pools/{pool}/nodes")["value"]
            return found and found[0]["state"] == "idle" and found[0]
        node = service.wait_until(there, f"a node of {pool}")
        expect(not node["isDedicated"], f"{pool} has a spot node: {node}")
    service.pool("sized", nodes=0, idle=False, vmSize="size-1", targetLowPriorityNodes=1)
    service.pool("resized", nodes=0, idle=False, vmSize="there-is-none")
    service("PATCH", "/pools/resized", {"vmSize": "size-2"}, version="2025-06-01")
    service("POST", "/pools/resized/resize", {"targetLowPriorityNodes": 1})
    specified = service.auto_pool("size-3", nodes=0, vmSize="size-3", targetLowPriorityNodes=1)
    for pool in ("sized", "resized", specified):
        node_of(pool)
    manager = {"id": "boss", "commandLine": "/bin/true", "killJobOnCompletion": False}
    service.job("shuns", "sized", jobManagerTask={**manager, "allowLowPriorityNode": False})
    service.job("takes", "sized", jobManagerTask={**manager, "allowLowPriorityNode": True})
    service.ended("takes", "boss")
    service.add("shuns", task("other"))
    service.ended("shuns", "other")
    expect(service("GET", "/jobs/shuns/tasks/boss")["state"] == "active", "allowLowPriorityNode: the manager waits, the other did not")


def start_tasks(service):
    start = {"commandLine": sh(f"cat plain.txt > {SHARED}/start; echo $COLOUR >> {SHARED}/start; echo try >> {SHARED}/tries; test $(wc -l < {SHARED}/tries) -ge 2"),
             "resourceFiles": [{"httpUrl": service.store + "/file", "filePath": "plain.txt"}],
             "environmentSettings": [{"name": "COLOUR", "value": "red"}], "maxTaskRetryCount": 1, "waitForSuccess": True}
    service.pool("started", startTask=start)
    service.pool("started-patched", nodes=0)
    service("PATCH", "/pools/started-patched", {"startTask": start})
    service.pool("started-updated", nodes=0)
    service("POST", "/pools/started-updated/updateproperties",
            {"startTask": start, "certificateReferences": [], "applicationPackageReferences": [], "metadata": []})
    for pool in ("started-patched", "started-updated"):
        service("POST", f"/pools/{pool}/resize", {"targetDedicatedNodes": 1})
    for pool in ("started", "started-patched", "started-updated", service.auto_pool("started-specified", startTask=start)):
        node = service.nodes(pool, 1)[0]
        info = service("GET", f"/pools/{pool}/nodes/{node}")["startTaskInfo"]
        expect((info["result"], info["retryCount"]) == ("success", 1), f"{pool}: maxTaskRetryCount: {info}")
        said = service.shared(pool, node, "start")
        expect(said == "plain\nred\n", f"{pool}: resourceFiles and environmentSettings of a startTask: {said}")
    service.pool("lax", idle=False, startTask={"commandLine": "/bin/sleep 600", "waitForSuccess": False})
    service.job("lax", "lax")
    service.add("lax", task("t"))
    service.ended("lax", "t")
    service.pool("strict", idle=False, startTask={"commandLine": sh("exit 1"), "waitForSuccess": True})
    service.wait_until(lambda: [node["state"] for node in service("GET", "/pools/strict/nodes")["value"]] == ["starttaskfailed"], "waitForSuccess")


def options_for_tasks(service):
    """Where requeue would be the default, tasks are ended; and where they are to end by themselves, they do."""
    def running(pool, job, script="sleep 600"):
        service.job(job, pool)
        service.add(job, task("t", script))
        return service.task(job, "t", "running")["nodeInfo"]["nodeId"]

    def was_ended(what, job):
        expect(service.ended(job, "t", "failure")["failureInfo"]["code"] == "TaskEnded", f"{what} terminate")
    service.pool("options", nodes=1, taskSlotsPerNode=4)
    for option in ("requeue", "terminate", "wait"):
        running("options", f"disabled-{option}", "sleep 2" if option == "wait" else "sleep 600")
        service("POST", f"/jobs/disabled-{option}/disable", {"disableTasks": option})
    was_ended("disableTasks", "disabled-terminate")
    expect(service.task("disabled-requeue", "t", "active")["executionInfo"]["requeueCount"] == 1, "disableTasks requeue")
    service.ended("disabled-wait", "t")
    for what, path, body, version in (
            ("unscheduled", "/pools/{pool}/nodes/{node}/disablescheduling", {"nodeDisableSchedulingOption": "terminate"}, "2022-10-01.16.0"),
            ("shrunk", "/pools/{pool}/resize", {"targetDedicatedNodes": 0, "nodeDeallocationOption": "terminate"}, "2022-10-01.16.0"),
            ("deallocated", "/pools/{pool}/nodes/{node}/deallocate", {"nodeDeallocateOption": "terminate"}, "2025-06-01")):
        service.pool(what)
        node = running(what, what)
        service("POST", path.format(pool=what, node=node), body, version=version)
        was_ended(what, what)


PARTS = [what_a_task_is_given, what_tasks_of_jobs_are_given, limits_of_tasks, limits_of_the_tasks_of_jobs, limits_of_jobs, priorities, ends_of_jobs,
         jobs_that_move, dependencies, slots, packed_and_spread, nodes_of_a_size, start_tasks, options_for_tasks]


def effects():
    def timed(service, part):
        begun = time.monotonic()
        part(service)
        print(f"  {part.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)
    with service_of() as service, concurrent.futures.ThreadPoolExecutor(len(PARTS)) as pool:
        for future in [pool.submit(timed, service, part) for part in PARTS]:
            future.result()


def each_field_is_missed():
    """Takes a quarter of an hour: most of it is waiting in vain."""
    parts = {part.__name__: part for part in PARTS}
    claims = collections.defaultdict(list)
    for row in fields.rows():
        file, _, function = row.shown.partition(": ")
        if row.verdict == "honoured" and file == "tests/integration/field_effects.py":
            claims[function].append(row)
    expect(set(claims) <= set(parts), f"{set(claims) - set(parts)} are no parts")
    unmissed, tried = [], 0
    chosen = set(sys.argv[1:]) & set(claims) or set(claims)
    for name, rows in claims.items():
        for row in rows if name in chosen else []:
            tried += 1
            try:
                # Whatever is waited for in vain may take its time no longer.
                with contextlib.redirect_stdout(io.StringIO()), service_of(patience=15) as service:
                    missing = service.raw = Missing(row, service.raw)
                    parts[name](service)
            except Exception as failure:  # noqa: BLE001: whatever the part stumbles over
                expect(missing.taken, f"{name} sends no {row.field} of {row.model}, or fails before that: {failure}")
                print(f"  {row.model}.{row.field}: {str(failure)[:120]}", flush=True)
            else:
                unmissed.append(f"{row.model}.{row.field}: {name} passes without it")
                print(f"  {unmissed[-1]}", flush=True)
    expect(not unmissed, "\n".join([f"{len(unmissed)} of {tried}:", *unmissed]))
    print(f"{tried} fields are missed when they are taken away")


run([effects, each_field_is_missed] if "--bites" in sys.argv else [effects])
