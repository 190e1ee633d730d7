#!/usr/bin/python3
"""Each field of each request is as tests/conformance/fields.tsv says: a request with it is refused by its name and changes nothing, or is
accepted and shown again; what is honoured names a test that is there and speaks of the field. The parsers know no other field."""
import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fields  # noqa: E402
import node_users  # noqa: E402
from certificates import PASSWORD, Certificate  # noqa: E402
from cluster import ROOT, Cluster, expect, run, wait_until  # noqa: E402
from raw import Raw  # noqa: E402

# What an answer calls otherwise.
SHOWN_AS = {"maxTasksPerNode": "taskSlotsPerNode"}


class Request:
    """A kind of request: what it is sent to, and where its effect is shown. {id} is the thing, {node} a node of it."""

    def __init__(self, model, verb, path, made=None, shown=None, version="2022-10-01.16.0", skip=(), nodes=0, operation=None):
        self.model, self.verb, self.path, self.version = model, verb, path, version
        self.made = made          # how that which it changes is made: (path, body)
        self.shown = shown        # the path of GET
        self.skip = skip          # (model, field)s that its bodies do not hold, or nothing else than they hold anyway
        self.nodes = nodes
        self.operation = operation  # the operation as a whole is refused by this name


POOL = ("/pools", "PoolAddParameter")
JOB = ("/jobs", "JobAddParameter")
SCHEDULE = ("/jobschedules", "JobScheduleAddParameter")
TASKS = "/jobs/tasks/tasks"
ONE_NODE = "/pools/{id}/nodes/{node}"
# Only root can make users of nodes.
OF_USERS = ("ComputeNodeUser", "NodeUpdateUserParameter")
# Of an automatic pool only keepAlive changes, and not by itself.
FIXED = (("PoolInformation", "autoPoolSpecification"),)

REQUESTS = [
    Request("NodeRemoveParameter", "POST", "/pools/{id}/removenodes", POOL, nodes=1),
    Request("NodeRebootParameter", "POST", ONE_NODE + "/reboot", POOL, nodes=1),
    Request("NodeReimageParameter", "POST", ONE_NODE + "/reimage", POOL, nodes=1),
    Request("NodeDeallocateParameter", "POST", ONE_NODE + "/deallocate", POOL, nodes=1, version="2025-06-01"),
    Request("NodeDisableSchedulingParameter", "POST", ONE_NODE + "/disablescheduling", POOL, nodes=1),
    Request("ComputeNodeUser", "POST", ONE_NODE + "/users", POOL, nodes=1),
    Request("NodeUpdateUserParameter", "PUT", ONE_NODE + "/users/{user}", POOL, nodes=1),
    Request("UploadBatchServiceLogsConfiguration", "POST", ONE_NODE + "/uploadbatchservicelogs", POOL, nodes=1),
    Request("PoolAddParameter", "POST", "/pools", shown="/pools/{id}"),
    Request("PoolPatchParameter", "PATCH", "/pools/{id}", POOL, "/pools/{id}"),
    Request("PoolUpdatePropertiesParameter", "POST", "/pools/{id}/updateproperties", POOL, "/pools/{id}"),
    Request("PoolResizeParameter", "POST", "/pools/{id}/resize", POOL),
    Request("PoolEnableAutoScaleParameter", "POST", "/pools/{id}/enableautoscale", operation="Pool_EnableAutoScale"),
    Request("PoolEvaluateAutoScaleParameter", "POST", "/pools/{id}/evaluateautoscale", operation="Pool_EvaluateAutoScale"),
    Request("CertificateAddParameter", "POST", "/certificates"),
    Request("JobAddParameter", "POST", "/jobs", shown="/jobs/{id}"),
    Request("JobPatchParameter", "PATCH", "/jobs/{id}", JOB, "/jobs/{id}", skip=FIXED),
    Request("JobUpdateParameter", "PUT", "/jobs/{id}", JOB, "/jobs/{id}", skip=FIXED),
    Request("JobDisableParameter", "POST", "/jobs/{id}/disable", JOB),
    Request("JobTerminateParameter", "POST", "/jobs/{id}/terminate", JOB),
    Request("JobScheduleAddParameter", "POST", "/jobschedules", shown="/jobschedules/{id}"),
    Request("JobSchedulePatchParameter", "PATCH", "/jobschedules/{id}", SCHEDULE, "/jobschedules/{id}"),
    Request("JobScheduleUpdateParameter", "PUT", "/jobschedules/{id}", SCHEDULE, "/jobschedules/{id}"),
    Request("TaskAddParameter", "POST", TASKS, shown=TASKS + "/{id}"),
    Request("TaskUpdateParameter", "PUT", TASKS + "/{id}", (TASKS, "TaskAddParameter"), TASKS + "/{id}"),
    Request("TaskAddCollectionParameter", "POST", "/jobs/tasks/addtaskcollection", shown=TASKS + "/{id}",
            skip=(("TaskAddCollectionParameter", "value"),)),
]


