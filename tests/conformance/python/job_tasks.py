#!/usr/bin/python3
"""Tasks of jobs themselves through Debian's azure-batch 13.0.1, unmodified: job manager, preparation and release."""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402
from raw import Raw  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402


def sh(script):
    return f"/bin/sh -c '{script}'"


def wait_job(client, job, state, seconds=60):
    def there():
        now = client.job.get(job)
        return now.state.value == state and now
    return wait_until(there, seconds, f"{job} is {state}")


def wait_gone(client, job):
    def gone():
        try:
            client.job.get(job)
        except BatchErrorException as error:
            return error.error.code == "JobNotFound"
        return False
    wait_until(gone, 60, f"{job} is gone")


def refusal(call):
    try:
        call()
    except BatchErrorException as error:
        return error.error.code
    return None


def statuses(client, job, **options):
    return list(client.job.list_preparation_and_release_task_status(
        job, models.JobListPreparationAndReleaseTaskStatusOptions(**options)))


def text_of(client, pool, node, path):
    return b"".join(client.file.get_from_compute_node(pool, node, path)).decode()


def add(client, job, *lines):
    client.task.add_collection(job, [models.TaskAddParameter(id=f"t{i}", command_line=line) for i, line in enumerate(lines)])


def a_manager_steers_its_job(client):
    manager = models.JobManagerTask(
        id="boss", display_name="The boss", command_line=sh("echo managing $AZ_BATCH_JOB_ID as $AZ_BATCH_TASK_ID with $COLOUR; sleep 1"),
        environment_settings=[models.EnvironmentSetting(name="COLOUR", value="blue")], run_exclusive=False,
        constraints=models.TaskConstraints(max_task_retry_count=1))
    make_job(client, "managed", "tasks", job_manager_task=manager)
    shown = client.job.get("managed").job_manager_task
    expect((shown.id, shown.display_name, shown.kill_job_on_completion, shown.run_exclusive, shown.allow_low_priority_node, shown.required_slots)
           == ("boss", "The boss", True, False, True, 1), f"the manager is shown as given: {shown}")
    expect(shown.constraints.max_task_retry_count == 1 and shown.environment_settings[0].value == "blue", f"... with all of it: {shown}")
    listed = [task.id for task in client.task.list("managed")]
    expect(listed == ["boss"], f"the manager is a task of its job: {listed}")
    client.task.add("managed", models.TaskAddParameter(id="work", command_line="/bin/sleep 600"))
    ended = wait_job(client, "managed", "completed")
    expect(ended.execution_info.terminate_reason == "JMComplete", f"its end ends the job: {ended.execution_info}")
    expect(client.task.get("managed", "work").execution_info.failure_info.code == "TaskEnded", "what it started is ended")
    said = b"".join(client.file.get_from_task("managed", "boss", "stdout.txt")).decode()
    expect(said == "managing managed as boss with blue\n", f"it knows where it runs: {said}")


def a_manager_may_fail_or_leave_its_job_open(client):
    make_job(client, "failed", "tasks", job_manager_task=models.JobManagerTask(id="boss", command_line=sh("exit 3")))
    ended = wait_job(client, "failed", "completed")
    expect(ended.execution_info.terminate_reason == "JMComplete", f"a failed manager ends its job, too: {ended.execution_info}")
    make_job(client, "open", "tasks", job_manager_task=models.JobManagerTask(id="boss", command_line=sh("exit 3"), kill_job_on_completion=False))
    wait_tasks_complete(client, "open", 1)
    expect(client.job.get("open").state.value == "active", "... unless it is not to")
    client.task.reactivate("open", "boss")
    wait_tasks_complete(client, "open", 1)
    client.job.delete("open")


ASKS_WITH_ITS_TOKEN = """
import os
from azure.batch import BatchServiceClient, models
from msrest.authentication import BasicTokenAuthentication
token = BasicTokenAuthentication({"access_token": os.environ["AZ_BATCH_AUTHENTICATION_TOKEN"]})
client = BatchServiceClient(token, batch_url=os.environ["AZ_BATCH_ACCOUNT_URL"])
job = os.environ["AZ_BATCH_JOB_ID"]
client.task.add(job, models.TaskAddParameter(id="work", command_line="/bin/true"))
print(sorted(task.id for task in client.task.list(job)))
for ask in (lambda: client.job.get("trusted-other"), lambda: client.pool.get("tasks")):
    try:
        ask()
    except models.BatchErrorException as error:
        print(error.error.code)
open(os.environ["AZ_BATCH_NODE_SHARED_DIR"] + "/token", "w").write(token.token["access_token"])
"""


