#!/usr/bin/python3
"""Rules between jobs and tasks through Debian's azure-batch 13.0.1, unmodified: exit conditions, dependencies on
ranges, dependents that will never start."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402

ACTS = {"on_task_failure": "performExitOptionsJobAction"}
DEPENDS = {"uses_task_dependencies": True}


def options(job_action=None, dependency_action=None):
    return models.ExitOptions(job_action=job_action, dependency_action=dependency_action)


def task(task_id, line="/bin/true", after=None, ranges=None, **conditions):
    depends_on = None
    if after or ranges:
        depends_on = models.TaskDependencies(
            task_ids=after, task_id_ranges=[models.TaskIdRange(start=start, end=end) for start, end in ranges or []] or None)
    return models.TaskAddParameter(id=task_id, command_line=line, depends_on=depends_on,
                                   exit_conditions=models.ExitConditions(**conditions) if conditions else None)


def exits(code):
    return f"/bin/sh -c 'exit {code}'"


def wait_job(client, job, state):
    def there():
        now = client.job.get(job)
        return now.state.value == state and now
    return wait_until(there, 60, f"{job} is {state}")


def succeeded(client, job, task_id):
    def there():
        info = client.task.get(job, task_id).execution_info
        return info.result is not None and info
    return wait_until(there, 60, f"the end of {task_id}").result.value == "success"


def dependents_start_when_the_rules_say_so(client):
    make_job(client, "satisfied", "rules", **DEPENDS)
    satisfy = options(dependency_action="satisfy")
    client.task.add_collection("satisfied", [
        task("by-code", exits(3), exit_codes=[models.ExitCodeMapping(code=3, exit_options=satisfy)]),
        task("by-range", exits(7), exit_code_ranges=[models.ExitCodeRangeMapping(start=5, end=9, exit_options=satisfy)]),
        task("never-began", "/no/such/program", pre_processing_error=satisfy),
        task("by-default", exits(1), default=satisfy),
        task("child", after=["by-code", "by-range", "never-began", "by-default"]),
        task("blocks", exits(0), exit_codes=[models.ExitCodeMapping(code=0, exit_options=options(dependency_action="block"))]),
        task("waits", after=["blocks"])])
    expect(succeeded(client, "satisfied", "child"), "a child of four failures that satisfy runs")
    expect(succeeded(client, "satisfied", "blocks"), "a success may block")
    expect(client.task.get("satisfied", "waits").state.value == "active", "... and its child waits")
    shown = client.task.get("satisfied", "by-range").exit_conditions.exit_code_ranges[0]
    expect((shown.start, shown.end, shown.exit_options.dependency_action.value) == (5, 9, "satisfy"), f"shown as given: {shown}")


def ranges_of_numbers(client):
    make_job(client, "ranges", "rules", **DEPENDS)
    client.task.add_collection("ranges", [
        task("sum", ranges=[(1, 20)]),
        task("far", ranges=[(1, 1_000_000)]),
        *[task(f"{number:0{1 + number % 3}}") for number in range(1, 20)]])
    expect(client.task.get("ranges", "far").depends_on.task_id_ranges[0].end == 1_000_000, "a range is shown as given")
    wait_until(lambda: client.job.get_task_counts("ranges").task_counts.succeeded == 19, 60, "19 of 20 parents")
    expect(client.task.get("ranges", "sum").state.value == "active", "one number is missing")
    client.task.add("ranges", task("0020"))
    expect(succeeded(client, "ranges", "sum"), "the sum runs after all of its range")
    expect(client.task.get("ranges", "far").state.value == "active", "a million is not there")
    client.task.add("ranges", task("late", ranges=[(3, 20)]))
    expect(succeeded(client, "ranges", "late"), "what has ended already counts")


def failures_act_on_the_job(client):
    make_job(client, "terminates", "rules", **ACTS)
    client.task.add("terminates", task("sleeps", "/bin/sleep 600"))
    client.task.add("terminates", task("fatal", exits(2)))
    job = wait_job(client, "terminates", "completed")
    expect(job.execution_info.terminate_reason == "TaskFailed", f"the reason is told: {job.execution_info.terminate_reason}")
    expect(client.task.get("terminates", "sleeps").execution_info.failure_info.code == "TaskEnded", "what ran was ended")
    make_job(client, "disables", "rules", **ACTS)
    conditions = {"exit_codes": [models.ExitCodeMapping(code=2, exit_options=options("disable"))], "default": options("none")}
    client.task.add("disables", task("harmless", exits(1), **conditions))
    expect(not succeeded(client, "disables", "harmless"), "a failure")
    expect(client.job.get("disables").state.value == "active", "... without consequences")
    client.task.add("disables", task("harmful", exits(2), **conditions))
    wait_job(client, "disables", "disabled")
    make_job(client, "idle", "rules")
    try:
        client.task.add("idle", task("t", default=options("none")))
        expect(False, "a jobAction is refused where the job does nothing with it")
    except BatchErrorException as error:
        expect(error.error.code == "InvalidPropertyValue", f"... with its code: {error.error.code}")


def blocked_dependents_fail_on_request(client):
    wish = [models.MetadataItem(name="windlass.failBlockedDependents", value="true")]
    make_job(client, "impatient", "rules", metadata=wish, on_all_tasks_complete="noAction", **DEPENDS)
    client.task.add_collection("impatient", [
        task("1", exits(4)), task("b", after=["1"]), task("c", after=["b"]), task("d", ranges=[(1, 3)]), task("free")])
    wait_tasks_complete(client, "impatient", 5)
    for child, parent in (("b", "1"), ("c", "b"), ("d", "1")):
        failure = client.task.get("impatient", child).execution_info.failure_info
        expect(failure.code == "TaskDependencyFailed" and failure.details[0].value == parent, f"{child} names {parent}: {failure}")
    expect(succeeded(client, "impatient", "free"), "who depends on nothing runs")


def rules_between_jobs_and_tasks():
    with Cluster() as cluster:
        client = cluster.batch()
        make_pool(client, "rules", nodes=2, slots=4)
        for rule in (dependents_start_when_the_rules_say_so, ranges_of_numbers, failures_act_on_the_job, blocked_dependents_fail_on_request):
            print(f"  {rule.__name__.replace('_', ' ')}", flush=True)
            rule(client)


run([rules_between_jobs_and_tasks])
