#!/usr/bin/python3
"""azure-batch 15.1.0 (api-version 2025-06-01), unmodified: what it can do to nodes, with its pollers: rebooted, reimaged, deallocated,
started, removed; what prepares and releases them for jobs; what hosts of one's own do not have."""
import datetime
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import node_users  # noqa: E402
from client15 import POLL, bytes_of, code_of, connection, job_of, models, pool_of  # noqa: E402

from azure.batch import BatchClient  # noqa: E402
from azure.core.exceptions import ResourceNotFoundError  # noqa: E402
from cluster import Cluster, expect, run, wait_until  # noqa: E402
from containers import Container  # noqa: E402

POOL = "n15"
REQUEUE = {"nodeRebootOption": "requeue"}
COUNT = """/bin/sh -c 'echo begun >> $AZ_BATCH_NODE_SHARED_DIR/starts; wc -l < $AZ_BATCH_NODE_SHARED_DIR/starts'"""


def nodes_of(client):
    return sorted(node.id for node in client.list_nodes(POOL))


def wait_idle(client, node):
    def idle():
        now = client.get_node(POOL, node)
        return now.state == "idle" and now
    return wait_until(idle, 60, f"{node} is idle")


def file_of(client, node, path):
    return bytes_of(client.download_node_file(POOL, node, path)).decode()


def wait_complete(client, job, total):
    wait_until(lambda: client.get_job_task_counts(job).task_counts.completed == total, 60, f"{total} tasks of {job} complete")


def a_pool_gets_other_properties(client, cluster):
    client.create_pool(pool_of(POOL, start_task=models.BatchStartTask(command_line=COUNT, wait_for_success=True)))
    wait_until(lambda: [node.state for node in client.list_nodes(POOL)] == ["idle", "idle"], 60, "idle nodes")
    node = client.get_node(POOL, nodes_of(client)[0])
    expect((node.start_task_info.result, node.start_task_info.exit_code) == ("success", 0), f"the start task ran: {node.start_task_info}")
    client.replace_pool_properties(POOL, models.BatchPoolReplaceOptions(
        start_task=models.BatchStartTask(command_line=COUNT + " ", wait_for_success=True, max_task_retry_count=2),
        application_package_references=[], metadata=[models.BatchMetadataItem(name="of", value="now")]))
    pool = client.get_pool(POOL)
    expect(pool.start_task.max_task_retry_count == 2 and pool.metadata[0].value == "now", "all of them are replaced")
    client.replace_pool_properties(POOL, models.BatchPoolReplaceOptions(
        start_task=models.BatchStartTask(command_line=COUNT, wait_for_success=True), application_package_references=[], metadata=[]))
    pool = client.get_pool(POOL)
    expect(pool.start_task.max_task_retry_count == 0 and not pool.metadata, "what is left out is gone")


