#!/usr/bin/python3
"""azure-batch 15.1.0 (api-version 2025-06-01), unmodified: the workflow and all it can ask, through its synchronous client with
pollers, then through its asynchronous client. What it can do to nodes is in nodes15.py."""
import asyncio
import datetime
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from client15 import POLL, bytes_of, code_of, connection, job_of, models, pool_exists, pool_of, virtual_machine  # noqa: E402

from azure.batch import BatchClient  # noqa: E402
from azure.batch.aio import BatchClient as AsyncBatchClient  # noqa: E402
from azure.core import MatchConditions  # noqa: E402
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError  # noqa: E402
from cluster import IMAGE, Cluster, expect, run, wait_until  # noqa: E402

TASKS = 250


def pools(client):
    images = list(client.list_supported_images(filter="verificationType eq 'verified'"))
    expect(images and all(image.verification_type == "verified" for image in images), "verified images are listed")
    client.create_pool(pool_of("p15", metadata=[models.BatchMetadataItem(name="a", value="1")], display_name="fifteen",
                               task_scheduling_policy=models.BatchTaskSchedulingPolicy(node_fill_type="pack")))
    expect(code_of(client.create_pool, pool_of("p15"), error=ResourceExistsError) == "PoolExists", "PoolExists")
    expect(pool_exists(client, "p15") and not pool_exists(client, "nope"), "pool_exists")
    wait_until(lambda: [node.state for node in client.list_nodes("p15")] == ["idle", "idle"], 60, "idle nodes")
    pool = client.get_pool("p15")
    expect(pool.display_name == "fifteen" and pool.allocation_state == models.AllocationState.STEADY, "the pool is shown")
    expect(pool.task_scheduling_policy.node_fill_type == "pack" and pool.current_dedicated_nodes == 2, "... with its policy")
    expect(pool.virtual_machine_configuration.image_reference.publisher == IMAGE["publisher"], "... and its image")
    expect(pool.resize_timeout.total_seconds() == 900 and pool.resize_errors is None, "absent is absent")
    client.update_pool("p15", models.BatchPoolUpdateOptions(metadata=[models.BatchMetadataItem(name="b", value="2")]))
    expect([(item.name, item.value) for item in client.get_pool("p15").metadata] == [("b", "2")], "update_pool replaces metadata")
    picked = client.get_pool("p15", select=["id", "state"])
    expect(picked.state == "active" and picked.vm_size is None, "$select with a bare comma")
    changed = client.get_pool("p15")
    expect(changed.etag != pool.etag, "the tag has moved on")
    expect(code_of(client.update_pool, "p15", models.BatchPoolUpdateOptions(metadata=[]), etag=pool.etag,
                   match_condition=MatchConditions.IfNotModified, error=ResourceModifiedError) == "ConditionNotMet", "a stale tag is 412")
    client.begin_resize_pool("p15", models.BatchPoolResizeOptions(target_dedicated_nodes=3), **POLL).result()
    expect(client.get_pool("p15").current_dedicated_nodes == 3, "the poller waits for the third node")
    client.begin_resize_pool("p15", models.BatchPoolResizeOptions(target_dedicated_nodes=2), **POLL).result()
    expect(client.get_pool("p15").current_dedicated_nodes == 2, "... and until it has left")
    client.create_pool(pool_of("greedy", nodes=1_000))
    client.begin_stop_pool_resize("greedy", **POLL).result()
    stopped = client.get_pool("greedy")
    expect(stopped.allocation_state == "steady" and stopped.resize_errors[0].code == "ResizeStopped", "a stopped resize says so")
    expect(code_of(client.begin_stop_pool_resize, "greedy", **POLL) is not None, "nothing is left to stop")
    client.begin_delete_pool("greedy", **POLL).result()
    expect(not pool_exists(client, "greedy"), "the poller of a deletion waits for its end")
    expect([pool.id for pool in client.list_pools(filter="startswith(id, 'p1')", select=["id"])] == ["p15"], "pools by filter")
    counts = {count.pool_id: count.dedicated.total for count in client.list_pool_node_counts()}
    expect(counts == {"p15": 2}, f"node counts: {counts}")


