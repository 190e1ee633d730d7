#!/usr/bin/python3
"""Automatic pools and job schedules through Debian's azure-batch 13.0.1, unmodified, on a cluster of two shards."""
import datetime
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import AGENT, IMAGE, Cluster, expect, make_job, make_pool, run, wait_nodes_idle, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402

# Ends 15 s after it was asked to: until then its job and schedule are still on their way out.
STUBBORN = "/bin/sh -c \"trap '' TERM; touch began; while :; do sleep 1; done\""
MINUTE = datetime.timedelta(minutes=1)


def refused(call, code):
    try:
        call()
    except BatchErrorException as error:
        return expect(error.error.code == code, f"refused with {error.error.code}, not {code}")
    expect(False, f"must be refused with {code}")


def auto_pool(lifetime="job", keep_alive=False, nodes=1, prefix="auto", slots=1):
    return models.PoolInformation(auto_pool_specification=models.AutoPoolSpecification(
        auto_pool_id_prefix=prefix, pool_lifetime_option=lifetime, keep_alive=keep_alive,
        pool=models.PoolSpecification(
            vm_size="standard_d2s_v3", target_dedicated_nodes=nodes, task_slots_per_node=slots,
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT))))


def pools(client):
    return {pool.id for pool in client.pool.list()}


def state(client, job):
    return client.job.get(job).state.value


def wait_state(client, job, wanted):
    wait_until(lambda: state(client, job) == wanted, 60, f"{job} is {wanted}")


def schedule_of(client, schedule_id):
    return client.job_schedule.get(schedule_id)


def a_pool_comes_and_goes_with_its_job(client):
    client.job.add(models.JobAddParameter(id="own-pool", pool_info=auto_pool(nodes=2)))
    job = client.job.get("own-pool")
    pool_id = job.execution_info.pool_id
    expect(re.fullmatch(r"auto_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", pool_id), f"a prefix and a GUID: {pool_id}")
    expect(job.pool_info.pool_id is None, "poolInfo is as it was given")
    given = job.pool_info.auto_pool_specification
    expect((given.pool_lifetime_option.value, given.keep_alive, given.pool.target_dedicated_nodes) == ("job", False, 2), f"{given}")
    expect(client.pool.get(pool_id).vm_size == "standard_d2s_v3", "the pool is as specified")
    expect(len(list(client.job.list(models.JobListOptions(filter=f"executionInfo/poolId eq '{pool_id}'")))) == 1, "jobs are found by their pool")
    client.task.add_collection("own-pool", [models.TaskAddParameter(id=f"t{i}", command_line="/bin/echo said") for i in range(4)])
    wait_tasks_complete(client, "own-pool", 4)
    client.job.patch("own-pool", models.JobPatchParameter(on_all_tasks_complete="terminateJob"))
    wait_state(client, "own-pool", "completed")
    said = b"".join(client.file.get_from_task("own-pool", "t0", "stdout.txt"))
    expect(said == b"said\n", "what a task wrote can still be read when its job has just ended")
    wait_until(lambda: pool_id not in pools(client), 60, "the pool is gone")
    expect(client.job.get("own-pool").execution_info.pool_id == pool_id, "the job knows where it ran")


def a_deleted_job_takes_its_pool_along(client):
    client.job.add(models.JobAddParameter(id="deleted", pool_info=auto_pool(prefix=None)))
    pool_id = client.job.get("deleted").execution_info.pool_id
    expect(len(pool_id) == 36, f"without a prefix the id is a GUID: {pool_id}")
    client.job.delete("deleted")
    wait_until(lambda: pool_id not in pools(client), 60, "the pool is gone")


