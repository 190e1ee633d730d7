#!/usr/bin/python3
"""`az batch` 2.45.0, unmodified: the basic workflow over HTTP, and once over HTTPS; with --commands its other commands
(about two minutes)."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import node_users  # noqa: E402
from certificates import PASSWORD, Certificate  # noqa: E402
from cluster import Cluster, expect, run, wait_until  # noqa: E402
from containers import Container  # noqa: E402

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


def made(folder, name, content):
    path = pathlib.Path(folder) / name
    path.write_text(json.dumps(content))
    return str(path)


def other_commands():
    with Cluster(*node_users.OPTIONS) as cluster, tempfile.TemporaryDirectory() as folder:
        az = Az(cluster, folder)
        az("pool", "create", "--id", "more", "--vm-size", "standard_d2s_v3", "--target-dedicated-nodes", "1", "--task-slots-per-node", "4",
           "--image", "canonical:0001-com-ubuntu-server-jammy:22_04-lts", "--node-agent-sku-id", "batch.node.ubuntu 22.04")
        pool = ["--pool-id", "more"]
        pools(az, pool)
        jobs(az, folder)
        tasks(az, folder)
        gangs(az, folder)
        logs(az, pool, cluster)
        nodes(az, pool, folder)
        schedules(az, folder)
        certificates(az, folder)


def pools(az, pool):
    verified = az("pool", "supported-images", "list", "--filter", "verificationType eq 'verified'")
    expect(verified and all(image["verificationType"] == "verified" for image in verified), "verified images are listed")
    az("pool", "set", *pool, "--metadata", "a=1")
    expect(az("pool", "show", *pool)["metadata"] == [{"name": "a", "value": "1"}], "set replaces the metadata")
    az("pool", "reset", *pool, "--start-task-command-line", "/bin/true", "--start-task-wait-for-success", "--metadata", "b=2")
    shown = az("pool", "show", *pool)
    expect((shown["startTask"]["commandLine"], shown["metadata"][0]["name"]) == ("/bin/true", "b"), f"reset replaces all of them: {shown}")
    az("pool", "resize", *pool, "--target-dedicated-nodes", "1000")
    az("pool", "resize", *pool, "--abort")
    wait_until(lambda: az("pool", "show", *pool)["allocationState"] == "steady", 60, "steady again")
    expect(az("pool", "show", *pool)["resizeErrors"][0]["code"] == "ResizeStopped", "it says why there are not so many")
    there = len(az("node", "list", *pool))
    az("pool", "resize", *pool, "--target-dedicated-nodes", "2")
    wait_until(lambda: [node["state"] for node in az("node", "list", *pool)] == ["idle", "idle"], 60, f"two nodes, of {there}")
    counts = az("pool", "node-counts", "list")
    expect([(one["poolId"], one["dedicated"]["total"]) for one in counts] == [("more", 2)], f"nodes are counted: {counts}")
    expect(az("pool", "usage-metrics", "list") == [], "no metered use")
    expect(az("application", "summary", "list") == [], "no applications")
    expect("does not exist" in az("application", "summary", "show", "--application-id", "x", fails=True), "not by name either")


def jobs(az, folder):
    az("job", "create", "--json-file", made(folder, "job.json", {
        "id": "more-job", "poolInfo": {"poolId": "more"}, "priority": 1, "metadata": [{"name": "a", "value": "b"}],
        "jobPreparationTask": {"commandLine": "/bin/true"}, "jobReleaseTask": {"commandLine": "/bin/true"}}))
    job = ["--job-id", "more-job"]
    az("job", "set", *job, "--priority", "7")
    shown = az("job", "show", *job)
    expect((shown["priority"], shown["metadata"][0]["value"]) == (7, "b"), "set leaves the rest alone")
    az("job", "reset", *job, "--pool-id", "more", "--priority", "3")
    shown = az("job", "show", *job)
    expect((shown["priority"], shown["metadata"]) == (3, None), "reset does not")
    # `az batch job disable` of this version takes none of its own words, and asks nobody.
    expect("current state" in az("job", "enable", *job, fails=True), "it is enabled")


def tasks(az, folder):
    job = ["--job-id", "more-job"]
    az("task", "create", *job, "--task-id", "says", "--command-line", "/bin/sh -c 'echo hello; echo inner > inner; exit 3'")
    says = [*job, "--task-id", "says"]
    wait_until(lambda: az("task", "show", *says)["state"] == "completed", 60, "it has ended")
    ended = az("task", "show", *says)
    expect(ended["executionInfo"]["exitCode"] == 3, f"with its exit code: {ended}")
    az("task", "reactivate", *says)
    wait_until(lambda: (lambda now: now["state"] == "completed" and now["executionInfo"]["endTime"] > ended["executionInfo"]["endTime"])(
        az("task", "show", *says)), 60, "it has run again")
    az("task", "create", *job, "--task-id", "long", "--command-line", "/bin/sleep 600")
    long = [*job, "--task-id", "long"]
    az("task", "reset", *long, "--max-task-retry-count", "4")
    expect(az("task", "show", *long)["constraints"]["maxTaskRetryCount"] == 4, "new limits")
    az("task", "stop", *long)
    expect(az("task", "show", *long)["executionInfo"]["failureInfo"]["code"] == "TaskEnded", "terminated")
    az("task", "delete", *long, "--yes")
    expect([task["id"] for task in az("task", "list", *job)] == ["says"], "gone")
    expect([file["name"] for file in az("task", "file", "list", *says)] == ["stderr.txt", "stdout.txt", "wd"], "its folder")
    # This version asks for a file's properties, and shows nothing of them.
    az("task", "file", "show", *says, "--file-path", "stdout.txt")
    az("task", "file", "show", *says, "--file-path", "nope", fails=True)
    az("task", "file", "delete", *says, "--file-path", "wd/inner", "--yes")
    info = az("task", "show", *says)["nodeInfo"]
    node = ["--pool-id", "more", "--node-id", info["nodeId"]]
    below = [file["name"] for file in az("node", "file", "list", *node, "--recursive", "true")]
    output = f"{info['taskRootDirectory']}/stdout.txt"
    expect(output in below and not [name for name in below if name.endswith("inner")], f"files of the node: {below}")
    az("node", "file", "show", *node, "--file-path", output)
    copy = pathlib.Path(folder) / "copy.txt"
    az("node", "file", "download", *node, "--file-path", output, "--destination", str(copy))
    expect(copy.read_text() == "hello\n", "what the task said")
    az("node", "file", "delete", *node, "--file-path", output, "--yes")
    expect([file["name"] for file in az("task", "file", "list", *says)] == ["stderr.txt", "wd"], "gone")
    prepared = az("job", "prep-release-status", "list", *job)
    expect(info["nodeId"] in [status["nodeId"] for status in prepared], "its node was prepared")
    az("job", "stop", *job, "--terminate-reason", "enough")
    wait_until(lambda: az("job", "show", *job)["state"] == "completed", 60, "the job has ended")
    expect(az("job", "show", *job)["executionInfo"]["terminateReason"] == "enough", "and says why")


def gangs(az, folder):
    az("pool", "create", "--id", "gangs", "--vm-size", "standard_d2s_v3", "--target-dedicated-nodes", "2", "--enable-inter-node-communication",
       "--image", "canonical:0001-com-ubuntu-server-jammy:22_04-lts", "--node-agent-sku-id", "batch.node.ubuntu 22.04")
    az("job", "create", "--id", "gangs", "--pool-id", "gangs")
    both = ["--job-id", "gangs", "--task-id", "both"]
    az("task", "create", "--job-id", "gangs", "--json-file", made(folder, "both.json", {
        "id": "both", "commandLine": "/bin/true", "multiInstanceSettings": {"numberOfInstances": 2, "coordinationCommandLine": "/bin/true"}}))
    wait_until(lambda: az("task", "show", *both)["state"] == "completed", 60, "both instances ran")
    shown = [(one["id"], one["state"], one["result"], one["exitCode"]) for one in az("task", "subtask", "list", *both)["value"]]
    expect(shown == [(1, "completed", "success", 0)], f"the other instance: {shown}")
    az("job", "delete", "--job-id", "gangs", "--yes")
    az("pool", "delete", "--pool-id", "gangs", "--yes")


def logs(az, pool, cluster):
    container = Container(cluster.environment["AZURE_STORAGE_CONNECTION_STRING"], "logs")
    node = [*pool, "--node-id", az("node", "list", *pool)[0]["id"]]
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    result = az("node", "service-logs", "upload", *node, "--container-url", container.url, "--start-time", start.isoformat())
    expect(result["numberOfFilesUploaded"] == 1, f"one file: {result}")
    wait_until(lambda: container.names() == [f"{result['virtualDirectoryName']}/worker.log"], 60, "it is in the container")


def users(az, node):
    if not node_users.ALLOWED:
        print("  no users of nodes: only root can make them")
        return
    with node_users.made_up() as (me,):
        az("node", "user", "create", *node, "--name", me, "--password", "Secret-123")
        expect(node_users.takes_password(me, "Secret-123"), "a user of the host")
        az("node", "user", "reset", *node, "--user-name", me, "--password", "Secret-456")
        expect(node_users.takes_password(me, "Secret-456"), "with another password")
        az("node", "user", "delete", *node, "--user-name", me, "--yes")
        expect(not node_users.exists(me), "gone")
        expect("node user does not exist" in az("node", "user", "delete", *node, "--user-name", me, "--yes", fails=True), "none to remove")


def nodes(az, pool, folder):
    first, second = sorted(node["id"] for node in az("node", "list", *pool))
    node = [*pool, "--node-id", first]
    before = az("node", "show", *node)
    az("node", "reboot", *node)
    wait_until(lambda: az("node", "show", *node)["state"] == "idle", 60, "rebooted")
    expect(az("node", "show", *node)["lastBootTime"] > before["lastBootTime"], "later than before")
    az("node", "reimage", *node)
    wait_until(lambda: az("node", "show", *node)["state"] == "idle", 60, "reimaged")
    login = az("node", "remote-login-settings", "show", *node)
    expect((login["remoteLoginIpAddress"], login["remoteLoginPort"]) == (before["ipAddress"], 22), f"the host's own door: {login}")
    users(az, node)
    az("node", "remote-desktop", "download", *node, "--destination", f"{folder}/node.rdp", fails=True)
    az("node", "delete", *pool, "--node-list", second)
    wait_until(lambda: [one["id"] for one in az("node", "list", *pool)] == [first], 60, "one node is left")


def schedules(az, folder):
    content = {"id": "more-schedule", "schedule": {"recurrenceInterval": "PT1H"}, "jobSpecification": {"poolInfo": {"poolId": "more"}}}
    az("job-schedule", "create", "--json-file", made(folder, "schedule.json", content))
    schedule = ["--job-schedule-id", "more-schedule"]
    az("job-schedule", "set", *schedule, "--json-file", made(folder, "set.json", {"metadata": [{"name": "a", "value": "b"}]}))
    expect(az("job-schedule", "show", *schedule)["metadata"] == [{"name": "a", "value": "b"}], "set leaves the rest alone")
    content.pop("id")
    content["schedule"]["recurrenceInterval"] = "PT2H"
    az("job-schedule", "reset", *schedule, "--json-file", made(folder, "reset.json", content))
    shown = az("job-schedule", "show", *schedule)
    expect((shown["metadata"], shown["schedule"]["recurrenceInterval"]) == (None, "2:00:00"), f"reset does not: {shown}")


def certificates(az, folder):
    made = Certificate(folder)
    named = ["--thumbprint", made.thumbprint]
    shown = az("certificate", "create", *named, "--certificate-file", str(made.pfx), "--password", PASSWORD)
    expect((shown["thumbprint"], shown["state"], shown["publicData"]) == (made.thumbprint, "active", made.public_data), f"created: {shown}")
    expect([one["thumbprint"] for one in az("certificate", "list")] == [made.thumbprint], "listed")
    expect(az("certificate", "show", *named)["thumbprintAlgorithm"] == "sha1", "shown")
    expect("is active" in az("certificate", "delete", *named, "--abort", "--yes", fails=True), "no deletion has failed")
    az("certificate", "delete", *named, "--yes")
    expect(az("certificate", "list") == [], "gone")
    az("certificate", "create", *named, "--certificate-file", str(made.cer))
    az("certificate", "delete", *named, "--yes")


def over_http():
    workflow()


def over_https():
    workflow("--https")


run([other_commands] if "--commands" in sys.argv[1:] else [over_http, over_https])