def nodes(client):
    wait_until(lambda: [node.state for node in client.list_nodes("p15")] == ["idle", "idle"], 60, "idle nodes")
    node = next(iter(client.list_nodes("p15"))).id
    when_empty = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="taskcompletion")
    client.disable_node_scheduling("p15", node, when_empty)
    seen = client.get_node("p15", node)
    expect((seen.scheduling_state, seen.state) == ("disabled", "offline"), f"an empty node is offline: {seen.state}")
    expect([n.id for n in client.list_nodes("p15", filter="state eq 'offline'", select=["id"])] == [node], "... and found by its state")
    expect(code_of(client.disable_node_scheduling, "p15", node, when_empty) == "NodeAlreadyInTargetSchedulingState", "only once")
    client.enable_node_scheduling("p15", node)
    expect(client.get_node("p15", node).state == "idle", "idle again")
    expect(code_of(client.get_node, "p15", "nope", error=ResourceNotFoundError) == "NodeNotFound", "NodeNotFound")


def tasks(client):
    client.create_job(job_of("j15", "p15", priority=5, task_failure_mode="noaction", uses_task_dependencies=True))
    expect(code_of(client.create_job, job_of("j15", "p15"), error=ResourceExistsError) == "JobExists", "JobExists")
    many = [models.BatchTaskCreateOptions(id=f"t{i:03}", command_line=f"/bin/sh -c 'echo task {i}; exit {1 if i == 7 else 0}'")
            for i in range(TASKS)]
    results = client.create_tasks("j15", many, max_concurrency=2).result_values
    expect(len(results) == TASKS and all(item.status == "success" for item in results), "every task was added")
    group = models.BatchTaskGroup(task_values=[many[0], models.BatchTaskCreateOptions(
        id="after", command_line="/bin/true", depends_on=models.BatchTaskDependencies(task_ids=["t000"]))])
    outcome = {item.task_id: item for item in client.create_task_collection("j15", group).result_values}
    expect(outcome["t000"].error.code == "TaskExists" and outcome["after"].status == "success", "one outcome for each")
    client.create_task("j15", models.BatchTaskCreateOptions(
        id="long", command_line="/bin/sleep 600", environment_settings=[models.EnvironmentSetting(name="A", value="b")],
        constraints=models.BatchTaskConstraints(max_task_retry_count=1)))
    wait_until(lambda: client.get_job_task_counts("j15").task_counts.completed == TASKS + 1, 120, "all but one complete")
    counts = client.get_job_task_counts("j15")
    expect((counts.task_counts.failed, counts.task_counts.running, counts.task_slot_counts.running) == (1, 1, 1), f"counted: {counts}")
    listed = list(client.list_tasks("j15", filter="startswith(id, 't')", select=["id", "state"], max_results=50))
    expect([t.id for t in listed] == [f"t{i:03}" for i in range(TASKS)], "five pages, in order, by re-quoted links")
    failed = client.get_task("j15", "t007").execution_info
    expect((failed.exit_code, failed.result, failed.failure_info.code) == (1, "failure", "FailureExitCode"), "why it failed")
    long = client.get_task("j15", "long")
    expect(long.state == "running" and long.constraints.max_task_retry_count == 1, "the long one runs")
    expect(long.node_info.node_id and long.environment_settings[0].value == "b", "... on a node, as it was given")
    long.constraints.max_task_retry_count = 4
    client.replace_task("j15", "long", long)
    expect(client.get_task("j15", "long").constraints.max_task_retry_count == 4, "replace_task sends the whole task back")
    client.terminate_task("j15", "long")
    ended = client.get_task("j15", "long")
    expect(ended.state == "completed" and ended.execution_info.failure_info.code == "TaskEnded", "terminated")
    expect(code_of(client.terminate_task, "j15", "long") == "TaskCompleted", "only once")
    client.reactivate_task("j15", "long")
    expect(client.get_task("j15", "long").state in ("active", "running"), "and active again")
    expect(code_of(client.reactivate_task, "j15", "t000") == "TaskSucceeded", "what succeeded is left alone")
    client.delete_task("j15", "long")
    expect(code_of(client.get_task, "j15", "long", error=ResourceNotFoundError) == "TaskNotFound", "a deleted task is gone")


