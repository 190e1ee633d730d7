#!/usr/bin/python3
"""Multi-instance tasks through Debian's azure-batch 13.0.1, unmodified: several nodes at once, or none."""
import functools
import http.server
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402

MARK = 100000 + os.getpid()  # what processes that are left behind sleep for: nobody else does


def sh(script):
    return f"/bin/sh -c '{script}'"


LEAVES_SOMETHING = sh(f"sleep {MARK} & exit 0")


def left_behind():
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[:2] == [b"sleep", str(MARK).encode()]:
                found.append(int(entry.name))
    return found


def wait_nothing_left(seconds=30):
    wait_until(lambda: not left_behind(), seconds, "nothing of the coordination commands is left")


def gang(task_id, instances, command, coordination=LEAVES_SOMETHING, common=None, **more):
    settings = models.MultiInstanceSettings(number_of_instances=instances, coordination_command_line=coordination, common_resource_files=common)
    return models.TaskAddParameter(id=task_id, command_line=command, multi_instance_settings=settings, **more)


def wait_task(client, job, task, state, seconds=60):
    return wait_until(lambda: (now := client.task.get(job, task)).state.value == state and now, seconds, f"{task} is {state}")


def subtasks(client, job, task, **options):
    return client.task.list_subtasks(job, task, task_list_subtasks_options=models.TaskListSubtasksOptions(**options)).value


def said(client, job, task, name="stdout.txt"):
    return b"".join(client.file.get_from_task(job, task, name)).decode()


def on_node(client, info, path):
    return b"".join(client.file.get_from_compute_node(info.pool_id, info.node_id, path)).decode()


def refusal(call):
    try:
        call()
    except BatchErrorException as error:
        values = {value.key: value.value for value in error.error.values or []}
        return error.error.code, values.get("PropertyName")
    return None, None