def shows(seen, sent):
    """Whether what is shown holds all that was sent."""
    if isinstance(sent, dict):
        return isinstance(seen, dict) and all(name in seen and shows(seen[name], item) for name, item in sent.items())
    if isinstance(sent, list):
        return isinstance(seen, list) and len(seen) == len(sent) and all(map(shows, seen, sent))
    return seen == sent and type(seen) is type(sent)


def inside(seen, steps, field):
    for step in steps:
        seen = (seen or {}).get(SHOWN_AS.get(step.field, step.field))
        if step.in_list:
            seen = seen[0] if seen else None
    return (seen or {}).get(SHOWN_AS.get(field, field))


def certificate(name):
    with tempfile.TemporaryDirectory() as folder:
        made = Certificate(folder, name)
        return {"@thumbprint": made.thumbprint, "@cer": made.public_data, "@pfx": made.pfx_data, "@password": PASSWORD}


class Trial:
    """One request with one field; `wrong` has what is not as the table says."""

    def __init__(self, raw, request, steps, row, number):
        self.raw, self.request, self.steps, self.row = raw, request, steps, row
        self.id = f"f{number}"
        self.given = {"@id": self.id, "@user": f"wlf{os.getpid()}x{number}"}
        if request.model == "CertificateAddParameter":
            self.given.update(certificate(self.id))
        self.name = f"{request.verb} {request.model}: {fields.text_of(steps, row.field)}"

    def path(self, template):
        return template.format(id=self.id, node=self.given.get("@node"), user=self.given["@user"])

    def __call__(self):
        try:
            return self.wrong()
        except Exception as error:  # noqa: BLE001: one of a thousand trials must not hide the others
            return f"{self.name}: {type(error).__name__} {error}"

    def make(self):
        if not self.request.made:
            return
        path, model = self.request.made
        body = fields.whole("@" + model, self.given)
        if self.request.nodes:
            body["targetDedicatedNodes"] = self.request.nodes
        answer = self.raw("POST", path, body)
        expect(answer.status == 201, f"{path} {self.id} is made: {answer.status} {answer.body[:200]}")
        if self.request.nodes:
            def idle():
                found = self.raw("GET", f"/pools/{self.id}/nodes").json["value"]
                return found and found[0]["state"] == "idle" and found[0]["id"]
            self.given["@node"] = wait_until(idle, 60, f"a node of {self.id}")
        if "{user}" in self.request.path:
            expect(self.raw("POST", self.path(ONE_NODE + "/users"), {"name": self.given["@user"]}).status == 201, "a user to change")

    def tag(self):
        return self.request.shown and self.raw("GET", self.path(self.request.shown)).headers.get("ETag")

    def wrong(self):
        request, row = self.request, self.row
        self.make()
        before = self.tag()
        sent = fields.whole(row.value, self.given)
        body = fields.around(self.steps, fields.smallest_with(row.model, row.field, sent, self.given), self.given)
        answer = self.raw(request.verb, self.path(request.path), body, version=request.version)
        if request.model in OF_USERS:
            self.raw("DELETE", self.path(ONE_NODE + "/users/{user}"))
        if row.verdict == "refused":
            told = self.not_refused(answer)
            return told or (self.tag() != before and f"{self.name}: refused, and yet something has changed") or None
        if answer.status >= 300:
            return f"{self.name}: {row.verdict}, but refused: {answer.status} {answer.code} {answer.values}"
        if not request.shown or request.model == "TaskAddCollectionParameter":
            return None
        for what, seen, steps in self.looks():
            found = inside(seen, steps, row.field)
            if row.verdict in ("honoured", "stored") and not shows(found, sent):
                return f"{self.name}: {what} shows {found!r}, not {sent!r}"
            if row.verdict == "secret" and found is not None or row.verdict == "read-only" and shows(found, sent):
                return f"{self.name}: {row.verdict}, but {what} shows {found!r}"
        return None

    def not_refused(self, answer):
        code, place = self.row.shown, fields.text_of(self.steps, self.row.field)
        if answer.code != code:
            return f"{self.name}: refused with {code}, the table says: {answer.status} {answer.code} {answer.values}"
        if code == "NotImplemented":
            named = answer.values["Name"]
            # A list is refused before its first item is looked at; some models are refused by what they hold.
            related = place == named or place.startswith((f"{named}.", f"{named}[0].")) or named.startswith(f"{place}.")
            if answer.status != 501 or not related and named != self.request.operation:
                return f"{self.name}: 501 names {named}"
        elif code == "InvalidPropertyValue" and answer.values.get("PropertyName") != place:
            return f"{self.name}: 400 names {answer.values}"
        return None

    def looks(self):
        """What shows the field: (what, the answer, the way to the field in it)."""
        seen = self.raw("GET", self.path(self.request.shown)).json
        yield self.request.shown, seen, self.steps
        yield from made_as_specified(self.raw, self.request, self.id, seen, self.steps)


