#!/usr/bin/python3
"""Pools and their nodes through Debian's azure-batch 13.0.1, unmodified: nodes are removed, rebooted and reimaged, also
while the worker and the scheduler are killed; pools are changed and resized; what hosts of one's own do not have."""
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cluster import AGENT, IMAGE, Cluster, expect, make_job, make_pool, run, wait_nodes_idle, wait_until  # noqa: E402
from raw import Raw  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402


def code(action, *words, **more):
    """The code of the refusal; none: it was done."""
    try:
        action(*words, **more)
    except BatchErrorException as error:
        return error.error.code
    return None


def value(state):
    return str(getattr(state, "value", state))


def nodes_of(client, pool):
    return sorted(node.id for node in client.compute_node.list(pool))


def wait_state(client, pool, node, *states, seconds=60):
    def there():
        now = client.compute_node.get(pool, node)
        return value(now.state) in states and now
    return wait_until(there, seconds, f"{node} is {' or '.join(states)}")


def wait_steady(client, pool, seconds=60):
    def steady():
        now = client.pool.get(pool)
        return value(now.allocation_state) == "steady" and now
    return wait_until(steady, seconds, f"{pool} is steady")


def wait_task(client, job, task, state):
    def there():
        now = client.task.get(job, task)
        return value(now.state) == state and now
    return wait_until(there, 60, f"{task} is {state}")


def add(client, job, task, line="/bin/true", node=None, retention=None):
    client.task.add(job, models.TaskAddParameter(
        id=task, command_line=line, affinity_info=models.AffinityInformation(affinity_id=f"TVM:{node}") if node else None,
        constraints=models.TaskConstraints(retention_time=retention) if retention else None))


def file_on(client, pool, node, path):
    return b"".join(client.file.get_from_compute_node(pool, node, path)).decode()


