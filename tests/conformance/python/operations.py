#!/usr/bin/python3
"""What else azure-batch 13.0.1 and 14.2.0, unmodified, can ask for, with what they must be answered: pools and jobs that are changed,
disabled and enabled, tasks by themselves, files by node and by task, nodes, schedules. Beside workflow.py, which both run as well."""
import datetime
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import node_users  # noqa: E402
from certificates import PASSWORD, Certificate  # noqa: E402
from containers import Container, azurite  # noqa: E402
from cluster import Cluster, expect, make_job, make_pool, run, wait_nodes_idle, wait_tasks_complete, wait_until  # noqa: E402

from azure.batch import models  # noqa: E402
from azure.batch.models import BatchErrorException  # noqa: E402

POOL = "ops"
JOB = "ops-job"
MINUTE = datetime.timedelta(minutes=1)


def code(call, *words, **more):
    """The code of the refusal; none: it was done. Of a HEAD or a download nobody reads the body: its status."""
    try:
        call(*words, **more)
    except BatchErrorException as error:
        return error.error and error.error.code or error.response.status_code
    return None


def value(state):
    return str(getattr(state, "value", state))


def wait_state(get, state):
    def there():
        now = get()
        return value(now.state) == state and now
    return wait_until(there, 60, state)


def steady(client, pool):
    def there():
        now = client.pool.get(pool)
        return value(now.allocation_state) == "steady" and now
    return wait_until(there, 60, f"{pool} is steady")


def text(stream):
    return b"".join(stream).decode()


def pools(client):
    make_pool(client, POOL, nodes=1, slots=4, metadata=[models.MetadataItem(name="a", value="1")])
    client.pool.patch(POOL, models.PoolPatchParameter(metadata=[models.MetadataItem(name="b", value="2")]))
    shown = client.pool.get(POOL)
    expect([(item.name, item.value) for item in shown.metadata] == [("b", "2")], "PATCH replaces the metadata")
    expect(code(client.pool.patch, POOL, models.PoolPatchParameter(metadata=[]), models.PoolPatchOptions(if_match="0x1")) == "ConditionNotMet", "if-match")
    client.pool.update_properties(POOL, models.PoolUpdatePropertiesParameter(
        certificate_references=[], application_package_references=[], metadata=[models.MetadataItem(name="c", value="3")],
        start_task=models.StartTask(command_line="/bin/echo begun", wait_for_success=True)))
    shown = client.pool.get(POOL)
    expect((shown.metadata[0].name, shown.start_task.command_line) == ("c", "/bin/echo begun"), "all properties are replaced")
    client.pool.resize(POOL, models.PoolResizeParameter(target_dedicated_nodes=2))
    expect(steady(client, POOL).current_dedicated_nodes == 2, "one more node")
    wait_nodes_idle(client, POOL, 2)
    make_pool(client, "ops-greedy", nodes=10_000, wait=False)
    client.pool.stop_resize("ops-greedy")
    expect([error.code for error in steady(client, "ops-greedy").resize_errors] == ["ResizeStopped"], "a stopped resize says so")
    counts = {one.pool_id: one.dedicated for one in client.account.list_pool_node_counts()}
    expect((counts[POOL].total, counts[POOL].idle) == (2, 2) and set(counts) == {POOL, "ops-greedy"}, f"nodes are counted: {counts}")
    filtered = client.account.list_pool_node_counts(models.AccountListPoolNodeCountsOptions(filter=f"poolId eq '{POOL}'"))
    expect([one.pool_id for one in filtered] == [POOL], "of one pool only")
    client.pool.delete("ops-greedy")


