#!/usr/bin/python3
"""Containers that take what nodes upload: of Azurite, or of any account whose connection string is known.

    containers.py CONNECTION_STRING NAME   makes the container and prints its URL with a signature to write, list and read

A test under another Python than Debian's has no azure.storage: it makes its container by running this.
"""
import base64
import contextlib
import os
import re
import secrets
import select
import subprocess
import sys
import tempfile
import time
import urllib.request

ACCOUNT = "suiteaccount"
START_SECONDS_MAX = 60


def start(which, program, folder, key):
    if which == "ours":
        command = [program, "--folder", f"{folder}/blobs", "--threads", "2", f"{ACCOUNT}={key}"]
    else:
        command = [program, "--blobPort", "0", "--location", folder, "--silent", "--disableTelemetry"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={
        **os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"})


def url_of(server):
    """Both print their address when they listen."""
    deadline = time.monotonic() + START_SECONDS_MAX
    said = b""
    while time.monotonic() < deadline:
        if not select.select([server.stdout], [], [], 1)[0]:
            continue
        part = os.read(server.stdout.fileno(), 4096)
        said += part
        found = re.search(rb"http://127\.0\.0\.1:\d+", said)
        if found:
            return found.group().decode()
        if not part:
            break
    sys.exit(f"The server did not start; it said: {said.decode()}")


def connection_string(key, url):
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={url}/{ACCOUNT};"


@contextlib.contextmanager
def azurite():
    """A connection string, while it runs."""
    import node_packages
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    with tempfile.TemporaryDirectory(prefix="windlass-azurite-") as folder:
        server = start("azurite", str(node_packages.folder() / "node_modules/.bin/azurite-blob"), folder, key)
        try:
            yield connection_string(key, url_of(server))
        finally:
            server.terminate()
            server.wait()


class Container:
    def __init__(self, connection, name):
        made = subprocess.run(["/usr/bin/python3", "-W", "ignore", __file__, connection, name], check=True, capture_output=True, text=True)
        self.url = made.stdout.strip()
        self.place, self.signature = self.url.split("?")

    def names(self):
        with urllib.request.urlopen(f"{self.place}?restype=container&comp=list&{self.signature}") as answer:
            return re.findall(r"<Name>([^<]*)</Name>", answer.read().decode())

    def read(self, name):
        with urllib.request.urlopen(f"{self.place}/{name}?{self.signature}") as answer:
            return answer.read()


def make(connection, name):
    import datetime
    from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
    container = BlobServiceClient.from_connection_string(connection).create_container(name)
    signature = generate_container_sas(
        container.account_name, name, account_key=container.credential.account_key,
        permission=ContainerSasPermissions(read=True, write=True, list=True, create=True),
        expiry=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1))
    return f"{container.url}?{signature}"


if __name__ == "__main__":
    print(make(*sys.argv[1:]))