def nodes_begin_anew(client, cluster):
    node, other = nodes_of(client)
    before = client.get_node(POOL, node)
    client.begin_reboot_node(POOL, node, {"nodeRebootOption": "terminate"}, **POLL).result()
    after = wait_idle(client, node)
    expect(after.last_boot_time > before.last_boot_time and after.allocation_time == before.allocation_time, "booted later, the same node")
    expect(file_of(client, node, "startup/stdout.txt").strip() == "2", "a reboot keeps files: its start task counts on")
    client.begin_reimage_node(POOL, node, {"nodeReimageOption": "requeue"}, **POLL).result()
    wait_idle(client, node)
    expect(file_of(client, node, "startup/stdout.txt").strip() == "1", "a reimaged node begins with nothing")
    client.begin_deallocate_node(POOL, node, {"nodeDeallocateOption": "taskcompletion"}, **POLL).result()
    expect(client.get_node(POOL, node).state == "deallocated", "the poller waits until it is")
    expect([n.id for n in client.list_nodes(POOL, filter="state eq 'deallocated'")] == [node], "it stays in its pool")
    counts = next(iter(client.list_pool_node_counts(filter=f"poolId eq '{POOL}'"))).dedicated
    expect((counts.deallocated, counts.idle, counts.total) == (1, 1, 2), f"and is counted: {counts}")
    # Without options this client fails by itself: it sends no content type then, and insists on one.
    expect(code_of(client.begin_reboot_node, POOL, node, REQUEUE, **POLL) == "OperationInvalidForCurrentState", "it cannot be rebooted")
    client.create_job(job_of("elsewhere", POOL))
    client.create_task_collection("elsewhere", models.BatchTaskGroup(task_values=[
        models.BatchTaskCreateOptions(id=f"t{i}", command_line="/bin/true") for i in range(8)]))
    wait_complete(client, "elsewhere", 8)
    expect({task.node_info.node_id for task in client.list_tasks("elsewhere")} == {other}, "it takes no tasks")
    client.begin_delete_job("elsewhere", **POLL).result()
    client.begin_start_node(POOL, node, **POLL).result()
    wait_idle(client, node)
    expect(code_of(client.begin_start_node, POOL, node, **POLL) == "OperationInvalidForCurrentState", "it has been started")
    expect(code_of(client.begin_reimage_node, POOL, "nope", {"nodeReimageOption": "requeue"}, error=ResourceNotFoundError, **POLL) == "NodeNotFound", "NodeNotFound")


def nodes_are_prepared_and_released(client, cluster):
    client.create_job(job_of(
        "tended", POOL,
        job_preparation_task=models.BatchJobPreparationTask(command_line="/bin/sh -c 'echo ready > made'"),
        job_release_task=models.BatchJobReleaseTask(command_line="/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/made; exit 3'")))
    shown = client.get_job("tended")
    expect((shown.job_preparation_task.id, shown.job_release_task.id) == ("jobpreparation", "jobrelease"), "names that were not given")
    expect(shown.job_release_task.max_wall_clock_time == datetime.timedelta(minutes=15), "a release has a quarter of an hour")
    client.create_task("tended", models.BatchTaskCreateOptions(id="t", command_line="/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/made'"))
    wait_complete(client, "tended", 1)
    used = client.get_task("tended", "t").node_info.node_id
    status, = client.list_job_preparation_and_release_task_status("tended")
    prepared = status.job_preparation_task_execution_info
    expect((status.pool_id, status.node_id, prepared.state, prepared.exit_code, prepared.result) == (POOL, used, "completed", 0, "success"),
           f"the node that ran the task was prepared: {status}")
    expect(status.job_release_task_execution_info is None, "and is not released yet")
    client.begin_terminate_job("tended", {"terminateReason": "enough"}, **POLL).result()
    status, = client.list_job_preparation_and_release_task_status("tended", select=["nodeId", "jobReleaseTaskExecutionInfo"])
    released = status.job_release_task_execution_info
    expect((status.node_id, released.state, released.exit_code, released.result) == (used, "completed", 3, "failure"),
           f"a release that fails holds nothing up: {released}")
    expect(released.failure_info.code == "FailureExitCode" and status.job_preparation_task_execution_info is None, "only what was selected")
    expect(file_of(client, used, released.task_root_directory + "/stdout.txt") == "ready\n", "it saw what had been prepared")
    failed = "jobReleaseTaskExecutionInfo/result eq 'failure'"
    expect(len(list(client.list_job_preparation_and_release_task_status("tended", filter=failed))) == 1, "it is found by its result")
    client.create_job(job_of("plain", POOL))
    expect(code_of(client.list_job_preparation_and_release_task_status, "plain") == "JobPreparationTaskNotSpecified", "nothing was to be prepared")
    for job in ("tended", "plain"):
        client.begin_delete_job(job, **POLL).result()


