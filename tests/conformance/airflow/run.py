#!/usr/bin/python3
"""Apache Airflow's AzureBatchOperator, unmodified, against a cluster of its own: no scheduler or web server of Airflow is needed for that."""
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import python_clients  # noqa: E402

python_clients.use("airflow")
HOME = tempfile.TemporaryDirectory(prefix="windlass-airflow-")
os.environ.update(AIRFLOW_HOME=HOME.name, AIRFLOW__CORE__LOAD_EXAMPLES="False", AIRFLOW__CORE__UNIT_TEST_MODE="True",
                  AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME.name}/airflow.db")

from cluster import AGENT, IMAGE, Cluster, expect, run  # noqa: E402

from airflow.exceptions import AirflowException  # noqa: E402
from airflow.providers.microsoft.azure.operators.batch import AzureBatchOperator  # noqa: E402
from azure.batch import models  # noqa: E402


def operator(task, command, **more):
    settings = dict(batch_pool_id="airflow", batch_pool_vm_size="standard_d2s_v3", batch_job_id="flow", batch_task_id=task,
                    batch_task_command_line=command, vm_publisher=IMAGE["publisher"], vm_offer=IMAGE["offer"], vm_sku=IMAGE["sku"],
                    vm_version=IMAGE["version"], vm_node_agent_sku_id=AGENT, target_dedicated_nodes=1, azure_batch_conn_id="windlass")
    return AzureBatchOperator(task_id=f"airflow-{task}", **{**settings, **more})


def a_flow():
    with Cluster() as cluster:
        account = cluster.environment
        os.environ["AIRFLOW_CONN_WINDLASS"] = json.dumps({
            "conn_type": "azure_batch", "login": account["AZURE_BATCH_ACCOUNT"], "password": account["AZURE_BATCH_ACCESS_KEY"],
            "extra": {"account_url": account["AZURE_BATCH_ENDPOINT"]}})
        client = cluster.batch()
        start = models.StartTask(command_line="/bin/sh -c 'echo begun > $AZ_BATCH_NODE_SHARED_DIR/begun'", wait_for_success=True)
        operator("says", "/bin/sh -c 'cat $AZ_BATCH_NODE_SHARED_DIR/begun'", batch_start_task=start).execute({})
        said = b"".join(client.file.get_from_task("flow", "says", "stdout.txt")).decode()
        expect(said == "begun\n", f"a pool was made, its start task awaited, and the task ran: {said!r}")
        # Pool, job and task are there: it goes on with them. The image that is the latest is asked for.
        operator("says", "/bin/true", use_latest_verified_vm_image_and_sku=True, sku_starts_with=IMAGE["sku"][:2]).execute({})
        expect([task.id for task in client.task.list("flow")] == ["says"], "what is there is used")
        failed = None
        try:
            operator("fails", "/bin/sh -c 'exit 3'", should_delete_job=True, should_delete_pool=True).execute({})
        except AirflowException as error:
            failed = str(error)
        expect(failed and "Job fail" in failed, f"a task that fails fails the operator's: {failed}")
        expect("flow" not in [job.id for job in client.job.list() if job.state.value != "deleting"], "the job goes with it")
        expect("airflow" not in [pool.id for pool in client.pool.list() if pool.state.value != "deleting"], "and the pool")


run([a_flow])
