"""A ledger that tasks keep outside of the system: each attempt writes to a file of its own when it begins, that it lives, and
that it has come to its end. It tells what really ran, whatever anybody recorded."""
import pathlib
import time

BEATS_A_SECOND = 5

TASK = """#!/bin/sh
# task.sh BEATS [EXIT [PARENT]]: the start, five beats a second, and the end, in a file of this attempt's own; then exits with
# EXIT. With 9, at once, if PARENT has not come to its end.
job=$(dirname "$0")/$AZ_BATCH_JOB_ID
ledger=$job/$AZ_BATCH_TASK_ID.$AZ_BATCH_NODE_ID.$(hostname).$(date +%s%N)
left=$1
echo "begin $(date +%s.%N)" >>"$ledger"
[ -z "$3" ] || grep -q end "$job/$3".* || exit 9
while [ "$left" -gt 0 ]; do
  sleep 0.2
  echo "beat $(date +%s.%N)" >>"$ledger"
  left=$((left - 1))
done
echo "end $(date +%s.%N)" >>"$ledger"
exit "${2:-0}"
"""


class Attempt:
    """When it began, when it was last seen, and whether it came to its end."""

    def __init__(self, task, host, text, node=""):
        self.task, self.host, self.node = task, host, node
        lines = [line.split() for line in text.splitlines() if line.count(" ") == 1]
        moments = [(word, float(moment)) for word, moment in lines]
        self.begun = moments[0][1] if moments else None
        self.last = moments[-1][1] if moments else None
        self.ended = bool(moments) and moments[-1][0] == "end"

    def runs(self):
        """It beat within the last second."""
        return not self.ended and self.last > time.time() - 1


class Ledger:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.folder.chmod(0o755)
        (self.folder / "task.sh").write_text(TASK)

    def open_for(self, job):
        folder = self.folder / job
        folder.mkdir()
        folder.chmod(0o777)

    def attempts(self, job):
        found = []
        for file in (self.folder / job).iterdir():
            task, node, host, _ = file.name.split(".")
            attempt = Attempt(task, host, file.read_text(), node)
            if attempt.begun is not None:
                found.append(attempt)
        return found


def task_line(seconds, exit_code=0, parent="", seen_at="/ledger"):
    """The command line of a task that takes so long; `seen_at`: where the task finds the ledger's folder."""
    return f"/bin/sh {seen_at}/task.sh {round(seconds * BEATS_A_SECOND)} {exit_code} {parent}".rstrip()


def overlaps(attempts):
    """Pairs of attempts of the same task that ran at the same time."""
    found = []
    by_task = {}
    for attempt in attempts:
        by_task.setdefault(attempt.task, []).append(attempt)
    for of_task in by_task.values():
        of_task.sort(key=lambda attempt: attempt.begun)
        latest = of_task[0]
        for later in of_task[1:]:
            if later.begun <= latest.last:
                found.append((latest, later))
            latest = max(latest, later, key=lambda attempt: attempt.last)
    return found


def most_at_once(attempts):
    """The largest number of attempts that ran at the same time on a node."""
    moments = {}
    for attempt in attempts:
        moments.setdefault(attempt.node, []).extend([(attempt.begun, 1), (attempt.last, -1)])
    most = 0
    for of_node in moments.values():
        now = 0
        for _, change in sorted(of_node):  # at the same moment, the end comes first
            now += change
            most = max(most, now)
    return most


def overlaps_are_seen():
    def attempt(host, *lines):
        return Attempt("t", host, "".join(f"{text}\n" for text in lines))

    def found(*attempts):
        return bool(overlaps(list(attempts)))
    first, cut = attempt("a", "begin 10.0", "beat 10.2", "end 10.4"), attempt("a", "begin 10.0", "beat 40.2")
    assert found(first, attempt("b", "begin 10.3", "end 11.0")), "an attempt that begins before the other's end is seen"
    assert found(attempt("b", "begin 39.0", "end 41.0"), cut), "also when the other has no end, in any order"
    assert found(cut, attempt("b", "begin 41.0"), attempt("c", "begin 12.0", "end 13.0")), "and a third one inside the first"
    assert not found(first, attempt("b", "begin 10.5", "end 11.0")), "one after the other is as it should be"
    assert most_at_once([first, attempt("b", "begin 10.3", "end 11.0")]) == 2, "two on a node are counted"
    assert most_at_once([first, attempt("b", "begin 10.4", "end 11.0")]) == 1, "and one after the other"
