#!/usr/bin/python3
"""The shipped monitoring on a live cluster: a real Prometheus scrapes every role and runs the rules, every panel's
query finds numbers, and alerts for a killed worker, a stopped scheduler and a full disk fire, arrive at a webhook
through a real Alertmanager, and resolve.

  monitoring.py                     the test
  monitoring.py --picture FILE.svg  draws the Overview from three minutes of load instead
"""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import ROOT, Cluster, expect, make_job, make_pool, run, wait_nodes_idle, wait_until  # noqa: E402
import overview_picture  # noqa: E402
from monitors import MONITORING, ROLES, Monitors, missing_programs, panels, said  # noqa: E402
from ports import free_port  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.storage.blob import BlobServiceClient  # noqa: E402

RATE_INTERVAL = "30s"  # what Grafana would make of $__rate_interval
DISK_MEGABYTES = 900
PICTURE_SECONDS = 180

# Panels whose numbers may all be zero under the load of this test: they show trouble that it does not make.
MAY_BE_ZERO = {
    "overview": {"Shards away", "Requests answered 5xx"},
    "pools-and-nodes": {"Leases that ran out"},
    "jobs-and-tasks": {"Attempts left behind"},
    "shards-and-storage": {"Refused for lack of room", "Messages to other shards", "Superseded reports"},
    "bus": {"Messages sent again", "Messages seen before", "Frames that came to nothing", "Orders and reports superseded", "Unacknowledged messages",
            "Credit used", "Brokers: given back"},
    "gateway": {"Under way", "Refused"},
    "hosts": {"Clocks of workers", "Reports not acknowledged", "Oldest of them", "Log lines to look at"},
}


class ExtraWorker:
    """A second worker that nobody supervises, so that it stays dead when it is killed."""

    def __init__(self, cluster):
        words = pathlib.Path(f"/proc/{cluster.pid('worker')}/cmdline").read_bytes().decode().split("\0")[:-1]
        self.folder = os.path.join(cluster.data, "extra-worker")
        self.admin = f"127.0.0.1:{free_port()}"
        changed = {"--data-dir": self.folder, "--admin-address": self.admin, "--status-file": self.folder + ".json", "--nodes-dir": self.folder + "/nodes"}
        self.words = [f"{flag}={changed[flag]}" if (flag := word.partition("=")[0]) in changed else word for word in words]
        os.mkdir(self.folder)
        self.log = pathlib.Path(self.folder + ".log")
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Load:
    """What users do, until told to stop: tasks that succeed, fail, wait; requests right and wrong; blobs."""

    def __init__(self, cluster, waves=lambda age: 9):
        self.cluster, self.waves = cluster, waves
        self.client = cluster.batch()
        self.ended = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.go)

    def prepare(self):
        make_pool(self.client, "render", nodes=4, slots=2, wait=False)
        wait_nodes_idle(self.client, "render", 4)
        make_job(self.client, "frames", "render")
        make_job(self.client, "chain", "render", uses_task_dependencies=True)
        make_job(self.client, "homeless", "no-such-pool")
        self.client.task.add("homeless", models.TaskAddParameter(id="waits", command_line="/bin/true"))
        self.client.task.add("frames", models.TaskAddParameter(id="too-wide", command_line="/bin/true", required_slots=2))
        self.client.task.add("chain", models.TaskAddParameter(
            id="waits", command_line="/bin/true", depends_on=models.TaskDependencies(task_ids=["never"])))
        self.blobs = BlobServiceClient.from_connection_string(self.cluster.environment["AZURE_STORAGE_CONNECTION_STRING"])
        self.blobs.create_container("inputs")

    def go(self):
        begun, number = time.monotonic(), 0
        try:
            while not self.ended.is_set():
                self.wave(number, self.waves(time.monotonic() - begun))
                number += 1
                self.ended.wait(1)
        except Exception as error:  # noqa: BLE001: told by finish()
            self.error = error

    def wave(self, number, tasks):
        def task(index):
            line = "/bin/sh -c 'exit 3'" if index == 0 else "/no/such/program" if index == 1 else f"/bin/sleep {0.2 + 0.2 * (index % 6):.1f}"
            return models.TaskAddParameter(id=f"w{number}-{index}", command_line=line,
                                           constraints=models.TaskConstraints(max_task_retry_count=1 if index == 0 and number % 2 else 0))
        self.client.task.add_collection("frames", [task(index) for index in range(tasks)])
        # Each link waits for the one before: now and then more are forged than the chain can take.
        self.client.task.add("chain", models.TaskAddParameter(
            id=f"link-{number}", command_line="/bin/sleep 1.1",
            depends_on=models.TaskDependencies(task_ids=[f"link-{number - 1}"]) if number else None))
        with contextlib.suppress(models.BatchErrorException):
            self.client.task.get("frames", "no-such-task")
        with contextlib.suppress(models.BatchErrorException):
            self.client.job.add(models.JobAddParameter(id="frames", pool_info=models.PoolInformation(pool_id="render")))
        with contextlib.suppress(models.BatchErrorException):
            self.cluster.batch(key="AAAA").pool.list().next()
        list(self.client.compute_node.list("render"))
        self.client.job.get_task_counts("frames")
        blob = self.blobs.get_blob_client("inputs", f"{number}.bin")
        blob.upload_blob(os.urandom(20_000))
        blob.download_blob().readall()

    def __enter__(self):
        self.prepare()
        self.thread.start()
        return self

    def __exit__(self, *trouble):
        self.ended.set()
        self.thread.join(60)
        if trouble[0] is None:
            expect(self.error is None, f"the load ran to its end: {self.error!r}")