def jobs(client):
    make_job(client, JOB, POOL, priority=7, job_preparation_task=models.JobPreparationTask(command_line="/bin/sh -c 'echo ready > made'"),
             job_release_task=models.JobReleaseTask(command_line="/bin/true"))
    make_job(client, "ops-off", POOL, priority=7)
    client.job.patch("ops-off", models.JobPatchParameter(metadata=[models.MetadataItem(name="a", value="b")]))
    patched = client.job.get("ops-off")
    expect((patched.priority, patched.metadata[0].value) == (7, "b"), "PATCH leaves the rest alone")
    client.job.update("ops-off", models.JobUpdateParameter(pool_info=models.PoolInformation(pool_id=POOL)))
    updated = client.job.get("ops-off")
    expect((updated.priority, updated.metadata) == (0, None), "PUT does not")
    client.task.add("ops-off", models.TaskAddParameter(id="long", command_line="/bin/sleep 600"))
    wait_state(lambda: client.task.get("ops-off", "long"), "running")
    client.job.disable("ops-off", "terminate")
    wait_state(lambda: client.job.get("ops-off"), "disabled")
    ended = client.task.get("ops-off", "long")
    expect((value(ended.state), ended.execution_info.failure_info.code) == ("completed", "TaskEnded"), "terminate ends what runs")
    client.task.add("ops-off", models.TaskAddParameter(id="later", command_line="/bin/true"))
    expect(value(client.task.get("ops-off", "later").state) == "active", "a disabled job takes tasks, and runs none")
    client.job.enable("ops-off")
    wait_state(lambda: client.task.get("ops-off", "later"), "completed")
    client.job.terminate("ops-off", "enough")
    expect(wait_state(lambda: client.job.get("ops-off"), "completed").execution_info.terminate_reason == "enough", "the reason is kept")
    expect(code(client.job.enable, "ops-off") == "JobCompleted", "it is over")
    expect(code(client.job.list_preparation_and_release_task_status, "ops-off") is None, "a list is asked for when it is read")
    expect(code(lambda: list(client.job.list_preparation_and_release_task_status("ops-off"))) == "JobPreparationTaskNotSpecified", "... then")
    client.job.delete("ops-off")


def tasks(client):
    client.task.add(JOB, models.TaskAddParameter(id="says", command_line="/bin/sh -c 'echo hello; mkdir d; echo inner > d/inner'"))
    client.task.add(JOB, models.TaskAddParameter(id="long", command_line="/bin/sleep 600"))
    wait_tasks_complete(client, JOB, 1)
    wait_state(lambda: client.task.get(JOB, "long"), "running")
    client.task.update(JOB, "long", models.TaskConstraints(max_task_retry_count=4, max_wall_clock_time=90 * MINUTE))
    now = client.task.get(JOB, "long").constraints
    expect((now.max_task_retry_count, now.max_wall_clock_time) == (4, 90 * MINUTE), f"new limits: {now}")
    client.task.update(JOB, "long", None)
    expect(client.task.get(JOB, "long").constraints.max_task_retry_count == 0, "without limits they are the defaults again")
    client.task.terminate(JOB, "long")
    expect(client.task.get(JOB, "long").execution_info.failure_info.code == "TaskEnded", "terminated")
    statuses = list(client.job.list_preparation_and_release_task_status(JOB))
    used = {client.task.get(JOB, task).node_info.node_id for task in ("says", "long")}
    expect({status.node_id for status in statuses} == used, "the nodes that ran tasks were prepared")
    expect(all(value(status.job_preparation_task_execution_info.result) == "success" for status in statuses), "... with success")


def files(client):
    info = client.task.get(JOB, "says").node_info
    node, root = info.node_id, info.task_root_directory
    expect(text(client.file.get_from_compute_node(POOL, node, f"{root}/stdout.txt")) == "hello\n", "a file of a node")
    about = client.file.get_properties_from_compute_node(POOL, node, f"{root}/stdout.txt", raw=True).response.headers
    expect((about["Content-Length"], about["ocp-batch-file-isdirectory"]) == ("6", "false"), f"its properties: {about}")
    found = list(client.file.list_from_compute_node(POOL, node, recursive=True, file_list_from_compute_node_options=models.FileListFromComputeNodeOptions(
        filter=f"startswith(name, '{root}/wd')", max_results=1)))
    expect([(file.name, file.is_directory) for file in found] ==
           [(f"{root}/wd", True), (f"{root}/wd/d", True), (f"{root}/wd/d/inner", False)], f"what lies below, page by page: {found}")
    expect(code(client.file.delete_from_task, JOB, "says", "wd/d") is not None, "a folder that holds something stays")
    client.file.delete_from_task(JOB, "says", "wd/d", recursive=True)
    expect(code(client.file.get_properties_from_task, JOB, "says", "wd/d/inner") in ("FileNotFound", 404), "... unless all of it is to go")
    client.file.delete_from_compute_node(POOL, node, f"{root}/stdout.txt")
    expect([file.name for file in client.file.list_from_task(JOB, "says")] == ["stderr.txt", "wd"], "gone from the task as well")