def a_pool_may_be_kept(client):
    client.job.add(models.JobAddParameter(id="keeps", pool_info=auto_pool(nodes=0)))
    pool_id = client.job.get("keeps").execution_info.pool_id
    info = client.job.get("keeps").pool_info
    info.auto_pool_specification.pool.target_dedicated_nodes = 5
    refused(lambda: client.job.patch("keeps", models.JobPatchParameter(pool_info=info)), "InvalidPropertyValue")
    refused(lambda: client.job.patch("keeps", models.JobPatchParameter(pool_info=models.PoolInformation(pool_id="other"))), "InvalidPropertyValue")
    info = client.job.get("keeps").pool_info
    info.auto_pool_specification.keep_alive = True
    client.job.update("keeps", models.JobUpdateParameter(pool_info=info))
    expect(client.job.get("keeps").pool_info.auto_pool_specification.keep_alive, "keepAlive can be changed")
    client.job.delete("keeps")
    wait_until(lambda: "keeps" not in {job.id for job in client.job.list()}, 60, "the job is gone")
    expect(pool_id in pools(client), "its pool is not")
    client.pool.delete(pool_id)
    refused(lambda: client.job.add(models.JobAddParameter(id="x", pool_info=auto_pool("jobSchedule"))), "InvalidPropertyValue")


def add_schedule(client, schedule_id, pool_info=None, metadata=None, name=None, job=None, **schedule):
    spec = models.JobSpecification(pool_info=pool_info or models.PoolInformation(pool_id="plain"), **(job or {}))
    client.job_schedule.add(models.JobScheduleAddParameter(
        id=schedule_id, display_name=name, schedule=models.Schedule(**schedule), job_specification=spec, metadata=metadata))


def it_is_shown_as_it_was_given(client):
    far = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)
    add_schedule(client, "Shown", name="A name", metadata=[models.MetadataItem(name="a", value="b")], do_not_run_until=far,
                 do_not_run_after=far + 10 * MINUTE, start_window=2 * MINUTE, recurrence_interval=3 * MINUTE,
                 job=dict(priority=3, display_name="Job", common_environment_settings=[models.EnvironmentSetting(name="A", value="1")],
                          constraints=models.JobConstraints(max_task_retry_count=2), on_task_failure="performExitOptionsJobAction",
                          uses_task_dependencies=True, metadata=[models.MetadataItem(name="job", value="c")]))
    shown = schedule_of(client, "shown")
    expect((shown.id, shown.display_name, shown.state.value) == ("Shown", "A name", "active"), f"{shown}")
    expect(shown.url.endswith("/jobschedules/Shown") and shown.e_tag and shown.previous_state is None, f"{shown.url}")
    expect(shown.schedule == models.Schedule(do_not_run_until=far, do_not_run_after=far + 10 * MINUTE, start_window=2 * MINUTE,
                                             recurrence_interval=3 * MINUTE), f"{shown.schedule}")
    job = shown.job_specification
    expect((job.priority, job.display_name, job.pool_info.pool_id, job.constraints.max_task_retry_count) == (3, "Job", "plain", 2), f"{job}")
    expect(job.uses_task_dependencies and job.on_task_failure.value == "performexitoptionsjobaction" and job.metadata[0].value == "c", f"{job}")
    expect(shown.execution_info.next_run_time == far and shown.execution_info.recent_job is None, f"{shown.execution_info}")
    expect(client.job_schedule.exists("shown") and not client.job_schedule.exists("not-there"), "HEAD tells whether it is there")
    refused(lambda: client.job_schedule.get("not-there"), "JobScheduleNotFound")
    refused(lambda: add_schedule(client, "SHOWN"), "JobScheduleExists")
    refused(lambda: make_job(client, "shown", "plain"), "JobScheduleWithSameIdExists")
    make_job(client, "a-job", "plain")
    refused(lambda: add_schedule(client, "A-Job"), "JobWithSameIdExists")
    refused(lambda: add_schedule(client, "too-often", recurrence_interval=datetime.timedelta(seconds=59)), "InvalidPropertyValue")

    refused(lambda: client.job_schedule.disable("shown", models.JobScheduleDisableOptions(if_match="0x1")), "ConditionNotMet")
    client.job_schedule.patch("shown", models.JobSchedulePatchParameter(metadata=[]),
                              models.JobSchedulePatchOptions(if_match=shown.e_tag))
    patched = schedule_of(client, "shown")
    expect(not patched.metadata and patched.schedule == shown.schedule and patched.e_tag != shown.e_tag, "PATCH changes what it names")
    client.job_schedule.update("shown", models.JobScheduleUpdateParameter(
        schedule=models.Schedule(do_not_run_until=far, recurrence_interval=MINUTE), job_specification=job))
    updated = schedule_of(client, "shown").schedule
    expect((updated.start_window, updated.do_not_run_after, updated.recurrence_interval) == (None, None, MINUTE), f"PUT replaces: {updated}")
    client.job_schedule.disable("shown")
    refused(lambda: client.job_schedule.disable("shown"), "JobScheduleDisabled")
    disabled = schedule_of(client, "shown")
    expect((disabled.state.value, disabled.previous_state.value) == ("disabled", "active"), f"{disabled.state}")
    client.job_schedule.enable("shown")
    client.job_schedule.terminate("shown")
    ended = schedule_of(client, "shown")
    expect(ended.state.value == "completed" and ended.execution_info.end_time and not ended.execution_info.next_run_time, f"{ended}")
    refused(lambda: client.job_schedule.enable("shown"), "JobScheduleCompleted")


