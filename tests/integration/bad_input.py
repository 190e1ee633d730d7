#!/usr/bin/python3
"""Bad input gets its documented code in the API's shape, names what is wrong, and changes nothing."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster, expect, make_job, make_pool, run, wait_tasks_complete  # noqa: E402
from raw import Raw  # noqa: E402

from azure.batch import models  # noqa: E402

BIG = "x" * 1_100_000

# what | verb | path | body | more | status | code | values that must be there
CASES = [
    ("malformed JSON", "POST", "/jobs", '{"id": "a", ', {}, 400, "InvalidRequestBody", {}),
    ("a body of the wrong type", "POST", "/jobs", "[1, 2]", {}, 400, "InvalidRequestBody", {}),
    ("no body", "POST", "/jobs", None, {}, 400, "InvalidRequestBody", {}),
    ("an unknown property", "POST", "/jobs", {"id": "a", "poolInfo": {"poolId": "p"}, "colour": "red"}, {}, 400, "UnsupportedProperty", {"PropertyName": "colour"}),
    ("a missing property", "POST", "/jobs", {"poolInfo": {"poolId": "p"}}, {}, 400, "MissingRequiredProperty", {}),
    ("a wrong type", "POST", "/jobs", {"id": "a", "poolInfo": {"poolId": "p"}, "priority": [1]}, {}, 400, "InvalidPropertyValue", {"PropertyName": "priority"}),
    ("a priority out of range", "POST", "/jobs", {"id": "a", "poolInfo": {"poolId": "p"}, "priority": 1001}, {}, 400, "OutOfRangePriority", {}),
    ("an id of bad form", "POST", "/jobs", {"id": "a b", "poolInfo": {"poolId": "p"}}, {}, 400, "InvalidPropertyValue", {"PropertyName": "id", "PropertyValue": "a b"}),
    ("an id that is too long", "POST", "/jobs", {"id": "a" * 65, "poolInfo": {"poolId": "p"}}, {}, 400, "InvalidPropertyValue", {"PropertyName": "id"}),
    ("no pool", "POST", "/jobs", {"id": "a", "poolInfo": {}}, {}, 400, "InvalidPropertyValue", {}),
    ("what is not built", "POST", "/jobs", {"id": "a", "poolInfo": {"poolId": "p"}, "jobManagerTask": {"id": "m", "commandLine": "x", "containerSettings": {"imageName": "i"}}}, {}, 501, "NotImplemented", {"Name": "jobManagerTask.containerSettings"}),
    ("statistics that are not built", "GET", "/jobschedules", None, {"query": {"$expand": "stats"}}, 501, "NotImplemented", {"Name": "$expand"}),
    ("an operation that is not built", "POST", "/pools/p/disableautoscale", None, {}, 501, "NotImplemented", {}),
    ("more than 100 tasks", "POST", "/jobs/bad-job/addtaskcollection", {"value": [{"id": f"t{i}", "commandLine": "x"} for i in range(101)]}, {}, 400, "InvalidPropertyValue", {"PropertyName": "value"}),
    ("no tasks", "POST", "/jobs/bad-job/addtaskcollection", {"value": []}, {}, 400, "InvalidPropertyValue", {"PropertyName": "value"}),
    ("a body over 1 MB", "POST", "/jobs/bad-job/tasks", {"id": "big", "commandLine": BIG}, {}, 413, "RequestBodyTooLarge", {}),
    ("a bad filter", "GET", "/jobs/bad-job/tasks", None, {"query": {"$filter": "state eq"}}, 400, "InvalidQueryParameterValue", {"QueryParameterName": "$filter"}),
    ("a filter on an unknown property", "GET", "/jobs/bad-job/tasks", None, {"query": {"$filter": "colour eq 'red'"}}, 400, "InvalidQueryParameterValue", {}),
    ("an unknown $select", "GET", "/jobs/bad-job/tasks", None, {"query": {"$select": "colour"}}, 400, "InvalidQueryParameterValue", {}),
    ("maxresults out of range", "GET", "/jobs", None, {"query": {"maxresults": "1001"}}, 400, "OutOfRangeQueryParameterValue", {}),
    ("maxresults that is no number", "GET", "/jobs", None, {"query": {"maxresults": "many"}}, 400, "InvalidQueryParameterValue", {}),
    ("a bad skip token", "GET", "/jobs", None, {"query": {"$skiptoken": "%%%"}}, 400, "InvalidQueryParameterValue", {}),
    ("a query parameter that no operation has", "GET", "/jobs", None, {"query": {"$orderby": "id"}}, 400, "UnsupportedQueryParameter", {"QueryParameterName": "$orderby"}),
    ("a query parameter of another operation", "POST", "/jobs/bad-job/disable", {"disableTasks": "wait"}, {"query": {"maxresults": "5"}}, 400, "UnsupportedQueryParameter", {"QueryParameterName": "maxresults"}),
    ("no api-version", "GET", "/jobs", None, {"version": None}, 400, "MissingRequiredQueryParameter", {}),
    ("an old api-version", "GET", "/jobs", None, {"version": "2017-01-01.4.0"}, 400, "UnsupportedRequestVersion", {}),
    ("the wrong key", "GET", "/jobs", None, {"key": "d3Jvbmc="}, 403, "AuthenticationFailed", {}),
    ("a skewed clock", "GET", "/jobs", None, {"clock": -16 * 60}, 403, "AuthenticationFailed", {}),
    ("no Authorization", "GET", "/jobs", None, {"authorization": ""}, 401, "AuthenticationFailed", {}),
    ("a malformed Authorization", "GET", "/jobs", None, {"authorization": "SharedKey nonsense"}, 400, "InvalidAuthenticationInfo", {}),
    ("an unknown account", "GET", "/jobs", None, {"authorization": "SharedKey nobody:AAAA"}, 403, "AuthenticationFailed", {}),
    ("an unknown path", "GET", "/nonsense", None, {}, 404, "ResourceNotFound", {}),
    ("a wrong verb", "DELETE", "/jobs", None, {}, 405, "UnsupportedHttpVerb", {}),
    ("two conditions", "GET", "/jobs/bad-job", None, {"headers": {"If-Match": "*", "If-None-Match": "*"}}, 400, "MultipleConditionHeadersNotSupported", {}),
    ("a certificate that is not there", "GET", f"/certificates(thumbprintAlgorithm=sha1,thumbprint={'a' * 40})", None, {}, 404, "CertificateNotFound", {}),
    ("a certificate of another algorithm", "GET", f"/certificates(thumbprintAlgorithm=md5,thumbprint={'a' * 40})", None, {}, 404, "CertificateNotFound", {}),
    ("a key of a certificate that is none", "GET", "/certificates(colour=red)", None, {}, 400, "InvalidUri", {}),
    ("a path out of the task's folder", "GET", "/jobs/bad-job/tasks/ok/files/..%2F..%2F..%2Fsecret", None, {}, (400, 403, 404), None, {}),
    ("a path to the system", "GET", "/jobs/bad-job/tasks/ok/files/%2Fetc%2Fpasswd", None, {}, 404, "FileNotFound", {}),
    ("a planted link", "GET", "/jobs/bad-job/tasks/ok/files/wd%2Flink", None, {}, (400, 403, 404), None, {}),
    ("a range behind the end", "GET", "/jobs/bad-job/tasks/ok/files/stdout.txt", None, {"headers": {"ocp-range": "bytes=100-200"}}, 416, "InvalidRange", {}),
    ("a malformed range", "GET", "/jobs/bad-job/tasks/ok/files/stdout.txt", None, {"headers": {"ocp-range": "lines=1-2"}}, 400, "InvalidHeaderValue", {}),
    ("a folder read as a file", "GET", "/jobs/bad-job/tasks/ok/files/wd", None, {}, 400, "OperationInvalidForCurrentState", {}),
    ("an escaping resource file", "POST", "/jobs/bad-job/tasks", {"id": "esc", "commandLine": "x", "resourceFiles": [{"httpUrl": "http://127.0.0.1/x", "filePath": "../../x"}]}, {}, 400, "InvalidPropertyValue", {}),
]


def bad_input():
    with Cluster() as cluster:
        client = cluster.batch()
        make_pool(client, "bad", nodes=1)
        make_job(client, "bad-job", "bad")
        client.task.add("bad-job", models.TaskAddParameter(
            id="ok", command_line="/bin/sh -c 'echo out; ln -s /etc/passwd link'"))
        wait_tasks_complete(client, "bad-job", 1)
        raw = Raw(cluster)
        before = [raw("GET", "/jobs").body, raw("GET", "/jobs/bad-job/taskcounts").body]
        wrong = []
        for what, verb, path, body, more, status, code, values in CASES:
            answer = raw(verb, path, body, **more)
            statuses = status if isinstance(status, tuple) else (status,)
            if answer.status not in statuses or (code and answer.code != code):
                wrong.append(f"{what}: {answer.status} {answer.code}, wanted {status} {code}: {answer.body[:300]}")
                continue
            if b"root:" in answer.body:
                wrong.append(f"{what}: /etc/passwd came out")
            for name, value in values.items():
                if answer.values.get(name) != value:
                    wrong.append(f"{what}: values {answer.values}, wanted {name}={value}")
            if not answer.headers.get("request-id"):
                wrong.append(f"{what}: no request-id")
        filtered = raw("GET", "/jobs/bad-job/tasks", query={"$filter": "id eq 'a' and state eq eq"})
        if not any(c.isdigit() for c in filtered.values.get("Reason", "")):
            wrong.append(f"the position is not in the reason of a bad filter: {filtered.values}")
        after = [raw("GET", "/jobs").body, raw("GET", "/jobs/bad-job/taskcounts").body]
        expect(not wrong, "\n".join([f"{len(wrong)} of {len(CASES)} cases are wrong:"] + wrong))
        expect(before == after, "nothing was changed by any of it")
        print(f"{len(CASES)} kinds of bad input, each with its documented answer")


run([bad_input])
