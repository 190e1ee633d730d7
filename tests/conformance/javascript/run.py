#!/usr/bin/python3
"""Runs the scripts beside it with the packages of package.json, each against a fresh cluster: the workflow over HTTP and HTTPS,
then nodes, then all the rest."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
import node_users  # noqa: E402
from certificates import PASSWORD, Certificate  # noqa: E402
from cluster import ROOT, Cluster, expect, run  # noqa: E402
from containers import Container  # noqa: E402

PACKAGES = ROOT / "build" / "javascript"


def install():
    """The Azure packages live in the build folder; Node finds them from a copy of the script there."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", PACKAGES)
    if not (PACKAGES / "node_modules" / "@azure" / "batch").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(PACKAGES)], check=True)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, PACKAGES)


def script(name, *options, prepare=None):
    with Cluster(*options) as cluster:
        more = prepare(cluster) if prepare else {}
        done = subprocess.run(["node", str(PACKAGES / name)], env={**os.environ, **cluster.environment, **more})
        expect(done.returncode == 0, f"{name} succeeds")


def over_http():
    script("workflow.mjs")


def over_https():
    script("workflow.mjs", "--https")


def nodes():
    with node_users.made_up() as (name,):
        script("nodes.mjs", *node_users.OPTIONS, prepare=lambda _: {"WINDLASS_TEST_USER": name if node_users.ALLOWED else ""})


def operations():
    with tempfile.TemporaryDirectory() as folder:
        def prepare(cluster):
            made = Certificate(folder)
            container = Container(cluster.environment["AZURE_STORAGE_CONNECTION_STRING"], "logs")
            return {"WINDLASS_TEST_CERTIFICATE": json.dumps({"thumbprint": made.thumbprint, "publicData": made.public_data,
                                                             "pfxData": made.pfx_data, "password": PASSWORD}),
                    "WINDLASS_TEST_CONTAINER": container.url}
        script("operations.mjs", prepare=prepare)


if __name__ == "__main__":
    install()
    run([over_http, over_https, nodes, operations])