def lists_have_filters_and_pages(client):
    far = datetime.datetime(2091, 1, 1, tzinfo=datetime.timezone.utc)
    for i in range(7):
        add_schedule(client, f"list-{i}", do_not_run_until=far)
    client.job_schedule.disable("list-3")

    def ids(**options):
        return [entry.id for entry in client.job_schedule.list(models.JobScheduleListOptions(**options))]
    expect(ids(filter="startswith(id,'list-')", max_results=2) == [f"list-{i}" for i in range(7)], "pages in order of ids, of two shards")
    expect(ids(filter="state eq 'disabled' and schedule/doNotRunUntil gt DateTime'2090-06-01T00:00:00Z'") == ["list-3"], "filters")
    only = next(iter(client.job_schedule.list(models.JobScheduleListOptions(filter="id eq 'list-0'", select="id,state"))))
    expect(only.state.value == "active" and only.schedule is None, "a selection")
    refused(lambda: ids(filter="priority eq 1"), "InvalidQueryParameterValue")
    for i in range(7):
        client.job_schedule.delete(f"list-{i}")
    wait_until(lambda: not ids(filter="startswith(id,'list-')"), 60, "deleted schedules are gone")


def jobs_of(client, schedule_id, **options):
    return [job.id for job in client.job.list_from_job_schedule(schedule_id, models.JobListFromJobScheduleOptions(**options))]


def one_job_at_a_time(client):
    """Begun first and looked at last: the shortest recurrence is a minute."""
    names = [f"minute-{i}" for i in range(4)]  # ids on both shards
    for name in names:
        add_schedule(client, name, recurrence_interval=MINUTE)
    for name in names:
        expect(jobs_of(client, name) == [f"{name}:job-1"], f"the first job is made at once: {jobs_of(client, name)}")
        info = schedule_of(client, name).execution_info
        expect(info.recent_job.id == f"{name}:job-1" and info.recent_job.url.endswith(f"/jobs/{name}:job-1"), f"{info}")
    client.task.add("minute-0:job-1", models.TaskAddParameter(id="t", command_line="/bin/sh -c 'echo $AZ_BATCH_JOB_ID $AZ_BATCH_TASK_WORKING_DIR'"))
    wait_tasks_complete(client, "minute-0:job-1", 1)
    said = b"".join(client.file.get_from_task("minute-0:job-1", "t", "stdout.txt")).decode()
    expect(said.startswith("minute-0:job-1 ") and said.strip().endswith("/workitems/minute-0/job-1/t/wd"), f"folders as documented: {said}")
    client.job.terminate("minute-0:job-1")
    client.job.delete("minute-1:job-1")
    client.job_schedule.disable("minute-2")
    client.job.terminate("minute-2:job-1")
    return names