@contextlib.contextmanager
def small_disk():
    folder = tempfile.mkdtemp(prefix="windlass-small-disk-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "windlass-test", folder], capture_output=True)
    if mounted.returncode != 0:
        print(f"mounting a small tmpfs is not permitted here: {mounted.stderr.decode().strip()}")
        sys.exit(77)
    os.chmod(folder, 0o711)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder])
        os.rmdir(folder)


@contextlib.contextmanager
def plain_folder():
    with tempfile.TemporaryDirectory(prefix="windlass-picture-") as folder:
        os.chmod(folder, 0o711)
        yield folder


@contextlib.contextmanager
def watched_cluster(place=small_disk, alert_at_once=True):
    """A cluster over HTTPS on a small disk, with a second worker, and the monitors that watch it."""
    with place() as disk, tempfile.TemporaryDirectory(prefix="windlass-monitors-") as folder, contextlib.ExitStack() as stack:
        cluster = stack.enter_context(Cluster("--https", "--nodes", "2", "--set", "scheduler.lease-seconds=5",
                                              data=os.path.join(disk, "data"), keep=True))
        os.environ["REQUESTS_CA_BUNDLE"] = cluster.environment["REQUESTS_CA_BUNDLE"]
        extra = ExtraWorker(cluster)
        stack.callback(extra.stop)
        monitors = Monitors(folder)
        targets = {role: [] for role in ROLES}
        for entry in cluster.status():
            role = entry["role"].partition("-")[0]
            if role in targets:
                targets[role].append(entry["admin"])
        targets["worker"].append(extra.admin)
        monitors.write(targets, alert_at_once)
        stack.callback(monitors.stop)
        monitors.start()
        wait_until(lambda: len(monitors.query('up{job=~"windlass-.+"} == 1')) == 5, 60, "every role scraped")
        yield disk, cluster, extra, monitors


def check_files(folder):
    said(["promtool", "check", "config", folder / "prometheus.yml"])
    said(["promtool", "check", "rules", *(MONITORING / "prometheus" / "rules").glob("*.yml")])
    said(["promtool", "test", "rules", MONITORING / "prometheus" / "tests" / "alerts.yml"])
    said(["amtool", "check-config", MONITORING / "alertmanager" / "alertmanager.yml"])


def check_scrapes(cluster):
    for entry in cluster.status():
        if entry["role"].partition("-")[0] not in ROLES:
            continue
        with urllib.request.urlopen(f"http://{entry['admin']}/metrics", timeout=10) as answer:
            said(["promtool", "check", "metrics"], input=answer.read().decode())


# A development cluster has no members; tests/integration/joining.py sees these count.
OF_MEMBERS = {"windlass_broker_peers_refused_total", "windlass_broker_enrolments_total"}


def check_catalogue(monitors):
    """Every metric that docs/METRICS.md promises is there, and no other."""
    promised = {}
    for name, kind in re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", (ROOT / "docs" / "METRICS.md").read_text(), re.M):
        promised[name] = kind
    there = {labels["__name__"] for labels, _ in monitors.query('{job=~"windlass-.+",__name__=~"windlass_.+|process_.+"}')}
    there = {re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in promised else name for name in there}
    expect(len(promised) > 50, f"docs/METRICS.md lists metrics: {len(promised)}")
    return sorted(set(promised) - OF_MEMBERS - there), sorted(there - set(promised))


def check_panels(monitors):
    """Rows (dashboard, panel, query, series) and what is wrong with them."""
    rows, wrong = [], []
    values = {}
    for dashboard, panel, query in panels():
        found = monitors.query(query.replace("$__rate_interval", RATE_INTERVAL))
        numbers = [value for _, value in found if value == value and abs(value) != float("inf")]
        rows.append((dashboard, panel, query, len(numbers)))
        if not numbers:
            wrong.append(f"{dashboard}, {panel}: no number for {query}")
        values.setdefault((dashboard, panel), []).extend(numbers)
    for (dashboard, panel), numbers in values.items():
        if not any(numbers) and panel not in MAY_BE_ZERO.get(dashboard, ()):
            wrong.append(f"{dashboard}, {panel}: all zero")
    for dashboard, names in MAY_BE_ZERO.items():
        wrong += [f"{dashboard}, {name}: no such panel" for name in names if (dashboard, name) not in values]
    return rows, wrong


