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
from raw import Raw  # noqa: E402


def disk_full():
    folder = tempfile.mkdtemp(prefix="windlass-small-disk-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700m", "windlass-test", folder], capture_output=True)
    if mounted.returncode != 0:
        print(f"mounting a small tmpfs is not permitted here: {mounted.stderr.decode().strip()}")
        sys.exit(77)
    try:
        with Cluster(data=os.path.join(folder, "data"), keep=True) as cluster:
            client = cluster.batch()
            raw = Raw(cluster)  # the SDK would try again by itself

            def add(task):
                return raw("POST", "/jobs/disk-job/tasks", {"id": task, "commandLine": "/bin/true"})

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

            def refusal():
                answer = add("too-much")
                if answer.status == 201:  # not noticed yet
                    client.task.delete("disk-job", "too-much")
                    return None
                return answer
            refused = wait_until(refusal, 30, "a refusal")
            expect((refused.status, refused.code) == (503, "ServerBusy"), f"{refused.status} {refused.code}")
            expect(refused.headers.get("Retry-After"), "Retry-After says when")
            keys = [value["key"] for value in refused.json["values"]]
            expect(keys == ["Reason", "FreeBytes", "NeededBytes"], f"values {keys}")
            expect(client.task.get("disk-job", "before").id == "before", "reads go on")
            gate.touch()
            wait_until(lambda: client.task.get("disk-job", "running").state == models.TaskState.completed, 30, "what ran is recorded")
            filler.unlink()

            def accepted():
                answer = add("after")
                expect(answer.code in (None, "ServerBusy"), f"{answer.status} {answer.code}")
                return answer.status == 201
            wait_until(accepted, 30, "service by itself")
            wait_tasks_complete(client, "disk-job", 3)
            ids = [t.id for t in client.task.list("disk-job")]
            expect(ids == ["after", "before", "running"], f"nothing acknowledged is lost: {ids}")
    finally:
        subprocess.run(["umount", "-l", folder])
        os.rmdir(folder)


run([disk_full])
