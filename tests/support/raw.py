"""Requests as no SDK would send them: raw HTTP with a right (or deliberately wrong) SharedKey."""
import base64
import email.utils
import hashlib
import hmac
import http.client
import json
import time
import urllib.parse

VERSION = "2022-10-01.16.0"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        try:
            self.json = json.loads(self.body) if self.body else None
        except ValueError:
            self.json = None

    @property
    def code(self):
        return self.json.get("code") if isinstance(self.json, dict) else None

    @property
    def values(self):
        return {v["key"]: v["value"] for v in (self.json or {}).get("values", [])}

    @property
    def message(self):
        return (self.json or {}).get("message", {}).get("value", "")


class Raw:
    def __init__(self, cluster):
        self.account = cluster.environment["AZURE_BATCH_ACCOUNT"]
        self.key = cluster.environment["AZURE_BATCH_ACCESS_KEY"]
        url = urllib.parse.urlsplit(cluster.environment["AZURE_BATCH_ENDPOINT"])
        self.host, self.port = url.hostname, url.port

    def __call__(self, verb, path, body=None, *, query=None, key=None, clock=0.0, version=VERSION, headers=None,
                 authorization=None, content_type="application/json; odata=minimalmetadata; charset=utf-8"):
        parameters = dict(query or {})
        if version is not None:
            parameters["api-version"] = version
        data = body.encode() if isinstance(body, str) else body
        if isinstance(body, (dict, list)):
            data = json.dumps(body).encode()
        sent = {"ocp-date": email.utils.formatdate(time.time() + clock, usegmt=True)}
        if data is not None:
            sent["Content-Type"] = content_type
            sent["Content-Length"] = str(len(data))
        elif verb in ("POST", "PUT", "PATCH"):
            sent["Content-Length"] = "0"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}  # None leaves one out
        ocp = "".join(f"{name.lower()}:{sent[name].strip()}\n" for name in sorted(sent, key=str.lower) if name.lower().startswith("ocp-"))
        resource = f"/{self.account}{path}" + "".join(f"\n{name.lower()}:{parameters[name]}" for name in sorted(parameters, key=str.lower))
        text = "\n".join([verb, "", "", sent.get("Content-Length", ""), "", sent.get("Content-Type", ""), "",
                          sent.get("If-Modified-Since", ""), sent.get("If-Match", ""), sent.get("If-None-Match", ""),
                          sent.get("If-Unmodified-Since", ""), sent.get("Range", "")]) + "\n" + ocp + resource
        signature = base64.b64encode(hmac.new(base64.b64decode(key or self.key), text.encode(), hashlib.sha256).digest()).decode()
        if authorization is None:
            sent["Authorization"] = f"SharedKey {self.account}:{signature}"
        elif authorization:
            sent["Authorization"] = authorization
        target = path + ("?" + urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote) if parameters else "")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.putrequest(verb, target, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders()
            if data:
                connection.send(data)
            return Answer(connection.getresponse())
        finally:
            connection.close()
