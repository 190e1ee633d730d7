#!/usr/bin/python3
"""The Debian packages on a host with systemd: a container whose first process it is. Installed, started, used, drained,
upgraded, removed and purged, as packaging/README.md says."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import ROOT, Failure, expect, wait_until  # noqa: E402
from engine import NoEngine, run_with_engine  # noqa: E402

ROLES = ["broker", "scheduler", "gateway", "worker"]
BUILD = ROOT / "build" / "release"
IMAGE = "windlass-test/systemd"
# What systemd and the units ask for. Not --privileged: an engine that lacks one capability itself cannot give all.
CAPABILITIES = [
    "AUDIT_CONTROL", "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_CHROOT", "SYS_NICE", "SYS_PTRACE",
    "SYS_TIME", "SYS_TTY_CONFIG"]
LEASE_SECONDS = 30  # the scheduler's default
STOP_SECONDS = 30  # less than TimeoutStopSec: a stop is orderly, not a kill


def build_packages():
    """Answers the .deb files, the command line's among them."""
    subprocess.run(["ninja", "-C", str(BUILD), "windlass", *(f"windlass-{role}" for role in ROLES)], check=True, stdout=subprocess.DEVNULL)
    folder = BUILD / "packages"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cpack", "-G", "DEB"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL)
    found = sorted(folder.glob("*.deb"))
    expect(len(found) == len(ROLES) + 1, f"five packages: {found}")
    return found


def dependencies(packages):
    names = set()
    for package in packages:
        listed = subprocess.run(["dpkg-deb", "-f", str(package), "Depends"], capture_output=True, text=True, check=True).stdout
        names |= {re.split(r"[ (|]", part.strip())[0] for part in listed.split(",")}
    return sorted(name for name in names if name and not name.startswith("windlass"))