def nodes_are_removed_by_name(client, cluster):
    make_pool(client, "removal", nodes=3)
    make_job(client, "removed", "removal")
    nodes = nodes_of(client, "removal")
    add(client, "removed", "busy", "/bin/sleep 600", node=nodes[1])
    wait_task(client, "removed", "busy", "running")
    expect(code(client.pool.remove_nodes, "removal", models.NodeRemoveParameter(node_list=[nodes[0], "tvmps_none_d"])) == "NodeNotFound",
           "an unknown node refuses the whole removal")
    expect(client.pool.get("removal").target_dedicated_nodes == 3, "... which changes nothing")
    busy = client.task.get("removed", "busy").node_info.node_id
    client.pool.remove_nodes("removal", models.NodeRemoveParameter(node_list=[busy]))
    again = models.NodeRemoveParameter(node_list=[nodes[0]])
    refused = code(client.pool.remove_nodes, "removal", again)
    expect(refused in ("PoolBeingResized", None), f"one resize at a time: {refused}")
    pool = wait_steady(client, "removal")
    expect(busy not in nodes_of(client, "removal"), "the node is gone")
    if refused:
        expect((pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (2, 2), "the target went with it")
    moved = wait_task(client, "removed", "busy", "running")
    expect(moved.node_info.node_id != busy and moved.execution_info.requeue_count == 1, "its task runs elsewhere, requeued once")

    add(client, "removed", "ends", "/bin/sh -c 'sleep 2; echo done'")
    last = wait_task(client, "removed", "ends", "running").node_info.node_id
    client.pool.remove_nodes("removal", models.NodeRemoveParameter(node_list=[last], node_deallocation_option="taskCompletion"))
    expect(value(wait_task(client, "removed", "ends", "completed").execution_info.result) == "success", "who waits lets tasks end")
    wait_steady(client, "removal")

    client.job.delete("removed")
    client.pool.delete("removal")


def retained_data_is_waited_for(client, cluster):
    from datetime import timedelta
    make_pool(client, "retained", nodes=1)
    make_job(client, "keeps", "retained")
    add(client, "keeps", "kept", "/bin/echo kept", retention=timedelta(hours=3))
    node = wait_task(client, "keeps", "kept", "completed").node_info.node_id
    client.pool.remove_nodes("retained", models.NodeRemoveParameter(node_list=[node], node_deallocation_option="retainedData"))
    wait_state(client, "retained", node, "leavingpool")
    time.sleep(1)
    expect(file_on(client, "retained", node, "workitems/keeps/job-1/kept/stdout.txt") == "kept\n", "what a task left is still there")
    client.task.delete("keeps", "kept")
    expect(wait_steady(client, "retained").current_dedicated_nodes == 0, "when nothing is left, the node goes")
    client.job.delete("keeps")
    client.pool.delete("retained")


START = """/bin/sh -c 'echo begun >> $AZ_BATCH_NODE_SHARED_DIR/starts; wc -l < $AZ_BATCH_NODE_SHARED_DIR/starts'"""


def nodes_reboot_and_are_reimaged(client, cluster):
    make_pool(client, "anew", nodes=2, start_task=models.StartTask(command_line=START, wait_for_success=True, max_task_retry_count=1))
    make_job(client, "runs", "anew")
    node, other = nodes_of(client, "anew")
    before = client.compute_node.get("anew", node)
    expect(value(before.start_task_info.result) == "success" and before.start_task_info.retry_count == 0, "the start task ran")
    add(client, "runs", "mark", "/bin/sh -c 'echo mark > $AZ_BATCH_NODE_SHARED_DIR/mark'", node=node)
    wait_task(client, "runs", "mark", "completed")
    add(client, "runs", "long", "/bin/sleep 600", node=node)
    wait_task(client, "runs", "long", "running")

    client.compute_node.reboot("anew", node)
    look = client.compute_node.get("anew", node)
    expect(value(look.state) != "idle" or look.last_boot_time > before.last_boot_time, "the next look shows that it goes, or has gone")
    busy = code(client.compute_node.reboot, "anew", node)
    expect(busy in ("NodeBeingRebooted", "NodeBeingStarted", None), f"a second reboot at once: {busy}")
    after = wait_state(client, "anew", node, "idle", "running")
    expect(after.last_boot_time > before.last_boot_time, "it was booted later")
    expect(after.start_task_info.start_time > before.start_task_info.start_time, "its start task ran again")
    expect(file_on(client, "anew", node, "shared/mark") == "mark\n", "a reboot keeps files")
    requeued = wait_task(client, "runs", "long", "running")
    expect(requeued.execution_info.requeue_count == 0, "a reboot's requeues are not counted")
    expect(value(client.compute_node.get("anew", other).state) in ("idle", "running"), "the other node goes on")

    holder = "long"
    if requeued.node_info.node_id != node:
        holder = "holds"
        add(client, "runs", holder, "/bin/sleep 600", node=node)
        expect(wait_task(client, "runs", holder, "running").node_info.node_id == node, "there is room on no other node")
    client.compute_node.reimage("anew", node, node_reimage_option="taskCompletion")
    expect(value(client.compute_node.get("anew", node).state) == "reimaging", "it waits for its task")
    expect(code(client.compute_node.reimage, "anew", node) == "NodeBeingReimaged", "while it waits for its task, it is on its way already")
    if holder != "long":
        client.task.terminate("runs", holder)
    client.task.terminate("runs", "long")
    wait_state(client, "anew", node, "idle")
    expect(code(client.file.get_from_compute_node, "anew", node, "shared/mark") == "FileNotFound", "a reimaged node has no old files")
    expect(file_on(client, "anew", node, "startup/stdout.txt").strip() == "1", "its start task ran on an empty node")

    add(client, "runs", "ended", "/bin/sleep 600", node=node)
    where = wait_task(client, "runs", "ended", "running").node_info.node_id
    client.compute_node.reboot("anew", where, node_reboot_option="terminate")
    failure = wait_task(client, "runs", "ended", "completed").execution_info.failure_info
    expect(failure.code == "TaskEnded", f"terminate ends tasks: {failure}")
    wait_state(client, "anew", where, "idle")

    expect(code(client.compute_node.reboot, "anew", "tvmps_none_d") == "NodeNotFound", "an unknown node")
    view = client.compute_node.get("anew", node)
    expect(view.recent_tasks and view.recent_tasks[0].job_id == "runs", "recent tasks are told")
    expect(view.total_tasks_run >= 1 and view.running_tasks_count == 0, "tasks are counted")
    expect(view.node_agent_info.version and view.node_agent_info.last_update_time, "the agent tells its version")
    expect(view.endpoint_configuration.inbound_endpoints[0].backend_port == 22, "there is a door")


def changes_of_the_start_task_come_with_a_reboot(client, cluster):
    node = nodes_of(client, "anew")[0]
    client.pool.update_properties("anew", models.PoolUpdatePropertiesParameter(
        start_task=models.StartTask(command_line="/bin/echo replaced", wait_for_success=True),
        certificate_references=[], application_package_references=[], metadata=[models.MetadataItem(name="of", value="now")]))
    pool = client.pool.get("anew")
    expect(pool.start_task.command_line == "/bin/echo replaced" and pool.metadata[0].value == "now", "the pool has the new properties")
    expect(file_on(client, "anew", node, "startup/stdout.txt") != "replaced\n", "a node that is there keeps the old start task")
    client.compute_node.reboot("anew", node)
    wait_state(client, "anew", node, "idle")
    expect(file_on(client, "anew", node, "startup/stdout.txt") == "replaced\n", "... until it is rebooted")
    client.pool.update_properties("anew", models.PoolUpdatePropertiesParameter(
        certificate_references=[], application_package_references=[], metadata=[]))
    pool = client.pool.get("anew")
    expect(pool.start_task is None and not pool.metadata, "what is left out is gone")


def restarts_survive_kills(client, cluster):
    make_pool(client, "killed", nodes=2, start_task=models.StartTask(command_line="/bin/sleep 1", wait_for_success=True))
    make_job(client, "tasks", "killed")
    nodes = nodes_of(client, "killed")
    for role in ("worker", "scheduler", "worker", "scheduler"):
        for node in nodes:
            add(client, "tasks", f"sleeps-{role}-{node[-9:]}-{time.monotonic_ns()}", "/bin/sleep 1", node=node)
        client.compute_node.reimage("killed", nodes[0])
        client.compute_node.reboot("killed", nodes[1], node_reboot_option="taskCompletion")
        cluster.kill(role, signal.SIGKILL)
        cluster.wait_healthy()
        for node in nodes:
            wait_state(client, "killed", node, "idle", seconds=120)
    expect(nodes_of(client, "killed") == nodes, "they are the same nodes")
    def all_ended():
        return all(value(task.state) == "completed" for task in client.task.list("tasks"))
    wait_until(all_ended, 60, "every task")
    expect(all(value(task.execution_info.result) == "success" for task in client.task.list("tasks")), "no task was lost")
    client.job.delete("tasks")
    client.pool.delete("killed")


def newer_versions_deallocate_and_start(client, cluster):
    """Through the wire: the client in this version has no such operations."""
    node = nodes_of(client, "anew")[0]
    raw = Raw(cluster)
    def told(answer):
        return answer.status if answer.status < 300 else answer.code
    def post(what, body=None):
        return told(raw("POST", f"/pools/anew/nodes/{node}/{what}", body, version="2025-06-01"))
    def patch(body):
        return told(raw("PATCH", "/pools/anew", body, version="2025-06-01"))
    expect(post("start") == "OperationInvalidForCurrentState", "only what is deallocated starts")
    expect(post("deallocate", {"nodeDeallocateOption": "taskcompletion"}) == 202, "it is deallocated")
    wait_state(client, "anew", node, "deallocated")
    counts = [c for c in raw("GET", "/nodecounts", version="2025-06-01").json["value"] if c["poolId"] == "anew"]
    expect(counts[0]["dedicated"]["deallocated"] == 1, "it is counted so")
    expect(code(client.compute_node.reboot, "anew", node) == "OperationInvalidForCurrentState", "it can only be started")
    expect(post("start") == 202, "it starts")
    wait_state(client, "anew", node, "idle")
    expect(patch({"taskSlotsPerNode": 4}) == "OperationInvalidForCurrentState", "what makes nodes is fixed while there are some")
    client.pool.resize("anew", models.PoolResizeParameter(target_dedicated_nodes=0))
    wait_steady(client, "anew")
    expect(patch({"taskSlotsPerNode": 4, "displayName": "changed", "taskSchedulingPolicy": {"nodeFillType": "pack"}}) == 200, "... and then is not")
    pool = client.pool.get("anew")
    expect((pool.task_slots_per_node, pool.display_name) == (4, "changed"), f"the pool shows it: {pool}")
    client.pool.resize("anew", models.PoolResizeParameter(target_dedicated_nodes=1))
    wait_nodes_idle(client, "anew", 1)


def resizes_end_in_time_or_when_told(client, cluster):
    make_pool(client, "resized", nodes=1)
    expect(code(client.pool.stop_resize, "resized") == "OperationInvalidForCurrentState", "nothing to stop")
    client.pool.resize("resized", models.PoolResizeParameter(target_dedicated_nodes=10_000))
    expect(value(client.pool.get("resized").allocation_state) == "resizing", "there are not so many")
    client.pool.stop_resize("resized")
    pool = wait_steady(client, "resized")
    expect([error.code for error in pool.resize_errors] == ["ResizeStopped"], f"it was stopped: {pool.resize_errors}")
    client.pool.delete("resized")


def what_hosts_of_ones_own_do_not_have(client, cluster):
    node = nodes_of(client, "anew")[0]
    login = client.compute_node.get_remote_login_settings("anew", node)
    expect(login.remote_login_ip_address and login.remote_login_port == 22, "the host's own door")
    user = models.ComputeNodeUser(name="me", password="Secret-123")
    expect(code(client.compute_node.add_user, "anew", node, user) == "OperationNotValidOnNode", "no logins are made")
    expect(code(client.compute_node.delete_user, "anew", node, "me") == "NodeUserNotFound", "so there is none to remove")
    expect(code(client.compute_node.update_user, "anew", node, "me", models.NodeUpdateUserParameter(password="x")) == "NodeUserNotFound", "or change")
    expect(code(client.compute_node.get_remote_desktop, "anew", node) == "OperationNotValidOnNode", "no desktop")
    expect(list(client.compute_node_extension.list("anew", node)) == [], "no extensions")
    expect(code(client.compute_node_extension.get, "anew", node, "x") == "ResourceNotFound", "not by name either")
    expect(list(client.application.list()) == [], "no applications")
    expect(code(client.application.get, "x") == "ApplicationNotFound", "not by name either")
    expect(list(client.pool.list_usage_metrics()) == [], "no metered use")


def a_worker_that_stays_away():
    """Takes as long as the scheduler is patient with it: half a minute until its node is unknown, three more until it is unusable."""
    with Cluster() as cluster:
        client = cluster.batch()
        make_pool(client, "away", nodes=1)
        node = nodes_of(client, "away")[0]
        worker = cluster.pid("worker")
        os.kill(worker, signal.SIGSTOP)
        try:
            wait_state(client, "away", node, "unknown", seconds=90)
            expect(code(client.compute_node.reboot, "away", node) == "NodeNotReady", "nobody is there to reboot it")
            wait_state(client, "away", node, "unusable", seconds=300)
            expect(code(client.compute_node.reimage, "away", node) == "NodeStateUnusable", "nor later")
        finally:
            os.kill(worker, signal.SIGCONT)
        wait_state(client, "away", node, "idle")
        client.compute_node.reboot("away", node)
        wait_state(client, "away", node, "idle")


def a_spot_worker_that_stays_away():
    with Cluster() as cluster, cluster.another_worker("--offers=1:leaving:spot") as worker:
        client = cluster.batch()
        client.pool.add(models.PoolAddParameter(
            id="spot", vm_size="leaving", target_low_priority_nodes=1,
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT)))
        wait_nodes_idle(client, "spot", 1)
        node = nodes_of(client, "spot")[0]
        make_job(client, "spot", "spot")
        client.task.add("spot", models.TaskAddParameter(id="again", command_line="/bin/sh -c 'test -e $AZ_BATCH_NODE_SHARED_DIR/been || "
                                                        "{ touch $AZ_BATCH_NODE_SHARED_DIR/been; sleep 600; }'"))
        wait_until(lambda: value(client.task.get("spot", "again").state) == "running", 60, "it runs")
        os.kill(worker.pid, signal.SIGSTOP)
        try:
            wait_state(client, "spot", node, "preempted", seconds=90)
            waiting = client.task.get("spot", "again")
            expect((value(waiting.state), waiting.execution_info.requeue_count) == ("active", 0), "its task waits, and that counts for nothing")
            expect(client.pool.get("spot").current_low_priority_nodes == 1, "the node is counted")
            counts = {count.pool_id: count for count in client.account.list_pool_node_counts()}["spot"].low_priority
            expect((counts.preempted, counts.total) == (1, 1), f"as preempted: {counts}")
            expect(code(client.compute_node.reboot, "spot", node) == "NodeNotReady", "nobody is there to reboot it")
        finally:
            os.kill(worker.pid, signal.SIGCONT)
        wait_until(lambda: value(client.task.get("spot", "again").state) == "completed", 60, "it runs again, on the same node")
        info = client.task.get("spot", "again")
        expect((info.node_info.node_id, value(info.execution_info.result), info.execution_info.retry_count) == (node, "success", 0), f"well: {info}")


def pools_and_nodes():
    with Cluster() as cluster:
        client = cluster.batch()
        for rule in (nodes_are_removed_by_name, retained_data_is_waited_for, nodes_reboot_and_are_reimaged,
                     changes_of_the_start_task_come_with_a_reboot, newer_versions_deallocate_and_start,
                     resizes_end_in_time_or_when_told, what_hosts_of_ones_own_do_not_have, restarts_survive_kills):
            print(f"  {rule.__name__.replace('_', ' ')}", flush=True)
            rule(client, cluster)


# The second waits for minutes until a silent worker's nodes are given up.
run([a_spot_worker_that_stays_away, a_worker_that_stays_away] if "--away" in sys.argv[1:] else [pools_and_nodes])