def users_of_a_node_are_users_of_its_host(client, cluster):
    if not node_users.ALLOWED:
        print("    not tried: only root can make them")
        return
    node = nodes_of(client)[0]
    with node_users.made_up() as (me,):
        user = models.BatchNodeUserCreateOptions(name=me, password="Secret-123")
        client.create_node_user(POOL, node, user)
        expect(node_users.takes_password(me, "Secret-123"), "it may come in")
        expect(code_of(client.create_node_user, POOL, node, user) == "NodeUserExists", "and is there already")
        client.replace_node_user(POOL, node, me, models.BatchNodeUserReplaceOptions(ssh_public_key=node_users.KEY))
        expect(node_users.keys(me) == node_users.KEY + "\n" and not node_users.takes_password(me, "Secret-123"), "by a key from now on")
        client.delete_node_user(POOL, node, me)
        expect(not node_users.exists(me), "it is gone")
        expect(code_of(client.delete_node_user, POOL, node, me, error=ResourceNotFoundError) == "NodeUserNotFound", "none to remove")


def hosts_of_ones_own_do_not_have_that(client, cluster):
    node = nodes_of(client)[0]
    login = client.get_node_remote_login_settings(POOL, node)
    expect((login.remote_login_ip_address, login.remote_login_port) == (client.get_node(POOL, node).ip_address, 22), "the host's own door")
    expect(list(client.list_node_extensions(POOL, node)) == [], "no extensions")
    expect(code_of(client.get_node_extension, POOL, node, "x", error=ResourceNotFoundError) == "ResourceNotFound", "not by name either")
    expect(list(client.list_applications()) == [], "no applications")
    expect(code_of(client.get_application, "x", error=ResourceNotFoundError) == "ApplicationNotFound", "not by name either")
    now = datetime.datetime.now(datetime.timezone.utc)
    expect(list(client.list_pool_usage_metrics(start_time=now - datetime.timedelta(hours=2), end_time=now)) == [], "no metered use")
    expect(code_of(client.list_pool_usage_metrics, start_time=now, end_time=now - datetime.timedelta(hours=2)) ==
           "OutOfRangeQueryParameterValue", "a range that ends before it begins")


def its_log_can_be_had(client, cluster):
    node = nodes_of(client)[0]
    container = Container(cluster.environment["AZURE_STORAGE_CONNECTION_STRING"], "logs")
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    result = client.upload_node_logs(POOL, node, models.UploadBatchServiceLogsOptions(container_url=container.url, start_time=start))
    expect(result.number_of_files_uploaded == 1 and result.virtual_directory_name.startswith(f"{POOL}/{node}/"), f"one file: {result}")
    wait_until(lambda: container.names() == [f"{result.virtual_directory_name}/worker.log"], 60, "it is in the container")


def nodes_are_removed(client, cluster):
    gone, stays = nodes_of(client)
    expect(code_of(client.begin_remove_nodes, POOL, models.BatchNodeRemoveOptions(node_ids=[gone, "nope"]), error=ResourceNotFoundError,
                   **POLL) == "NodeNotFound", "an unknown node refuses the whole removal")
    client.begin_remove_nodes(POOL, models.BatchNodeRemoveOptions(node_ids=[gone], node_deallocation_option="terminate"), **POLL).result()
    pool = client.get_pool(POOL)
    expect((pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (1, 1), "the target went with the node")
    expect(nodes_of(client) == [stays], "it is gone")
    client.begin_delete_pool(POOL, **POLL).result()


def synchronous():
    with Cluster(*node_users.OPTIONS) as cluster, BatchClient(**connection(cluster)) as client:
        for part in (a_pool_gets_other_properties, nodes_begin_anew, nodes_are_prepared_and_released,
                     users_of_a_node_are_users_of_its_host, hosts_of_ones_own_do_not_have_that,
                     its_log_can_be_had, nodes_are_removed):
            print(f"  {part.__name__.replace('_', ' ')}", flush=True)
            part(client, cluster)


run([synchronous])
