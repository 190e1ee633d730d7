#!/usr/bin/python3
"""Runs workflow.mjs with the packages of package.json against a fresh cluster: HTTP, then HTTPS."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from cluster import ROOT, Cluster, expect, run  # noqa: E402

PACKAGES = ROOT / "build" / "javascript"


def install():
    """The Azure packages live in the build folder; Node finds them from a copy of the script there."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", PACKAGES)
    if not (PACKAGES / "node_modules" / "@azure" / "batch").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(PACKAGES)], check=True)
    shutil.copy(HERE / "workflow.mjs", PACKAGES)


def workflow(*options):
    with Cluster(*options) as cluster:
        done = subprocess.run(["node", str(PACKAGES / "workflow.mjs")], env={**os.environ, **cluster.environment})
        expect(done.returncode == 0, "workflow.mjs succeeds")


def over_http():
    workflow()


def over_https():
    workflow("--https")


if __name__ == "__main__":
    install()
    run([over_http, over_https])