def made_as_specified(raw, request, name, seen, steps):
    """The job that a jobSpecification has made, and the pool that a poolSpecification has made, have what these said."""
    job = seen if request.model == "JobAddParameter" else None
    for at, step in enumerate(steps):
        if request.model == "JobScheduleAddParameter" and step.field == "jobSpecification":
            job = wait_until(lambda: (got := raw("GET", f"/jobs/{name}:job-1")).status == 200 and got.json, 10, f"the job of {name}")
            yield "the job", job, steps[at + 1:]
        if job and "poolId" in job.get("executionInfo", {}) and step.field == "pool":
            pool = raw("GET", f"/pools/{job['executionInfo']['poolId']}")
            expect(pool.status == 200, f"the pool of {name} is there: {pool.body[:200]}")
            yield "the pool", pool.json, steps[at + 1:]


def is_varied(request, steps):
    """What is inside a thing is varied when it is added; changes read it by the same means."""
    return not request.made or len(steps) <= 1


def leads_through_refused(models, steps):
    return any(models[step.model][step.field].verdict == "refused" for step in steps)


def varied(models, request):
    """(steps, row) of each body."""
    for steps, model in fields.places(models, request.model, request.skip):
        for row in models[model].values():
            skipped = steps and (model, row.field) in request.skip
            if is_varied(request, steps) and not skipped and not (leads_through_refused(models, steps) and row.verdict != "refused"):
                yield steps, row


def every_field():
    models = fields.by_model(fields.rows())
    with Cluster(*node_users.OPTIONS) as cluster:
        raw = Raw(cluster)
        job = {"id": "tasks", "poolInfo": {"poolId": "none"}, "usesTaskDependencies": True, "onTaskFailure": "performexitoptionsjobaction"}
        expect(raw("POST", "/jobs", job).status == 201, "a job for tasks")
        trials, met = [], set()
        for request in REQUESTS:
            for steps, row in varied(models, request):
                met.add((row.model, row.field))
                if request.model in OF_USERS and not node_users.ALLOWED:
                    continue
                trials.append(Trial(raw, request, steps, row, len(trials)))
        unmet = sorted({(row.model, row.field) for rows in models.values() for row in rows.values()} - met)
        expect(not unmet, f"no request carries {unmet}")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            wrong = [told for told in pool.map(lambda trial: trial(), trials) if told]
    expect(not wrong, "\n".join([f"{len(wrong)} of {len(trials)} are wrong:", *wrong]))
    print(f"{len(trials)} requests with one of {len(met)} fields each")


def names_in_parsers():
    text = "".join(file.read_text() for file in [*(ROOT / "api").glob("parse_*.cpp"), ROOT / "api" / "kept_models.cpp"])
    return set(re.findall(r'"([a-zA-Z][A-Za-z0-9]+)"', text))


def known(raw, request, steps, names):
    """Whether the parser knows all of these names there: none is read, because an unknown one follows."""
    given = {"@id": "x", "@node": "x", "@user": "x"}
    inner = {**{name: None for name in names}, "notAField": 1}
    body = fields.around(steps, inner, given)
    path = request.path.format(id="x", node="x", user="x")
    answer = raw(request.verb, path, body, version=request.version)
    expect(answer.code == "UnsupportedProperty", f"{request.model} {steps}: {answer.status} {answer.code} {answer.values}")
    place = answer.values["PropertyName"]
    return place == fields.text_of(steps, "notAField"), place


def no_other_field():
    """What the parsers know and the table does not, and the other way round."""
    models = fields.by_model(fields.rows())
    everything = names_in_parsers()
    wrong, tried = [], 0
    with Cluster() as cluster, concurrent.futures.ThreadPoolExecutor(8) as pool:
        raw = Raw(cluster)
        for request in REQUESTS:
            if request.operation:
                continue
            for steps, model in fields.places(models, request.model, request.skip):
                if not is_varied(request, steps) or leads_through_refused(models, steps):
                    continue
                mine = set(models[model])
                all_known, place = known(raw, request, steps, sorted(mine))
                if not all_known:
                    wrong.append(f"{request.verb} {request.model}: the table has {place}, which the parser does not know")
                others = sorted(everything - mine)
                answers = pool.map(lambda name: known(raw, request, steps, [name])[0], others)
                wrong += [f"{request.verb} {request.model}: {fields.text_of(steps, name)} is known to the parser, not to the table"
                          for name, is_known in zip(others, answers) if is_known]
                tried += len(others) + 1
    expect(not wrong, "\n".join([f"{len(wrong)} fields:", *wrong]))
    print(f"{tried} requests about {len(everything)} names")


def every_claim_has_its_test():
    wrong, claims = [], 0
    for row in fields.rows():
        if row.verdict not in fields.VERDICTS:
            wrong.append(f"{row.model}.{row.field}: {row.verdict} is no verdict")
        if row.verdict != "honoured":
            continue
        claims += 1
        wrong += fields.wrong_claim(row)
    expect(not wrong, "\n".join([f"{len(wrong)} of {claims} claims are wrong:", *wrong]))
    print(f"{claims} fields are honoured; each names a test")


run([every_claim_has_its_test, no_other_field, every_field])
