#!/usr/bin/python3
"""docker/compose.yml, as users start it: packages and images are built, the whole cluster comes up, and unmodified Azure
clients use it from outside. Everything is taken down again, and nothing may be left.

Usage: compose.py                the film, 2,000 short tasks, what a task may see, an orderly end
       compose.py --kills        docker kill of a container of each role in turn, under load
       compose.py --monitoring   its profile: Prometheus and Alertmanager as shipped, a scheduler and a worker that are lost

Exit code 77, with the reason as the last line, where no Docker engine can be had.
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import node_packages  # noqa: E402
from cluster import ROOT, Cluster, expect, make_job, make_pool, wait_tasks_complete, wait_until  # noqa: E402
from engine import run_with_engine  # noqa: E402
from monitors import MONITORING, Prometheus, get  # noqa: E402
from ports import free_port  # noqa: E402
from project import UP_SECONDS, Project, build_images, free_subnet  # noqa: E402
from shards import name_on  # noqa: E402

from azure.batch import models  # noqa: E402

ROLES_IMAGES = ["gateway", "broker", "scheduler", "worker", "windlass", "proxy"]
FILM = ROOT / "examples" / "film"
SHORT_TASKS = 2000
MEGABYTES_MAX = 150
OF_ANY_SIZE = ("worker-demo", "prometheus")
FILM_SECONDS = 600
WORKERS = 2
OFFERS = 4  # of each worker
KILL_NODES = 6  # more than one worker has, so that each has some


class ComposeCluster(Project):
    batch = Cluster.batch
    images = [*ROLES_IMAGES, "worker-demo"]
    worker = "worker-demo"

    def __init__(self, engine, version):
        subnet, port, blob_port = free_subnet(), free_port(), free_port()
        self.version = version
        super().__init__(engine, "compose.yml", {
            "WINDLASS_VERSION": version, "WINDLASS_PORT": str(port), "WINDLASS_BLOB_PORT": str(blob_port),
            "WINDLASS_SUBNET": subnet, "WINDLASS_URL": f"http://127.0.0.1:{port}",
            "WINDLASS_BLOB_URL": f"http://{subnet}.10:8441", "WINDLASS_WORKER": self.worker, "WINDLASS_OFFERS": f"{OFFERS}:*"})
        self.environment = {}

    def __enter__(self):
        try:
            self.compose("up", "-d", "--scale", f"worker={WORKERS}")
            wait_until(self.all_healthy, UP_SECONDS, "every container healthy", every=0.5)
            self.environment = self.clients_environment()
            self.prepare()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def prepare(self):
        """What a suite wants before its first test."""

    def __exit__(self, _kind, error, _trace):
        self.take_down(show_logs=error is not None)
        left = self.left_behind()
        if error is None:
            expect(not left, f"nothing is left after down: {left}")
        return False


def image_facts(cluster):
    """Every image has its labels and its user, and adds no more to its base than it may."""
    engine, version = cluster.engine, cluster.version
    base = engine.inspect("debian:bookworm-slim")[0]["Size"]
    for name in cluster.images:
        about = engine.inspect(f"windlass/{name}:{version}")[0]
        added = (about["Size"] - base) / 1_000_000
        print(f"windlass/{name}:{version} adds {added:.0f} MB to its base", flush=True)
        if name not in OF_ANY_SIZE:
            expect(added <= MEGABYTES_MAX, f"windlass/{name} adds {added:.0f} MB; the limit is {MEGABYTES_MAX}")
        if name == "proxy":
            continue
        expect(about["Config"]["Labels"]["org.opencontainers.image.version"] == version, f"{name} is labelled {version}")
        expect((about["Config"]["User"] == "") == name.startswith("worker"), f"{name} is not root, unless it is a worker")
    for name in ("gateway", cluster.worker):
        left = engine.run("run", "--rm", "--network", "none", "--user", "root", "--entrypoint", "sh", f"windlass/{name}:{version}", "-c",
                          "cat /etc/apt/sources.list /run/secrets/* 2>/dev/null; ls /var/lib/apt/lists")
        expect(left.strip() == "", f"no source or list of packages of this host is in {name}: {left}")


def the_film(cluster):
    with tempfile.TemporaryDirectory() as output:
        done = subprocess.run(["node", str(FILM / "film.mjs"), "--output", output], capture_output=True, text=True, timeout=FILM_SECONDS,
                              env={**os.environ, **cluster.environment, "NODE_MODULES_FOLDER": str(node_packages.folder())})
        print(done.stdout + done.stderr, flush=True)
        expect(done.returncode == 0 and "25/25" in done.stdout, "the film is made")
        folder, = pathlib.Path(output).iterdir()
        expect(subprocess.run([str(FILM / "verify"), str(folder)]).returncode == 0, "its pixels are those of a direct run")


def short_tasks(cluster):
    client = cluster.batch()
    make_pool(client, "short", nodes=4, slots=4)
    make_job(client, "short-job", "short")
    begun = time.monotonic()
    for first in range(0, SHORT_TASKS, 100):
        client.task.add_collection("short-job", [
            models.TaskAddParameter(id=f"t{i:05}", command_line="/bin/true") for i in range(first, first + 100)])
    counts = wait_tasks_complete(client, "short-job", SHORT_TASKS, 300)
    print(f"{SHORT_TASKS} tasks in {time.monotonic() - begun:.1f} s", flush=True)
    expect(counts.succeeded == SHORT_TASKS and counts.failed == counts.active == counts.running == 0, "the counts agree")
    tasks = list(client.task.list("short-job"))
    expect(len({task.id for task in tasks}) == len(tasks) == SHORT_TASKS, "each task is listed once")
    expect(all(task.execution_info.exit_code == 0 and task.execution_info.retry_count == 0
               and task.execution_info.requeue_count == 0 for task in tasks), "each task ended once")
    runs = sum(node.total_tasks_run for node in client.compute_node.list("short"))
    expect(runs == SHORT_TASKS, f"the nodes ran {runs} tasks")


# Prints what it may not see and can, and that it has looked.
NOSY = r"""
cat /var/lib/windlass/worker/*/grants /var/lib/windlass/worker/*/spool /etc/windlass/accounts/* 2>/dev/null
ls /var/lib/windlass/worker/*/guard 2>/dev/null
cat /proc/1/environ 2>/dev/null
for place in /var/lib/windlass/worker /var/lib/windlass/worker/0/guard /usr/bin /etc; do
  touch $place/here 2>/dev/null && echo wrote in $place