def a_manager_asks_with_its_token(cluster, client):
    token = models.AuthenticationTokenSettings(access=["job"])
    script = models.EnvironmentSetting(name="SCRIPT", value=ASKS_WITH_ITS_TOKEN)
    manager = models.JobManagerTask(id="boss", command_line=sh("python3 -c \"$SCRIPT\""), environment_settings=[script],
                                    authentication_token_settings=token, kill_job_on_completion=False)
    make_job(client, "trusted-other", "tasks")
    make_job(client, "trusted", "tasks", job_manager_task=manager)
    wait_tasks_complete(client, "trusted", 2)
    output = [b"".join(client.file.get_from_task("trusted", "boss", name)).decode() for name in ("stdout.txt", "stderr.txt")]
    expect(output[0].splitlines() == ["['boss', 'work']", "AuthenticationFailed", "Forbidden"],
           f"it adds a task to its own job, and sees nothing else: {output}")
    shown = client.task.get("trusted", "boss")
    expect(shown.authentication_token_settings.access == ["job"], f"that it may is told: {shown}")
    kept = b"".join(client.file.get_from_compute_node("tasks", shown.node_info.node_id, "shared/token")).decode()
    expect(kept not in json.dumps(shown.as_dict()) and len(kept) > 40, "by what is not")
    late = Raw(cluster)("GET", "/jobs/trusted", authorization=f"Bearer {kept}")
    expect((late.status, late.code) == (403, "AuthenticationFailed"), f"its end is the end of the token: {late}")
    client.job.delete("trusted-other")
    client.job.delete("trusted")
    client.job_schedule.add(models.JobScheduleAddParameter(id="often", schedule=models.Schedule(), job_specification=models.JobSpecification(
        pool_info=models.PoolInformation(pool_id="tasks"), job_manager_task=manager)))
    wait_until(lambda: next(client.job.list(models.JobListOptions(filter="id eq 'often:job-1'")), None), 30, "a job of a schedule")
    wait_tasks_complete(client, "often:job-1", 2)
    client.job_schedule.delete("often")


def nodes_are_prepared_and_released(client):
    prepare = models.JobPreparationTask(command_line=sh("echo ready > wd-file; echo prepared $AZ_BATCH_TASK_ID"))
    release = models.JobReleaseTask(command_line=sh("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/wd-file"))
    make_job(client, "tended", "tasks", job_preparation_task=prepare, job_release_task=release)
    shown = client.job.get("tended")
    expect((shown.job_preparation_task.id, shown.job_preparation_task.wait_for_success, shown.job_release_task.id) ==
           ("jobpreparation", True, "jobrelease"), f"defaults are shown: {shown}")
    expect(shown.job_release_task.max_wall_clock_time.total_seconds() == 900, "a release has a quarter of an hour")
    expect(statuses(client, "tended") == [], "no node was prepared yet")
    add(client, "tended", *[sh("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/wd-file; sleep 0.5")] * 6)
    wait_tasks_complete(client, "tended", 6)
    used = {client.task.get("tended", f"t{i}").node_info.node_id for i in range(6)}
    for i in range(6):
        said = b"".join(client.file.get_from_task("tended", f"t{i}", "stdout.txt")).decode()
        expect(said == "ready\n", f"t{i} sees what was prepared: {said}")
    found = statuses(client, "tended")
    expect({status.node_id for status in found} == used, "each node that ran a task was prepared, and no other")
    for status in found:
        info = status.job_preparation_task_execution_info
        expect((info.state.value, info.exit_code, info.result.value, info.retry_count) == ("completed", 0, "success", 0), f"prepared: {info}")
        expect(info.task_root_directory == "workitems/tended/job-1/jobpreparation", f"with its folder: {info.task_root_directory}")
        said = text_of(client, "tasks", status.node_id, info.task_root_directory + "/stdout.txt")
        expect(said == "prepared jobpreparation\n", f"files of the preparation are there: {said}")
        expect(status.job_release_task_execution_info is None, "not released yet")
    expect(refusal(lambda: client.task.add("tended", models.TaskAddParameter(id="JobRelease", command_line="x"))) ==
           "TaskIdSameAsJobReleaseTask", "its names are taken")
    expect(refusal(lambda: client.task.add("tended", models.TaskAddParameter(id="JOBPREPARATION", command_line="x"))) ==
           "TaskIdSameAsJobPreparationTask", "... both of them")
    client.job.terminate("tended")
    wait_job(client, "tended", "completed")
    for status in statuses(client, "tended"):
        info = status.job_release_task_execution_info
        expect((info.state.value, info.exit_code, info.result.value) == ("completed", 0, "success"), f"released: {info}")
        said = text_of(client, "tasks", status.node_id, info.task_root_directory + "/stdout.txt")
        expect(said == "ready\n", f"the release sees the preparation: {said}")
    one = next(iter(used))
    expect([status.node_id for status in statuses(client, "tended", filter=f"nodeId eq '{one}'")] == [one], "filtered by node")
    expect(len(statuses(client, "tended", max_results=1)) == len(used), "paged")
    only = statuses(client, "tended", select="nodeId")
    expect(all(status.node_id and status.pool_id is None for status in only), "selected")
    client.job.delete("tended")
    wait_gone(client, "tended")