def all_instances_then_the_command(client, web):
    nodes = {node.id: node.ip_address for node in client.compute_node.list("gangs")}
    expect(len(set(nodes.values())) == 3, f"each node has an address of its own: {nodes}")
    shared = models.ResourceFile(http_url=f"{web}/common", file_path="common")
    own = models.ResourceFile(http_url=f"{web}/own", file_path="own")
    coordination = sh(f"cat $AZ_BATCH_TASK_SHARED_DIR/common; test ! -e own; env | sort > $AZ_BATCH_TASK_SHARED_DIR/env; sleep {MARK} & exit 0")
    command = sh("cat own $AZ_BATCH_TASK_SHARED_DIR/common; env | sort")
    client.task.add("gang", gang("whole", 3, command, coordination, [shared], resource_files=[own]))
    task = wait_task(client, "gang", "whole", "completed")
    expect((task.execution_info.exit_code, task.execution_info.result.value) == (0, "success"), f"it succeeds: {task.execution_info}")
    settings = task.multi_instance_settings
    expect((settings.number_of_instances, settings.coordination_command_line, settings.common_resource_files[0].file_path) ==
           (3, coordination, "common"), f"its settings are shown as given: {settings}")
    out = said(client, "gang", "whole").splitlines()
    expect(out[:2] == ["this is own", "this is common"], f"the files are where they belong: {out[:2]}")
    expect(said(client, "gang", "whole", "coordination-stdout.txt") == "this is common\n", "the primary's coordination command has files of its own")
    environment = dict(line.split("=", 1) for line in out[2:] if "=" in line)
    parts = subtasks(client, "gang", "whole")
    expect([part.id for part in parts] == [1, 2], f"two subtasks: {parts}")
    used = [task.node_info.node_id] + [part.node_info.node_id for part in parts]
    expect(sorted(used) == sorted(nodes), f"on three nodes: {used}")
    addresses = [nodes[node] for node in used]
    expect(environment["AZ_BATCH_HOST_LIST"] == ",".join(addresses), f"AZ_BATCH_HOST_LIST: {environment['AZ_BATCH_HOST_LIST']}")
    expect(environment["AZ_BATCH_NODE_LIST"] == ";".join(addresses), f"AZ_BATCH_NODE_LIST: {environment['AZ_BATCH_NODE_LIST']}")
    expect(environment["AZ_BATCH_MASTER_NODE"] == f"{addresses[0]}:6000", f"AZ_BATCH_MASTER_NODE: {environment['AZ_BATCH_MASTER_NODE']}")
    expect(environment["CCP_NODES"] == "3 " + " ".join(f"{a} 1" for a in addresses), f"CCP_NODES: {environment['CCP_NODES']}")
    expect(environment["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "true", "the primary is the master")
    for part in parts:
        expect((part.state.value, part.previous_state.value, part.exit_code, part.result.value, part.failure_info) ==
               ("completed", "running", 0, "success", None), f"a subtask has coordinated: {part}")
        expect(part.start_time and part.end_time and part.state_transition_time, f"... at a time: {part}")
        root = part.node_info.task_root_directory
        expect(root == f"workitems/gang/job-1/whole/{part.id}", f"its folder is in the task's: {root}")
        expect(on_node(client, part.node_info, root + "/stdout.txt") == "this is common\n", "with what its coordination command said")
        theirs = dict(line.split("=", 1) for line in on_node(client, part.node_info, "workitems/gang/job-1/whole/shared/env").splitlines() if "=" in line)
        expect((theirs["AZ_BATCH_IS_CURRENT_NODE_MASTER"], theirs["AZ_BATCH_HOST_LIST"], theirs["AZ_BATCH_NODE_ID"]) ==
               ("false", ",".join(addresses), part.node_info.node_id), "it knows what it is of")
        expect(theirs["AZ_BATCH_TASK_DIR"].endswith(f"/whole/{part.id}") and theirs["AZ_BATCH_TASK_SHARED_DIR"].endswith("/whole/shared"), "... and where")
    some = subtasks(client, "gang", "whole", select="id,state")
    expect(all(part.id and part.state and part.node_info is None for part in some), f"selected: {some}")
    wait_nothing_left()
    recent = {node.id: [(one.task_id, one.subtask_id) for one in node.recent_tasks] for node in client.compute_node.list("gangs")}
    expect(sorted((recent[node][0] for node in used), key=str) == [("whole", 1), ("whole", 2), ("whole", None)], f"nodes say what they ran: {recent}")
    counts = client.job.get_task_counts("gang")
    expect((counts.task_counts.completed, counts.task_slot_counts.completed) == (1, 1), f"it counts once: {counts}")
    client.task.add("gang", models.TaskAddParameter(id="plain", command_line="/bin/true"))
    wait_task(client, "gang", "plain", "completed")
    expect(subtasks(client, "gang", "plain") == [], "other tasks have none")
    expect(refusal(lambda: subtasks(client, "gang", "nobody"))[0] == "TaskNotFound", "there has to be a task")


def failures_are_of_the_whole(client):
    # The last instance fails at its first try.
    once = sh(f"case $AZ_BATCH_TASK_DIR in */2) test $WINDLASS_TASK_ATTEMPT -gt 1 || exit 3;; esac; sleep {MARK} & exit 0")
    client.task.add("gang", gang("twice", 3, sh("echo attempt $WINDLASS_TASK_ATTEMPT"), once, constraints=models.TaskConstraints(max_task_retry_count=1)))
    task = wait_task(client, "gang", "twice", "completed")
    expect((task.execution_info.retry_count, task.execution_info.result.value) == (1, "success"), f"retried as a whole: {task.execution_info}")
    expect(said(client, "gang", "twice") == "attempt 2\n", "the command ran once, when all were ready")
    client.task.add("gang", gang("never", 3, sh("echo ran"), sh("test ${AZ_BATCH_TASK_DIR##*/} != 1 || exit 4")))
    task = wait_task(client, "gang", "never", "completed")
    info = task.execution_info
    expect((info.exit_code, info.result.value, info.failure_info.code) == (None, "failure", "CoordinationCommandFailed"), f"it fails: {info}")
    expect({d.name: d.value for d in info.failure_info.details} == {"ExitCode": "4", "SubtaskId": "1"}, f"and says which instance: {info.failure_info}")
    first, second = subtasks(client, "gang", "never")
    expect((first.exit_code, first.result.value, second.state.value) == (4, "failure", "completed"), f"subtasks say so: {first} {second}")
    client.task.add("gang", gang("missing", 2, "/bin/true", "/no/such/program", constraints=models.TaskConstraints(max_task_retry_count=5)))
    info = wait_task(client, "gang", "missing", "completed").execution_info
    expect((info.retry_count, info.failure_info.code) == (0, "CommandProgramNotFound"), f"what cannot begin is not tried again: {info}")
    client.task.add("gang", gang("code", 2, sh("exit 7")))
    info = wait_task(client, "gang", "code", "completed").execution_info
    expect((info.exit_code, info.failure_info.code) == (7, "FailureExitCode"), f"the exit code is the primary's: {info}")
    client.task.add("gang", gang("long", 2, "/bin/sleep 600", constraints=models.TaskConstraints(max_wall_clock_time="PT2S")))
    info = wait_task(client, "gang", "long", "completed").execution_info
    expect(info.failure_info.code == "TaskEnded", f"time limits hold: {info}")
    wait_nothing_left()


def who_ends_it_ends_all(client):
    client.task.add("gang", gang("ended", 3, "/bin/sleep 600"))
    wait_until(lambda: len(left_behind()) == 3, 30, "all instances have coordinated")
    expect([(part.state.value, part.result) for part in subtasks(client, "gang", "ended")] == [("running", None)] * 2, "subtasks run")
    client.task.terminate("gang", "ended")
    expect(client.task.get("gang", "ended").execution_info.failure_info.code == "TaskEnded", "the primary ends at once")
    wait_nothing_left()
    client.task.reactivate("gang", "ended")
    wait_until(lambda: len(left_behind()) == 3, 30, "all instances run again")
    parts = subtasks(client, "gang", "ended")
    client.task.delete("gang", "ended")
    wait_nothing_left()

    def folder_gone():
        return all(refusal(lambda info=part.node_info: on_node(client, info, "workitems/gang/job-1/ended/1/stdout.txt"))[0] for part in parts)
    wait_until(folder_gone, 30, "the folders of the subtasks go with the task")


def it_waits_for_what_it_needs(client):
    client.task.add("gang", gang("wide", 4, "/bin/true"))  # the pool has three nodes
    client.task.add("gang", gang("fits", 3, "/bin/true"))
    wait_task(client, "gang", "fits", "completed")
    expect(client.task.get("gang", "wide").state.value == "active", "what no pool can hold holds back nothing")
    client.task.delete("gang", "wide")
    make_pool(client, "plain", nodes=2)
    make_job(client, "plain", "plain")
    client.task.add("plain", gang("alone", 1, "/bin/true"))
    time.sleep(1)
    expect(client.task.get("plain", "alone").state.value == "active", "in a pool without inter-node communication it waits")
    client.job.delete("plain")
    client.pool.delete("plain")
    for wrong, name in ((dict(instances=0), "multiInstanceSettings.numberOfInstances"), (dict(instances=257), "multiInstanceSettings.numberOfInstances"),
                        (dict(instances=2, required_slots=2), "requiredSlots")):
        expect(refusal(lambda w=wrong: client.task.add("gang", gang("wrong", command="/bin/true", **w))) == ("InvalidPropertyValue", name), f"refused: {wrong}")


def it_is_not_passed_for_ever(client):
    make_job(client, "stream", "gangs")
    for batch in range(2):
        client.task.add_collection("stream", [models.TaskAddParameter(id=f"s{batch}-{i}", command_line="/bin/sleep 0.4") for i in range(60)])
    client.task.add("gang", gang("patient", 3, "/bin/true"))
    wait_task(client, "gang", "patient", "completed", 60)
    counts = client.job.get_task_counts("stream").task_counts
    expect(counts.active > 60, f"it began among others of its priority, not behind them: {counts}")
    client.job.delete("stream")


def all_nodes_are_prepared(client):
    make_job(client, "prepared", "gangs", job_preparation_task=models.JobPreparationTask(command_line=sh("sleep 0.5; echo ready > mark")),
             job_release_task=models.JobReleaseTask(command_line="/bin/true"))
    client.task.add("prepared", gang("t", 3, "/bin/true", sh(f"cat $AZ_BATCH_JOB_PREP_WORKING_DIR/mark; sleep {MARK} & exit 0")))
    wait_task(client, "prepared", "t", "preparing", 20)
    expect({part.state.value for part in subtasks(client, "prepared", "t")} == {"preparing"}, "subtasks wait, too")
    task = wait_task(client, "prepared", "t", "completed")
    expect(task.execution_info.result.value == "success", f"every node was prepared: {task.execution_info}")
    client.job.terminate("prepared")
    wait_until(lambda: client.job.get("prepared").state.value == "completed", 60, "the job is completed")
    found = list(client.job.list_preparation_and_release_task_status("prepared"))
    expect(len(found) == 3 and all(one.job_release_task_execution_info.exit_code == 0 for one in found), f"and released: {found}")


def kills_change_nothing(cluster, client):
    for role in ("scheduler", "worker"):
        # While instances coordinate, and while the command runs.
        for when, coordination, command in (("early", sh(f"sleep 3; sleep {MARK} & exit 0"), sh("echo attempt $WINDLASS_TASK_ATTEMPT")),
                                            ("late", LEAVES_SOMETHING, sh("sleep 3; echo attempt $WINDLASS_TASK_ATTEMPT"))):
            name = f"{role}-{when}"
            client.task.add("gang", gang(name, 3, command, coordination))
            wait_task(client, "gang", name, "running", 20)
            if when == "late":
                wait_until(lambda: len(left_behind()) == 3, 30, "all instances have coordinated")
            else:
                time.sleep(1)
            cluster.kill(role)
            task = wait_task(client, "gang", name, "completed", 120)
            expect(task.execution_info.result.value == "success", f"{name}: {task.execution_info}")
            expect(said(client, "gang", name) == "attempt 1\n", f"{name}: it went on with the same attempt")
            wait_nothing_left()
            cluster.wait_healthy()
    # The guard takes its processes along: the whole begins anew, at no cost.
    client.task.add("gang", gang("guard", 3, sh("sleep 2; echo attempt $WINDLASS_TASK_ATTEMPT")))
    wait_until(lambda: len(left_behind()) == 3, 30, "all instances have coordinated")
    guards = [pid for pid, line in cluster.processes() if "--spawner" in line]
    expect(guards, "there is a guard")
    for pid in guards:
        os.kill(pid, signal.SIGKILL)
    task = wait_task(client, "gang", "guard", "completed", 120)
    expect((task.execution_info.result.value, task.execution_info.retry_count) == ("success", 0), f"lost and run again: {task.execution_info}")
    expect(said(client, "gang", "guard") == "attempt 2\n", "as a second attempt of the whole")
    wait_nothing_left()


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"this is {self.path.strip('/')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def multi_instance_tasks():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    web = f"http://127.0.0.1:{server.server_address[1]}"
    with Cluster("--nodes", "5") as cluster:
        client = cluster.batch()
        make_pool(client, "gangs", nodes=3, enable_inter_node_communication=True)
        expect(client.pool.get("gangs").enable_inter_node_communication, "the pool says that its nodes talk to each other")
        make_job(client, "gang", "gangs")
        for rule in (functools.partial(all_instances_then_the_command, web=web), failures_are_of_the_whole, who_ends_it_ends_all,
                     it_waits_for_what_it_needs, it_is_not_passed_for_ever, all_nodes_are_prepared):
            name = getattr(rule, "func", rule).__name__
            print(f"  {name.replace('_', ' ')}", flush=True)
            rule(client)
        print("  kills change nothing", flush=True)
        kills_change_nothing(cluster, client)
    server.shutdown()


run([multi_instance_tasks])
