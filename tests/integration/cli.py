#!/usr/bin/python3
"""The command line against a real cluster: argv in = argv of the process, 10,000 lines once each, what failed is
shown, a task is followed live, nodes and hosts are drained, and every exit code means what docs/CLI.md says."""
import contextlib
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import WINDLASS, Cluster, expect, run, wait_until  # noqa: E402

SHOW_ARGV = "import os, sys; print('|'.join(os.fsencode(word).hex() for word in sys.argv[1:]))"
HARD = " \t\n'\"\\$`*?[]{}()<>|&;#~!=%^-_./aZ09äß€😀\x01\x7f"


def words_survive():
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with Cluster() as cluster:
        cluster.command("pool", "create", "p", "--nodes", "2", "--slots", "4", "--wait")
        cluster.command("job", "create", "argv", "--pool", "p")
        wanted = {}
        for i in range(40):
            words = ["".join(rng.choice(HARD) for _ in range(rng.randrange(12))) for _ in range(rng.randrange(1, 8))]
            wanted[f"t{i:02}"] = words
            cluster.command("submit", "--job", "argv", "--task", f"t{i:02}", "--", "/usr/bin/python3", "-c", SHOW_ARGV, *words)
        cluster.command("wait", "argv", "--timeout", "120")
        for task, words in wanted.items():
            got = cluster.command("logs", "argv", task).stdout.strip()
            expect(got == "|".join(os.fsencode(word).hex() for word in words), f"{task}: {words!r} came as {got}")
        cluster.command("submit", "--job", "shell", "--pool", "p", "--task", "s", "--shell", "--wait", "--", "echo $((6 * 7)) | tr 4 5")
        expect(cluster.command("logs", "shell", "s").stdout == "52\n", "--shell runs a shell")
        cluster.command("submit", "--job", "array", "--pool", "p", "--array", "3-9:3", "--env", "GREETING=hello there", "--wait", "--",
                        "/bin/sh", "-c", 'echo "$GREETING {} $WINDLASS_INDEX"')
        expect(cluster.command("logs", "array", "000006").stdout == "hello there 6 6\n", "arrays have their number twice")


def what_fails_is_shown():
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder) / "lines.txt"
        lines.write_text("/bin/true\n/bin/sh -c 'for i in 1 2 3; do echo complaint $i >&2; done; exit 7'\n\n/no/such/program\n")
        done = cluster.command("submit", "--job", "j", "--nodes", "2", "--file", str(lines), "--wait", check=False)
        expect(done.returncode == 1, f"1 when a task failed, not {done.returncode}: {done.stderr}")
        expect("000002: exit code 7: " in done.stdout, done.stdout)
        expect("    complaint 3" in done.stdout, done.stdout)
        expect("000004: CommandProgramNotFound" in done.stdout, done.stdout)
        again = json.loads(cluster.command("wait", "j", "-o", "json", check=False).stdout)
        expect((again["total"], again["succeeded"], again["failed"]) == (3, 1, 2), str(again))

        gate = pathlib.Path(folder) / "gate"
        os.chmod(folder, 0o755)
        follow = subprocess.Popen([WINDLASS, "logs", "-f", "j", "live"], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, **cluster.environment}, stderr=subprocess.PIPE)
        expect(follow.wait(30) == 4, "a task that does not exist: 4")
        cluster.command("submit", "--job", "j", "--task", "live", "--shell", "--",
                        f"echo first; until [ -e {gate} ]; do sleep 0.05; done; echo last; exit 9")
        follow = subprocess.Popen([WINDLASS, "logs", "-f", "j", "live"], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, **cluster.environment})
        expect(follow.stdout.readline() == "first\n", "what is written is shown while the task runs")
        expect(cluster.command("wait", "j", "--timeout", "1", check=False).returncode == 124, "124 when time runs out")
        gate.touch()
        expect(follow.stdout.readline() == "last\n" and follow.wait(30) == 1, "to the end, and 1 because it failed")