def failed_preparations_shut_nodes_out(client):
    # One node of the pool cannot be prepared: the first that tries.
    mark = f"/tmp/windlass-unfit-{os.getpid()}"
    prepare = models.JobPreparationTask(id="prep", command_line=sh(f"mkdir {mark} 2>/dev/null && touch $AZ_BATCH_NODE_SHARED_DIR/unfit; "
                                                                   "test ! -e $AZ_BATCH_NODE_SHARED_DIR/unfit"),
                                        constraints=models.TaskConstraints(max_task_retry_count=1))
    make_job(client, "picky", "tasks", job_preparation_task=prepare)
    add(client, "picky", *["/bin/true"] * 6)
    wait_tasks_complete(client, "picky", 6)
    subprocess.run(["rmdir", mark], check=True)
    failed = statuses(client, "picky", filter="jobPreparationTaskExecutionInfo/result eq 'failure'")
    shut_out = {status.node_id for status in failed}
    expect(len(shut_out) == 1, f"one node could not be prepared: {failed}")
    for status in failed:
        info = status.job_preparation_task_execution_info
        expect((info.exit_code, info.retry_count, info.failure_info.code) == (1, 1, "FailureExitCode"), f"it was tried twice: {info}")
    ran = {client.task.get("picky", f"t{i}").node_info.node_id for i in range(6)}
    expect(not shut_out & ran, f"no task runs where the preparation failed: {shut_out} {ran}")
    lax = models.JobPreparationTask(command_line=sh("exit 1"), wait_for_success=False)
    make_job(client, "lax", "tasks", job_preparation_task=lax)
    add(client, "lax", *["/bin/true"] * 3)
    wait_tasks_complete(client, "lax", 3)


def a_task_waits_in_preparing(client):
    make_job(client, "slow", "tasks", job_preparation_task=models.JobPreparationTask(command_line="/bin/sleep 3"),
             job_release_task=models.JobReleaseTask(command_line="/bin/sleep 1"))
    add(client, "slow", "/bin/true")
    task = wait_until(lambda: (now := client.task.get("slow", "t0")).state.value == "preparing" and now, 10, "the task is preparing")
    expect(task.node_info is not None and task.execution_info.start_time is None, f"it has a place and has not begun: {task}")
    expect(client.job.get_task_counts("slow").task_counts.running == 1, "it counts as running")
    wait_tasks_complete(client, "slow", 1)
    client.job.delete("slow")
    expect(client.job.get("slow").state.value == "deleting", "a deleted job waits for its release")
    wait_gone(client, "slow")
    make_job(client, "plain", "tasks")
    expect(refusal(lambda: statuses(client, "plain")) == "JobPreparationTaskNotSpecified", "a job without one has no such list")
    orphan = models.JobReleaseTask(command_line="/bin/true")
    expect(refusal(lambda: make_job(client, "orphan", "tasks", job_release_task=orphan)) == "InvalidPropertyValue", "no release without preparation")


def kills_change_nothing(cluster, client):
    for role in ("scheduler", "worker", "broker"):
        job = f"killed-{role}"
        # Each prepared node is released, and no task begins before its node is ready, whoever dies.
        make_job(client, job, "tasks", job_preparation_task=models.JobPreparationTask(command_line=sh("sleep 1; touch ready")),
                 job_release_task=models.JobReleaseTask(command_line=sh("sleep 1; rm $AZ_BATCH_JOB_PREP_WORKING_DIR/ready")))
        add(client, job, *[sh("test -e $AZ_BATCH_JOB_PREP_WORKING_DIR/ready")] * 8)
        time.sleep(0.5)
        cluster.kill(role)
        counts = wait_tasks_complete(client, job, 8)
        expect(counts.succeeded == 8, f"every task saw its node prepared, though the {role} was killed: {counts}")
        client.job.terminate(job)
        time.sleep(0.3)
        cluster.kill(role)
        wait_job(client, job, "completed", 120)
        cluster.wait_healthy()
        for status in statuses(client, job):
            info = status.job_release_task_execution_info
            expect(info is not None and info.result.value == "success", f"{status.node_id} was released once, though the {role} was killed: {info}")


def tasks_of_jobs():
    with Cluster() as cluster:
        client = cluster.batch()
        make_pool(client, "tasks", nodes=3, slots=2)
        for rule in (a_manager_steers_its_job, a_manager_may_fail_or_leave_its_job_open, nodes_are_prepared_and_released,
                     failed_preparations_shut_nodes_out, a_task_waits_in_preparing):
            print(f"  {rule.__name__.replace('_', ' ')}", flush=True)
            rule(client)
        print("  a manager asks with its token", flush=True)
        a_manager_asks_with_its_token(cluster, client)
        print("  kills change nothing", flush=True)
        kills_change_nothing(cluster, client)


run([tasks_of_jobs])
