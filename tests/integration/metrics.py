#!/usr/bin/python3
"""Every role answers /healthz, /readyz and /metrics, and `promtool check metrics` finds nothing to say."""
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster, expect, run  # noqa: E402


def doors():
    with Cluster() as cluster:
        cluster.wait_healthy()
        roles = cluster.status()
        expect({entry["role"] for entry in roles} >= {"broker", "scheduler", "gateway", "worker"}, f"all four roles: {roles}")
        for entry in roles:
            if not entry.get("admin"):
                continue
            for page in ("healthz", "readyz", "metrics"):
                with urllib.request.urlopen(f"http://{entry['admin']}/{page}", timeout=10) as answer:
                    expect(answer.status == 200, f"{entry['role']}/{page} answers {answer.status}")
                    body = answer.read()
            checked = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True)
            expect(checked.returncode == 0, f"{entry['role']}: {checked.stdout.decode()}{checked.stderr.decode()}")
            expect(b"windlass_build_info" in body, f"{entry['role']} says what it is")


run([doors])
