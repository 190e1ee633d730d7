#!/usr/bin/python3
"""windlass-loadtest against a server of known behaviour: a stall is told with its full weight, equal runs are called equal, and
a server that is 5 % slower is found out."""
import asyncio
import contextlib
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import BIN, expect, run  # noqa: E402

LOADTEST = str(BIN / "windlass-loadtest")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
RATE, SECONDS, STALL = 500, 20, 0.2
STALLS_AT = [3.003, 7.503, 11.003, 16.503]  # seconds after the first request
PAIRS, ROUNDS, ROUND_SECONDS, SERVICE, BUSY = 20, 10, 0.4, 0.002, 0.0005
# A processor each: who is woken by the other's answer on the other's processor waits there until the other rests, some milliseconds.
STUB_CPU, LOADTEST_CPU = sorted(os.sched_getaffinity(0))[:2]


class Stub(asyncio.Protocol):
    """Has every request answered, one after the other: `stub(transport, head)` takes the time that the service takes."""

    def __init__(self, stub):
        self.stub, self.buffer = stub, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.stub(self.transport, head)


@contextlib.contextmanager
def serving(answer):
    """The port of a server on a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found = {}

    async def serve():
        server = await loop.create_server(lambda: Stub(answer), "127.0.0.1", 0, backlog=1024)
        found["port"] = server.sockets[0].getsockname()[1]
        ready.set()
    thread = threading.Thread(target=lambda: (loop.run_until_complete(serve()), loop.run_forever()), daemon=True)
    thread.start()
    ready.wait()
    os.sched_setaffinity(thread.native_id, {STUB_CPU})
    try:
        yield found["port"]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def loadtest(port, out, **parameters):
    words = ["taskset", "-c", str(LOADTEST_CPU), LOADTEST, "run", "requests", "--out", out]
    for name, value in parameters.items():
        words += ["--set", f"{name}={value}"]
    environment = {"AZURE_BATCH_ENDPOINT": f"http://127.0.0.1:{port}", "AZURE_BATCH_ACCOUNT": "stub", "AZURE_BATCH_ACCESS_KEY": "c3R1Yg=="}
    done = subprocess.run([*words, "--append"], env=environment, capture_output=True, text=True, timeout=300)
    expect(done.returncode == 0, f"windlass-loadtest: {done.stderr}")
    return json.loads(pathlib.Path(out).read_text())


def a_stall_is_told_with_its_full_weight():
    stalls, first, answered = 0, math.inf, {}  # answered: when, by the request's number

    def answer(transport, head):
        nonlocal stalls, first
        now, number = time.monotonic(), int(re.match(rb"GET /(\d+)", head)[1])
        # Request n is due n/RATE after the first. When that was due: none comes before its time, and the promptest says it best.
        first = min(first, now - number / RATE)
        if stalls < len(STALLS_AT) and now - first >= STALLS_AT[stalls]:
            stalls += 1
            time.sleep(STALL)  # the stall itself: nobody is answered meanwhile
        answered[number] = time.monotonic()
        transport.write(ANSWER)
    with tempfile.TemporaryDirectory() as folder, serving(answer) as port:
        report = loadtest(port, f"{folder}/stall.json", path="/#", rhythm="even", rate=RATE, seconds=SECONDS, connections=300)
    expect(stalls == len(STALLS_AT), f"{stalls} stalls happened")
    expect(len(answered) == RATE * SECONDS, f"{len(answered)} requests were answered")
    numbers = report["rounds"][0]["latencies"]["request"]
    total = sum(times for _, times in numbers["buckets"])
    expect(total == len(answered), f"{total} answers were seen")
    # What the stub did to each, those included that came just before a stall and those whose turn was late after it.
    waits = sorted(at - first - number / RATE for number, at in answered.items())
    computed = waits[rank(0.999, total) - 1] * 1000
    # Of each stall that many are among the longest waits.
    longest = -(-(total - rank(0.999, total) + 1) // len(STALLS_AT))
    expect(computed >= (STALL - longest / RATE) * 1000, f"the stalls weigh {computed:.2f} ms")
    told = percentile(numbers, 0.999)
    print(f"p99.9: computed {computed:.2f} ms, told {told:.2f} ms ({(told / computed - 1) * 100:+.2f} %)")
    expect(abs(told / computed - 1) <= 0.01, "the reported p99.9 is within 1 % of the computed one")


def rank(share, total):
    """That many values are at most the percentile."""
    return int(-(-share * total // 1))


def percentile(numbers, share):
    """In ms, of the buckets in the file: 128 to each power of two."""
    total = sum(times for _, times in numbers["buckets"])
    seen = 0
    for bucket, times in numbers["buckets"]:
        seen += times
        if seen >= rank(share, total):
            shift = max(0, (bucket >> 7) - 1)
            return (((bucket - (shift << 7)) << shift) + (1 << shift) / 2) / 1e6
    raise AssertionError("no value")


def compared(before, after):
    return subprocess.run([LOADTEST, "compare", before, after], capture_output=True, text=True, timeout=60)


def equal_runs_are_equal_and_a_slower_one_is_found():
    service = [SERVICE]

    def answer(transport, _):
        # Asleep for the most of it, because who is always busy loses the processor to others when there are any; then busy, so that
        # it takes exactly so long.
        end = time.perf_counter() + service[0]
        time.sleep(service[0] - BUSY)
        while time.perf_counter() < end:
            pass
        transport.write(ANSWER)

    def measure_in_turns(*runs):  # each is a file and how long its service takes
        for _ in range(ROUNDS):
            for file, service[0] in runs:
                loadtest(port, file, seconds=ROUND_SECONDS)
    with tempfile.TemporaryDirectory() as folder, serving(answer) as port:
        alarms = []
        for pair in range(PAIRS):
            files = [f"{folder}/{pair}-{side}.json" for side in "ab"]
            measure_in_turns(*((file, SERVICE) for file in files))
            done = compared(*files)
            expect(done.returncode in (0, 3), done.stderr)
            if "WORSE" in done.stdout or "better" in done.stdout:
                alarms.append(done.stdout)
        measure_in_turns((f"{folder}/usual.json", SERVICE), (f"{folder}/slow.json", SERVICE * 1.05))
        found = compared(f"{folder}/usual.json", f"{folder}/slow.json")
    print(f"{len(alarms)} of {PAIRS} pairs of equal runs were called different; the run that was 5 % slower:\n{found.stdout}")
    expect(len(alarms) <= 1, f"it cries wolf: {alarms}")
    expect(found.returncode == 3 and "WORSE" in found.stdout, "the slower run is found out")


run([a_stall_is_told_with_its_full_weight, equal_runs_are_equal_and_a_slower_one_is_found])
