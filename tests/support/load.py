"""Clients that add tasks and read while there is trouble, and the history that they keep: what was asked, answered and seen.
`finish` checks it against the records, and both against the ledger of what really ran (tests/support/ledger.py).

Each client uses a gateway of its own and turns to the other one when it gets no answer; what was not answered is asked again,
as careful clients do. Every tenth task always fails and may be tried three times in all; every tenth has a parent."""
import threading
import time

from cluster import Failure, expect, make_job, wait_until
from ledger import most_at_once, overlaps, task_line
from namespaces import LEASE_SECONDS, NODES, SHARDS, SLOTS

from azure.batch import models
from azure.batch.models import BatchErrorException

BATCH = 10
RETRIES = 2
FAILS_WITH = 3
AHEAD = 6 * NODES * SLOTS   # tasks added before the nodes have caught up
STEPS = {  # of a task's state, as a client may see them (several may have been taken since it looked last)
    "active": {"active", "preparing", "running", "completed"},
    "preparing": {"active", "preparing", "running", "completed"},
    "running": {"active", "preparing", "running", "completed"},
    "completed": {"completed"}}


def word(value):
    return str(getattr(value, "value", value))


def kind_of(task):
    return {0: "fails", 5: "child"}.get(int(task[1:]) % 10, "plain")


class Client:
    """Asks one gateway, and the other one after a failure."""

    def __init__(self, site, gateway):
        self.site, self.gateway = site, gateway
        self.unanswered = 0
        self.connect()

    def connect(self):
        names = self.site.gateways()
        self.batch = self.site.client(names[self.gateway % len(names)])

    def once(self, ask):
        """The answer, or the service's refusal as an exception, or None: it is not known what became of it."""
        try:
            return ask(self.batch)
        except BatchErrorException as error:
            code = error.error.code if error.error else None
            if code not in (None, "ServerBusy", "InternalError", "OperationTimedOut", "AuthenticationFailed"):
                raise
        except Failure:
            raise
        except Exception:  # noqa: BLE001: a cut connection, a time-out of the client's own
            pass
        self.unanswered += 1
        self.gateway += 1
        self.connect()
        return None

    def until_answered(self, ask, what, seconds=150):
        deadline = time.monotonic() + seconds
        while True:
            answer = self.once(ask)
            if answer is not None:
                return answer
            expect(time.monotonic() < deadline, f"no answer for {seconds} s: {what}")
            time.sleep(0.1)  # the client's own back-off


