#!/usr/bin/python3
"""Each field of each answer is told or never told as tests/conformance/answers.tsv says, and answers hold no other."""
import collections
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fields  # noqa: E402
from cluster import expect, run  # noqa: E402
from service import SHARED, service_of, sh, task  # noqa: E402

# What the answer to GET (and to the few POSTs that are answered) is.
ANSWERS = {
    r"/pools": "CloudPoolListResult", r"/pools/[^/]+": "CloudPool", r"/pools/[^/]+/nodes": "ComputeNodeListResult", r"/pools/[^/]+/nodes/[^/]+": "ComputeNode",
    r"/pools/[^/]+/nodes/[^/]+/remoteloginsettings": "ComputeNodeGetRemoteLoginSettingsResult", r"/pools/[^/]+/nodes/[^/]+/extensions": "NodeVMExtensionList",
    r"/(pools/[^/]+/nodes|jobs/[^/]+/tasks)/[^/]+/files": "NodeFileListResult", r"/jobs": "CloudJobListResult", r"/jobs/[^/]+": "CloudJob",
    r"/jobschedules/[^/]+/jobs": "CloudJobListResult", r"/jobschedules": "CloudJobScheduleListResult", r"/jobschedules/[^/]+": "CloudJobSchedule",
    r"/jobs/[^/]+/tasks/[^/]+/subtasksinfo": "CloudTaskListSubtasksResult",
    r"/jobs/[^/]+/tasks": "CloudTaskListResult", r"/jobs/[^/]+/tasks/[^/]+": "CloudTask", r"/jobs/[^/]+/taskcounts": "TaskCountsResult",
    r"/jobs/[^/]+/addtaskcollection": "TaskAddCollectionResult", r"/lifetimejobstats": "JobStatistics", r"/lifetimepoolstats": "PoolStatistics",
    r"/jobs/[^/]+/jobpreparationandreleasetaskstatus": "CloudJobListPreparationAndReleaseTaskStatusResult", r"/applications": "ApplicationListResult",
    r"/poolusagemetrics": "PoolListUsageMetricsResult", r"/supportedimages": "AccountListSupportedImagesResult", r"/nodecounts": "PoolNodeCountsListResult",
}


class Listener:
    """Sends requests and keeps which fields of which models their answers had."""

    def __init__(self, send, models):
        self.send, self.models = send, models
        self.seen = collections.defaultdict(set)
        self.unknown = set()

    def __call__(self, verb, path, body=None, **more):
        answer = self.send(verb, path, body, **more)
        if answer.status >= 400 and answer.json:
            self.hear(answer.json, "BatchError")
        elif answer.json:
            model = next((model for pattern, model in ANSWERS.items() if re.fullmatch(pattern, path)), None)
            if model:
                self.hear(answer.json, model)
        return answer

    def hear(self, found, model):
        for item in found if isinstance(found, list) else [found]:
            for name, inner in item.items():
                if name == "odata.metadata":
                    continue
                self.seen[model].add(name)
                row = self.models[model].get(name)
                if not row:
                    self.unknown.add(f"{model}.{name}")
                elif inner is not None and fields.model_of(row.value)[0]:
                    self.hear(inner, fields.model_of(row.value)[0])


def what_there_is(service):
    """As much as can be told, in few pools and jobs."""
    start = task("x", f"echo begun >> {SHARED}/starts; test $(wc -l < {SHARED}/starts) -ge 2")["commandLine"]
    node = service.pool("told", nodes=2, displayName="Told", taskSlotsPerNode=8, startTask={"commandLine": start, "maxTaskRetryCount": 1, "waitForSuccess": True})[0]
    service.pool("strict", idle=False, startTask={"commandLine": sh("exit 1"), "waitForSuccess": True})
    service.pool("gang", nodes=2, enableInterNodeCommunication=True)
    service.pool("greedy", idle=False, nodes=1000)
    service("POST", "/pools/greedy/stopresize")
    service.pool("full", nodes=0, virtualMachineConfiguration=None, cloudServiceConfiguration={"osFamily": "6"}, networkConfiguration={"subnetId": "/s"},
                 metadata=[{"name": "a", "value": "b"}], targetNodeCommunicationMode="classic")
    service.job("full", "full", jobManagerTask={"id": "boss", "commandLine": "/bin/true"}, commonEnvironmentSettings=[{"name": "A", "value": "b"}],
                networkConfiguration={"subnetId": "/s"}, metadata=[{"name": "a", "value": "b"}])
    output = {"filePattern": "*", "destination": {"container": {"containerUrl": service.store + "/out"}}, "uploadOptions": {"uploadCondition": "tasksuccess"}}
    service.add("full", task("t", outputFiles=[output], environmentSettings=[{"name": "A", "value": "b"}], affinityInfo={"affinityId": "x"}))
    prepared = {"jobPreparationTask": {"commandLine": sh("test -e again || { touch again; exit 1; }"), "constraints": {"maxTaskRetryCount": 1}},
                "jobReleaseTask": {"commandLine": sh("exit 1")}}
    service.job("told", "told", displayName="Told", usesTaskDependencies=True, onTaskFailure="performexitoptionsjobaction", **prepared)
    service.add("told", task("good", "echo out; mkdir sub; touch sub/file"),
                task("bad", "exit 1", constraints={"maxTaskRetryCount": 1}, exitConditions={"default": {"jobAction": "none"}}),
                task("none", "x", resourceFiles=[{"httpUrl": service.store + "/box/none", "filePath": "f"}], exitConditions={"default": {"jobAction": "none"}}),
                task("long", "sleep 600", displayName="Long", authenticationTokenSettings={"access": ["job"]}), task("waits", dependsOn={"taskIds": ["never"]}))
    for name in ("good", "bad", "none"):
        service.task("told", name)
    service.task("told", "long", "running")
    refused = service("POST", "/jobs/told/addtaskcollection", {"value": [task("good")]})["value"]
    expect(refused[0]["error"]["code"] == "TaskExists", "a refusal in a collection")
    service.job("gang", "gang")
    fails = sh("case $AZ_BATCH_TASK_DIR in */1) exit 3;; esac")
    service.add("gang", task("gang", multiInstanceSettings={"numberOfInstances": 2, "coordinationCommandLine": fails,
                                                            "commonResourceFiles": [{"httpUrl": service.store + "/file", "filePath": "f"}]}))
    service.task("gang", "gang")
    service.job("unprepared", "told", jobPreparationTask={"commandLine": sh("exit 1")})
    service.add("unprepared", task("t"))
    service.wait_until(lambda: any("failureInfo" in entry["jobPreparationTaskExecutionInfo"] for entry in service(
        "GET", "/jobs/unprepared/jobpreparationandreleasetaskstatus")["value"]), "a preparation that fails")
    service("POST", "/jobs/told/disable", {"disableTasks": "requeue"})
    service.ended_job("told", "disabled")
    service("POST", "/jobschedules", {"id": "told-once", "schedule": {"doNotRunUntil": "2090-01-01"}, "jobSpecification": {"poolInfo": {"poolId": "told"}}})
    service("POST", "/jobschedules", {"id": "told-often", "schedule": {"recurrenceInterval": "PT1H"}, "displayName": "Told", "metadata": [{"name": "a", "value": "b"}],
                                      "jobSpecification": {"poolInfo": {"poolId": "told"}}})
    service.wait_until(lambda: service.raw("GET", "/jobs/told-often:job-1").status == 200, "the job of the schedule")
    return node


