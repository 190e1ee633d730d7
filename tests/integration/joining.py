#!/usr/bin/python3
"""A cluster of members over TCP with CURVE: made by `windlass cluster`, joined with tokens by real processes; who may
not speak is refused, and the metrics say so."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import BIN, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402
from members import FRONT, SECOND, Members, run_task  # noqa: E402
from ports import free_port  # noqa: E402


def members_join_run_a_task_and_are_revoked():
    with Members() as members:
        members.init()
        expect(members.cluster("init", "--dir", members.dir, check=False).returncode == 5, "a cluster is made once: conflict")
        members.start_control()
        members.start_gateway()
        token = members.token("worker")
        members.start_worker("worker-1", token)
        members.ready("worker-1")
        expect(members.member_states() == {"broker-control": ("broker", "active"), "scheduler-1": ("scheduler", "active"),
                                           "gateway-1": ("gateway", "active"), "worker-1": ("worker", "active")},
               f"four members: {members.member_states()}")
        for secret in pathlib.Path(members.root).glob("**/membership.json"):
            expect(secret.stat().st_mode & 0o777 == 0o600, f"only the owner reads {secret}")
        batch = members.batch()
        make_pool(batch, "pool", nodes=2)
        make_job(batch, "job", "pool")
        run_task(batch, "job")

        # The token was for one.
        late = members.start_worker("worker-late", token, wait=False)
        expect(late.wait(60) == 2, "a token that is used up ends the joiner with 2")
        expect("token_used" in members.log("worker-late"), members.log("worker-late"))
        expect(members.enrolled("token_used") == 1, "counted")
        # The wrong role: refused where it is read, and by the door for who does not look.
        wrong = members.start("wrong", "gateway", f"--listen={FRONT}:0", f"--accounts-file={members.dir}/accounts.toml",
                              f"--key-dir={members.root}/wrong", f"--join-token-file={members.token('worker')}", wait=False)
        expect(wrong.wait(60) == 2 and "the token is for a worker" in members.log("wrong"), members.log("wrong"))
        # One that has run out.
        short = members.token("worker", "--ttl", "1s")
        good_until = time.time() + 1
        wait_until(lambda: time.time() > good_until, 10, "the token has expired")
        expect(members.start_worker("worker-short", short, wait=False).wait(60) == 2, "an expired token is refused")
        expect("token_expired" in members.log("worker-short") and members.enrolled("token_expired") == 1, members.log("worker-short"))

        # The key of a worker in the folder of a scheduler.
        shutil.copytree(f"{members.root}/worker-1/key", f"{members.root}/impostor/key")
        impostor = members.start("impostor", "scheduler", f"--data-dir={members.root}/impostor", wait=False)
        expect(impostor.wait(60) == 2 and "is of a worker" in members.log("impostor"), members.log("impostor"))
        # And the same by one who lies about it in his own file: the broker knows whose key it is.
        stolen = pathlib.Path(f"{members.root}/impostor/key/membership.json")
        stolen.write_text(stolen.read_text().replace('"worker",', '"scheduler",'))
        members.start("impostor", "scheduler", f"--data-dir={members.root}/impostor", "--shards-total=2")
        wait_until(lambda: members.refused("wrong_role") > 0, 60, "a worker's key is no scheduler's")
        members.stop("impostor")
        # Another worker's id.
        thief = pathlib.Path(f"{members.root}/thief/key")
        shutil.copytree(f"{members.root}/worker-1/key", thief)
        lied = json.loads((thief / "membership.json").read_text())
        lied["worker"] = str(int(lied["worker"]) ^ 1)
        (thief / "membership.json").write_text(json.dumps(lied))
        members.start_worker("thief")
        wait_until(lambda: members.refused("wrong_worker") > 0, 60, "a worker's key speaks for one worker")
        members.stop("thief")
        # No key at all, and one that nobody knows.
        before = members.refused_handshakes()
        plain = members.start("plain", "worker", f"--data-dir={members.root}/plain", f"--broker={members.bus}",
                              f"--broker-bulk={members.bulk}")
        wait_until(lambda: members.refused_handshakes() > before, 60, "a worker without CURVE is refused")
        members.knock_in_plaintext(members.bus)
        wait_until(lambda: members.refused("plaintext") > 0, 60, "and what it spoke is seen")
        expect(plain.poll() is None and not members.door("plain", "readyz"), "it waits to be let in")
        members.stop("plain")
        run_task(batch, "job")  # nobody has disturbed those who belong here

        expect(members.doctor("worker-1") == ("ok", ""), f"a member in good health: {members.doctor('worker-1')}")
        members.cluster("revoke", "worker-1", "--dir", members.dir)
        wait_until(lambda: members.refused("revoked") > 0, 60, "a revoked key is refused")
        wait_until(lambda: not members.door("worker-1", "readyz"), 60, "the worker notices that it is cut off")
        wait_until(lambda: all(str(getattr(node.state, "value", node.state)) in ("unknown", "unusable")
                               for node in batch.compute_node.list("pool")), 60, "its nodes are lost")
        expect(members.member_states()["worker-1"] == ("worker", "revoked"), str(members.member_states()))
        level, following = members.doctor("worker-1")
        expect(level == "fail" and "cluster token --role worker" in following, f"the doctor says what to do: {following}")
        members.stop("worker-1")
        expect(members.start_worker("worker-1", wait=False).wait(60) == 2, "a revoked worker does not start")
        expect("revoked" in members.log("worker-1"), members.log("worker-1"))
        expect(members.cluster("revoke", "worker-1", "--dir", members.dir, check=False).returncode == 4, "revoked once: not found")

        members.start_worker("worker-2", members.token("worker"))
        make_pool(batch, "pool2", nodes=2)
        make_job(batch, "job2", "pool2")
        run_task(batch, "job2")


def keys_are_rotated_while_tasks_run():
    from azure.batch import models
    with Members() as members:
        members.init()
        members.start_control()
        members.start_gateway()
        members.start_worker("worker-1", members.token("worker"))
        batch = members.batch()
        make_pool(batch, "pool", nodes=2)
        make_job(batch, "job", "pool")
        folders = {"scheduler": f"{members.root}/scheduler/key", "gateway": f"{members.root}/gateway-key",
                   "worker-1": f"{members.root}/worker-1/key"}
        total = 0
        for name, folder in folders.items():
            batch.task.add("job", models.TaskAddParameter(id=f"long{total}", command_line="/bin/sleep 3"))
            before = json.loads(pathlib.Path(f"{folder}/membership.json").read_text())["key"]
            after = json.loads(members.cluster("rotate", "--key-dir", folder, "-o", "json").stdout)["key"]
            expect(after != before, f"{name} has a new key")
            wait_until(lambda: "key_rotated" in members.log(name), 60, f"{name} changes over by itself")
            for i in range(5):
                batch.task.add("job", models.TaskAddParameter(id=f"t{total}-{i}", command_line="/bin/true"))
            total += 6
        wait_tasks_complete(batch, "job", total)
        for task in batch.task.list("job"):
            expect(task.execution_info.retry_count == 0 and task.execution_info.exit_code == 0, f"{task.id} ran once")
        # Everybody has changed over: the old keys can be taken back.
        path = pathlib.Path(f"{members.dir}/directory.json")
        wait_until(lambda: members.refused("unknown_key") == 0, 5, "nobody was turned away")
        expect(path.read_text().count('"previousKey"') == 3, "three old keys stand in the directory")
        expect(members.refused("revoked") == 0, "nobody was refused")


def a_second_broker_has_the_directory_from_the_first():
    with Members() as members:
        members.init()
        members.start_control()
        bus, bulk = (f"tcp://{SECOND}:{free_port(SECOND)}" for _ in range(2))
        members.start("broker-2", "broker", f"--bus-bind={bus}", f"--bulk-bind={bulk}", f"--key-dir={members.root}/broker-2-key",
                      f"--join-token-file={members.token('broker')}", "--member-name=broker-2")
        members.stop("scheduler")  # who starts now knows both
        members.start("scheduler", "scheduler", f"--data-dir={members.root}/scheduler", "--lease-seconds=3")
        members.start_gateway()
        members.start_worker("worker-1", members.token("worker"))
        batch = members.batch()
        make_pool(batch, "pool", nodes=2)
        make_job(batch, "job", "pool")
        run_task(batch, "job")
        wait_until(lambda: members.metric("broker-2", "windlass_broker_peers", kind="worker") == 1, 60, "the worker is on both")
        members.stop("broker")
        run_task(batch, "job")
        # Without the control host the second one starts from its copy, and still knows who belongs.
        members.stop("broker-2")
        members.start("broker-2", "broker", f"--bus-bind={bus}", f"--bulk-bind={bulk}", f"--key-dir={members.root}/broker-2-key")
        run_task(batch, "job")
        members.knock_in_plaintext(bus)
        wait_until(lambda: members.refused("plaintext", "broker-2") > 0, 60, "and who does not")


def open_doors_are_refused_unless_allowed():
    with Members() as members:
        def ends(role, *options):
            done = subprocess.run([str(BIN / f"windlass-{role}"), "--admin-address=127.0.0.1:0", *options], capture_output=True, text=True,
                                  timeout=60)
            return done.returncode, done.stderr
        code, text = ends("broker", "--bus-bind=tcp://0.0.0.0:0", "--bulk-bind=tcp://127.0.0.1:0")
        expect(code == 2 and "--bus-plain-allowed" in text, text)
        code, text = ends("worker", f"--data-dir={members.root}/w", "--broker=tcp://192.0.2.1:8450")
        expect(code == 2 and "--bus-plain-allowed" in text, text)
        code, text = ends("scheduler", f"--data-dir={members.root}/s", "--broker=tcp://192.0.2.1:8450")
        expect(code == 2 and "--bus-plain-allowed" in text, text)
        accounts = f"{members.root}/accounts.toml"
        pathlib.Path(accounts).write_text("[[account]]\nname = 'alpha'\nprimary_key = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODk='\n")
        code, text = ends("gateway", "--listen=0.0.0.0:0", f"--accounts-file={accounts}")
        expect(code == 2 and "--http-plain-allowed" in text, text)
        code, text = ends("gateway", "--listen=127.0.0.1:0", f"--accounts-file={accounts}", "--broker=tcp://192.0.2.1:8450")
        expect(code == 2 and "--bus-plain-allowed" in text, text)
        code, text = ends("gateway", "--listen=", f"--blob-folder={members.root}/blobs", "--blob-listen=0.0.0.0:0", f"--accounts-file={accounts}")
        expect(code == 2 and "--http-plain-allowed" in text, text)
        members.start("gateway", "gateway", "--listen=0.0.0.0:0", "--http-plain-allowed", f"--accounts-file={accounts}")
        members.start("broker", "broker", "--bus-bind=tcp://0.0.0.0:*", "--bulk-bind=tcp://0.0.0.0:*", "--bus-plain-allowed")


def the_door_takes_no_rubbish():
    """Bytes that are no ZeroMQ, to both doors: the cluster goes on."""
    with Members() as members:
        members.init()
        members.start_control()
        for endpoint in (members.enrolment, members.bus):
            host, port = endpoint[len("tcp://"):].rsplit(":", 1)
            for rubbish in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(65536), b"\xff" + struct.pack(">Q", 1 << 62) + b"\x7f"):
                with socket.create_connection((host, int(port)), timeout=10) as peer:
                    with contextlib.suppress(OSError):
                        peer.sendall(rubbish)
        wait_until(lambda: members.refused_handshakes() > 0, 60, "strangers are counted")
        members.start_worker("worker-1", members.token("worker"))
        members.ready("worker-1")


run([open_doors_are_refused_unless_allowed, the_door_takes_no_rubbish, members_join_run_a_task_and_are_revoked,
     keys_are_rotated_while_tasks_run, a_second_broker_has_the_directory_from_the_first])
