#!/usr/bin/python3
"""Every version of the API that clients send, from 2018-12-01.8.0 to 2025-06-01: what all of them have is served alike, what was
renamed has the name of its time, what is gone is gone, and what never was a version is refused."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import AGENT, IMAGE, Cluster, expect, run, wait_until  # noqa: E402
from raw import Raw  # noqa: E402

VERSIONS = ["2018-12-01.8.0", "2019-06-01.9.0", "2019-08-01.10.0", "2020-03-01.11.0", "2020-09-01.12.0", "2021-06-01.14.0",
            "2022-01-01.15.0", "2022-10-01.16.0", "2023-05-01.17.0", "2023-11-01.18.0", "2024-02-01.19.0", "2024-07-01.20.0", "2025-06-01"]
REFUSED = ["2018-08-01.7.0", "2017-01-01.4.0", "2022-10", "2022-10-01.16", "2022-13-01.1.0", "2022-10-01.16.0 ", "latest", "1.0"]
TASKS = 3


def before(version, date):
    return version[:10] < date


def workflow(raw, version):
    """A pool, a job and tasks as a client of this version makes and sees them."""
    name = "v" + version[:10]
    pool, job = f"/pools/{name}", f"/jobs/{name}"

    def call(verb, path, body=None, status=200, **more):
        answer = raw(verb, path, body, version=version, **more)
        expect(answer.status == status, f"{version}: {verb} {path} is {answer.status}, not {status}: {answer.body[:300]}")
        return answer.json

    slots = "maxTasksPerNode" if before(version, "2020-09-01") else "taskSlotsPerNode"
    call("POST", "/pools", {"id": name, "vmSize": "small", "targetDedicatedNodes": 1, "targetLowPriorityNodes": 0, slots: 4,
                            "virtualMachineConfiguration": {"imageReference": IMAGE, "nodeAgentSKUId": AGENT}}, 201)
    shown = call("GET", pool)
    expect(shown[slots] == 4 and ("maxTasksPerNode" in shown) != ("taskSlotsPerNode" in shown), f"{version}: slots are called {slots}")
    expect(call("GET", pool, query={"$select": slots}) == {slots: 4}, f"{version}: and selected as {slots}")
    expect((shown["targetLowPriorityNodes"], shown["vmSize"]) == (0, "small"), f"{version}: the names that never changed")
    expect(shown["virtualMachineConfiguration"]["nodeAgentSKUId"] == AGENT, f"{version}: nodeAgentSKUId")
    call("POST", "/jobs", {"id": name, "poolInfo": {"poolId": name}}, 201)
    items = [{"id": f"t{number}", "commandLine": "/bin/true"} for number in range(TASKS)]
    results = call("POST", f"{job}/addtaskcollection", {"value": items})["value"]
    expect([item["status"] for item in results] == ["success"] * TASKS, f"{version}: tasks are added")

    def counts():
        found = call("GET", f"{job}/taskcounts")
        flat = before(version, "2020-09-01")
        expect(("taskSlotCounts" in found) != flat and ("succeeded" in found) == flat, f"{version}: the shape of counts: {found}")
        return found if flat else found["taskCounts"]
    wait_until(lambda: counts()["succeeded"] == TASKS, 60, f"{version}: all tasks complete")
    listed = call("GET", f"{job}/tasks", query={"$filter": "state eq 'completed'", "maxresults": "2"})
    expect(len(listed["value"]) == 2 and f"api-version={version}" in listed["odata.nextLink"], f"{version}: the link keeps the version")
    call("PATCH", job, {"priority": 7})
    expect(call("GET", job)["priority"] == 7, f"{version}: a job is changed")
    # An operation that this version has not, and one that it has no more.
    skus = raw("GET", "/nodeagentskus", version=version)
    expect(skus.status == (200 if before(version, "2019-08-01") else 404), f"{version}: node agent SKUs: {skus.status}")
    if skus.status == 200:
        ubuntu = [sku for sku in skus.json["value"] if sku["id"] == AGENT]
        expect(ubuntu and ubuntu[0]["osType"] == "linux", f"{version}: {AGENT} is one of them")
        expect(IMAGE in ubuntu[0]["verifiedImageReferences"], f"{version}: with its image")
    for path, end in (("/lifetimejobstats", "2023-05-01"), ("/lifetimepoolstats", "2023-05-01"), ("/certificates", "2024-07-01")):
        gone = raw("GET", path, version=version)
        if before(version, end):
            expect(gone.status != 404, f"{version}: {path} is known")
        else:
            expect((gone.status, gone.code, gone.values.get("QueryParameterName")) == (404, "ResourceNotFound", "api-version"),
                   f"{version}: {path} is gone: {gone.body}")
    call("DELETE", job, status=202)
    call("DELETE", pool, status=202)


def versions():
    with Cluster() as cluster:
        raw = Raw(cluster)
        for version in VERSIONS:
            workflow(raw, version)
        for version in REFUSED:
            answer = raw("GET", "/jobs", version=version)
            expect((answer.status, answer.code) == (400, "UnsupportedRequestVersion"), f"{version!r}: {answer.status} {answer.code}")
            expect(answer.values["QueryParameterValue"] == version, f"{version!r} is named")
        later = raw("GET", "/jobs", version="2031-02-03.1.0")
        expect(later.status == 200, "versions to come are served as the newest")
        # What newer versions know is known under all (and what none knows is refused).
        for version in ("2018-12-01.8.0", "2025-06-01"):
            body = {"id": "new", "vmSize": "small", "resourceTags": {"a": "b"}, "taskSchedulingPolicy": {"nodeFillType": "pack", "jobDefaultOrder": "none"},
                    "virtualMachineConfiguration": {"imageReference": IMAGE, "nodeAgentSKUId": AGENT}}
            expect(raw("POST", "/pools", body, version=version).status == 201, f"{version}: newer properties are taken")
            expect(raw("GET", "/pools/new", version=version).json["resourceTags"] == {"a": "b"}, f"{version}: and shown")
            expect(raw("DELETE", "/pools/new", version=version).status == 202, f"{version}: deleted")
            wait_until(lambda: raw("GET", "/pools/new").status == 404, 30, "the pool is gone")
            wrong = raw("POST", "/pools", {**body, "colour": "red"}, version=version)
            expect((wrong.code, wrong.values["PropertyName"]) == ("UnsupportedProperty", "colour"), f"{version}: {wrong.body}")
        print(f"{len(VERSIONS)} versions served, {len(REFUSED)} refused")


run([versions])