def look_at_all(service, node):
    raw = service.raw
    stats = {"query": {"$expand": "stats"}}
    for path in ("/pools", "/jobs", "/jobs/told/tasks", "/pools/told", "/jobs/told", "/jobs/told/tasks/bad", "/pools/full", "/jobs/full", "/jobs/full/tasks/t"):
        raw("GET", path, **stats)
    service.wait_until(lambda: raw("GET", "/pools/greedy").json["allocationState"] == "steady", "a resize that was stopped")
    service.wait_until(lambda: raw("GET", "/pools/strict/nodes").json["value"][0]["state"] == "starttaskfailed", "a start task that fails")
    tasks = "/jobs/told/tasks"
    for path in ("/pools", "/jobs", "/jobschedules", "/supportedimages", "/nodecounts", "/pools/told/nodes", tasks, f"{tasks}/good/files",
                 "/jobs/told/jobpreparationandreleasetaskstatus"):
        raw("GET", path, query={"maxresults": "1"})
    for path in (f"/pools/told/nodes/{node}", f"/pools/told/nodes/{node}/remoteloginsettings", f"/pools/told/nodes/{node}/extensions", f"{tasks}/good/files",
                 "/jobs/told/taskcounts", "/jobs/told/jobpreparationandreleasetaskstatus", "/jobschedules/told-often/jobs", "/jobschedules/told-often", "/applications",
                 "/jobs/gang/tasks/gang", "/jobs/gang/tasks/gang/subtasksinfo", "/pools/gang/nodes", "/poolusagemetrics", "/lifetimejobstats", "/lifetimepoolstats", *[f"{tasks}/{name}" for name in ("good", "bad", "none", "long")]):
        raw("GET", path)
    raw("POST", "/jobs", {"id": "told", "poolInfo": {}})
    service("POST", "/jobs/told/enable")
    service("POST", "/jobs/told/terminate")
    service.ended_job("told")
    service("GET", "/jobs/told/jobpreparationandreleasetaskstatus")
    service("POST", "/jobschedules/told-often/terminate")
    service.wait_until(lambda: raw("GET", "/jobschedules/told-often").json["state"] == "completed", "the end of the schedule")


def every_answer():
    models = fields.by_model([*fields.rows(), *fields.rows(fields.ANSWERS)])
    with service_of() as service:
        service.raw = Listener(service.raw, models)
        look_at_all(service, what_there_is(service))
        seen, unknown = service.raw.seen, service.raw.unknown
    wrong = [f"{name} is told, and not in the table" for name in sorted(unknown)]
    for row in fields.rows(fields.ANSWERS):
        met = row.field in seen[row.model]
        if row.verdict not in ("told", "never") or row.verdict == "never" and not row.shown:
            wrong.append(f"{row.model}.{row.field}: told, or never told for a reason")
        if row.verdict == "never" and met:
            wrong.append(f"{row.model}.{row.field} is told")
        if row.verdict == "told" and not met:
            wrong += fields.wrong_claim(row) if row.shown else [f"{row.model}.{row.field} was not met"]
    expect(not wrong, "\n".join([f"{len(wrong)}:", *wrong]))
    print(f"{sum(map(len, seen.values()))} fields of {len(seen)} models met")


run([every_answer])
