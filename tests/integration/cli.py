#!/usr/bin/python3
"""The command line against a real cluster: argv in = argv of the process, 10,000 lines once each, what failed is
shown, a task is followed live, and every exit code means what docs/CLI.md says."""
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


run([words_survive, what_fails_is_shown, many_lines_once_each, exit_codes, doctor, top, supervisor])