def gangs(client):
    client.create_pool(models.BatchPoolCreateOptions(
        id="g15", vm_size="standard_d2s_v3", target_dedicated_nodes=2, task_slots_per_node=1, enable_inter_node_communication=True,
        virtual_machine_configuration=client.get_pool("p15").virtual_machine_configuration))
    client.create_job(job_of("g15", "g15"))
    client.create_task("g15", models.BatchTaskCreateOptions(
        id="both", command_line="/bin/true",
        multi_instance_settings=models.MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")))
    task = wait_until(lambda: (now := client.get_task("g15", "both")).state == "completed" and now, 60, "both instances ran")
    subtask, = client.list_subtasks("g15", "both")
    expect((subtask.id, subtask.state, subtask.result, subtask.exit_code) == (1, "completed", "success", 0), f"the other: {subtask}")
    expect(subtask.node_info.node_id != task.node_info.node_id, "on another node")
    expect(list(client.list_subtasks("j15", "t000")) == [], "a task that runs on one node has none")
    client.begin_delete_job("g15", **POLL).result()
    client.begin_delete_pool("g15", **POLL).result()


def files(client):
    expect(bytes_of(client.download_task_file("j15", "t042", "stdout.txt")) == b"task 42\n", "stdout")
    expect(bytes_of(client.download_task_file("j15", "t042", "stdout.txt", ocp_range="bytes=5-6")) == b"42", "a range")
    about = client.get_task_file_properties("j15", "t042", "stdout.txt")
    expect(about.content_length == 8 and about.is_directory is False and about.file_mode, f"properties: {vars(about)}")
    names = [file.name for file in client.list_task_files("j15", "t042")]
    expect(names == ["stderr.txt", "stdout.txt", "wd"], f"the folder has {names}")
    expect(code_of(client.download_task_file, "j15", "t042", "nope", error=ResourceNotFoundError) == "FileNotFound", "FileNotFound")
    info = client.get_task("j15", "t042").node_info
    path = f"{info.task_root_directory}/stdout.txt"
    expect(bytes_of(client.download_node_file("p15", info.node_id, path)) == b"task 42\n", "the same file of the node")
    expect(client.get_node_file_properties("p15", info.node_id, path).content_length == 8, "... and its length")
    expect(path in [file.name for file in client.list_node_files("p15", info.node_id, recursive=True)], "... and its place in the list")
    client.delete_task_file("j15", "t042", "stderr.txt")
    expect("stderr.txt" not in [file.name for file in client.list_task_files("j15", "t042")], "a deleted file is gone")
    client.delete_node_file("p15", info.node_id, path)
    expect(code_of(client.download_task_file, "j15", "t042", "stdout.txt", error=ResourceNotFoundError) == "FileNotFound", "also through the node")


def schedules(client):
    hour = datetime.timedelta(hours=1)
    own_pool = models.BatchPoolInfo(auto_pool_specification=models.BatchAutoPoolSpecification(
        pool_lifetime_option="jobschedule", auto_pool_id_prefix="s15", pool=models.BatchPoolSpecification(
            vm_size="standard_d2s_v3", target_dedicated_nodes=0, virtual_machine_configuration=virtual_machine())))
    client.create_job_schedule(models.BatchJobScheduleCreateOptions(
        id="s15", schedule=models.BatchJobScheduleConfiguration(recurrence_interval=hour),
        job_specification=models.BatchJobSpecification(pool_info=own_pool, priority=4)))
    expect(client.job_schedule_exists("s15"), "it is there")
    shown = client.get_job_schedule("s15")
    expect((shown.state, shown.schedule.recurrence_interval, shown.execution_info.recent_job.id) == ("active", hour, "s15:job-1"), f"{shown}")
    job = client.get_job("s15:job-1")
    expect(job.priority == 4 and job.execution_info.pool_id.startswith("s15_"), f"its job has a pool of its own: {job.execution_info}")
    expect([one.id for one in client.list_jobs_from_schedule("s15", select=["id"])] == ["s15:job-1"], "its jobs are listed")
    client.update_job_schedule("s15", models.BatchJobScheduleUpdateOptions(metadata=[models.BatchMetadataItem(name="a", value="b")]),
                               etag=shown.etag, match_condition=MatchConditions.IfNotModified)
    whole = client.get_job_schedule("s15")
    client.replace_job_schedule("s15", whole)
    after = client.get_job_schedule("s15")
    expect(after.schedule == whole.schedule and after.job_specification == whole.job_specification and after.metadata == whole.metadata,
           "replace_job_schedule sends the whole schedule back")
    client.disable_job_schedule("s15")
    expect([one.state for one in client.list_job_schedules(filter="id eq 's15'")] == ["disabled"], "disabled")
    client.enable_job_schedule("s15")
    client.begin_terminate_job_schedule("s15", **POLL).result()
    expect(client.get_job_schedule("s15").state == "completed", "the poller waits for its end")
    client.begin_delete_job_schedule("s15", **POLL).result()
    expect(code_of(client.get_job_schedule, "s15", error=ResourceNotFoundError) == "JobScheduleNotFound", "... until it is gone")
    expect(code_of(client.get_job, "s15:job-1", error=ResourceNotFoundError) == "JobNotFound", "with its jobs")


def jobs(client):
    job = client.get_job("j15")
    expect(job.priority == 5 and job.state == "active" and job.constraints.max_wall_clock_time is not None, "the job is shown")
    client.update_job("j15", models.BatchJobUpdateOptions(priority=100), etag=job.etag, match_condition=MatchConditions.IfNotModified)
    expect(code_of(client.update_job, "j15", models.BatchJobUpdateOptions(priority=1), etag=job.etag,
                   match_condition=MatchConditions.IfNotModified, error=ResourceModifiedError) == "ConditionNotMet", "a stale tag is 412")
    whole = client.get_job("j15")
    expect(whole.priority == 100, "the update shows")
    whole.priority = -3
    client.replace_job("j15", whole)
    after = client.get_job("j15")
    expect((after.priority, after.constraints.max_wall_clock_time) == (-3, whole.constraints.max_wall_clock_time),
           "replace_job sends the whole job back, its infinite limit included")
    client.begin_disable_job("j15", models.BatchJobDisableOptions(disable_tasks="requeue"), **POLL).result()
    expect(client.get_job("j15").state == "disabled", "the poller waits for disabled")
    client.begin_enable_job("j15", **POLL).result()
    expect(client.get_job("j15").state == "active", "... for active")
    client.create_job(job_of("other", "p15"))
    expect([job.id for job in client.list_jobs(filter="state eq 'active'", select=["id"])] == ["j15", "other"], "both are listed")
    client.begin_terminate_job("j15", {"terminateReason": "enough"}, **POLL).result()
    ended = client.get_job("j15")
    expect((ended.state, ended.execution_info.termination_reason) == ("completed", "enough"), f"... for completed: {ended.state}")
    expect(code_of(client.begin_terminate_job, "j15", {"terminateReason": "again"}, **POLL) == "JobCompleted", "JobCompleted")
    client.begin_terminate_job("other", {"terminateReason": "by force"}, force=True, **POLL).result()
    expect(client.get_job("other").execution_info.termination_reason == "by force", "an end by force is one, too")
    for job_id, force in (("j15", False), ("other", True)):
        client.begin_delete_job(job_id, force=force, **POLL).result()
        expect(code_of(client.get_job, job_id, error=ResourceNotFoundError) == "JobNotFound", "the poller waits until it is gone")
    client.begin_delete_pool("p15", **POLL).result()
    expect(code_of(client.get_pool, "p15", error=ResourceNotFoundError) == "PoolNotFound", "the pool is gone")


def synchronous():
    with Cluster() as cluster, BatchClient(**connection(cluster)) as client:
        for part in (pools, nodes, tasks, gangs, files, schedules, jobs):
            print(f"  {part.__name__}", flush=True)
            part(client)


async def asynchronous_workflow(client):
    await client.create_pool(pool_of("a15", nodes=0))
    await (await client.begin_resize_pool("a15", models.BatchPoolResizeOptions(target_dedicated_nodes=2), **POLL)).result()
    expect((await client.get_pool("a15")).current_dedicated_nodes == 2, "the poller waits for the nodes")
    await client.create_job(job_of("ja", "a15"))
    many = [models.BatchTaskCreateOptions(id=f"t{i:03}", command_line=f"/bin/echo {i}") for i in range(TASKS)]
    results = (await client.create_tasks("ja", many, max_concurrency=2)).result_values
    expect(len(results) == TASKS, "every task has an answer")
    for _ in range(1200):
        if (await client.get_job_task_counts("ja")).task_counts.completed == TASKS:
            break
        await asyncio.sleep(0.1)
    ids = [task.id async for task in client.list_tasks("ja", filter="state eq 'completed'", max_results=100)]
    expect(ids == [task.id for task in many], "all complete, all pages, in order")
    text = b"".join([part async for part in await client.download_task_file("ja", "t042", "stdout.txt")])
    expect(text == b"42\n", f"stdout is {text!r}")
    try:
        await client.get_task("ja", "nope")
        expect(False, "a missing task is an error")
    except ResourceNotFoundError as error:
        expect(error.error.code == "TaskNotFound", "with its code")
    await (await client.begin_delete_job("ja", **POLL)).result()
    await (await client.begin_delete_pool("a15", **POLL)).result()
    expect([pool.id async for pool in client.list_pools()] == [], "all is gone")


def asynchronous():
    async def whole(cluster):
        async with AsyncBatchClient(**connection(cluster)) as client:
            await asynchronous_workflow(client)
    with Cluster("--https") as cluster:
        os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = cluster.environment["REQUESTS_CA_BUNDLE"]
        asyncio.run(whole(cluster))


run([synchronous, asynchronous])
