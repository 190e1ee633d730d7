#!/usr/bin/python3
"""Statistics through Debian's azure-batch 13.0.1, unmodified: of jobs, pools, tasks and their lists, and of an account's life."""
import datetime
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402
from raw import Raw  # noqa: E402

from azure.batch import models  # noqa: E402

BURN = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
WRITE = "import os; f = open('out', 'wb'); f.write(os.urandom(3000000)); f.flush(); os.fsync(f.fileno())"
SECOND = datetime.timedelta(seconds=1)


def of_job(client, job):
    return client.job.get(job, models.JobGetOptions(expand="stats")).stats


def of_task(client, job, task):
    return client.task.get(job, task, models.TaskGetOptions(expand="stats")).stats


def work(cluster):
    client, raw = cluster.batch(), Raw(cluster)
    begun = datetime.datetime.now(datetime.timezone.utc) - SECOND
    before = client.job.get_all_lifetime_statistics()
    expect(before.num_succeeded_tasks == 0, "a new account has done nothing")
    make_pool(client, "stat-pool", nodes=2)
    make_job(client, "stat-job", "stat-pool")
    for name, script, retries in (("burns", BURN, 0), ("writes", WRITE, 0), ("fails", "import sys; sys.exit(3)", 2)):
        client.task.add("stat-job", models.TaskAddParameter(
            id=name, command_line=f'/usr/bin/python3 -c "{script}"', constraints=models.TaskConstraints(max_task_retry_count=retries)))
    wait_tasks_complete(client, "stat-job", 3)
    job = of_job(client, "stat-job")
    expect((job.num_succeeded_tasks, job.num_failed_tasks, job.num_task_retries) == (2, 1, 2), f"ends and retries are counted: {job}")
    expect(SECOND / 2 <= job.user_cpu_time + job.kernel_cpu_time < 30 * SECOND, f"CPU time was measured: {job.user_cpu_time}")
    expect(job.wall_clock_time >= SECOND / 2 and job.wait_time == datetime.timedelta(0), f"wall clock: {job.wall_clock_time}, wait {job.wait_time}")
    expect(job.write_io_gi_b >= 3_000_000 / 2**30 and job.write_iops > 0 and job.read_iops > 0, f"what was written: {job.write_io_gi_b}")
    expect(begun < job.start_time <= job.last_update_time, "the range begins with the job")
    burns, fails = of_task(client, "stat-job", "burns"), of_task(client, "stat-job", "fails")
    expect(burns.user_cpu_time + burns.kernel_cpu_time >= SECOND / 2 <= burns.wall_clock_time, f"a task's own: {burns}")
    expect(of_task(client, "stat-job", "writes").write_io_gi_b >= 3_000_000 / 2**30, "each task has its own")
    total = sum((of_task(client, "stat-job", name).wall_clock_time for name in ("burns", "writes", "fails")), datetime.timedelta(0))
    expect(abs(total - job.wall_clock_time) < SECOND / 100, f"the job's is the sum of its tasks': {total}, {job.wall_clock_time}")
    expect(fails.wait_time > datetime.timedelta(0), "a task says how long it waited")
    # Where they were not asked for they are not there; $select may leave them out.
    expect(client.job.get("stat-job").stats is None and client.task.get("stat-job", "burns").stats is None, "only on request")
    expect(client.job.get("stat-job", models.JobGetOptions(expand="stats", select="id,state")).stats is None, "not against $select")
    expect(client.job.get("stat-job", models.JobGetOptions(expand="stats", select="id,stats")).stats.num_failed_tasks == 1, "but with it")
    listed = {j.id: j.stats for j in client.job.list(models.JobListOptions(expand="stats"))}
    expect(listed["stat-job"].num_succeeded_tasks == 2, "lists of jobs have them")
    tasks = {t.id: t.stats for t in client.task.list("stat-job", models.TaskListOptions(expand="stats"))}
    expect(tasks["burns"].user_cpu_time == burns.user_cpu_time, "lists of tasks too")
    wrong = raw("GET", "/jobs/stat-job", query={"$expand": "colours"})
    expect((wrong.status, wrong.code) == (400, "InvalidQueryParameterValue"), "nothing else can be expanded")


def nodes(cluster):
    client = cluster.batch()

    def node_time():
        pool = client.pool.get("stat-pool", models.PoolGetOptions(expand="stats")).stats
        return pool.usage_stats.dedicated_core_time
    first = node_time()
    wait_until(lambda: node_time() >= first + 2 * SECOND, 30, "two nodes gather time")
    expect({p.id: p.stats is not None for p in client.pool.list(models.PoolListOptions(expand="stats"))} == {"stat-pool": True}, "lists of pools")
    expect(client.pool.get("stat-pool").stats is None, "only on request")


def whole_life(cluster):
    """It goes on after its jobs and pools, and over a restart of the shards."""
    client, raw = cluster.batch(), Raw(cluster)
    job = of_job(client, "stat-job")
    pools = client.pool.get_all_lifetime_statistics()
    client.job.delete("stat-job")
    client.pool.delete("stat-pool")
    wait_until(lambda: not client.pool.exists("stat-pool") and not list(client.job.list()), 60, "job and pool are gone")
    cluster.kill("scheduler")
    cluster.wait_healthy()
    life = client.job.get_all_lifetime_statistics()
    expect((life.num_succeeded_tasks, life.num_failed_tasks, life.num_task_retries) == (2, 1, 2), f"what was done stays done: {life}")
    expect((life.wall_clock_time, life.user_cpu_time, life.write_iops) == (job.wall_clock_time, job.user_cpu_time, job.write_iops), "exactly")
    expect(life.wait_time > datetime.timedelta(0), "with the time that tasks waited")
    after = client.pool.get_all_lifetime_statistics()
    expect(after.usage_stats.dedicated_core_time >= pools.usage_stats.dedicated_core_time > datetime.timedelta(0), "nodes' time too")
    again = client.pool.get_all_lifetime_statistics()
    expect(again.usage_stats.dedicated_core_time == after.usage_stats.dedicated_core_time, "which ends with the nodes")
    gone = raw("GET", "/lifetimejobstats", version="2023-05-01.17.0")
    expect(gone.status == 404, "versions from 2023-05 on do not have it")


def statistics():
    with Cluster() as cluster:
        for part in (work, nodes, whole_life):
            print(f"  {part.__name__.replace('_', ' ')}", flush=True)
            part(cluster)


run([statistics])
