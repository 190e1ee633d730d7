"""What the clients of a test really asked for, told by the gateway's own log: the facts behind docs/COVERAGE.md. And which
changes of state its shards recorded.

A cluster of a conformance test logs each request (operation, status, api-version, User-Agent). A test that has passed leaves
them in build/facts, one file a test; a test that failed leaves none.
"""
import collections
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("WINDLASS_ROOT", pathlib.Path(__file__).resolve().parents[2]))
FOLDER = ROOT / "build" / "facts"

# The name by which a client is known, by what it says of itself.
CLIENTS = [
    ("JavaScript", r"^@azure/batch/"),
    ("Python 15", r"azsdk-python-batch/15"),
    ("Python 14", r" azure-batch/14"),
    ("Python 13", r" azure-batch/13"),
]


def script():
    """The running script, relative to the source; nothing when it is none of the conformance tests."""
    path = pathlib.Path(sys.argv[0]).resolve()
    if not path.is_relative_to(ROOT / "tests" / "conformance"):
        return None
    return str(path.relative_to(ROOT))


def records_moves():
    return pathlib.Path(sys.argv[0]).resolve().parent.is_relative_to(ROOT / "tests" / "integration") or script() is not None


def environment():
    return {"WINDLASS_GATEWAY_LOG_LEVEL": "debug"} if script() else {}


def client_of(user_agent):
    """az says that it is the Python package it uses: its tests are known by their folder."""
    if "/az/" in script():
        return "az"
    return next((name for name, pattern in CLIENTS if re.search(pattern, user_agent)), None)


class Recorder:
    """One test of a script: gathers from every cluster that it stops, and keeps it if all went well."""

    def __init__(self):
        self.begin(None)

    def begin(self, test):
        self.test = test
        self.calls = collections.Counter()
        self.moves = collections.Counter()

    def moved(self, lines):
        """What shard_history said of a stopped cluster: machine, from, to, how often."""
        for line in lines.splitlines():
            *move, times = line.split("\t")
            self.moves["\t".join(move)] += int(times)

    def look(self, data):
        if script() is None:
            return
        for log in pathlib.Path(data).glob("logs/gateway*.log"):
            for line in log.read_text(errors="replace").splitlines():
                if '"event":"request"' not in line:
                    continue
                entry = json.loads(line)
                client = client_of(entry.get("client", ""))
                if client and entry["operation"] != "unknown":
                    self.calls[client, entry["operation"], entry["api_version"], entry["status"]] += 1

    def keep(self, passed):
        if self.test is None:
            return
        if passed and self.moves:
            (FOLDER / "moves").mkdir(parents=True, exist_ok=True)
            rows = (f"{move}\t{times}\n" for move, times in sorted(self.moves.items()))
            (FOLDER / "moves" / f"{pathlib.Path(sys.argv[0]).stem}-{self.test}{client_suffix()}.tsv").write_text("".join(rows))
        if script() is None:
            return
        place = FOLDER / (re.sub(r"[^A-Za-z0-9]+", "-", script()) + "--" + self.test + client_suffix() + ".tsv")
        if not passed:
            place.unlink(missing_ok=True)
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        rows = (f"{script()}\t{self.test}\t{client}\t{operation}\t{version}\t{status}\t{count}\n"
                for (client, operation, version, status), count in sorted(self.calls.items()))
        place.write_text("".join(rows))


def client_suffix():
    """The same script may run under several versions of a client."""
    return "--" + pathlib.Path(sys.prefix).name if "azure-batch-" in sys.prefix else ""


recorder = Recorder()