def many_lines_once_each():
    with Cluster("--executor", "null", "--nodes", "8") as cluster, tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder) / "lines.txt"
        lines.write_text("".join(f"/bin/echo {i}\n" for i in range(1, 10_001)))
        first = json.loads(cluster.command("submit", "--job", "many", "--nodes", "4", "--slots", "4", "--file", str(lines), "-o", "json").stdout)
        expect(first["added"] == 10_000, str(first))
        with open(lines, "a") as file:
            file.write("/bin/echo one more\n")
        second = json.loads(cluster.command("submit", "--job", "many", "--file", str(lines), "-o", "json").stdout)
        expect((second["added"], second["existing"]) == (1, 10_000), str(second))
        from_stdin = json.loads(cluster.command("submit", "--job", "many", "--file", "-", "-o", "json", input=lines.read_text()).stdout)
        expect(from_stdin["added"] == 0, str(from_stdin))
        done = cluster.command("wait", "many", "--timeout", "120", "-o", "json")
        expect(json.loads(done.stdout)["succeeded"] == 10_001, done.stdout)
        listed = cluster.command("task", "list", "many", "-o", "tsv").stdout.splitlines()
        expect([line.split("\t")[0] for line in listed] == [f"{i:06}" for i in range(1, 10_002)], "ids are line numbers, in order")