def the_next_minute(client, names):
    wait_until(lambda: len(jobs_of(client, "minute-0")) == 2, 90, "the second job")
    expect(jobs_of(client, "minute-0", filter="state eq 'active'") == ["minute-0:job-2"], "after the first")
    wait_until(lambda: jobs_of(client, "minute-1") == ["minute-1:job-2"], 30, "its first job was deleted")
    expect(jobs_of(client, "minute-2") == ["minute-2:job-1"], "a disabled schedule makes no job")
    expect(jobs_of(client, "minute-3") == ["minute-3:job-1"], "a job that goes on keeps the next from being made")
    client.job.terminate("minute-3:job-1")
    wait_until(lambda: len(jobs_of(client, "minute-3")) == 2, 30, "... until it ends")
    client.job_schedule.enable("minute-2")
    wait_until(lambda: len(jobs_of(client, "minute-2")) == 2, 30, "an enabled schedule makes the job of this minute")

    for job in ("minute-2:job-2", "minute-3:job-2"):
        client.task.add(job, models.TaskAddParameter(id="stays", command_line=STUBBORN))
        wait_until(lambda: client.task.get(job, "stays").state.value == "running", 60, "a task that runs")
        wait_until(lambda: "wd/began" in [file.name for file in client.file.list_from_task(job, "stays", recursive=True)], 60, "and has begun")
    client.job_schedule.terminate("minute-3")
    refused(lambda: client.job_schedule.terminate("minute-3"), "JobScheduleBeingTerminated")
    wait_until(lambda: schedule_of(client, "minute-3").state.value == "completed", 60, "the schedule ends after its job")
    ended = client.job.get("minute-3:job-2")
    expect((ended.state.value, ended.execution_info.terminate_reason) == ("completed", "TerminateJobSchedule"), f"{ended.execution_info}")
    for name in names:
        client.job_schedule.delete(name)
    refused(lambda: client.job_schedule.delete("minute-2"), "JobScheduleBeingDeleted")
    refused(lambda: jobs_of(client, "not-there"), "JobScheduleNotFound")
    wait_until(lambda: not any(client.job_schedule.exists(name) for name in names), 60, "the schedules are gone")
    expect(not [job.id for job in client.job.list() if job.id.startswith("minute-")], "and their jobs")


def one_that_does_not_recur(client):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    add_schedule(client, "once", do_not_run_until=soon, job=dict(on_all_tasks_complete="terminateJob"))
    wait_until(lambda: schedule_of(client, "once").state.value == "completed", 60, "it ends with its job")
    job = client.job.get("once:job-1")
    expect(job.execution_info.terminate_reason == "AllTasksComplete" and job.creation_time >= soon, f"{job.execution_info}")
    client.job_schedule.delete("once")


def schedules_have_pools(client):
    add_schedule(client, "pooled", pool_info=auto_pool("jobSchedule", prefix="shared"))
    pool_id = client.job.get("pooled:job-1").execution_info.pool_id
    wait_nodes_idle(client, pool_id, 1)
    client.task.add("pooled:job-1", models.TaskAddParameter(id="t", command_line="/bin/true"))
    wait_tasks_complete(client, "pooled:job-1", 1)
    client.job.terminate("pooled:job-1")
    wait_until(lambda: schedule_of(client, "pooled").state.value == "completed", 60, "the schedule ends")
    wait_until(lambda: pool_id not in pools(client), 60, "and its pool")
    add_schedule(client, "kills", pool_info=auto_pool("job", prefix="own"))
    pool_id = client.job.get("kills:job-1").execution_info.pool_id
    client.job_schedule.delete("kills")
    wait_until(lambda: not client.job_schedule.exists("kills") and pool_id not in pools(client), 60, "schedule, job and pool are gone")


def they_survive_the_scheduler(client, cluster):
    far = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)
    add_schedule(client, "survives", do_not_run_until=far, recurrence_interval=MINUTE)
    add_schedule(client, "runs", recurrence_interval=60 * MINUTE)
    before = [schedule_of(client, name) for name in ("survives", "runs")]
    cluster.kill("scheduler")
    cluster.wait_healthy()
    expect([schedule_of(client, name) for name in ("survives", "runs")] == before, "schedules are as they were")
    client.job_schedule.terminate("runs")
    wait_until(lambda: schedule_of(client, "runs").state.value == "completed", 60, "and go on")


def pools_and_schedules():
    with Cluster() as cluster:
        client = cluster.batch()
        make_pool(client, "plain", nodes=1, slots=4)
        names = one_job_at_a_time(client)
        for rule in (a_pool_comes_and_goes_with_its_job, a_deleted_job_takes_its_pool_along, a_pool_may_be_kept,
                     it_is_shown_as_it_was_given, lists_have_filters_and_pages, one_that_does_not_recur, schedules_have_pools):
            print(f"  {rule.__name__.replace('_', ' ')}", flush=True)
            rule(client)
        print("  one job at a time", flush=True)
        the_next_minute(client, names)
        print("  they survive the scheduler", flush=True)
        they_survive_the_scheduler(client, cluster)


run([pools_and_schedules])