class Load:
    TASKS_MAX = 4000

    def __init__(self, site, name):
        self.site, self.name = site, name
        self.jobs = [f"{name}-{number}" for number in range(2)]  # each on one of the site's pools
        self.acknowledged = {job: set() for job in self.jobs}
        self.excused = {}         # tasks that the fault itself ended: {id: why}
        self.excused_codes = set()  # failures for which the fault may be the reason
        self.leases_end = False     # the fault lasts longer than a lease, so attempts may be lost and run again
        self.enough = threading.Event()
        self.failures = []
        self.clients = []
        self.reads = 0
        self.stopped_at = None
        self.threads = [threading.Thread(target=self.guarded, args=(self.add_tasks, job, i)) for i, job in enumerate(self.jobs)]
        self.threads += [threading.Thread(target=self.guarded, args=(self.read_tasks, job, 1 - i)) for i, job in enumerate(self.jobs)]

    def guarded(self, work, job, gateway):
        try:
            client = Client(self.site, gateway)
            self.clients.append(client)
            work(client, job)
        except Exception as error:  # noqa: BLE001: told by finish
            self.failures.append(error)

    def __enter__(self):
        client = self.site.client()
        for number, job in enumerate(self.jobs):
            self.site.ledger.open_for(job)
            make_job(client, job, self.site.pools[number], uses_task_dependencies=True)
        self.stopped = f"{self.name}-stopped"
        self.site.ledger.open_for(self.stopped)
        make_job(client, self.stopped, self.site.pools[0], priority=-10)
        client.task.add_collection(self.stopped, [models.TaskAddParameter(id=f"s{i:03}", command_line=self.line(0.4)) for i in range(90)])
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        for thread in self.threads:
            thread.join()

    def line(self, seconds, exit_code=0, parent=""):
        return task_line(seconds, exit_code, parent, seen_at=self.site.ledger.folder)

    def parameter(self, task):
        number = int(task[1:])
        kind = kind_of(task)
        if kind == "fails":
            return models.TaskAddParameter(id=task, command_line=self.line(0.2, FAILS_WITH),
                                           constraints=models.TaskConstraints(max_task_retry_count=RETRIES))
        if kind == "child":
            parent = f"t{number - 1:05}"
            return models.TaskAddParameter(id=task, command_line=self.line(0.2, 0, parent), depends_on=models.TaskDependencies(task_ids=[parent]))
        return models.TaskAddParameter(id=task, command_line=self.line(0.2 + number % 4 * 0.4))

    # ---- the clients

    def add_tasks(self, client, job):
        while not self.enough.is_set():
            done = self.acknowledged[job]
            expect(len(done) < self.TASKS_MAX, "a load ends")
            ids = [f"t{len(done) + i:05}" for i in range(BATCH)]
            parameters = [self.parameter(task) for task in ids]
            result = client.until_answered(lambda batch: batch.task.add_collection(job, parameters), f"tasks of {job}")
            codes = {item.error.code for item in result.value if item.error}
            expect(codes <= {"TaskExists"}, f"tasks are refused: {codes}")
            self.acknowledged[job] = done | set(ids)
            wait_until(lambda: self.enough.is_set() or self.behind(job) < AHEAD, 240, "the nodes keep up", every=0.1)

    def behind(self, job):
        return len(self.acknowledged[job]) - len({attempt.task for attempt in self.site.ledger.attempts(job) if attempt.ended})

    def read_tasks(self, client, job):
        """What was acknowledged is found at once, through any gateway, and a task only moves as documented, its versions only on."""
        seen = {}
        number = 0
        while not self.enough.is_set():
            known = sorted(self.acknowledged[job])
            if not known:
                time.sleep(0.01)  # the pace of reading
                continue
            # The newest, and every other time one of those before.
            task = known[-1] if number % 2 == 0 else known[number * 7 % len(known)]
            number += 1
            read = client.once(lambda batch: batch.task.get(job, task))
            if read is None:
                time.sleep(0.1)
                continue
            self.reads += 1
            state, version = word(read.state), int(read.e_tag.strip('"'), 16)
            before_state, before_version = seen.get(task, ("active", -1))
            expect(version >= before_version, f"{task} went back from version {before_version} to {version}")
            expect(state in STEPS[before_state], f"{task} went from {before_state} to {state}")
            expect(version > before_version or state == before_state, f"{task} is {before_state} and {state} in the same version")
            seen[task] = (state, version)
            time.sleep(0.01)

    def begin_stop(self):
        """Asks for the end of the job that is kept for it. Nothing of it begins once that is acknowledged and orders on their way
        have arrived."""
        self.stopper = threading.Thread(target=self.guarded, args=(self.stop_job, self.stopped, 0))
        self.threads.append(self.stopper)
        self.stopper.start()

    def stop_job(self, client, job):
        def terminate(batch):
            try:
                batch.job.terminate(job)
            except BatchErrorException as error:
                if not error.error or error.error.code not in ("JobTerminating", "JobCompleted"):
                    raise
            return True
        client.until_answered(terminate, "the end of a job")
        self.stopped_at = time.time()

    # ---- what a fault asks

    def check_going(self):
        if self.failures:
            raise self.failures[0]

    def running(self):
        return {attempt.task for job in self.jobs for attempt in self.site.ledger.attempts(job) if attempt.runs()}

    def done(self):
        return sum(attempt.ended for job in self.jobs for attempt in self.site.ledger.attempts(job))

    def wait_busy(self):
        def busy():
            self.check_going()
            return len(self.running()) >= 2
        wait_until(busy, 90, f"tasks of {self.name} run", every=0.1)

    def wait_progress(self, tasks=10):
        target = self.done() + tasks

        def further():
            self.check_going()
            return self.done() >= target
        begun = time.monotonic()
        wait_until(further, 120, f"{tasks} more tasks come to their end", every=0.1)
        return time.monotonic() - begun

    # ---- the end

    def finish(self, fault_over):
        """All that was accepted comes to its end; returns what happened, in words."""
        self.enough.set()
        for thread in self.threads:
            thread.join(260)
            expect(not thread.is_alive(), "the clients come to their end")
        if self.failures:
            raise self.failures[0]
        client = Client(self.site, 0)
        total = again = 0
        for job in self.jobs:
            wanted = len(self.acknowledged[job])

            def complete():
                counts = client.once(lambda batch: batch.job.get_task_counts(job))
                open_tasks = wanted - counts.task_counts.completed if counts else wanted
                if open_tasks and counts and (self.excused or self.excused_codes):
                    open_tasks -= len(self.blocked(client, job))
                return open_tasks == 0 and counts.task_counts
            counts = wait_until(complete, 180, f"the {wanted} tasks of {job} end", every=0.1)
            total += wanted
            again += self.check(client, job, counts)
        took = time.monotonic() - fault_over
        self.check_stopped(client)
        left = wait_until(lambda: not self.site.attempts_left() or None, 30, "no process of a task is left")
        expect(left, "no process of a task is left")
        for job in [*self.jobs, self.stopped]:
            client.until_answered(lambda batch: batch.job.delete(job) or True, f"the deletion of {job}")
        unanswered = sum(each.unanswered for each in self.clients)
        return f"{total} tasks, {self.reads} reads, {unanswered} requests without an answer, {again} attempts again, all over {took:.1f} s after it"

    def blocked(self, client, job):
        """Those that wait for ever, because the parent failed."""
        records = {task.id: task for task in client.until_answered(lambda batch: list(batch.task.list(job)), f"the tasks of {job}")}

        def failed(task):
            info = records[task].execution_info
            return word(records[task].state) == "completed" and word(info.result) == "failure"
        return {task for task, record in records.items() if kind_of(task) == "child" and word(record.state) == "active" and
                failed(f"t{int(task[1:]) - 1:05}")}

    def check(self, client, job, counts):
        acknowledged = self.acknowledged[job]
        tasks = client.until_answered(lambda batch: list(batch.task.list(job)), f"the tasks of {job}")
        records = {task.id: task for task in tasks}
        expect(len(tasks) == len(records), f"each task of {job} is recorded once")
        expect(not acknowledged - set(records), f"acknowledged and lost: {sorted(acknowledged - set(records))[:5]}")
        expect(not set(records) - acknowledged, f"there, and nobody asked for them: {sorted(set(records) - acknowledged)[:5]}")
        blocked = self.blocked(client, job) if self.excused or self.excused_codes else set()
        expect(all(word(task.state) == "completed" for task in tasks if task.id not in blocked), f"all tasks of {job} are completed")
        succeeded = sum(word(task.execution_info.result) == "success" for task in tasks if task.id not in blocked)
        expect((counts.active, counts.running, counts.succeeded, counts.failed) ==
               (len(blocked), 0, succeeded, len(tasks) - succeeded - len(blocked)), f"the counts of {job} are those of its tasks: {counts}")
        attempts = self.site.ledger.attempts(job)
        by_task = {}
        for attempt in attempts:
            by_task.setdefault(attempt.task, []).append(attempt)
        for task, record in records.items():
            if task in blocked:
                expect(task not in by_task, f"{task} ran although its parent had failed")
            else:
                self.check_task(task, record, by_task.get(task, []))
        expect(set(by_task) <= set(records), "only tasks that are recorded ran")
        twice = overlaps(attempts)
        expect(not twice, "; ".join(f"{one.task} ran on {one.node} from {one.begun} to {one.last} and on {other.node} from {other.begun}"
                                    for one, other in twice[:5]))
        expect(most_at_once(attempts) <= SLOTS, f"{most_at_once(attempts)} attempts at once on a node of {SLOTS} slots")
        needed = sum(RETRIES + 1 if kind_of(task) == "fails" else 1 for task in records)
        return max(0, len(attempts) - needed)

    def check_task(self, task, record, attempts):
        info = record.execution_info
        code = info.failure_info.code if info.failure_info else ""
        ended = sum(attempt.ended for attempt in attempts)
        if task in self.excused or code in self.excused_codes:
            return
        expect(ended > 0, f"{task} is recorded as run, and never came to its end")
        if kind_of(task) == "fails":
            expect((info.exit_code, info.retry_count or 0) == (FAILS_WITH, RETRIES),
                   f"{task} failed with {info.exit_code} ({code}) after {info.retry_count} retries")
            needed = RETRIES + 1
        else:
            expect(info.exit_code == 0 and not info.retry_count, f"{task} ended with {info.exit_code} ({code}), tried again {info.retry_count} times")
            needed = 1
        expect(not info.requeue_count, f"{task}: nobody asked that it be put back")
        expect(len(attempts) >= needed, f"{task} is recorded as tried {needed} times, and was started {len(attempts)} times")
        expect(len(attempts) == needed or self.leases_end, f"{task} was started {len(attempts)} times, and {needed} would do")

    def check_stopped(self, client):
        expect(self.stopped_at is not None, "the job that is kept for it was stopped")
        limit = self.stopped_at + LEASE_SECONDS + 3
        late = [attempt for attempt in self.site.ledger.attempts(self.stopped) if attempt.begun > limit]
        expect(not late, f"tasks of a stopped job begin: {[attempt.task for attempt in late][:5]}")


assert SHARDS == 4  # two owners of two shards each
