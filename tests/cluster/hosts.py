#!/usr/bin/python3
"""docker/compose.control.yml and docker/compose.worker.yml: three hosts, each a project in a network of its own, joined by
nothing but the control host's published ports. Members join with tokens, and unmodified Azure clients use the cluster.

Usage: hosts.py            three hosts, enrolment, tasks and their files, a worker killed, a worker revoked
       hosts.py --faults   each container killed in turn, all of a host at once, a host's network cut and mended (two ways)
       hosts.py --control  a second control host with a broker and shards of its own; the first one lost

Tasks write when they begin and when they end, and beat between, to a ledger that no host of the cluster knows of. It tells
whether a task was ever run in two places at a time. Exit code 77, with the reason as the last line, where no Docker engine
can be had.
"""
import argparse
import datetime
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster, Failure, expect, make_job, make_pool, wait_nodes_idle, wait_tasks_complete, wait_until  # noqa: E402
from engine import run_with_engine  # noqa: E402
from ledger import Ledger, overlaps, overlaps_are_seen, task_line  # noqa: E402
from project import UP_SECONDS, Project, build_images, free_subnet  # noqa: E402
from shards import name_on  # noqa: E402

from azure.batch import models  # noqa: E402

IMAGES = ["gateway", "broker", "scheduler", "worker", "windlass", "proxy"]
LEASE_SECONDS = 30  # the scheduler's default
MARGIN_SECONDS = 3  # of a shard, for the drift between its clock and a worker's
SLACK_SECONDS = 5   # from the lease's end to the first line of the task elsewhere, on a busy machine
CUT_SECONDS = 45
WORKERS = 2  # on each worker host
OFFERS = 2   # of each worker
SLOTS = 2    # of each node
NODES = 2 * WORKERS * OFFERS