def exit_codes():
    with Cluster() as cluster:
        def code(*words, **environment):
            done = subprocess.run([WINDLASS, *words], capture_output=True, text=True, env={**os.environ, **cluster.environment, **environment})
            return done.returncode
        expect(code("pool", "create", "p", "--nodes", "1") == 0, "0")
        expect(code("pool", "create", "p") == 5, "5: exists")
        expect(code("pool", "show", "q") == 4, "4: no such pool")
        expect(code("pool", "list", AZURE_BATCH_ACCESS_KEY="AAAA") == 3, "3: wrong key")
        expect(code("pool", "list", "--filter", "id is p") == 2, "2: bad filter")
        expect(code("pool", "list", "--fitler", "x") == 2, "2: unknown option")
        expect(code("pool", "list", AZURE_BATCH_ENDPOINT="http://127.0.0.1:1") == 6, "6: nobody there")
        expect(code("dev", "--data", cluster.data) == 5, "5: data folder in use")
        port = cluster.environment["AZURE_BATCH_ENDPOINT"].rsplit(":", 1)[1]
        with tempfile.TemporaryDirectory() as other:
            done = subprocess.run([WINDLASS, "dev", "--data", other, "--port", port], capture_output=True, text=True)
            expect(done.returncode == 5 and f"pid {cluster.pid('gateway')}" in done.stderr, f"5 with the port's owner: {done.stderr}")
        waiting = subprocess.Popen([WINDLASS, "submit", "--job", "j", "--pool", "p", "--wait", "--", "sleep", "600"],
                                   env={**os.environ, **cluster.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: cluster.command("task", "list", "j", "-o", "tsv", check=False).stdout, 30, "the task")
        waiting.send_signal(2)
        expect(waiting.wait(30) == 130, "130: interrupted")


def doctor():
    def look(*words):
        done = subprocess.run([WINDLASS, "doctor", *words, "-o", "json"], capture_output=True, text=True)
        # Of several keys, the worst.
        return done.returncode, {row["check"]: row for row in sorted(json.loads(done.stdout), key=lambda row: ("ok", "warn", "fail").index(row["level"]))}
    with Cluster() as cluster:
        code, found = look("--data", cluster.data)
        expect(code == 0 and not [row for row in found.values() if row["level"] == "fail"], f"a healthy cluster: {found}")
        expect(all(found[role]["found"] == "ready" for role in ("broker", "scheduler", "gateway", "worker-0")), str(found))
        expect("fdatasync" in found["sync"]["found"] and found["clock"]["level"] == "ok", str(found))
        key = next(pathlib.Path(cluster.data).glob("accounts/*.primary.key"))
        key.chmod(0o644)
        code, found = look("--data", cluster.data)
        expect(code == 1 and "every user" in found["key"]["found"], f"a key that all may read: {found}")
        key.chmod(0o600)
        port = int(cluster.environment["AZURE_BATCH_ENDPOINT"].rsplit(":", 1)[1])
        cluster.stop()
        code, found = look("--data", cluster.data)
        expect(code == 0 and "windlass dev" in found["cluster"]["next"], f"one that does not run: {found}")
        with contextlib.closing(socket.create_server(("127.0.0.1", port))):
            code, found = look("--data", cluster.data)
            taken = found[f"port {port}"]
            expect(code == 1 and f"kill {os.getpid()}" in taken["next"], f"a port that is taken: {taken}")
            code, found = look("--broker", f"tcp://127.0.0.1:{port}")
            expect(found["broker"]["level"] == "ok", "an endpoint that takes connections")
        code, found = look("--broker", f"tcp://127.0.0.1:{port}")
        expect(code == 1 and found["broker"]["level"] == "fail", f"one that does not: {found['broker']}")
        text = subprocess.run([WINDLASS, "doctor", "--data", cluster.data], capture_output=True, text=True).stdout
        expect(text.splitlines()[-1].startswith("0 failed, ") and "      -> start it: windlass dev" in text, text)


def top():
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        gate = pathlib.Path(folder) / "gate"
        os.chmod(folder, 0o755)
        cluster.command("pool", "create", "p", "--nodes", "2", "--slots", "3", "--wait")
        cluster.command("submit", "--job", "j", "--pool", "p", "--array", "1-10", "--shell", "--",
                        f"until [ -e {gate} ]; do sleep 0.05; done; [ {{}} != 3 ]")

        def look(*words, data=("--data", cluster.data)):
            return json.loads(cluster.command("top", *data, "--once", "-o", "json", *words).stdout)

        def full():
            view = look("--interval", "0.2")
            return view["tasks"]["running"] == 6 and view["tasks"]["waiting"] == 4 and view
        view = wait_until(full, 60, "six tasks that run and four that wait")
        expect(view["slots"] == {"used": 6, "total": 6} and view["tasks"]["waitingFor"] == {"slots": 4}, str(view))
        expect(view["doors"]["answering"] == {"broker": 1, "gateway": 1, "scheduler": 1, "worker": 1}, str(view["doors"]))
        expect(sum(shard["running"] for shard in view["shards"]) == 6 and len(view["shards"]) == 2, str(view["shards"]))

        # All ten end within what one look watches, and one of them fails.
        watching = subprocess.Popen([WINDLASS, "top", "--data", cluster.data, "--interval", "0.5", "-o", "json"], stdout=subprocess.PIPE, text=True)
        json.loads(watching.stdout.readline())
        gate.touch()
        ended = failed = 0.0
        while round(ended) < 10:
            view = json.loads(watching.stdout.readline())
            ended += view["rates"]["endedPerSecond"] * view["seconds"]
            failed += view["rates"]["failedPerSecond"] * view["seconds"]
            expect(round(view["rates"]["endedPerSecond"], 6) == 0 or view["slowest"]["commitP99Seconds"] > 0, str(view))
        expect(round(ended) == 10 and round(failed) == 1, f"rates over their time are what happened: {ended}, {failed}")
        watching.send_signal(2)
        expect(watching.wait(30) == 130, "130: interrupted")

        # Without a terminal lines are appended, and nothing is redrawn.
        lines = subprocess.Popen([WINDLASS, "top", "--data", cluster.data, "--interval", "0.1"], stdout=subprocess.PIPE, text=True)
        for _ in range(2):
            line = lines.stdout.readline()
            expect("0 waiting, 0 running, " in line and "\033" not in line, repr(line))
        lines.kill()
        lines.wait()

        doors = [entry["admin"] for entry in cluster.status() if entry["role"] in ("scheduler", "broker")]
        targets = pathlib.Path(folder) / "scheduler.yml"
        targets.write_text(f"# a comment\n- targets: {json.dumps(doors)}\n")
        for data in (("--admin", ",".join(doors)), ("--targets", str(targets))):
            expect(look("--interval", "0.1", data=data)["doors"]["answering"] == {"broker": 1, "scheduler": 1}, f"{data}")
        silent = look("--interval", "0.1", data=("--admin", f"{doors[0]},127.0.0.1:1"))["doors"]["silent"]
        expect([door["door"] for door in silent] == ["127.0.0.1:1"], f"a door that is silent is named: {silent}")
        expect(cluster.command("top", "--admin", "127.0.0.1:1", check=False).returncode == 6, "6: nobody answers")
        expect(cluster.command("top", "--interval", "0", check=False).returncode == 2, "2: no interval")
        cluster.stop()
        expect(cluster.command("top", "--data", cluster.data, check=False).returncode == 6, "6: no cluster runs")


class Gated:
    """Tasks that end when the test lets them: task N of a job ends once the file N is there."""

    def __init__(self, cluster, folder):
        self.cluster, self.folder = cluster, pathlib.Path(folder)
        os.chmod(folder, 0o755)

    def submit(self, job, pool, count):
        self.cluster.command("submit", "--job", job, "--pool", pool, "--array", f"1-{count}", "--shell", "--",
                             f"until [ -e {self.folder}/{job}-{{}} ]; do sleep 0.05; done")

    def let_end(self, job, *numbers):
        for number in numbers:
            (self.folder / f"{job}-{number}").touch()

    def task(self, job, number):
        return json.loads(self.cluster.command("task", "show", job, f"{number:06}", "-o", "json").stdout)

    def runs(self, job, number):
        """Waits until it does; answers where."""
        return wait_until(lambda: self.task(job, number)["state"] == "running" and self.task(job, number)["nodeInfo"]["nodeId"], 60,
                          f"task {number} of {job} running")


def drain(cluster, *words, check=True):
    return cluster.command("admin", "drain", *words, check=check, timeout=60)


def drain_rows(done):
    rows = json.loads(done.stdout)
    keys = ["node", "pool", "address", "state", "schedulingState", "runningTasks", "drained"]
    expect(all(list(row) == keys for row in rows), f"the promised members: {rows}")
    return {row["node"]: row for row in rows}


def begin_drain(cluster, *words):
    return subprocess.Popen([WINDLASS, "admin", "drain", *words], env={**os.environ, **cluster.environment}, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def nodes_of(cluster, pool):
    return {node["id"]: node for node in json.loads(cluster.command("node", "list", pool, "-o", "json").stdout)}


def drain_a_node():
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        gated = Gated(cluster, folder)
        cluster.command("pool", "create", "p", "--nodes", "2", "--wait")
        cluster.command("pool", "create", "q", "--nodes", "1", "--wait")
        gated.submit("j", "p", 3)
        here, there = gated.runs("j", 1), gated.runs("j", 2)

        def refused(code, sentence, *words):
            done = drain(cluster, *words, check=False)
            expect(done.returncode == code and sentence in done.stderr, f"{words}: {code} and '{sentence}', not {done}")
        refused(4, "addresses there: 127.0.0.1 (3 nodes)", "tvmps_nobody_d")
        refused(4, "addresses there: 127.0.0.1 (1 node)", here, "--pool", "q")
        refused(4, "PoolNotFound", here, "--pool", "r")
        refused(2, "--running does not go with it", here, "--undo", "--running", "requeue")
        refused(2, "--running", here, "--running", "stop")
        refused(2, "node-or-host")
        expect({node["schedulingState"] for pool in "pq" for node in nodes_of(cluster, pool).values()} == {"enabled"}, "what is refused changes nothing")

        done = drain(cluster, here, "-o", "json", "--timeout", "1", check=False)
        expect(done.returncode == 124 and drain_rows(done)[here]["runningTasks"] == 1, f"124 while its task runs: {done}")
        expect(not drain_rows(done)[here]["drained"] and gated.task("j", 1)["state"] == "running", f"the task goes on: {done}")
        refused(5, "--undo", here, "--running", "terminate")

        def disabled():
            return nodes_of(cluster, "p")[here]["schedulingState"] == "disabled"
        drain(cluster, here, "--undo")
        waiting = begin_drain(cluster, here)
        wait_until(disabled, 30, "no new tasks")
        waiting.send_signal(2)
        expect(waiting.wait(30) == 130 and disabled(), "130: interrupted, and the rest stays as it is")
        again = drain_rows(drain(cluster, here, "--no-wait", "-o", "json"))[here]
        expect((again["state"], again["schedulingState"], again["drained"]) == ("running", "disabled", False), f"--no-wait only says: {again}")

        # It waits to the task's end, and the slot that is free then is nobody's: the waiting task starts on the other node.
        waiting = begin_drain(cluster, here, "--pool", "p")
        gated.let_end("j", 1)
        out, err = waiting.communicate(timeout=60)
        expect(waiting.returncode == 0 and err == f"{here}: drained\n" and out.splitlines()[1].startswith(here), f"it says so: {out}{err}")
        expect(gated.task("j", 1)["executionInfo"]["result"] == "success", "its task has ended by itself")
        expect(nodes_of(cluster, "p")[here]["state"] == "offline" and gated.task("j", 3)["state"] == "active", "nothing starts there")
        gated.let_end("j", 2)
        expect(gated.runs("j", 3) == there, "the waiting task starts on the other node")
        expect(drain_rows(drain(cluster, here, "-o", "json"))[here]["drained"], "a drained node is drained again")

        back = drain_rows(drain(cluster, here, "--undo", "-o", "json"))[here]
        expect((back["state"], back["schedulingState"], back["drained"]) == ("idle", "enabled", False), str(back))
        drain(cluster, here, "--undo")
        gated.submit("k", "p", 1)
        expect(gated.runs("k", 1) == here, "it takes tasks again")
        waiting = begin_drain(cluster, here)
        wait_until(disabled, 30, "no new tasks")
        drain(cluster, here, "--undo")
        _, err = waiting.communicate(timeout=60)
        expect(waiting.returncode == 5 and "somebody enabled scheduling" in err, f"5 when it is enabled meanwhile: {err}")
        gated.let_end("j", 3)
        gated.let_end("k", 1)
        for job in "jk":
            cluster.command("wait", job, "--timeout", "60")


def drain_and_the_running_tasks():
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        gated = Gated(cluster, folder)
        cluster.command("pool", "create", "p", "--nodes", "2", "--wait")
        gated.submit("j", "p", 2)
        first, second = gated.runs("j", 1), gated.runs("j", 2)

        # Patience first, and then not: the node is disabled already, and its task is queued again all the same.
        expect(drain(cluster, first, "--timeout", "1", check=False).returncode == 124, "124")
        row = drain_rows(drain(cluster, first, "--running", "requeue", "--timeout", "60", "-o", "json"))[first]
        expect((row["state"], row["runningTasks"], row["drained"]) == ("offline", 0, True), str(row))
        expect(gated.task("j", 1)["state"] == "active", "queued again")
        gated.let_end("j", 2)
        expect(gated.runs("j", 1) == second, "and it runs elsewhere")

        drain(cluster, first, "--undo")
        drain(cluster, second, "--running", "requeue", "--timeout", "60")
        expect(gated.runs("j", 1) == first, "requeue of a node that took tasks")

        drain(cluster, first, "--running", "terminate", "--timeout", "60")
        ended = gated.task("j", 1)
        expect((ended["state"], ended["executionInfo"]["result"]) == ("completed", "failure"), f"terminate ends it: {ended}")

        # A node stays drained when its worker is replaced: of two tasks, one runs after the other on the node that is not.
        drain(cluster, first, "--undo")
        before = cluster.kill("worker")
        wait_until(lambda: cluster.pid("worker") not in (0, before), 60, "another worker")
        cluster.wait_healthy()
        gated.submit("k", "p", 2)
        expect(gated.runs("k", 1) == first, "the first on the node that takes tasks")
        gated.let_end("k", 1)
        expect(gated.runs("k", 2) == first, "and after it the second")
        gated.let_end("k", 2)
        cluster.command("wait", "k", "--timeout", "60")


def drain_a_host():
    with Cluster("--nodes", "1", "--set", "worker.node-address=10.0.0.1") as cluster, tempfile.TemporaryDirectory() as folder:
        gated = Gated(cluster, folder)
        cluster.command("pool", "create", "elsewhere", "--nodes", "1", "--wait")
        with cluster.another_worker("--node-address=10.0.0.2", "--offers=3:*"):
            cluster.command("pool", "create", "p", "--nodes", "1", "--wait")
            cluster.command("pool", "create", "q", "--nodes", "1", "--wait")
            gated.submit("j", "p", 1)
            gated.submit("e", "elsewhere", 1)
            gated.runs("j", 1)
            gated.runs("e", 1)
            waiting = begin_drain(cluster, "10.0.0.2", "-o", "json")

            def disabled(pool):
                return {node["schedulingState"] for node in nodes_of(cluster, pool).values()} == {"disabled"}
            wait_until(lambda: disabled("p") and disabled("q"), 30, "no new tasks for the host")
            # A pool that grows meanwhile gets another node of the host.
            cluster.command("pool", "resize", "q", "--nodes", "2")
            wait_until(lambda: len(nodes_of(cluster, "q")) == 2, 60, "another node of q")
            expect(waiting.poll() is None, "it waits for the task")
            gated.let_end("j", 1)
            out, err = waiting.communicate(timeout=60)
            expect(waiting.returncode == 0, f"0, not {waiting.returncode}: {err}")
            rows = json.loads(out)
            expect(sorted(row["pool"] for row in rows) == ["p", "q", "q"] and all(row["drained"] and row["address"] == "10.0.0.2" for row in rows), str(rows))
            expect(disabled("p") and disabled("q") and not disabled("elsewhere"), "every node of the host, and no other")
            expect(gated.task("j", 1)["executionInfo"]["result"] == "success" and gated.task("e", 1)["state"] == "running", "tasks end by themselves")

            drain(cluster, "10.0.0.2", "--pool", "q", "--undo")
            expect(disabled("p") and {node["schedulingState"] for node in nodes_of(cluster, "q").values()} == {"enabled"}, "--pool says which of them")
            drain(cluster, "10.0.0.2", "--undo")
            expect(not disabled("p"), "and without it all")
            gated.let_end("e", 1)
            cluster.command("wait", "e", "--timeout", "60")


def supervisor():
    with Cluster("--workers", "2") as cluster:
        roles = [entry["role"] for entry in cluster.status()]
        expect(sorted(roles) == ["broker", "dev", "gateway", "scheduler", "worker", "worker"], str(roles))
        before = dict(cluster.environment)
        cluster.stop()
        expect(not cluster.processes(), f"nothing is left: {cluster.processes()}")
        cluster.start()
        expect(cluster.environment == before, "keys and ports stay")
        with Cluster() as beside:
            expect(beside.environment["AZURE_BATCH_ENDPOINT"] != before["AZURE_BATCH_ENDPOINT"], "clusters run side by side")
            beside.command("submit", "--job", "j", "--wait", "--", "/bin/true", timeout=120)


run([words_survive, what_fails_is_shown, many_lines_once_each, exit_codes, doctor, top, drain_a_node, drain_and_the_running_tasks, drain_a_host, supervisor])