def write_table(rows):
    build = pathlib.Path(os.environ.get("WINDLASS_BUILD", ROOT / "build"))
    build.mkdir(exist_ok=True)
    with open(build / "monitoring-panels.md", "w") as out:
        out.write("| Dashboard | Panel | Query | Series |\n|---|---|---|---|\n")
        for dashboard, panel, query, series in rows:
            out.write(f"| {dashboard} | {panel} | `{query.replace('|', chr(92) + '|')}` | {series} |\n")
    print(f"{len(rows)} queries answered; the table is {build / 'monitoring-panels.md'}")


def under_load(cluster, monitors):
    with Load(cluster):
        wait_until(lambda: sum(value for _, value in monitors.query('windlass_scheduler_completions_total{result="failure"}')) >= 10, 60, "failures")
        # Two rates over the whole interval, and the recording rules, need its samples.
        wait_until(lambda: any(value > 0 for _, value in monitors.query('count_over_time(up{job="windlass-broker"}[1m]) >= 35')), 120, "35 samples")
        # Work comes in waves: a moment at which nothing runs is no fault.
        rows, wrong = check_panels(monitors)
        deadline = time.monotonic() + 60
        while wrong and time.monotonic() < deadline:
            rows, wrong = check_panels(monitors)
        expect(not wrong, "; ".join(wrong))
        write_table(rows)
        missing, strange = check_catalogue(monitors)
        expect(not missing, f"in docs/METRICS.md and in no scrape: {missing}")
        expect(not strange, f"scraped and not in docs/METRICS.md: {strange}")
        expect(not monitors.troubles(), f"scrapes and rules go well: {monitors.troubles()}")
        check_scrapes(cluster)


def a_worker_is_killed(extra, monitors):
    hook = monitors.webhook
    extra.kill()
    told = hook.await_status("firing", "WindlassRoleDown", instance=extra.admin)
    expect(extra.admin in told["summary"], f"the summary names it: {told}")
    told = hook.await_status("firing", "WindlassNodesLost")
    expect(told["summary"].startswith("2 nodes of shard"), f"both of its nodes are lost: {told}")
    expect(told["runbook"] == "docs/OPERATING.md#windlassnodeslost", f"the runbook: {told}")
    extra.start()
    hook.await_status("resolved", "WindlassRoleDown", instance=extra.admin)
    hook.await_status("resolved", "WindlassNodesLost")


def a_scheduler_is_stopped(cluster, monitors):
    pid = cluster.kill("scheduler", signal.SIGSTOP)
    try:
        told = monitors.webhook.await_status("firing", "WindlassShardAway", job="windlass-gateway")
        expect("cannot reach 2 shards" in told["summary"], f"both shards: {told}")
    finally:
        os.kill(pid, signal.SIGCONT)
    monitors.webhook.await_status("resolved", "WindlassShardAway", job="windlass-gateway")


def the_disk_fills(disk, monitors):
    filler = pathlib.Path(disk) / "filler"
    expect("WindlassStorageFull" not in monitors.firing(), "room at first")
    free = os.statvfs(disk)
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - 60 * 1024 * 1024)
    told = monitors.webhook.await_status("firing", "WindlassStorageFull")
    expect("refuses new work" in told["summary"], f"the summary says so: {told}")
    expect("WindlassStorageNearlyFull" in monitors.firing(), f"nearly full is said too: {monitors.firing()}")
    filler.unlink()
    monitors.webhook.await_status("resolved", "WindlassStorageFull")
    wait_until(lambda: "WindlassStorageNearlyFull" not in monitors.firing(), 60, "room again")


def monitoring():
    with watched_cluster() as (disk, cluster, extra, monitors):
        check_files(monitors.folder)
        under_load(cluster, monitors)
        a_worker_is_killed(extra, monitors)
        a_scheduler_is_stopped(cluster, monitors)
        the_disk_fills(disk, monitors)
        expect(not monitors.troubles(), f"all is well again: {monitors.troubles()}")


def picture(file):
    with watched_cluster(plain_folder, alert_at_once=False) as (_, cluster, _, monitors):
        begun = time.time()
        # A tide of work: more than the slots take, then less.
        with Load(cluster, waves=lambda age: 18 if age % 80 < 35 else 5):
            wait_until(lambda: time.time() - begun > PICTURE_SECONDS, PICTURE_SECONDS * 4, "three minutes of load")
            overview_picture.draw(monitors, file, begun, time.time())


if missing_programs():
    print(f"not installed: {missing_programs()} (Debian: prometheus, prometheus-alertmanager)")
    sys.exit(77)
if len(sys.argv) == 3 and sys.argv[1] == "--picture":
    picture(sys.argv[2])
else:
    run([monitoring])
