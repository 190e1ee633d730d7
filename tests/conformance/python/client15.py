"""azure-batch 15.1.0 for the tests of it: importing this goes on under that client's Python."""
import json
import logging

import python_clients

python_clients.use("15.1.0")

from azure.batch import models  # noqa: E402
from azure.core.credentials import AzureNamedKeyCredential  # noqa: E402
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError  # noqa: E402
from cluster import AGENT, IMAGE, expect  # noqa: E402

POLL = {"polling_interval": 1}
logging.disable(logging.WARNING)  # it tells of each 404 without a body


def connection(cluster):
    found = cluster.environment
    credential = AzureNamedKeyCredential(found["AZURE_BATCH_ACCOUNT"], found["AZURE_BATCH_ACCESS_KEY"])
    return {"endpoint": found["AZURE_BATCH_ENDPOINT"], "credential": credential}


def virtual_machine():
    return models.VirtualMachineConfiguration(image_reference=models.BatchVmImageReference(**IMAGE), node_agent_sku_id=AGENT)


def pool_of(pool_id, nodes=2, **more):
    return models.BatchPoolCreateOptions(id=pool_id, vm_size="standard_d2s_v3", target_dedicated_nodes=nodes, task_slots_per_node=4,
                                         virtual_machine_configuration=virtual_machine(), **more)


def job_of(job_id, pool_id, **more):
    return models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool_id), **more)


def code_of(call, *arguments, error=HttpResponseError, **named):
    """The code with which the call is refused, as the client sees it."""
    try:
        result = call(*arguments, **named)
        if hasattr(result, "__next__"):
            list(result)
    except HttpResponseError as refusal:
        expect(isinstance(refusal, error), f"{call.__name__} is refused as {error.__name__}, not {type(refusal).__name__}: {refusal}")
        # Of a download it raises before it has read the body: an error is JSON all the same.
        return refusal.error.code if refusal.error else json.loads(refusal.response.read())["code"]
    return None


def pool_exists(client, pool_id):
    """This client raises its own exception at the 404 of a HEAD, where the older ones say False."""
    try:
        return client.pool_exists(pool_id)
    except ResourceNotFoundError:
        return False


def bytes_of(stream):
    return b"".join(stream)
