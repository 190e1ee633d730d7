#!/usr/bin/python3
"""The basic workflow through Debian's azure-batch 13.0.1, unmodified: over HTTP, then over HTTPS."""
import io
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402

TASKS = 250


def read(stream):
    data = io.BytesIO()
    for chunk in stream:
        data.write(chunk)
    return data.getvalue()


def error_code(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except BatchErrorException as error:
        return error.error.code
    return None


def workflow(cluster):
    client = cluster.batch()
    images = list(client.account.list_supported_images())
    expect(images, "supported images are listed")
    make_pool(client, "conf-python", nodes=2, slots=4)
    expect(client.pool.exists("conf-python"), "the pool exists")
    expect(not client.pool.exists("no-such-pool"), "a missing pool does not")
    make_job(client, "conf-python-job", "conf-python")
    tasks = [models.TaskAddParameter(id=f"t{i:03}", command_line=f"/bin/sh -c 'echo task {i}; exit {1 if i == 7 else 0}'")
             for i in range(TASKS)]
    result = client.task.add_collection("conf-python-job", tasks, threads=2)
    expect(len(result.value) == TASKS, "every task has an answer")
    expect(all(str(item.status.value) == "success" for item in result.value), "every task was added")
    counts = wait_tasks_complete(client, "conf-python-job", TASKS)
    expect(counts.failed == 1 and counts.succeeded == TASKS - 1, f"one failure is counted, not {counts.failed}")

    options = models.TaskListOptions(filter="state eq 'completed'", select="id,state", max_results=50)
    listed = list(client.task.list("conf-python-job", options))
    expect([t.id for t in listed] == [f"t{i:03}" for i in range(TASKS)], "all pages, in id order")
    expect(listed[0].command_line is None, "$select leaves the rest out")
    failed = list(client.task.list("conf-python-job", models.TaskListOptions(
        filter="executionInfo/result eq 'failure' and startswith(id, 't00')")))
    expect([t.id for t in failed] == ["t007"], "the filter finds the failed one")
    task = client.task.get("conf-python-job", "t007")
    expect(task.execution_info.exit_code == 1, "the exit code is there")
    expect(task.execution_info.failure_info.code == "FailureExitCode", "and why it failed")
    ok = client.task.get("conf-python-job", "t008")
    expect(ok.execution_info.failure_info is None, "success has no failureInfo")

    text = read(client.file.get_from_task("conf-python-job", "t042", "stdout.txt"))
    expect(text == b"task 42\n", f"stdout is {text!r}")
    part = read(client.file.get_from_task("conf-python-job", "t042", "stdout.txt",
                                          models.FileGetFromTaskOptions(ocp_range="bytes=5-6")))
    expect(part == b"42", f"the range is {part!r}")
    properties = client.file.get_properties_from_task("conf-python-job", "t042", "stdout.txt", raw=True)
    expect(properties.response.headers["Content-Length"] == "8", "HEAD tells the length")
    names = [f.name for f in client.file.list_from_task("conf-python-job", "t042")]
    expect(names == ["stderr.txt", "stdout.txt", "wd"], f"the task's folder has {names}")

    expect(error_code(client.job.add, models.JobAddParameter(
        id="conf-python-job", pool_info=models.PoolInformation(pool_id="conf-python"))) == "JobExists", "JobExists")
    expect(error_code(client.task.get, "conf-python-job", "nope") == "TaskNotFound", "TaskNotFound")
    expect(error_code(client.file.get_from_task, "conf-python-job", "t042", "nope.txt") == "FileNotFound", "FileNotFound")

    job = client.job.get("conf-python-job")
    client.job.patch("conf-python-job", models.JobPatchParameter(priority=100),
                     models.JobPatchOptions(if_match=job.e_tag))
    expect(client.job.get("conf-python-job").priority == 100, "the patch shows")
    try:
        client.job.patch("conf-python-job", models.JobPatchParameter(priority=1),
                         models.JobPatchOptions(if_match=job.e_tag))
        expect(False, "a stale If-Match must not win")
    except BatchErrorException as error:
        expect(error.response.status_code == 412, "a stale If-Match is 412")

    node = next(iter(client.compute_node.list("conf-python"))).id
    client.compute_node.disable_scheduling("conf-python", node, "taskCompletion")
    seen = client.compute_node.get("conf-python", node)
    expect(seen.scheduling_state == "disabled" and seen.state == "offline", f"an empty node is offline: {seen.state}")
    expect(error_code(client.compute_node.disable_scheduling, "conf-python", node) == "NodeAlreadyInTargetSchedulingState", "only once")
    client.compute_node.enable_scheduling("conf-python", node)
    seen = client.compute_node.get("conf-python", node)
    expect(seen.scheduling_state == "enabled" and seen.state == "idle", f"and idle again: {seen.state}")

    failed_task_runs_again(client)

    client.task.delete("conf-python-job", "t001")
    expect(error_code(client.task.get, "conf-python-job", "t001") == "TaskNotFound", "a deleted task is gone")
    client.job.delete("conf-python-job")
    wait_until(lambda: error_code(client.job.get, "conf-python-job") == "JobNotFound", 30, "the job is gone")
    client.pool.delete("conf-python")
    wait_until(lambda: not client.pool.exists("conf-python"), 30, "the pool is gone")


def failed_task_runs_again(client):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)
        ready = pathlib.Path(folder) / "ready"
        client.task.add("conf-python-job", models.TaskAddParameter(
            id="again", command_line=f"/bin/sh -c 'test -e {ready}'", constraints=models.TaskConstraints(max_task_retry_count=1)))
        expect(error_code(client.task.reactivate, "conf-python-job", "t042") == "TaskSucceeded", "what succeeded is left alone")

        def ended():
            task = client.task.get("conf-python-job", "again")
            return task if task.state == "completed" else None
        first = wait_until(ended, 60, "the task fails")
        expect(first.execution_info.result == "failure" and first.execution_info.retry_count == 1, "it failed with its retry")
        ready.touch()
        client.task.reactivate("conf-python-job", "again")
        second = wait_until(ended, 60, "it runs again")
        expect(second.execution_info.result == "success" and second.execution_info.exit_code == 0, "it succeeds")
        expect(second.execution_info.retry_count == 0 and second.execution_info.failure_info is None, "and what was is forgotten")
        client.task.delete("conf-python-job", "again")