class Hosts:
    batch = Cluster.batch

    def __init__(self, engine, version):
        self.engine, self.version = engine, version
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="windlass-hosts-"))
        self.scratch.chmod(0o711)
        self.ledger = Ledger(self.scratch / "ledger")
        self.with_ledger = self.scratch / "ledger.yml"
        self.with_ledger.write_text(f"services:\n  worker:\n    volumes: ['{self.ledger.folder}:/ledger']\n")
        self.networks = []
        self.projects = []
        self.environment = {}

    def host_address(self):
        """An address of this machine that containers of every network reach, as they would another host."""
        subnet = free_subnet()
        self.networks.append(self.engine.run("network", "create", "--subnet", f"{subnet}.0/24",
                                             f"windlasstest-{subnet}").strip())
        return f"{subnet}.1"

    def project(self, file, variables, *more_files):
        self.projects.append(Project(self.engine, file, {"WINDLASS_VERSION": self.version, **variables}, *more_files))
        return self.projects[-1]

    def token(self, role, uses):
        path = self.scratch / f"token-{len(list(self.scratch.iterdir()))}"
        path.touch(mode=0o600)
        path.write_text(self.control.compose("run", "--rm", "-T", "init", "cluster", "token", "--role", role, "--ttl", "1h", "--uses", str(uses)))
        return path

    def members(self):
        rows = self.control.compose("run", "--rm", "-T", "init", "cluster", "members").splitlines()[1:]
        return sorted(row.split()[0] for row in rows)

    def start_workers(self, name):
        """What docker/README.md says, on another host."""
        host = self.project("compose.worker.yml", {
            "WINDLASS_URL": self.environment["AZURE_BATCH_ENDPOINT"], "WINDLASS_TOKEN_FILE": str(self.token("worker", WORKERS)),
            "WINDLASS_HOST": name, "WINDLASS_OFFERS": f"{OFFERS}:*"}, self.with_ledger)
        host.compose("up", "-d", "--scale", f"worker={WORKERS}")
        return host

    def __enter__(self):
        try:
            self.start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def start(self):
        self.address = self.host_address()
        self.control = self.project("compose.control.yml", {"WINDLASS_ADDRESS": self.address, **self.control_variables()})
        self.control.compose("up", "-d")
        self.environment = self.control.clients_environment()
        self.also_start()
        self.a = self.start_workers("a")
        self.b = self.start_workers("b")
        self.wait_healthy()
        self.make_pools()

    def make_pools(self):
        make_pool(self.batch(), "pool", nodes=NODES, slots=SLOTS)

    def control_variables(self):
        return {}

    def also_start(self):
        pass

    def wait_healthy(self, within=UP_SECONDS):
        wait_until(lambda: all(host.all_healthy() for host in self.projects), within, "every container healthy", every=0.5)

    def __exit__(self, _kind, error, _trace):
        for host in reversed(self.projects):
            host.take_down(show_logs=error is not None)
        left = [line for host in self.projects for line in host.left_behind()]
        for network in self.networks:
            self.engine.run("network", "rm", network, check=False)
        shutil.rmtree(self.scratch, ignore_errors=True)
        if error is None:
            expect(not left, f"nothing is left after down: {left}")
        return False

    # ---- the ledger

    def make_job(self, job, pool="pool"):
        self.ledger.open_for(job)
        make_job(self.batch(), job, pool)

    def attempts(self, job):
        return self.ledger.attempts(job)

    def running(self, job):
        """Those that run, whatever anybody believes."""
        return [attempt for attempt in self.attempts(job) if attempt.runs()]

    def names_of(self, host):
        return {about["Config"]["Hostname"] for abouts in host.containers().values() for about in abouts}

    def check(self, job, acknowledged):
        """No acknowledged task is lost, none is recorded twice, none ran in two places at a time."""
        return self.check_at(self.batch(), job, acknowledged)

    def check_at(self, client, job, acknowledged):
        counts = client.job.get_task_counts(job).task_counts
        expect(counts.succeeded == len(acknowledged) and counts.failed == 0, f"all tasks of {job} succeed: {counts}")
        tasks = list(client.task.list(job))
        expect(len(tasks) == len({task.id for task in tasks}), f"each task of {job} is recorded once")
        expect({task.id for task in tasks} == acknowledged, f"the tasks of {job} are those that were acknowledged")
        expect(all(task.execution_info.exit_code == 0 for task in tasks), f"the records of {job} say 0")
        attempts = self.attempts(job)
        whole = {attempt.task for attempt in attempts if attempt.ended}
        expect(whole == acknowledged, f"each task of {job} came to its end in the ledger: {sorted(acknowledged - whole)[:5]}")
        twice = overlaps(attempts)
        expect(not twice, "; ".join(f"{one.task} ran on {one.host} from {one.begun} to {one.last} and on {other.host} from {other.begun}"
                                    for one, other in twice[:5]))
        return len(attempts) - len(acknowledged)