def nodes(client):
    node, other = sorted(node.id for node in client.compute_node.list(POOL))
    before = client.compute_node.get(POOL, node)
    client.compute_node.reboot(POOL, node, "terminate")
    after = wait_state(lambda: client.compute_node.get(POOL, node), "idle")
    expect(after.last_boot_time > before.last_boot_time and after.start_task_info.exit_code == 0, "booted later, with a start task")
    client.compute_node.reimage(POOL, node, "terminate")
    wait_state(lambda: client.compute_node.get(POOL, node), "idle")
    client.compute_node.disable_scheduling(POOL, node, "requeue")
    expect(value(client.compute_node.get(POOL, node).scheduling_state) == "disabled", "it takes no tasks")
    client.compute_node.enable_scheduling(POOL, node)
    login = client.compute_node.get_remote_login_settings(POOL, node)
    expect((login.remote_login_ip_address, login.remote_login_port) == (after.ip_address, 22), "the host's own door")
    users(client, node)
    expect(code(client.compute_node.get_remote_desktop, POOL, node) in ("OperationNotValidOnNode", 409), "no desktop")
    expect(list(client.compute_node_extension.list(POOL, node)) == [], "no extensions")
    expect(code(client.compute_node_extension.get, POOL, node, "x") == "ResourceNotFound", "not by name either")
    expect(list(client.application.list()) == [] and code(client.application.get, "x") == "ApplicationNotFound", "no applications")
    expect(list(client.pool.list_usage_metrics()) == [], "no metered use")
    client.pool.remove_nodes(POOL, models.NodeRemoveParameter(node_list=[other], node_deallocation_option="terminate"))
    expect(steady(client, POOL).target_dedicated_nodes == 1, "one node less")
    expect([one.id for one in client.compute_node.list(POOL)] == [node], "it is gone")


def gangs(client):
    make_pool(client, "ops-gangs", nodes=2, enable_inter_node_communication=True, wait=False)
    make_job(client, "ops-gangs", "ops-gangs")
    settings = models.MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")
    client.task.add("ops-gangs", models.TaskAddParameter(id="both", command_line="/bin/true", multi_instance_settings=settings))
    task = wait_state(lambda: client.task.get("ops-gangs", "both"), "completed")
    subtask, = client.task.list_subtasks("ops-gangs", "both").value
    expect((subtask.id, value(subtask.state), value(subtask.result), subtask.exit_code) == (1, "completed", "success", 0), f"the other: {subtask}")
    expect(subtask.node_info.node_id != task.node_info.node_id, "on another node")
    expect(client.task.list_subtasks(JOB, "says").value == [], "a task that runs on one node has none")
    client.job.delete("ops-gangs")
    client.pool.delete("ops-gangs")


def schedules(client):
    specification = models.JobSpecification(pool_info=models.PoolInformation(pool_id=POOL), priority=3)
    client.job_schedule.add(models.JobScheduleAddParameter(
        id="ops-schedule", schedule=models.Schedule(recurrence_interval=60 * MINUTE), job_specification=specification))
    expect(client.job_schedule.exists("ops-schedule") and not client.job_schedule.exists("nope"), "it is there")
    expect([job.id for job in client.job.list_from_job_schedule("ops-schedule")] == ["ops-schedule:job-1"], "with its first job")
    client.job_schedule.patch("ops-schedule", models.JobSchedulePatchParameter(metadata=[models.MetadataItem(name="a", value="b")]))
    client.job_schedule.disable("ops-schedule")
    shown = client.job_schedule.get("ops-schedule")
    expect((value(shown.state), shown.metadata[0].value, shown.job_specification.priority) == ("disabled", "b", 3), f"changed and disabled: {shown}")
    client.job_schedule.enable("ops-schedule")
    client.job_schedule.update("ops-schedule", models.JobScheduleUpdateParameter(
        schedule=models.Schedule(recurrence_interval=30 * MINUTE), job_specification=specification))
    shown, = client.job_schedule.list()
    expect((value(shown.state), shown.metadata, shown.schedule.recurrence_interval) == ("active", None, 30 * MINUTE), f"PUT replaces: {shown}")
    client.job_schedule.terminate("ops-schedule")
    wait_state(lambda: client.job_schedule.get("ops-schedule"), "completed")
    client.job_schedule.delete("ops-schedule")
    wait_until(lambda: list(client.job_schedule.list()) == [], 60, "the schedule is gone")
    expect(code(client.job.get, "ops-schedule:job-1") == "JobNotFound", "with its job")


