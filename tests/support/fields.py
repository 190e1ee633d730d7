"""Which fields of requests are honoured, stored, refused or read-only: tests/conformance/fields.tsv, and bodies that carry one of them.
Which fields of answers are told: tests/conformance/answers.tsv.

A value of the table may be an example of another model: "@StartTask", ["@EnvironmentSetting"]. So the table also says where a model
occurs in a request, and a valid request with any one field can be made of the smallest bodies below.
"""
import collections
import json
import re

from cluster import AGENT, IMAGE, ROOT

TABLE = ROOT / "tests" / "conformance" / "fields.tsv"
ANSWERS = ROOT / "tests" / "conformance" / "answers.tsv"
VERDICTS = ("honoured", "stored", "secret", "refused", "read-only")

Row = collections.namedtuple("Row", "model field verdict value shown")
# From the model of a body to one inside it: (model, field, whether that is a list).
Step = collections.namedtuple("Step", "model field in_list")

# The smallest valid body of each model that has to hold something. "@id", "@node", "@user" and what a
# certificate is made of are put in when it is sent.
SMALLEST = {
    "PoolAddParameter": {"id": "@id", "vmSize": "s", "virtualMachineConfiguration": "@VirtualMachineConfiguration"},
    "PoolSpecification": {"vmSize": "s", "virtualMachineConfiguration": "@VirtualMachineConfiguration"},
    "PoolUpdatePropertiesParameter": {"certificateReferences": [], "applicationPackageReferences": [], "metadata": []},
    "PoolResizeParameter": {"targetDedicatedNodes": 0},
    "NodeRemoveParameter": {"nodeList": ["@node"]},
    "ComputeNodeUser": {"name": "@user"},
    "UploadBatchServiceLogsConfiguration": {"containerUrl": "http://127.0.0.1/c", "startTime": "2026-01-01T00:00:00Z"},
    "CertificateAddParameter": {"thumbprint": "@thumbprint", "thumbprintAlgorithm": "sha1", "data": "@cer"},
    "JobAddParameter": {"id": "@id", "poolInfo": "@PoolInformation"},
    "JobSpecification": {"poolInfo": "@PoolInformation"},
    "JobUpdateParameter": {"poolInfo": "@PoolInformation"},
    "JobDisableParameter": {"disableTasks": "requeue"},
    "JobNetworkConfiguration": {"subnetId": "/s"},
    "PoolInformation": {"poolId": "none"},
    "AutoPoolSpecification": {"poolLifetimeOption": "job", "pool": "@PoolSpecification"},
    "JobManagerTask": {"id": "m", "commandLine": "/bin/true"},
    "JobPreparationTask": {"commandLine": "/bin/true"},
    "JobReleaseTask": {"commandLine": "/bin/true"},
    "JobScheduleAddParameter": {"id": "@id", "schedule": "@Schedule", "jobSpecification": "@JobSpecification"},
    "JobScheduleUpdateParameter": {"schedule": "@Schedule", "jobSpecification": "@JobSpecification"},
    "TaskAddParameter": {"id": "@id", "commandLine": "/bin/true"},
    "TaskAddCollectionParameter": {"value": ["@TaskAddParameter"]},
    "MultiInstanceSettings": {"coordinationCommandLine": "/bin/true"},
    "AffinityInformation": {"affinityId": "x"},
    "TaskDependencies": {"taskIds": ["a"]},
    "TaskIdRange": {"start": 1, "end": 5},
    "ExitCodeMapping": {"code": 1, "exitOptions": "@ExitOptions"},
    "ExitCodeRangeMapping": {"start": 1, "end": 5, "exitOptions": "@ExitOptions"},
    "StartTask": {"commandLine": "/bin/true"},
    "EnvironmentSetting": {"name": "A"},
    "MetadataItem": {"name": "a", "value": "b"},
    "ResourceFile": {"httpUrl": "http://127.0.0.1/f", "filePath": "f"},
    "OutputFile": {"filePattern": "*", "destination": "@OutputFileDestination", "uploadOptions": "@OutputFileUploadOptions"},
    "OutputFileDestination": {"container": "@OutputFileBlobContainerDestination"},
    "OutputFileBlobContainerDestination": {"containerUrl": "http://127.0.0.1/c"},
    "HttpHeader": {"name": "x-ms-blob-content-type"},
    "TaskSchedulingPolicy": {"nodeFillType": "spread"},
    "AuthenticationTokenSettings": {"access": ["job"]},
    "CloudServiceConfiguration": {"osFamily": "5"},
    "VirtualMachineConfiguration": {"imageReference": "@ImageReference", "nodeAgentSKUId": AGENT},
    "ImageReference": IMAGE,
    "DataDisk": {"lun": 1, "diskSizeGB": 10},
    "VMExtension": {"name": "n", "publisher": "p", "type": "t"},
    "ServiceArtifactReference": {"id": "/a"},
    "PoolEndpointConfiguration": {"inboundNATPools": ["@InboundNATPool"]},
    "InboundNATPool": {"name": "n", "protocol": "tcp", "backendPort": 80, "frontendPortRangeStart": 1000, "frontendPortRangeEnd": 3000},
    "NetworkSecurityGroupRule": {"priority": 150, "access": "allow", "sourceAddressPrefix": "192.0.2.1"},
}
# What else has to change for a field to be valid; None takes away.
BESIDE = {
    ("CertificateAddParameter", "password"): {"data": "@pfx"},
    ("PoolAddParameter", "cloudServiceConfiguration"): {"virtualMachineConfiguration": None},
    ("PoolSpecification", "cloudServiceConfiguration"): {"virtualMachineConfiguration": None},
    ("JobAddParameter", "jobReleaseTask"): {"jobPreparationTask": "@JobPreparationTask"},
    ("JobSpecification", "jobReleaseTask"): {"jobPreparationTask": "@JobPreparationTask"},
    ("PoolInformation", "autoPoolSpecification"): {"poolId": None},
    ("ResourceFile", "storageContainerUrl"): {"httpUrl": None, "filePath": None},
    ("ResourceFile", "blobPrefix"): {"httpUrl": None, "filePath": None, "storageContainerUrl": "http://127.0.0.1/c"},
}