def build_image(engine, packages):
    environment = {**os.environ, **engine.environment, "DOCKER": engine.docker, "DOCKER_BUILDKIT": "1"}
    subprocess.run([ROOT / "docker" / "base-image"], check=True, env=environment)
    with tempfile.TemporaryDirectory() as scratch:
        context, lent = pathlib.Path(scratch) / "context", pathlib.Path(scratch) / "apt"
        context.mkdir()
        shutil.copy(ROOT / "docker" / "install", context)
        shutil.copy(ROOT / "tests" / "cluster" / "systemd" / "Dockerfile", context)
        subprocess.run([ROOT / "docker" / "apt-sources", str(lent), "/run/secrets"], check=True)
        secrets = [word for file in sorted(lent.iterdir()) for word in ("--secret", f"id={file.name},src={file}")]
        subprocess.run([engine.docker, "build", "--network", "host", "--progress", "plain", "--tag", IMAGE, "--build-arg",
                        f"PACKAGES=systemd-sysv openssl {' '.join(dependencies(packages))}", *secrets, str(context)],
                       check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


class Host:
    """The container, with the packages in /root: `with Host(engine, packages) as host: host.run("systemctl ...")`."""

    def __init__(self, engine, packages):
        self.engine = engine
        self.packages = packages
        self.id = ""

    def __enter__(self):
        try:
            capabilities = [word for name in CAPABILITIES for word in ("--cap-add", name)]
            try:
                self.id = self.engine.run(
                    "run", "-d", "-t", "--network", "none", "--cgroupns", "private", "--cap-drop", "ALL", *capabilities,
                    "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--env", "container=docker",
                    "--tmpfs", "/run:exec", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec", IMAGE).strip()
                wait_until(lambda: self.answer("systemctl is-system-running") in ("running", "degraded"), 60, "systemd in the container")
            except Failure as reason:
                raise NoEngine(f"systemd does not run in a container here: {' '.join(str(reason).split())[-200:]}") from reason
            self.run("mkdir -p /root/packages")
            for package in self.packages:
                self.engine.run("cp", str(package), f"{self.id}:/root/packages/")
            return self
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def __exit__(self, _kind, error, _trace):
        if self.id:
            if error is not None:
                print(self.answer("systemctl --no-pager status 'windlass-*'; journalctl --no-pager -o short-precise -u 'windlass-*' | tail -n 120"))
            self.engine.run("rm", "-f", self.id, check=False)
        return False

    def run(self, script, check=True):
        done = subprocess.run([self.engine.docker, "exec", self.id, "sh", "-c", script], capture_output=True, text=True, timeout=300,
                              env={**os.environ, **self.engine.environment})
        if check and done.returncode != 0:
            raise Failure(f"{script!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def answer(self, script):
        return self.run(script, check=False).stdout.strip()

    def windlass(self, words):
        return self.run("export AZURE_BATCH_ENDPOINT=http://127.0.0.1:8440 AZURE_BATCH_ACCOUNT=mine "
                        f"AZURE_BATCH_ACCESS_KEY_FILE=/etc/windlass/mine.primary.key; windlass {words}").stdout

    def raw(self, script):
        """What a script with `raw`, as tests/support/raw.py has it, prints."""
        process = self.engine.run("inspect", "-f", "{{.State.Pid}}", self.id).strip()
        done = subprocess.run(["nsenter", "-t", process, "-n", "/usr/bin/python3", "-c", RAW + script, str(ROOT / "tests" / "support"),
                               self.answer("cat /etc/windlass/mine.primary.key")], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise Failure(f"{script!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def property(self, role, name):
        return self.answer(f"systemctl show -P {name} windlass-{role}")

    def active(self, role):
        return self.property(role, "ActiveState") == "active"

    def ready(self, *roles):
        for role in roles:
            wait_until(lambda: self.run(f"windlass-{role} --config /etc/windlass/{role}.toml --healthcheck", check=False).returncode == 0,
                       60, f"windlass-{role} ready", every=0.2)

    def stop(self, *roles):
        """Each ends by itself, with 0, before systemd's patience is over."""
        for role in roles:
            begun = time.monotonic()
            self.run(f"systemctl stop windlass-{role}")
            took = time.monotonic() - begun
            result = self.property(role, "Result"), self.property(role, "ExecMainStatus")
            expect(result == ("success", "0") and took < STOP_SECONDS, f"windlass-{role} stops in order: {result}, {took:.0f} s")
            print(f"windlass-{role} stopped in {took:.1f} s", flush=True)

    def states(self, job):
        return {task["id"]: task["state"] for task in json.loads(self.windlass(f"task list {job} -o json"))}


def installed_and_nothing_starts(host):
    host.run("dpkg -i /root/packages/*.deb")
    for role in ROLES:
        expect(host.property(role, "ActiveState") == "inactive", f"a package starts nothing: {role}")
        expect(host.answer(f"systemctl is-enabled windlass-{role}") == "disabled", f"nor at the next boot: {role}")
        user = "root" if role == "worker" else f"windlass-{role}"
        owner, mode = host.answer(f"stat -c '%U %a' /var/lib/windlass/{role}").split()
        expect((owner, mode) == (user, "711" if role == "worker" else "750"), f"the folder of {role}: {owner} {mode}")
    expect(host.answer("getent passwd windlass-task | cut -d: -f7") == "/usr/sbin/nologin", "the user of tasks cannot log in")
    analysed = host.run("systemd-analyze verify /lib/systemd/system/windlass-*.service", check=False)
    complaints = [line for line in (analysed.stdout + analysed.stderr).splitlines() if "windlass" in line]
    expect(not complaints, f"systemd has nothing to say of the units: {complaints}")


def started_as_documented(host):
    # The gateway waits for its accounts.
    host.run("systemctl enable --now windlass-gateway")
    expect(not host.active("gateway") and host.property("gateway", "ConditionResult") == "no", "no accounts, no gateway")
    host.run(r"""set -e; cd /etc/windlass; umask 027
        printf '[[account]]\nname = "mine"\n' >accounts.toml
        for which in primary secondary; do
          openssl rand -base64 64 | tr -d '\n' >mine.$which.key
          printf '%s_key_file = "/etc/windlass/mine.%s.key"\n' $which $which >>accounts.toml
        done
        chown root:windlass-gateway accounts.toml mine.*.key; chmod 0640 accounts.toml mine.*.key""")
    for role in ROLES:
        host.run(f"systemctl enable --now windlass-{role}")
    host.ready(*ROLES)
    for role in ROLES:
        user = host.answer(f"stat -c %U /proc/$(systemctl show -P MainPID windlass-{role})")
        expect(user == ("root" if role == "worker" else f"windlass-{role}"), f"{role} runs as {user}")
        expect(host.property(role, "NRestarts") == "0", f"{role} did not need a second start")


def a_task_runs(host):
    host.windlass("submit --job who --task t --nodes 2 --wait -- id -un")
    expect(host.windlass("logs who t") == "windlass-task\n", "tasks run as windlass-task")
    done = host.run("windlass doctor --endpoint http://127.0.0.1:8440 --disk /var/lib/windlass/scheduler -o json", check=False)
    found = {row["check"]: row for row in json.loads(done.stdout)}
    expect(done.returncode == 0 and found["user"]["level"] == "ok", f"the doctor finds nothing that fails: {found}")
    expect("meant to" in found["port 8440"]["found"] and "free" in found["port 8452"]["found"], f"ports and their holders: {found}")
    print(host.answer("journalctl --no-pager -o cat -u windlass-worker | grep -o 'event=guard.*'"), flush=True)


def a_stop_drains(host):
    host.windlass("submit --job long --task t -- sleep 600")
    wait_until(lambda: host.states("long") == {"t": "running"}, 60, "a task that runs")
    host.stop("worker")
    begun = time.monotonic()
    wait_until(lambda: host.states("long") == {"t": "active"}, LEASE_SECONDS / 2, "the task in the queue again, without its lease running out")
    print(f"its task in the queue again after {time.monotonic() - begun:.1f} s", flush=True)
    expect(host.answer("cat /proc/[0-9]*/comm | grep -c sleep") == "0", "its process is gone")
    host.run("systemctl start windlass-worker")
    host.ready("worker")
    wait_until(lambda: host.states("long") == {"t": "running"}, 60, "the task runs again")
    print(f"and running after {time.monotonic() - begun:.1f} s", flush=True)
    host.windlass("task delete long t")
    host.stop("gateway", "worker", "scheduler", "broker")
    host.run("systemctl start windlass-broker windlass-scheduler windlass-gateway windlass-worker")
    host.ready(*ROLES)
    expect(host.states("who") == {"t": "completed"}, "what was recorded is still there")


# Said on the host's loopback, which only its own processes reach.
RAW = """
import sys, types
sys.path.insert(0, sys.argv[1])
from cluster import AGENT, IMAGE, wait_until
from raw import Raw
raw = Raw(types.SimpleNamespace(environment={"AZURE_BATCH_ENDPOINT": "http://127.0.0.1:8440", "AZURE_BATCH_ACCOUNT": "mine",
                                             "AZURE_BATCH_ACCESS_KEY": sys.argv[2]}))
"""
ADD_USER = """
machine = {"imageReference": IMAGE, "nodeAgentSKUId": AGENT}
raw("POST", "/pools", {"id": "p", "vmSize": "s", "targetDedicatedNodes": 1, "virtualMachineConfiguration": machine})
node = wait_until(lambda: [n["id"] for n in raw("GET", "/pools/p/nodes").json["value"] if n["state"] == "idle"], 60, "a node")[0]
print(raw("POST", f"/pools/p/nodes/{node}/users", {"name": "ada", "password": "Secret-123", "isAdmin": True}).status)
"""


def users_of_nodes_want_a_drop_in(host):
    drop_in = "/etc/systemd/system/windlass-worker.service.d"
    host.run("echo 'node_users = true' >>/etc/windlass/worker.toml; systemctl restart windlass-worker")
    wait_until(lambda: "docs/OPERATING.md" in host.answer("journalctl --no-pager -o cat -u windlass-worker"), 30, "the worker says that /etc is closed")
    host.run(f"mkdir {drop_in}; printf '[Service]\\nProtectSystem=yes\\n' >{drop_in}/users.conf; systemctl daemon-reload; systemctl restart windlass-worker")
    host.ready("worker")
    expect(host.raw(ADD_USER) == "201\n", "a user is added")
    expect(host.answer("id -nG ada") == "ada sudo", "an administrator of the host")
    host.raw('raw("DELETE", "/pools/p")')
    wait_until(lambda: host.run("id ada", check=False).returncode != 0, 30, "gone with the node")
    host.run(f"rm -r {drop_in}; sed -i '/node_users/d' /etc/windlass/worker.toml; systemctl daemon-reload; systemctl restart windlass-worker")
    host.ready("worker")


def a_crash_is_restarted(host):
    before = host.property("scheduler", "MainPID")
    host.run("systemctl kill --signal=KILL windlass-scheduler")
    wait_until(lambda: host.property("scheduler", "MainPID") not in ("0", before), 60, "another scheduler")
    host.ready(*ROLES)
    host.windlass("submit --job after --wait -- true")


def an_upgrade_restarts_what_runs(host):
    host.run("echo '# ours' >>/etc/windlass/broker.toml; systemctl stop windlass-worker")
    before = {role: host.property(role, "MainPID") for role in ROLES}
    host.run("dpkg -i /root/packages/*.deb </dev/null")
    for role in ("broker", "scheduler", "gateway"):
        expect(host.active(role) and host.property(role, "MainPID") != before[role], f"{role} runs the new program")
    expect(not host.active("worker"), "what was stopped stays so")
    expect(host.answer("tail -n 1 /etc/windlass/broker.toml") == "# ours", "the configuration is kept")
    host.run("systemctl start windlass-worker")
    host.ready(*ROLES)
    host.windlass("submit --job upgraded --wait -- true")


def removed_and_purged(host):
    names = " ".join(f"windlass-{role}" for role in ROLES)
    host.run(f"apt-get -y remove windlass {names}")
    expect(host.answer("cat /proc/[0-9]*/comm | grep windlass") == "", "nothing runs any more")
    expect(host.answer("ls /usr/bin/windlass* /lib/systemd/system/windlass* 2>/dev/null") == "", "programs and units are gone")
    expect(host.answer("ls /etc/windlass/*.toml | wc -l") == "5", "configuration stays until it is purged")
    done = host.run(f"apt-get -y purge {names}")
    for role in ROLES:
        expect(f"its data stays in /var/lib/windlass/{role}" in done.stdout + done.stderr or role in ("broker", "gateway"), f"{role} says so: {done}")
    expect(host.answer("ls /etc/windlass") == "accounts.toml\nmine.primary.key\nmine.secondary.key", "only what the packages brought is purged")
    expect(host.answer("find /etc/systemd/system -name 'windlass-*'") == "", "no unit is enabled that is not there")
    expect("lock" in host.answer("ls -R /var/lib/windlass/scheduler /var/lib/windlass/worker"), "data stays")
    expect(host.answer("systemctl --failed --no-legend --plain | grep windlass") == "", "nothing failed")


def installable_host(engine):
    begun = time.monotonic()
    packages = build_packages()
    build_image(engine, packages)
    print(f"packages and image: {time.monotonic() - begun:.0f} s", flush=True)
    return Host(engine, packages)


if __name__ == "__main__":
    run_with_engine(installable_host, [
        installed_and_nothing_starts, started_as_documented, a_task_runs, users_of_nodes_want_a_drop_in, a_stop_drains,
        a_crash_is_restarted, an_upgrade_restarts_what_runs,
        removed_and_purged])