def over_http():
    with Cluster() as cluster:
        workflow(cluster)


def over_https():
    import os
    with Cluster("--https") as cluster:
        os.environ["REQUESTS_CA_BUNDLE"] = cluster.environment["REQUESTS_CA_BUNDLE"]
        expect(cluster.environment["AZURE_BATCH_ENDPOINT"].startswith("https://"), "the endpoint is https")
        workflow(cluster)


def accounts_are_apart():
    with Cluster("--account", "first", "--account", "second") as cluster:
        first = cluster.batch()
        second_environment = cluster.command("env", "--data", cluster.data, "--account", "second").stdout
        values = dict(line[7:].split("=", 1) for line in second_environment.splitlines() if line.startswith("export "))
        import shlex
        second = cluster.batch("second", shlex.split(values["AZURE_BATCH_ACCESS_KEY"])[0])
        make_pool(first, "mine", nodes=1)
        make_job(first, "mine-job", "mine")
        first.task.add("mine-job", models.TaskAddParameter(id="t", command_line="/bin/echo secret"))
        wait_tasks_complete(first, "mine-job", 1)
        expect(list(second.pool.list()) == [], "the other account sees no pool")
        expect(list(second.job.list()) == [], "nor a job")
        for call, arguments, code in [
                (second.pool.get, ("mine",), "PoolNotFound"), (second.job.get, ("mine-job",), "JobNotFound"),
                (second.task.get, ("mine-job", "t"), "JobNotFound"),
                (second.file.get_from_task, ("mine-job", "t", "stdout.txt"), "JobNotFound"),
                (second.job.delete, ("mine-job",), "JobNotFound"), (second.pool.delete, ("mine",), "PoolNotFound"),
                (second.job.terminate, ("mine-job",), "JobNotFound")]:
            expect(error_code(call, *arguments) == code, f"{call.__name__} of another account's is {code}")
        make_pool(second, "mine", nodes=1)  # the same id is free in the other account
        expect(first.pool.get("mine").url is not None, "and the first one keeps its own")


run([over_http, over_https, accounts_are_apart])