class Load:
    """A client that adds tasks of half a second to two seconds until it is told that it may stop, as a careful client does:
    what was not answered is asked again."""

    TASKS_MIN = 150
    TASKS_MAX = 3000
    BATCH = 10

    def __init__(self, hosts, job):
        self.hosts, self.job = hosts, job
        self.acknowledged = set()
        self.asked = 0
        self.asked_again = 0
        self.hurry = threading.Event()  # request after request, so that a fault meets some
        self.enough = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.hosts.make_job(self.job)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        self.thread.join()

    def run(self):
        try:
            while len(self.acknowledged) < self.TASKS_MIN or not self.enough.is_set():
                # Not more than a few seconds of work ahead of the nodes.
                self.add([f"t{len(self.acknowledged) + i:05}" for i in range(self.BATCH)])
                wait_until(lambda: self.enough.is_set() or self.hurry.is_set() or self.behind() < 4 * NODES * SLOTS, 180, "the nodes keep up", every=0.2)
                expect(len(self.acknowledged) < self.TASKS_MAX, "a load ends")
        except Exception as error:  # noqa: BLE001: told by finish
            self.failure = error

    def behind(self):
        return len(self.acknowledged) - len({attempt.task for attempt in self.hosts.attempts(self.job) if attempt.ended})

    def add(self, ids):
        client = self.hosts.batch()
        deadline = time.monotonic() + 150
        self.asked = len(ids)
        while True:
            try:
                result = client.task.add_collection(self.job, [
                    models.TaskAddParameter(id=task, command_line=task_line(0.4 + int(task[1:]) % 4 * 0.5)) for task in ids])
                codes = {item.error.code for item in result.value if item.error}
                expect(codes <= {"TaskExists"}, f"tasks are refused: {codes}")
                break
            except Failure:
                raise
            except Exception as error:  # noqa: BLE001: a cut connection, 5xx: unknown, so it is asked again
                expect(time.monotonic() < deadline, f"tasks could not be added for 150 s: {error}")
                self.asked_again += 1
                time.sleep(0.2)  # the client's own back-off
        self.acknowledged.update(ids)
        self.asked = 0

    def wait_busy(self):
        """Until tasks run on both hosts."""
        a, b = self.hosts.names_of(self.hosts.a), self.hosts.names_of(self.hosts.b)

        def busy():
            if self.failure:
                raise self.failure
            there = {attempt.host for attempt in self.hosts.running(self.job)}
            return there & a and there & b
        wait_until(busy, 90, f"tasks of {self.job} on both hosts", every=0.1)

    def in_flight(self):
        """What a fault can lose now: tasks that run, those acknowledged that do not yet, and those asked for."""
        running = len({attempt.task for attempt in self.hosts.running(self.job)})
        return f"{running} running, {max(0, self.behind() - running)} waiting, {self.asked} asked for"

    def finish(self):
        self.enough.set()
        self.thread.join(240)
        expect(not self.thread.is_alive(), "the client comes to its end")
        if self.failure:
            raise self.failure
        wait_tasks_complete(self.hosts.batch(), self.job, len(self.acknowledged), 240)
        again = self.hosts.check(self.job, self.acknowledged)
        return f"{len(self.acknowledged)} tasks, {self.asked_again} requests asked again, {again} attempts again"


# --- Three hosts

def three_hosts(hosts):
    wanted = ["broker-control-1", "gateway-1-control-1", "gateway-2-control-1", "scheduler-control-1",
              "worker-a-0", "worker-a-1", "worker-b-0", "worker-b-1"]
    expect(hosts.members() == wanted, f"everybody has joined, each with a key: {hosts.members()}")
    broker, = hosts.control.containers()["broker"]
    inside, = (network["IPAddress"] for network in broker["NetworkSettings"]["Networks"].values())
    def knock(about, address):
        return hosts.engine.run("exec", about["Id"], "bash", "-c", f"timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/8450' 2>&1 && echo open", check=False)
    for host in (hosts.a, hosts.b):
        workers = host.containers()["worker"]
        expect(not any(about["HostConfig"]["PortBindings"] for about in workers), "a worker publishes no port")
        expect("open" not in knock(workers[0], inside), "hosts meet at published ports only")
        answer = knock(workers[0], hosts.address)
        expect("open" in answer, f"and there they do meet: {answer}")


def tasks_and_their_files(hosts):
    from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas
    blobs = BlobServiceClient.from_connection_string(hosts.environment["AZURE_STORAGE_CONNECTION_STRING"])
    container = blobs.create_container("words")
    blob = container.upload_blob("word", b"from the control host\n")
    sas = generate_blob_sas(blobs.account_name, "words", "word", account_key=blobs.credential.account_key,
                            permission=BlobSasPermissions(read=True),
                            expiry=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1))
    client = hosts.batch()
    hosts.make_job("words")
    names = [f"w{i}" for i in range(NODES)]
    client.task.add_collection("words", [models.TaskAddParameter(
        id=name, command_line=f"/bin/sh -c 'cat word && {task_line(2)}'",
        resource_files=[models.ResourceFile(http_url=f"{blob.url}?{sas}", file_path="word")]) for name in names])
    wait_tasks_complete(client, "words", len(names))
    hosts.check("words", set(names))
    for name in names:
        out = b"".join(client.file.get_from_task("words", name, "stdout.txt"))
        expect(out == b"from the control host\n", f"its output comes back over the bulk road: {out!r}")
    ran = {attempt.host for attempt in hosts.attempts("words")}
    expect(ran & hosts.names_of(hosts.a) and ran & hosts.names_of(hosts.b), f"tasks ran on both hosts: {ran}")


