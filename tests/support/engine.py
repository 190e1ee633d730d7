"""A Docker engine for tests: the host's, or one that is started for the test and stopped after it. And the frame of a suite
that wants one."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from cluster import ROOT, Failure, wait_until

ENGINE_SECONDS = 60


class NoEngine(Exception):
    """Why no engine can be had here: the reason of a skip."""


def _runs(*command, **more):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, **more).returncode == 0


def _commands(name):
    """All programs of this name on the path: the first need not be the one that works."""
    found = []
    for folder in os.environ.get("PATH", "").split(os.pathsep) + ["/usr/bin", "/usr/sbin"]:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and path not in found:
            found.append(path)
    return found


class Engine:
    """`with Engine() as engine`: engine.docker and engine.compose are commands, engine.environment names the socket."""

    def __init__(self):
        self.docker = ""
        self.compose = []
        self.environment = {}
        self.daemon = None
        self.scratch = None

    def __enter__(self):
        try:
            self._find()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _find(self):
        dockers = _commands("docker")
        if not dockers:
            raise NoEngine("no docker here: apt-get install docker.io docker-compose debootstrap")
        if not any(_runs(docker, "info", "--format", "{{.ServerVersion}}") and self._serves(docker) for docker in dockers):
            self._start_daemon(dockers[-1])
        environment = {**os.environ, **self.environment}
        # BuildKit comes with the command up to 20.10, and as a plug-in of newer ones.
        for docker in dockers:
            version = subprocess.run([docker, "version", "--format", "{{.Client.Version}}"], env=environment,
                                     capture_output=True, text=True, timeout=60).stdout.strip()
            old = version.partition(".")[0].isdigit() and int(version.partition(".")[0]) < 23
            if old or _runs(docker, "buildx", "version", env=environment):
                self.docker = docker
                break
        else:
            raise NoEngine("docker cannot build with BuildKit here: the buildx plug-in is missing")
        if _runs(self.docker, "compose", "version", env=environment):
            self.compose = [self.docker, "compose"]
        elif shutil.which("docker-compose"):
            self.compose = ["docker-compose"]
        else:
            raise NoEngine("no docker-compose here: apt-get install docker-compose")

    def _serves(self, docker):
        """`docker info` of an old command succeeds without a server; an answer with a version does not lie."""
        asked = subprocess.run([docker, "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, timeout=60)
        return asked.returncode == 0 and asked.stdout.strip() != ""

    def _start_daemon(self, docker):
        if os.geteuid() != 0:
            raise NoEngine("no Docker engine runs, and only root can start one")
        daemons = _commands("dockerd")
        if not daemons:
            raise NoEngine("no dockerd here: apt-get install docker.io docker-compose debootstrap")
        # Images stay in the build folder from one run to the next, and the file of its pid keeps a second engine away
        # from them. The socket's path must be short.
        data = ROOT / "build" / "docker"
        data.mkdir(parents=True, exist_ok=True)
        self.scratch = tempfile.mkdtemp(prefix="windlass-engine-")
        socket = f"unix://{self.scratch}/docker.sock"
        log = pathlib.Path(self.scratch) / "log"
        # Nothing of the host is changed: no rules, no bridge but those of the test's own networks, no forwarding.
        with log.open("wb") as out:
            self.daemon = subprocess.Popen(
                [daemons[0], "--data-root", str(data), "--exec-root", f"{self.scratch}/exec", "--host", socket,
                 "--pidfile", f"{data}.pid", "--bridge", "none", "--iptables=false", "--ip6tables=false",
                 "--ip-forward=false"], stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        self.environment = {"DOCKER_HOST": socket}

        def serves():
            if self.daemon.poll() is not None:
                return "ended"
            return _runs(docker, "-H", socket, "ps")
        if wait_until(serves, ENGINE_SECONDS, "an answer of dockerd") == "ended":
            reason = [line for line in log.read_text(errors="replace").splitlines() if "failed" in line][-1:]
            raise NoEngine(f"dockerd does not start here: {' '.join(reason)[-300:]}")

    def _stop(self):
        if self.daemon is not None:
            self.daemon.terminate()
            try:
                self.daemon.wait(60)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
            self.daemon = None
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch = None

    def run(self, *words, check=True, timeout=300, **more):
        done = subprocess.run([self.docker, *words], capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, **self.environment}, **more)
        if check and done.returncode != 0:
            raise Failure(f"docker {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def inspect(self, *names):
        return json.loads(self.run("inspect", *names)) if names else []


def run_with_engine(place, tests):
    """Runs the functions in turn in what `place(engine)` makes, a context, and takes it down; the first failure ends it. Ends with
    77, and the reason as the last line, where no engine can be had."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is taken down then too
    try:
        with Engine() as engine:
            made = place(engine)
            begun = time.monotonic()
            with made as given:
                print(f"up after {time.monotonic() - begun:.0f} s", flush=True)
                for test in tests:
                    started = time.monotonic()
                    test(given)
                    print(f"passed {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    except NoEngine as reason:
        print(f"skipped: {reason}")
        raise SystemExit(77)
    print(f"{len(tests)} of {len(tests)} tests")
