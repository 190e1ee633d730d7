"""A project of docker-compose for a test, under a name of its own: started, looked at, taken down."""
import os
import secrets
import shlex
import subprocess
import time

from cluster import ROOT, Failure, expect

UP_SECONDS = 240


def free_subnet():
    """The first three numbers of a network that this host has no road to yet."""
    roads = subprocess.run(["ip", "route", "show"], capture_output=True, text=True, check=True).stdout
    addresses = subprocess.run(["ip", "-4", "address", "show"], capture_output=True, text=True, check=True).stdout
    for third in range(85, 250):
        if f"172.30.{third}." not in roads + addresses:
            return f"172.30.{third}"
    raise Failure("no free network 172.30.x.0/24")


def build_images(engine, *images):
    """Returns their version, which is that of this source."""
    begun = time.monotonic()
    version = subprocess.run([ROOT / "docker" / "build", "--print-version"], capture_output=True, text=True, check=True).stdout.strip()
    for file in (ROOT / "docker").glob("compose*.yml"):
        expect(f"${{WINDLASS_VERSION:-{version}}}" in file.read_text(), f"{file.name} starts the version that this source is")
    subprocess.run([ROOT / "docker" / "build", "--local-base", *images], check=True,
                   env={**os.environ, **engine.environment, "DOCKER": engine.docker})
    print(f"packages and images: {time.monotonic() - begun:.0f} s", flush=True)
    return version


class Project:
    def __init__(self, engine, file, variables, *more_files):
        self.engine = engine
        self.files = [ROOT / "docker" / file, *more_files]
        self.variables = variables
        self.project = f"windlasstest{secrets.token_hex(4)}"

    def compose(self, *words, check=True, timeout=UP_SECONDS, text=None):
        files = [word for file in self.files for word in ("-f", str(file))]
        given = {"stdin": subprocess.DEVNULL} if text is None else {"input": text}
        done = subprocess.run([*self.engine.compose, "-p", self.project, *files, *words], capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, **self.engine.environment, **self.variables}, **given)
        if check and done.returncode != 0:
            raise Failure(f"compose {shlex.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def clients_environment(self):
        """What `init show` tells Azure clients outside."""
        found = {}
        for line in self.compose("run", "--rm", "-T", "init", "show").splitlines():
            if line.startswith("export "):
                name, _, value = line[len("export "):].partition("=")
                found[name] = shlex.split(value)[0]
        return found

    def label(self):
        return f"label=com.docker.compose.project={self.project}"

    def containers(self):
        """What is known of the project's containers, by service and number: {"worker": [..], ..}."""
        ids = self.engine.run("ps", "-aq", "--filter", self.label()).split()
        found = {}
        for about in self.engine.inspect(*ids):
            found.setdefault(about["Config"]["Labels"]["com.docker.compose.service"], []).append(about)
        return found

    def all_healthy(self):
        for service, abouts in self.containers().items():
            for about in abouts:
                state = about["State"]
                if service == "init":
                    expect(state["Running"] or state["ExitCode"] == 0, "init ended well")
                elif not state["Running"] or state.get("Health", {}).get("Status") != "healthy":
                    return False
        return True

    def take_down(self, show_logs):
        if show_logs:
            print(self.compose("ps", check=False))
            print(self.compose("logs", "--tail", "60", "--no-color", check=False)[-30000:])
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "50", check=False)

    def left_behind(self):
        return [line for command in (["ps", "-aq"], ["volume", "ls", "-q"], ["network", "ls", "-q"])
                for line in self.engine.run(*command, "--filter", self.label()).split()]