done
grep -E '^(CapEff|CapPrm|CapAmb)' /proc/self/status | grep -v 0000000000000000
grep -x 'NoNewPrivs:	0' /proc/self/status
echo looked
"""


def a_task_sees_nothing_of_the_worker(cluster):
    client = cluster.batch()
    make_job(client, "nosy-job", "short")
    client.task.add_collection("nosy-job", [
        models.TaskAddParameter(id="nosy", command_line=f"/bin/sh -c {shlex.quote(NOSY)}"),
        models.TaskAddParameter(id="who", command_line="/bin/sh -c 'id -un; setsid sleep 300 & exit 0'"),
        models.TaskAddParameter(id="account", command_line="/bin/sh -c 'echo $AZ_BATCH_ACCOUNT_URL'")])
    counts = wait_tasks_complete(client, "nosy-job", 3)
    expect(counts.succeeded == 3, "the three tasks succeed; a child that stays behind does not hold its task")

    def stdout(task):
        return b"".join(client.file.get_from_task("nosy-job", task, "stdout.txt")).decode()
    expect(stdout("nosy") == "looked\n", f"a task sees what it must not: {stdout('nosy')[:500]}")
    expect(stdout("who") == "windlass-task\n", f"tasks run as windlass-task, not as {stdout('who')}")
    expect("proxy" in stdout("account"), "a task is told where the service is")
    for about in cluster.containers()["worker"]:
        listed = cluster.engine.run("exec", about["Id"], "sh", "-c", "cat /proc/[0-9]*/stat")
        zombies = [line for line in listed.splitlines() if line.rpartition(") ")[2].startswith("Z")]
        expect(not zombies and "(sleep)" not in listed, f"no zombie and no stray process in a worker: {zombies}")


def an_orderly_end(cluster):
    """SIGTERM ends every container by itself, with exit code 0, before its grace is over."""
    cluster.compose("stop", timeout=UP_SECONDS)
    for service, abouts in cluster.containers().items():
        for about in abouts:
            code = about["State"]["ExitCode"]
            expect(code == 0, f"{service} ended with {code}")
    cluster.compose("up", "-d", "--scale", f"worker={WORKERS}")
    wait_until(cluster.all_healthy, UP_SECONDS, "every container healthy again", every=0.5)
    client = cluster.batch()
    counts = client.job.get_task_counts("short-job").task_counts
    expect(counts.succeeded == SHORT_TASKS, "what was recorded is still there")
    make_job(client, "later-job", "short")
    client.task.add("later-job", models.TaskAddParameter(id="t", command_line="/bin/true"))
    wait_tasks_complete(client, "later-job", 1)


# --- Kills

KILLED = ["gateway-1", "broker-1", "scheduler-1", "scheduler-2", "worker", "storage", "proxy"]
KILL_TASKS = 1000


def add_all(cluster, job, total, stop):
    """Adds tasks until all are acknowledged, asking again when an answer is missing, as a careful client does."""
    client = cluster.batch()
    for first in range(0, total, 50):
        pending = [f"t{i:05}" for i in range(first, first + 50)]
        deadline = time.monotonic() + 120
        while pending and not stop.is_set():
            try:
                client.task.add_collection(job, [models.TaskAddParameter(id=i, command_line="/bin/sleep 0.05") for i in pending])
                pending = []
            except Exception as error:  # noqa: BLE001: a cut connection, 5xx: unknown, so it is asked again
                expect(time.monotonic() < deadline, f"tasks could not be added for 120 s: {error}")
                time.sleep(0.2)  # the client's own back-off


def kill_under_load(cluster, service):
    client = cluster.batch()
    job = f"kill-{service}"
    make_job(client, job, "kills")
    stop, failures = threading.Event(), []

    def adding():
        try:
            add_all(cluster, job, KILL_TASKS, stop)
        except Exception as error:  # noqa: BLE001: told below
            failures.append(error)
    thread = threading.Thread(target=adding)
    thread.start()
    try:
        wait_until(lambda: failures or client.job.get_task_counts(job).task_counts.completed > 50, 60, "tasks that end")
        victim = cluster.containers()[service][0]["Id"]
        cluster.engine.run("kill", "--signal", "KILL", victim)
        wait_until(lambda: not cluster.engine.inspect(victim)[0]["State"]["Running"], 30, f"the end of {service}")
        cluster.engine.run("start", victim)  # an engine does not restart what was killed by hand
        thread.join(240)
        expect(not thread.is_alive() and not failures, f"all tasks are accepted in the end: {failures}")
        wait_until(cluster.all_healthy, 60, "every container healthy again", every=0.5)
        counts = wait_tasks_complete(client, job, KILL_TASKS, 240)
    finally:
        stop.set()
        thread.join()
    expect(counts.succeeded == KILL_TASKS and counts.failed == 0, f"after the kill of {service} all succeed: {counts}")
    tasks = list(client.task.list(job))
    expect(len({task.id for task in tasks}) == len(tasks) == KILL_TASKS, "each task is recorded once")
    print(f"{service} killed and back: {KILL_TASKS} tasks ended once each", flush=True)


class KillsCluster(ComposeCluster):
    def prepare(self):
        make_pool(self.batch(), "kills", nodes=KILL_NODES, slots=4)


def killed(service):
    def test(cluster):
        kill_under_load(cluster, service)
    test.__name__ = f"kill_{service}"
    return test


# --- Monitoring: what is shipped, with its own intervals and waiting times

ON_SCHEDULER_2 = 6  # a shard


class WatchedCluster(ComposeCluster):
    images = [*ROLES_IMAGES, "prometheus", "alertmanager"]
    worker = "worker"

    def __init__(self, engine, version):
        super().__init__(engine, version)
        port, alerts_port = free_port(), free_port()
        self.variables.update({"COMPOSE_PROFILES": "monitoring", "WINDLASS_PROMETHEUS_PORT": str(port), "WINDLASS_ALERTMANAGER_PORT": str(alerts_port),
                               "WINDLASS_GRAFANA": f"windlass/prometheus:{version}"})
        self.prometheus = Prometheus(f"http://127.0.0.1:{port}")
        self.alertmanager = f"http://127.0.0.1:{alerts_port}"

    def doors(self):
        """The admin door of each container, as Prometheus should call it: those that are made in numbers by their address."""
        found = {f"{service}:{port}" for service, port in (
            ("gateway-1", 8460), ("gateway-2", 8460), ("storage", 8460), ("broker-1", 8461), ("broker-2", 8461),
            ("scheduler-1", 8462), ("scheduler-2", 8462))}
        for about in self.containers()["worker"]:
            network, = about["NetworkSettings"]["Networks"].values()
            found.add(f"{network['IPAddress']}:8463")
        return found

    def targets(self):
        """How each target does, by its instance."""
        return {target["labels"]["instance"]: target["health"] for target in get(self.prometheus.url + "/api/v1/targets")["data"]["activeTargets"]}

    def told(self):
        """What Alertmanager has: summaries by alert and instance."""
        return {(alert["labels"]["alertname"], alert["labels"].get("instance")): alert["annotations"]["summary"]
                for alert in get(self.alertmanager + "/api/v2/alerts")}

    def wait_all_up(self):
        wanted = {instance: "up" for instance in self.doors()}
        wait_until(lambda: self.targets() == wanted, 120, f"these targets, up: {wanted}", every=0.5)


def every_role_is_scraped(cluster):
    cluster.wait_all_up()
    wait_until(lambda: not cluster.prometheus.troubles(), 60, "scrapes and rules that go well", every=0.5)
    groups = get(cluster.prometheus.url + "/api/v1/rules")["data"]["groups"]
    shipped = [name for file in (MONITORING / "prometheus" / "rules").glob("*.yml") for name in re.findall(r"- (?:alert|record): (\S+)", file.read_text())]
    expect(sorted(rule["name"] for group in groups for rule in group["rules"]) == sorted(shipped), "every shipped rule is loaded")
    known = get(cluster.prometheus.url + "/api/v1/alertmanagers")["data"]
    expect([one["url"] for one in known["activeAlertmanagers"]] == ["http://alertmanager:9093/api/v2/alerts"], f"Alertmanager is known: {known}")
    expect(not cluster.prometheus.alerts() and not cluster.told(), f"nothing to tell: {cluster.prometheus.alerts()}, {cluster.told()}")
    print(f"{len(cluster.targets())} targets up, {len(shipped)} rules", flush=True)


def kill(cluster, *victims):
    cluster.engine.run("kill", "--signal", "KILL", *victims)
    wait_until(lambda: not any(about["State"]["Running"] for about in cluster.engine.inspect(*victims)), 30, "their end")


def start(cluster, *victims):
    cluster.engine.run("start", *victims)  # an engine does not restart what was killed by hand
    wait_until(cluster.all_healthy, 60, "every container healthy again", every=0.5)


def prometheus_comes_back(cluster):
    """That it still reaches Alertmanager is seen by the next test."""
    about, = cluster.containers()["prometheus"]
    kill(cluster, about["Id"])
    start(cluster, about["Id"])
    cluster.wait_all_up()


def what_is_lost_is_told(cluster):
    pool = name_on(ON_SCHEDULER_2, cluster.environment["AZURE_BATCH_ACCOUNT"], "watched")
    make_pool(cluster.batch(), pool, nodes=WORKERS * OFFERS)
    victims = [cluster.containers()[service][0]["Id"] for service in ("scheduler-1", "worker")]
    down = ("WindlassRoleDown", "scheduler-1:8462")
    wanted = {down, ("WindlassNodesLost", "scheduler-2:8462"),
              *(("WindlassShardAway", door) for door in ("broker-1:8461", "broker-2:8461", "gateway-1:8460", "gateway-2:8460"))}
    begun = time.monotonic()

    def after():
        return f"after {time.monotonic() - begun:.0f} s"
    kill(cluster, *victims)
    wait_until(lambda: down in cluster.prometheus.alerts(), 90, f"{down} pending", every=0.5)
    print(f"{' '.join(down)} is pending {after()}", flush=True)
    expect(cluster.targets()["scheduler-1:8462"] == "down", "a scheduler that is lost is still a target")
    wait_until(lambda: down in cluster.told(), 150, f"{down} at Alertmanager", every=0.5)
    print(f"at Alertmanager {after()}: {cluster.told()[down]}", flush=True)
    asked = cluster.compose("exec", "-T", "alertmanager", "amtool", "--alertmanager.url=http://127.0.0.1:9093", "alert")
    expect(down[0] in asked, f"amtool shows it, as docker/README.md has it: {asked}")
    wait_until(lambda: wanted <= set(cluster.told()), 240, f"{wanted} at Alertmanager", every=0.5)
    print(f"all {len(wanted)} that follow from it {after()}: {cluster.told()['WindlassNodesLost', 'scheduler-2:8462']}", flush=True)
    begun = time.monotonic()
    start(cluster, *victims)
    wait_until(lambda: not cluster.prometheus.alerts() and not cluster.told(), 240, "every alert is resolved", every=0.5)
    print(f"started again: all are resolved {after()}", flush=True)
    cluster.wait_all_up()


# What Grafana would read, and what its data source answers.
LIKE_GRAFANA = r"""
ls $(sed -nE 's/^ *path: (\S+).*/\1/p' /etc/grafana/provisioning/dashboards/*.yml)
door=$(sed -nE 's|^ *url: http://(\S+)|\1|p' /etc/grafana/provisioning/datasources/*.yml)
exec 3<>/dev/tcp/${door%:*}/${door#*:}
printf 'GET /api/v1/query?query=up HTTP/1.0\r\n\r\n' >&3
cat <&3
"""


def grafana_would_find_all(cluster):
    """Its public image may not be had: another one stands in for it, with the same files in the same network."""
    found = cluster.compose("run", "--rm", "-T", "--no-deps", "--entrypoint", "bash", "grafana", "-c", LIKE_GRAFANA)
    for file in (MONITORING / "grafana" / "dashboards").glob("*.json"):
        expect(file.name in found.splitlines(), f"{file.name} is where dashboards are looked for: {found[:1000]}")
    expect('"instance":"gateway-1:8460"' in found, f"the data source answers: {found[:1000]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", action="store_true")
    parser.add_argument("--monitoring", action="store_true")
    options = parser.parse_args()
    kind, tests = ComposeCluster, [image_facts, the_film, short_tasks, a_task_sees_nothing_of_the_worker, an_orderly_end]
    if options.kills:
        kind, tests = KillsCluster, [killed(service) for service in KILLED]
    if options.monitoring:
        kind, tests = WatchedCluster, [image_facts, every_role_is_scraped, prometheus_comes_back, what_is_lost_is_told, grafana_would_find_all]
    run_with_engine(lambda engine: kind(engine, build_images(engine, *kind.images)), tests)


if __name__ == "__main__":
    main()