def users(client, node):
    if not node_users.ALLOWED:
        print("    not its users: only root can make them")
        return
    now = datetime.datetime.now(datetime.timezone.utc)
    today = (now - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).days
    with node_users.made_up(4) as (me, boss, guest, other):
        def add(name, **more):
            return code(client.compute_node.add_user, POOL, node, models.ComputeNodeUser(name=name, **more))
        expect(add(me, password="Secret-123", ssh_public_key=node_users.KEY, expiry_time=now + datetime.timedelta(days=30)) is None, "a user is added")
        expect(node_users.takes_password(me, "Secret-123") and node_users.keys(me) == node_users.KEY + "\n", "with a password and a key")
        expect(not node_users.is_admin(me) and node_users.last_day(me) == today + 31, "no administrator, and not for ever")
        expect(add(me) == "NodeUserExists" and add("nobody") == "NodeUserExists" and add("Not-A-Name") == "InvalidPropertyValue", "names are the host's")
        update = models.NodeUpdateUserParameter(password="Secret-456")
        client.compute_node.update_user(POOL, node, me, update)
        expect(node_users.takes_password(me, "Secret-456") and node_users.keys(me) is None, "what a change does not hold is taken away")
        expect(node_users.last_day(me) in (today + 2, today + 3), "a day from now it is over, and the day after that even for useradd")
        client.compute_node.update_user(POOL, node, me, models.NodeUpdateUserParameter(ssh_public_key=node_users.KEY))
        expect(not node_users.takes_password(me, "Secret-456") and node_users.keys(me), "a key instead of a password")
        expect(code(client.compute_node.update_user, POOL, node, other, update) == "NodeUserNotFound", "nobody to change")
        expect(code(client.compute_node.update_user, POOL, node, "root", update) == "NodeUserNotFound", "nor one of the host's own")
        expect(code(client.compute_node.delete_user, POOL, node, "root") == "NodeUserNotFound", "whom nobody removes either")
        client.compute_node.delete_user(POOL, node, me)
        expect(not node_users.exists(me) and not pathlib.Path("/home", me).exists(), "nothing is left")
        expect(code(client.compute_node.delete_user, POOL, node, me) == "NodeUserNotFound", "once only")
        expect(add(boss, is_admin=True) is None and node_users.is_admin(boss), "an administrator")
        expect(add(guest, expiry_time=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)) is None, "a guest")
        wait_until(lambda: node_users.last_day(guest) == 1, 30, "the guest's time is up")
        client.compute_node.disable_scheduling(POOL, node, "requeue")
        expect(add(other) == "NodeNotReady", "an idle or running node only")
        client.compute_node.enable_scheduling(POOL, node)
        client.compute_node.reimage(POOL, node, "terminate")
        wait_until(lambda: not node_users.exists(boss) and not node_users.exists(guest), 30, "its users are gone with the node that it was")
        wait_state(lambda: client.compute_node.get(POOL, node), "idle")


def logs(client):
    node = next(iter(client.compute_node.list(POOL))).id
    now = datetime.datetime.now(datetime.timezone.utc)
    with azurite() as connection:
        container = Container(connection, "logs")

        def upload(start, end=None, url=container.url):
            return client.compute_node.upload_batch_service_logs(POOL, node, models.UploadBatchServiceLogsConfiguration(
                container_url=url, start_time=start, end_time=end))
        result = upload(now - 60 * MINUTE, now + MINUTE)
        folder = result.virtual_directory_name
        expect((folder.split("/")[:2], result.number_of_files_uploaded) == ([POOL, node], 1), f"one file, in a folder of this node: {result}")
        wait_until(lambda: container.names() == [f"{folder}/worker.log"], 60, "it is there")
        lines = [json.loads(line) for line in container.read(f"{folder}/worker.log").decode().splitlines()]
        expect("session_open" in {line["event"] for line in lines} and {line["role"] for line in lines} == {"worker"}, f"the worker's log: {lines}")
        expect("sig=" not in str(lines), "which shows no signature")
        expect(upload(now - 60 * MINUTE, now - 50 * MINUTE).number_of_files_uploaded == 0, "nothing is from before the worker")
        expect(upload(now + 60 * MINUTE).number_of_files_uploaded == 0, "or from the future")
        expect(code(upload, now, now - MINUTE) == "InvalidPropertyValue", "a time that ends before it begins")
        expect(code(upload, now, None, "file:///etc") == "InvalidPropertyValue", "no container")
        # The answer has gone when it turns out that nothing may be written there: the log itself says so.
        upload(now - 60 * MINUTE, None, container.place + "?sig=none")

        def told():
            blob = f"{upload(now - 60 * MINUTE).virtual_directory_name}/worker.log"
            wait_until(lambda: blob in container.names(), 60, "another one is there")
            return b"logs_not_uploaded" in container.read(blob)
        wait_until(told, 60, "the log says what was not uploaded", every=0.5)
        expect(code(client.compute_node.upload_batch_service_logs, POOL, "nope", models.UploadBatchServiceLogsConfiguration(
            container_url=container.url, start_time=now)) == "NodeNotFound", "NodeNotFound")


