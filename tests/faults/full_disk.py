#!/usr/bin/python3
"""A full disk under the scheduler's folder: new work is refused with 503 ServerBusy and numbers, what
runs goes on, reads answer, nothing acknowledged is lost, and service is back by itself with room."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402


def refused(call, *arguments):
    try:
        call(*arguments)
    except BatchErrorException as error:
        return error
    return None


def disk_full():
    folder = tempfile.mkdtemp(prefix="windlass-small-disk-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700m", "windlass-test", folder], capture_output=True)
    if mounted.returncode != 0:
        print(f"mounting a small tmpfs is not permitted here: {mounted.stderr.decode().strip()}")
        sys.exit(77)
    try:
        with Cluster(data=os.path.join(folder, "data"), keep=True) as cluster:
            client = cluster.batch()
            client.config.retry_policy.retries = 0
            make_pool(client, "disk", nodes=2)
            make_job(client, "disk-job", "disk")
            client.task.add("disk-job", models.TaskAddParameter(id="before", command_line="/bin/true"))
            gate = pathlib.Path(folder) / "gate"
            client.task.add("disk-job", models.TaskAddParameter(
                id="running", command_line=f"/bin/sh -c 'until [ -e {gate} ]; do sleep 0.1; done'"))
            wait_until(lambda: client.task.get("disk-job", "running").state == models.TaskState.running, 30, "a running task")
            filler = pathlib.Path(folder) / "filler"
            free = os.statvfs(folder)
            with open(filler, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - 100 * 1024 * 1024)
            error = wait_until(lambda: refused(client.task.add, "disk-job", models.TaskAddParameter(
                id="too-much", command_line="/bin/true")) or client.task.delete("disk-job", "too-much"), 30, "a refusal")
            expect(error.response.status_code == 503, f"503, not {error.response.status_code}")
            expect(error.error.code == "ServerBusy", f"ServerBusy, not {error.error.code}")
            expect("Retry-After" in error.response.headers, "Retry-After says when")
            keys = [value.key for value in error.error.values]
            expect(keys == ["Reason", "FreeBytes", "NeededBytes"], f"values {keys}")
            expect(client.task.get("disk-job", "before").id == "before", "reads go on")
            gate.touch()
            wait_until(lambda: client.task.get("disk-job", "running").state == models.TaskState.completed, 30, "what ran is recorded")
            filler.unlink()

            def accepted():
                try:
                    client.task.add("disk-job", models.TaskAddParameter(id="after", command_line="/bin/true"))
                    return True
                except BatchErrorException as again:
                    expect(again.error.code in ("ServerBusy", "TaskExists"), f"{again.error.code}")
                    return again.error.code == "TaskExists"
            wait_until(accepted, 30, "service by itself")
            wait_tasks_complete(client, "disk-job", 3)
            ids = [t.id for t in client.task.list("disk-job")]
            expect(ids == ["after", "before", "running"], f"nothing acknowledged is lost: {ids}")
    finally:
        subprocess.run(["umount", "-l", folder])
        os.rmdir(folder)


run([disk_full])
