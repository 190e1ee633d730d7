#!/usr/bin/python3
"""`windlass admin backup` under load, and a restore into a new generation: every task that was acknowledged before the
backup is there with the same state, and whoever belongs to the old generation is fenced."""
import json
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import expect, make_job, make_pool, run, wait_until  # noqa: E402
from members import Members  # noqa: E402

from azure.batch import models  # noqa: E402

JOBS = ["work-0", "work-1", "work-2", "work-3"]  # their ids have homes on both shards
POOLS = ["east", "west"]
BEFORE = 400  # tasks acknowledged before the backup begins
LONG = "/bin/sleep 600"


def state_of(task):
    info = task.execution_info
    return (task.state, info.exit_code, str(info.start_time), str(info.end_time), task.node_info and task.node_info.node_id)


def tasks_of(batch, job):
    return {task.id: task for task in batch.task.list(job)}


class Load:
    """Adds short tasks to all jobs until it is stopped; knows which were acknowledged, and when."""

    def __init__(self, batch):
        self.batch = batch
        self.acknowledged = []  # (job, task), in order
        self.over = threading.Event()
        self.errors = []
        self.thread = threading.Thread(target=self.add)

    def add(self):
        number = 0
        try:
            while not self.over.is_set():
                job = JOBS[number % len(JOBS)]
                ids = [f"t{number}-{i}" for i in range(20)]
                added = self.batch.task.add_collection(job, [models.TaskAddParameter(id=i, command_line="/bin/true") for i in ids])
                self.acknowledged += [(job, item.task_id) for item in added.value]
                number += 1
        except Exception as error:  # noqa: BLE001: looked at by the test
            self.errors.append(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def admin(members, *words, code=0):
    done = members.windlass("admin", *words)
    expect(done.returncode == code, f"admin {' '.join(words)} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}")
    return done


def a_backup_under_load_is_restored_as_a_new_generation():
    with Members() as members:
        members.init()
        members.start_control()
        members.start_gateway()
        members.start_worker("worker-1", members.token("worker"))
        batch = members.batch()
        for pool in POOLS:
            make_pool(batch, pool, nodes=1, slots=4)
        for number, job in enumerate(JOBS):
            make_job(batch, job, POOLS[number % len(POOLS)])
        for pool, job in zip(POOLS, JOBS):
            batch.task.add(job, models.TaskAddParameter(id="long", command_line=LONG))
            wait_until(lambda: batch.task.get(job, "long").state == "running", 60, "a long task runs")

        # Hot: beside the scheduler, which goes on taking and ending tasks.
        backup, data = f"{members.root}/backup", f"{members.root}/scheduler"
        with Load(batch) as load:
            wait_until(lambda: len(load.acknowledged) >= BEFORE or load.errors, 60, f"{BEFORE} tasks acknowledged")
            completed = {(job, task.id): state_of(task) for job in JOBS for task in batch.task.list(
                job, models.TaskListOptions(filter="state eq 'completed'"))}
            before = list(load.acknowledged)  # the backup's mark
            done = admin(members, "backup", "--data-dir", data, "--to", backup, "-o", "json")
            at_end = len(load.acknowledged)
            wait_until(lambda: len(load.acknowledged) > at_end + 100 or load.errors, 60, "the load went on")
        expect(not load.errors, f"no call failed meanwhile: {load.errors[:1]}")
        expect(len(completed) > 0, "some tasks had ended before the backup")
        shards = json.loads(done.stdout)
        expect([shard["shard"] for shard in shards] == [0, 1], f"both shards: {shards}")
        admin(members, "verify", backup)
        admin(members, "backup", "--data-dir", data, "--to", backup, code=5)
        nodes_before = {node.id for pool in POOLS for node in batch.compute_node.list(pool)}

        # The control host is lost; the worker lives on and does not know.
        for name in ("gateway", "scheduler", "broker"):
            members.processes[name].send_signal(signal.SIGKILL)
            members.stop(name)
        manifest = pathlib.Path(f"{backup}/backup.json")
        whole = manifest.read_text()
        manifest.unlink()
        admin(members, "restore", "--from", backup, "--data-dir", f"{members.root}/early", code=5)
        manifest.write_text(whole)
        admin(members, "restore", "--from", backup, "--data-dir", data, "--cluster-dir", members.dir, code=5)
        done = admin(members, "restore", "--from", backup, "--data-dir", f"{members.root}/restored", "--cluster-dir", members.dir,
                     "-o", "json")
        expect(json.loads(done.stdout)["generation"] == 2, done.stdout)

        members.start_broker()
        # The old shards can not be served again.
        stale = members.start("stale", "scheduler", f"--data-dir={data}", wait=False)
        expect(stale.wait(60) != 0 and "generation" in members.log("stale"), f"the old folder is refused: {members.log('stale')}")
        members.start_scheduler("scheduler-2", f"{members.root}/restored")
        members.start("gateway", "gateway", f"--listen={members.api}", f"--accounts-file={members.dir}/accounts.toml",
                      f"--key-dir={members.root}/gateway-key")
        members.ready("gateway")
        wait_until(lambda: members.metric("broker", "windlass_broker_undeliverable_total", reason="generation") > 0, 60,
                   "the old worker speaks, and is not heard")

        batch = members.batch()
        lost = {(job, task) for job, task in before} - {(job, task) for job in JOBS for task in tasks_of(batch, job)}
        expect(not lost, f"acknowledged before the backup and not there: {sorted(lost)[:5]}")
        for (job, task), state in completed.items():
            expect(state_of(batch.task.get(job, task)) == state, f"{job}/{task} is as it was: {state_of(batch.task.get(job, task))}")
        for job in JOBS:
            try:
                make_job(batch, job, POOLS[0])
            except models.BatchErrorException as error:
                expect(error.error.code == "JobExists", error.error.code)
            else:
                expect(False, f"the id {job} was given twice")

        # Its tasks ended with its lease; once started again it learns the generation, and serves anew.
        members.stop("worker-1")
        members.start_worker("worker-1")
        expect("cluster_was_restored" in members.log("worker-1"), members.log("worker-1"))
        wait_until(lambda: all(batch.task.get(job, "long").state == "running" for job in JOBS[:2]), 120, "the long tasks run again")
        nodes_after = {node.id for pool in POOLS for node in batch.compute_node.list(pool)}
        expect(len(nodes_after) == 2 and not nodes_after & nodes_before, f"on new nodes: {nodes_before} {nodes_after}")
        for job in JOBS[:2]:
            batch.task.terminate(job, "long")
        wait_until(lambda: all(task.state == "completed" for job in JOBS for task in tasks_of(batch, job).values()), 120,
                   "every task ends")
        for job, task in before:
            ended = batch.task.get(job, task).execution_info
            expect(ended.exit_code == 0, f"{job}/{task} ended with {ended.exit_code}")
        print(f"{len(before)} tasks acknowledged before the backup, {len(completed)} of them completed, all there after the restore; "
              f"{len(load.acknowledged) - len(before)} came later")


run([a_backup_under_load_is_restored_as_a_new_generation])