def certificates(client, cluster):
    with tempfile.TemporaryDirectory() as folder:
        one, two = sorted((Certificate(folder, "one"), Certificate(folder, "two")), key=lambda made: made.thumbprint)
        client.certificate.add(models.CertificateAddParameter(
            thumbprint=one.thumbprint, thumbprint_algorithm="sha1", data=one.pfx_data, certificate_format="pfx", password=PASSWORD))
        add = models.CertificateAddParameter(thumbprint=two.thumbprint.upper(), thumbprint_algorithm="sha1", data=two.public_data,
                                             certificate_format="cer")
        client.certificate.add(add)
        expect(code(client.certificate.add, add) == "CertificateExists", "only once")
        # A pool that needs one would need its key: that is not built.
        expect(code(make_pool, client, "ops-certified", nodes=0, certificate_references=[
            models.CertificateReference(thumbprint=one.thumbprint, thumbprint_algorithm="sha1")]) == "NotImplemented", "refused by name")
        cluster.kill("scheduler")
        cluster.wait_healthy()
        shown = client.certificate.get("sha1", one.thumbprint.upper())
        expect((shown.thumbprint, shown.thumbprint_algorithm, value(shown.state), shown.public_data) ==
               (one.thumbprint, "sha1", "active", one.public_data), f"the public part of the file is shown: {shown}")
        expect(shown.url.endswith(f"/certificates(thumbprintAlgorithm=sha1,thumbprint={one.thumbprint})"), f"at its URL: {shown.url}")
        expect(shown.state_transition_time and shown.delete_certificate_error is None and shown.previous_state is None, "and nothing else")
        few = models.CertificateListOptions(max_results=1, select="thumbprint", filter="state eq 'active'")
        expect([(c.thumbprint, c.state) for c in client.certificate.list(few)] == [(one.thumbprint, None), (two.thumbprint.upper(), None)],
               "listed page by page")
        expect(code(client.certificate.cancel_deletion, "sha1", one.thumbprint) == "CertificateStateActive", "no deletion has failed")
        for made in (one, two):
            client.certificate.delete("sha1", made.thumbprint)
            expect(code(client.certificate.get, "sha1", made.thumbprint) == "CertificateNotFound", "it is gone")
        expect(list(client.certificate.list()) == [], "all are")
        expect(code(client.certificate.delete, "sha1", one.thumbprint) == "CertificateNotFound", "only once")
        expect(code(client.certificate.cancel_deletion, "sha1", one.thumbprint) == "CertificateNotFound", "it is too late")
        wrong = models.CertificateAddParameter(thumbprint=one.thumbprint, thumbprint_algorithm="sha1", data=one.pfx_data,
                                               certificate_format="pfx", password="another")
        expect(code(client.certificate.add, wrong) == "InvalidPropertyValue", "its password does not open it")
        wrong.password, wrong.thumbprint = PASSWORD, two.thumbprint
        expect(code(client.certificate.add, wrong) == "InvalidPropertyValue", "it is another one")
        for kept in pathlib.Path(cluster.data).rglob("*"):
            if kept.is_file():
                expect(PASSWORD.encode() not in kept.read_bytes(), f"a password is kept in {kept}")


def operations():
    with Cluster(*node_users.OPTIONS) as cluster:
        client = cluster.batch()
        for part in (pools, jobs, tasks, files, nodes, logs, gangs, schedules):
            print(f"  {part.__name__}", flush=True)
            part(client)
        print("  certificates", flush=True)
        certificates(client, cluster)


run([operations])