# --- Faults

def kill_and_start(hosts, host, abouts, name):
    """SIGKILL of these containers at one moment under load, and back."""
    with Load(hosts, f"kill-{name}") as load:
        load.wait_busy()
        victims = [about["Id"] for about in abouts]
        if host is hosts.control:
            load.hurry.set()
            wait_until(lambda: load.asked or load.failure, 30, "a request on its way", every=0.001)
        in_flight = load.in_flight()
        hosts.engine.run("kill", "--signal", "KILL", *victims)
        wait_until(lambda: not any(about["State"]["Running"] for about in hosts.engine.inspect(*victims)), 30, f"the end of {name}")
        load.hurry.clear()
        begun = time.monotonic()
        hosts.engine.run("start", *victims)  # an engine does not restart what was killed by hand
        hosts.wait_healthy(120)
        back = time.monotonic() - begun
        load.wait_busy()
        said = load.finish()
    print(f"{name} killed with {in_flight}; healthy after {back:.0f} s; {said}", flush=True)


def a_worker_is_killed(hosts):
    kill_and_start(hosts, hosts.a, hosts.a.containers()["worker"][:1], "one-worker-of-a")


def a_worker_is_revoked(hosts):
    """As docs/OPERATING.md removes a host: its key is good for nothing, and the others go on."""
    hosts.control.compose("run", "--rm", "-T", "init", "cluster", "revoke", "worker-b-1")

    def cut_off():
        states = [about["State"]["Health"]["Status"] for about in hosts.b.containers()["worker"]]
        return sorted(states) == ["healthy", "unhealthy"]
    wait_until(cut_off, 90, "one worker of host b is cut off", every=0.5)
    hosts.make_job("without")
    names = {f"n{i}" for i in range(NODES)}
    hosts.batch().task.add_collection("without", [models.TaskAddParameter(id=name, command_line=task_line(0.4)) for name in sorted(names)])
    wait_tasks_complete(hosts.batch(), "without", len(names))
    hosts.check("without", names)


def each_container_is_killed(hosts):
    for name, host in (("control", hosts.control), ("a", hosts.a), ("b", hosts.b)):
        for service, abouts in sorted(host.containers().items()):
            for number, about in enumerate(abouts):
                if service != "init":
                    kill_and_start(hosts, host, [about], f"{name}-{service}-{number}")


def all_of_a_host_is_killed(hosts):
    for name, host in (("a", hosts.a), ("control", hosts.control)):
        abouts = [about for service, abouts in host.containers().items() for about in abouts if service != "init"]
        kill_and_start(hosts, host, abouts, f"all-of-{name}")


class Unplugged:
    """The containers of a host have no network: their interface is taken away, and another one comes back."""

    def __init__(self, hosts, host):
        self.engine = hosts.engine
        about = [about for abouts in host.containers().values() for about in abouts]
        self.ids = [one["Id"] for one in about]
        self.network, = about[0]["NetworkSettings"]["Networks"]

    def cut(self):
        for container in self.ids:
            self.engine.run("network", "disconnect", self.network, container)

    def mend(self):
        for container in self.ids:
            self.engine.run("network", "connect", self.network, container)


class Silenced:
    """The bridge of a host is down: connections stay, and what was on its way may still arrive when it is up again."""

    def __init__(self, hosts, host):
        about = next(about for abouts in host.containers().values() for about in abouts)
        network, = about["NetworkSettings"]["Networks"].values()
        self.bridge = f"br-{network['NetworkID'][:12]}"

    def set(self, state):
        subprocess.run(["ip", "link", "set", "dev", self.bridge, state], check=True)

    def cut(self):
        self.set("down")

    def mend(self):
        self.set("up")


