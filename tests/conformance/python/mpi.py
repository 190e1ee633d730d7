#!/usr/bin/python3
"""A real MPI program across three nodes: OpenMPI of the distribution, started by examples/mpi's agent in place of ssh."""
import functools
import http.server
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import ROOT, Cluster, expect, make_job, make_pool, run, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402

EXAMPLE = ROOT / "examples" / "mpi"

if not shutil.which("mpicc") or not shutil.which("mpirun"):
    print("skipped: OpenMPI is not installed (openmpi-bin, libopenmpi-dev)")
    sys.exit(77)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


def mpi_task(task_id, web, instances, secret):
    """What examples/mpi/README.md says, as a client writes it."""
    files = [models.ResourceFile(http_url=f"{web}/{name}", file_path=name, file_mode="0755") for name in ("launch_agent.py", "hello", "run.sh")]
    settings = models.MultiInstanceSettings(number_of_instances=instances, common_resource_files=files,
                                            coordination_command_line="/bin/sh -c 'python3 $AZ_BATCH_TASK_SHARED_DIR/launch_agent.py serve'")
    environment = [models.EnvironmentSetting(name=name, value=value) for name, value in
                   (("LAUNCH_SECRET", secret), ("MPI_INTERFACE", "lo"), ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"))]
    return models.TaskAddParameter(id=task_id, multi_instance_settings=settings, environment_settings=environment,
                                   command_line="/bin/sh -c '$AZ_BATCH_TASK_SHARED_DIR/run.sh hello'",
                                   constraints=models.TaskConstraints(max_wall_clock_time="PT2M"))


def ranks_on_three_nodes():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("launch_agent.py", "run.sh"):
            shutil.copy(EXAMPLE / name, folder)
        subprocess.run(["mpicc", "-o", f"{folder}/hello", EXAMPLE / "hello.c"], check=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        web = f"http://127.0.0.1:{server.server_address[1]}"
        with Cluster("--nodes", "3") as cluster:
            client = cluster.batch()
            make_pool(client, "mpi", nodes=3, enable_inter_node_communication=True)
            make_job(client, "mpi", "mpi")
            secret = secrets.token_hex(16)
            for task_id in ("first", "second"):  # nothing of the first is in the way of the second
                client.task.add("mpi", mpi_task(task_id, web, 3, secret))
                task = wait_until(lambda t=task_id: (now := client.task.get("mpi", t)).state.value == "completed" and now, 150, f"{task_id} is completed")
                out = b"".join(client.file.get_from_task("mpi", task_id, "stdout.txt")).decode()
                err = b"".join(client.file.get_from_task("mpi", task_id, "stderr.txt")).decode()
                expect(task.execution_info.exit_code == 0, f"mpirun ends well: {task.execution_info.exit_code}\n{out}{err}")
                lines = sorted(line for line in out.splitlines() if line.startswith("rank "))
                nodes = {node.id for node in client.compute_node.list("mpi")}
                expect(len(lines) == 3 and len(nodes) == 3, f"three ranks speak:\n{out}{err}")
                expect({line.split(" on node ")[1].split(":")[0] for line in lines} == nodes, f"each on a node of its own: {lines} {nodes}")
                expect(all(line.endswith("the ranks add up to 3") for line in lines), f"they have talked to each other: {lines}")
            # Who does not know the secret gets nothing run.
            client.task.add("mpi", models.TaskAddParameter(
                id="served", command_line="/bin/sleep 60", environment_settings=[models.EnvironmentSetting(name="LAUNCH_SECRET", value=secret)],
                multi_instance_settings=mpi_task("x", web, 2, secret).multi_instance_settings))
            address = wait_until(lambda: listening(client), 60, "an agent listens")
            stranger = subprocess.run([sys.executable, EXAMPLE / "launch_agent.py", address, "touch /tmp/windlass-mpi-stranger"], check=False,
                                      env={"LAUNCH_SECRET": "another secret, as long"}, capture_output=True, text=True)
            expect(stranger.returncode != 0 and not pathlib.Path("/tmp/windlass-mpi-stranger").exists(), f"a stranger is turned away: {stranger}")
            friend = subprocess.run([sys.executable, EXAMPLE / "launch_agent.py", address, "exit 5"], check=False, env={"LAUNCH_SECRET": secret})
            expect(friend.returncode == 5, f"exit codes come back: {friend.returncode}")
        server.shutdown()


def listening(client):
    import socket
    task = client.task.get("mpi", "served")
    if task.node_info is None:
        return None
    address = client.compute_node.get("mpi", task.node_info.node_id).ip_address
    try:
        socket.create_connection((address, 6001), timeout=1).close()
    except OSError:
        return None
    return address


run([ranks_on_three_nodes])