def rows(table=TABLE):
    found = [Row(*line.split("\t")) for line in table.read_text().splitlines() if not line.startswith("#")]
    return [row._replace(value=json.loads(row.value)) for row in found]


def groups(table=TABLE):
    """The group of each row: a comment stands before its first."""
    group, found = None, []
    for line in table.read_text().splitlines():
        if line.startswith("# "):
            group = line[2:]
        elif not line.startswith("#"):
            found.append(group)
    return found


def by_model(table):
    models = collections.defaultdict(dict)
    for row in table:
        models[row.model][row.field] = row
    return models


def model_of(value):
    """The model that a value of the table is an example of, and whether it is in a list; or nothing."""
    in_list = isinstance(value, list)
    inner = value[0] if in_list and value else value
    if isinstance(inner, str) and re.fullmatch(r"@[A-Z]\w+", inner):
        return inner[1:], in_list
    return None, False


def whole(value, given):
    """A value with the smallest bodies in place of the models that it names; `given` has the id, the node and the user."""
    if isinstance(value, str) and value.startswith("@"):
        return given[value] if value in given else whole(SMALLEST.get(value[1:], {}), given)
    if isinstance(value, list):
        return [whole(item, given) for item in value]
    if isinstance(value, dict):
        return {name: whole(item, given) for name, item in value.items()}
    return value


def smallest_with(model, field, value, given):
    body = {**SMALLEST.get(model, {}), **BESIDE.get((model, field), {})}
    body = {name: whole(item, given) for name, item in body.items() if item is not None and name != field}
    return {**body, field: value}


def around(steps, inner, given):
    """The body of the first step's model that holds `inner` where the steps lead."""
    for step in reversed(steps):
        inner = smallest_with(step.model, step.field, [inner] if step.in_list else inner, given)
    return inner


def places(models, root, skip=()):
    """Where models occur in a body of `root`: [(steps, model)], each model once, the nearest place first."""
    found, queue = [], collections.deque([((), root)])
    while queue:
        steps, model = queue.popleft()
        if any(model == other for _, other in found):
            continue
        found.append((steps, model))
        for row in models[model].values():
            inner, in_list = model_of(row.value)
            if inner and (root, row.field) not in skip and (model, row.field) not in skip:
                queue.append(((*steps, Step(model, row.field, in_list)), inner))
    return found


def text_of(steps, field):
    """As the service names a place: poolInfo.autoPoolSpecification.pool.metadata[0].name."""
    return ".".join([step.field + ("[0]" if step.in_list else "") for step in steps] + [field])


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def text_of_test(file, function):
    text = (ROOT / file).read_text()
    begin = r"BOOST_(?:AUTO|DATA)_TEST_CASE\(" if file.endswith(".cpp") else r"def "
    found = re.search(rf"^(?:async )?{begin}{function}\b.*?(?=^\S*(?:def |class |BOOST_|run\())", text, re.M | re.S)
    return found and found.group()


def wrong_claim(row):
    """What is wrong with the test that a row names, if anything: it has to be there, and to speak of the field by its name on the wire or in
    SDKs, or by the word given."""
    file, function, word = re.fullmatch(r"(\S+): (\w+)(?: \((.*)\))?", row.shown).groups()
    text = (ROOT / file).exists() and text_of_test(file, function)
    if not text:
        return [f"{row.model}.{row.field}: there is no {row.shown}"]
    if not any(re.search(rf"\b{re.escape(name)}", text) for name in (row.field, snake(row.field), word) if name):
        return [f"{row.model}.{row.field}: {row.shown} does not speak of it"]
    return []