def network_cut(hosts, job, Wire):
    """Long tasks on both hosts, with room on each for those of the other; host a is cut off for 45 s and mended."""
    client = hosts.batch()
    hosts.make_job(job)
    names = {f"long{i}" for i in range(NODES)}
    client.task.add_collection(job, [models.TaskAddParameter(id=name, command_line=task_line(60)) for name in sorted(names)])
    of_a = hosts.names_of(hosts.a)
    wait_until(lambda: {attempt.task for attempt in hosts.running(job)} == names, 60, "all long tasks run")
    orphans = {attempt.task for attempt in hosts.running(job) if attempt.host in of_a}
    expect(orphans and orphans != names, f"long tasks run on both hosts: {orphans}")
    with Load(hosts, f"{job}-load") as load:
        load.wait_busy()
        wire = Wire(hosts, hosts.a)
        in_flight = load.in_flight()
        begun, begun_wall = time.monotonic(), time.time()
        wire.cut()
        try:
            def elsewhere():
                again = {attempt.task: attempt.begun for attempt in hosts.attempts(job) if attempt.host not in of_a}
                return set(again) >= orphans and again
            again = wait_until(elsewhere, CUT_SECONDS + 30, "the long tasks of the cut host begin elsewhere")
            waited = [again[task] - begun_wall for task in orphans]
            ran_on = [attempt.last - begun_wall for attempt in hosts.attempts(job) if attempt.task in orphans and attempt.host in of_a]
            wait_until(lambda: time.monotonic() - begun >= CUT_SECONDS, CUT_SECONDS, "the cut has lasted long enough")
        finally:
            wire.mend()
        limit = LEASE_SECONDS + MARGIN_SECONDS + SLACK_SECONDS
        expect(max(waited) <= limit, f"tasks of the cut host begin elsewhere within {limit} s, not after {max(waited):.1f}")
        expect(min(ran_on) > 0, "the cut host went on with its tasks while it had a lease")
        mended = time.monotonic()
        wait_until(lambda: {attempt.host for attempt in hosts.running(load.job)} & of_a, 90, "the mended host runs tasks again", every=0.1)
        back = time.monotonic() - mended
        said = load.finish()
    wait_tasks_complete(client, job, len(names), 240)
    repeated = hosts.check(job, names)
    expect(repeated == len(orphans), f"the {len(orphans)} long tasks of the cut host ran twice, and no other: {repeated}")
    wait_nodes_idle(client, "pool", NODES, 90)
    print(f"host a cut off ({Wire.__name__}) with {len(orphans)} long tasks of {len(names)} on it, and of the load {in_flight}: it ran them for "
          f"{min(ran_on):.1f} to {max(ran_on):.1f} s more, they began elsewhere after {min(waited):.1f} to "
          f"{max(waited):.1f} s; mended, it ran tasks after {back:.1f} s; {said}", flush=True)


def network_taken_away(hosts):
    network_cut(hosts, "unplugged", Unplugged)


def network_silent(hosts):
    if os.geteuid() != 0 or hosts.engine.daemon is None and not pathlib.Path(f"/sys/class/net/{Silenced(hosts, hosts.a).bridge}").exists():
        print("network_silent is left out: the bridges of this engine are not this user's")
        return
    network_cut(hosts, "silent", Silenced)


# --- Two control hosts

