#!/usr/bin/python3
"""The newer azure-batch packages of the tests, and Apache Airflow, each in an environment of its own below build/python.

    python_clients.py VERSION...              makes what is missing
    python_clients.py --run VERSION SCRIPT... runs a script with that version

A script that needs one calls `use(VERSION)` first: it goes on under that environment's Python.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("WINDLASS_ROOT", pathlib.Path(__file__).resolve().parents[2]))
PYTHON = "/usr/bin/python3"
# The last provider that uses BatchServiceClient's packages without asking for newer ones; what Airflow leaves open is named, or pip searches for an hour.
AIRFLOW = ["apache-airflow==2.10.5", "apache-airflow-providers-microsoft-azure==12.2.0", "azure-batch==14.2.0",
           "connexion==2.14.2", "flask==2.2.5", "werkzeug==2.2.3", "flask-appbuilder==4.5.3", "sqlalchemy<2"]


def folder(version):
    return ROOT / "build" / "python" / (version if version == "airflow" else f"azure-batch-{version}")


def packages(version):
    return AIRFLOW if version == "airflow" else [f"azure-batch=={version}", "aiohttp"]


def interpreter(version):
    """The Python of that environment, made when it is not there: a name that is there is whole."""
    place = folder(version)
    python = place / "bin" / "python"
    if not (place / "installed").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([PYTHON, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages(version)], check=True)
        (place / "installed").touch()
    return str(python)


def use(version):
    if pathlib.Path(sys.prefix) != folder(version):
        python = interpreter(version)
        os.execv(python, [python, "-W", "ignore", *sys.argv])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        chosen = interpreter(sys.argv[2])
        os.execv(chosen, [chosen, "-W", "ignore", *sys.argv[3:]])
    for wanted in sys.argv[1:]:
        print(interpreter(wanted))