class TwoControlHosts(Hosts):
    """The first keeps shards 0 to 31, the second 32 to 63; each has a broker."""

    def control_variables(self):
        return {"WINDLASS_SHARDS": "0-31"}

    def also_start(self):
        self.second_address = self.host_address()
        self.second = self.project("compose.control.yml", {
            "WINDLASS_ADDRESS": self.second_address, "WINDLASS_HOST": "control-2", "WINDLASS_SHARDS": "32-63",
            "WINDLASS_BLOB_URL": f"http://{self.address}:8441"})
        self.second.compose("run", "--rm", "-T", "init", "join", text=self.control.compose("run", "--rm", "-T", "init", "invite"))
        self.second.compose("up", "-d", "--scale", "storage=0")
        # Members learn of a new broker when they start: those of the first control host are started again.
        self.control.compose("restart", "scheduler", "gateway-1", "gateway-2")

    def make_pools(self):
        account = self.environment["AZURE_BATCH_ACCOUNT"]
        # By whose shards they are on.
        self.pools = [name_on(shard, account, "pool", shards=64) for shard in (1, 60)]
        self.jobs = [name_on(shard, account, "job", shards=64) for shard in (1, 60)]
        for pool, job in zip(self.pools, self.jobs):
            make_pool(self.batch(), pool, nodes=NODES // 2, slots=SLOTS)
            self.make_job(job, pool)

    def batch_at_second(self):
        door = Cluster()
        door.environment = {**self.environment, "AZURE_BATCH_ENDPOINT": f"http://{self.second_address}:8440"}
        return door.batch()


def both_control_hosts_serve(hosts):
    wanted = [f"{role}-control-{number}" for role in ("broker", "gateway-1", "gateway-2", "scheduler") for number in (1, 2)]
    expect([name for name in hosts.members() if not name.startswith("worker")] == wanted, f"both are members: {hosts.members()}")
    for word, client in (("first", hosts.batch()), ("second", hosts.batch_at_second())):
        for job in hosts.jobs:
            client.task.add(job, models.TaskAddParameter(id=word, command_line=task_line(0.2)))
    for job in hosts.jobs:
        wait_tasks_complete(hosts.batch_at_second(), job, 2)
        hosts.check(job, {"first", "second"})


def the_first_control_host_is_lost(hosts):
    """Its shards are away until it is back; those of the second one go on, tasks and all."""
    of_first, of_second = hosts.jobs
    second = hosts.batch_at_second()
    second.config.retry_policy.retries = 0  # what is refused is told at once
    held = {f"held{i}" for i in range(NODES)}
    hosts.batch().task.add_collection(of_first, [models.TaskAddParameter(id=task, command_line=task_line(20)) for task in sorted(held)])
    wait_until(lambda: {attempt.task for attempt in hosts.running(of_first)} == held, 60, "tasks of the first host's shard run")
    victims = [about["Id"] for service, abouts in hosts.control.containers().items() for about in abouts if service != "init"]
    hosts.engine.run("kill", "--signal", "KILL", *victims)
    begun = time.monotonic()

    def refused():
        try:
            second.job.get(of_first)
        except Exception as error:  # noqa: BLE001: without retries the client's transport tells of the 503
            return "503" in str(error)
        return False
    more = {f"more{i}" for i in range(40)}
    answered = []

    def added():
        try:
            second.task.add_collection(of_second, [models.TaskAddParameter(id=task, command_line=task_line(0.4)) for task in sorted(more)])
            answered.append(time.monotonic() - begun)
        except Exception:  # noqa: BLE001: the road over the first broker is given up within seconds
            return False
        return True
    wait_until(added, 60, "the second host's shard takes tasks", every=0.2)
    wait_tasks_complete(second, of_second, 2 + len(more))
    hosts.check_at(second, of_second, {"first", "second"} | more)
    took = time.monotonic() - begun
    wait_until(refused, 60, "the shards of the first host are away", every=0.2)
    expect(not any(about["State"]["Running"] for about in hosts.engine.inspect(*victims)), "all of that without the first host")
    hosts.engine.run("start", *victims)
    hosts.wait_healthy(120)
    wait_tasks_complete(hosts.batch(), of_first, 2 + len(held), 240)
    again = hosts.check(of_first, {"first", "second"} | held)
    print(f"control host 1 killed with {len(held)} tasks of its shard running: the other one's shard took {len(more)} tasks after {answered[0]:.1f} s, and "
          f"all had ended after {took:.0f} s; then it was started: none lost, {again} attempts again", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--control", action="store_true")
    options = parser.parse_args()
    overlaps_are_seen()
    kind, tests = Hosts, [three_hosts, tasks_and_their_files, a_worker_is_killed, a_worker_is_revoked]
    if options.faults:
        tests = [three_hosts, tasks_and_their_files, network_taken_away, network_silent, each_container_is_killed, all_of_a_host_is_killed]
    if options.control:
        kind, tests = TwoControlHosts, [both_control_hosts_serve, the_first_control_host_is_lost]
    run_with_engine(lambda engine: kind(engine, build_images(engine, *IMAGES)), tests)


if __name__ == "__main__":
    main()
