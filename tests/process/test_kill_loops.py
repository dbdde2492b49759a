"""SIGKILL at any moment, of workers and of runners, over and over.

A full-size run prints its figures (pytest -s); docs/stress.md has them.
"""
import collections
import json
import random
import shutil
import threading
import time

import pytest

from monkey import Monkey
from program import Plain, release_path, sized
from test_complete_in import completing_module, effects, rows  # noqa: F401 (fixtures)
from verify import History, assert_sound, unexplained_reruns

KEYS = 50


def strike_while(monkey, kills, done, jobs, bring=lambda n: None):
    """Spread over the run: the n-th kill comes when n parts of the jobs are done, or soon after.
    bring(n) enqueues some before it: it finds them however late it comes. Runners and workers are
    killed by turns."""
    deadline = time.monotonic() + sized(120, 1800)

    def keep_until(condition):
        while not condition():
            assert time.monotonic() < deadline, f"{done()} of {jobs}"
            monkey.keep()
            time.sleep(0.05)
    for n in range(kills):
        keep_until(lambda: done() >= jobs * n // (kills + 1))
        keep_until(lambda: n % 2 or all(worker.runners() for worker in monkey.workers))
        bring(n)
        time.sleep(monkey.chance.uniform(0, 0.1))
        monkey.strike(of_workers=n % 2)
    keep_until(lambda: done() >= jobs * kills // (kills + 1))
    keep_until(lambda: all(worker.events("Worker registered") for worker in monkey.workers))


def psql_effect(db):
    """An executable that writes its row and completes in SQL, by a client of its own."""
    return (f"#!/bin/sh\nfor s in BEGIN \"INSERT INTO effects VALUES ('$PLAIN_JOB_ROOT_UUID', 0)\""
            " \"SELECT plain_jobs_complete('$PLAIN_JOB_UUID')\" COMMIT; do echo \"$s;\"; done |"
            f" psql -q -X -v ON_ERROR_STOP=1 -o /dev/null '{db.url}'\n")


def test_exactly_one_row_whatever_is_killed(db, plain, effects, start_worker):  # noqa: F811
    """Each job writes a row and completes in the same transaction."""
    jobs, kills = sized(300, 10000), sized(8, 200)
    plain.env["PLAIN_JOBS_MAX_CRASHES"] = "1000"
    many = ("--retries", 1000, "--count")
    plain.add_executable("psql-effect", psql_effect(db))
    uuids = [uuid for _ in range(5) for uuid in effects(*many, jobs // 10, ms=3)]

    def bring(n):
        if db.kind == "postgres" and n % 5 == 4:
            uuids.extend(plain.enqueue("psql-effect", *many, jobs // 2 // kills))
        else:
            uuids.extend(effects(*many, jobs // 2 // kills, ms=3))
    began = time.monotonic()
    monkey = Monkey(start_worker, seed=11)
    strike_while(monkey, kills, lambda: len(rows(db)), jobs, bring)
    monkey.stop()
    plain.drain(timeout=300)
    statuses = collections.Counter(db.statuses())
    print(f"\n{db.kind}: {len(uuids)} jobs, {monkey}, {time.monotonic() - began:.0f} s, {statuses}")
    assert monkey.worker_kills and monkey.runner_kills
    assert rows(db) == sorted(uuids)
    assert statuses["SUCCESSFUL"] == len(uuids)
    assert set(statuses) <= {"SUCCESSFUL", "LOST", "ERRORED"}
    assert_sound(db, uuids)
    assert unexplained_reruns(History.read(db)) == []


@pytest.fixture(scope="session")
def keyed_module(build_module):
    return build_module("keyed.c")


class Producer(threading.Thread):
    """Enqueues one job for each key, again and again, until it is stopped and has made enough; keys
    that are held are skipped. Priorities are random: who should not be there may run next."""

    def __init__(self, plain, jobs):
        super().__init__(daemon=True)
        self.plain = Plain(plain.folder, plain.env["DATABASE_URL"], release_path())
        self.jobs = jobs
        self.made, self.skipped = [], 0
        self.failed = None
        self.stopped = False
        self.chance = random.Random(13)

    def lines(self):
        return "".join(json.dumps({"key": f"k{n}", "params": {"ms": 60},
                                   "priority": self.chance.randrange(9)}) + "\n"
                       for n in range(KEYS)).encode()

    def run(self):
        try:
            self.produce()
        except Exception as failure:
            self.failed = failure

    def count(self, db):
        """Of the results; a producer that failed fails the test."""
        assert self.failed is None, self.failed
        return db.count("jobresult")

    def produce(self):
        while not self.stopped or len(self.made) < self.jobs:
            done = self.plain.run("jobs", "enqueue", "KeyedJob", "--retries", 30, "--from", "-",
                                  stdin=self.lines())
            fresh = [line for line in done.lines if line != "skipped"]
            assert done.code in (0, 6) and len(done.lines) == KEYS, done
            self.made += fresh
            self.skipped += KEYS - len(fresh)
            time.sleep(0.02)


def overlaps(trace):
    """Lines of jobs that ran while another one of their key did."""
    found, running = [], {}
    for line in trace.read_text().splitlines():
        what, request, _, _, key = line.split()
        if what == "O" or (what == "E" and running.get(key) != request):
            found.append(line)
        elif what == "S":
            running[key] = request
    return found


def test_one_of_a_key_at_a_time_while_workers_are_killed(db, plain, folder, keyed_module,
                                                         start_worker):
    """Whoever runs beside another one of its key sees its lock, or ends after it began."""
    jobs, kills = sized(300, 10000), sized(8, 200)
    plain.env["PLAIN_JOBS_MAX_CRASHES"] = "1000"
    (folder / "app").mkdir()
    shutil.copy(keyed_module, folder / "app/jobs.so")
    trace = folder / "trace.log"
    began = time.monotonic()
    producer = Producer(plain, jobs)
    producer.start()
    monkey = Monkey(start_worker, seed=12, runners=4)
    strike_while(monkey, kills, lambda: producer.count(db), jobs)
    producer.stopped = True
    producer.join()
    assert producer.failed is None, producer.failed
    monkey.stop()
    plain.drain("--max-processes", 2, timeout=300)
    statuses = collections.Counter(db.statuses())
    print(f"\n{db.kind}: {len(producer.made)} jobs of {KEYS} keys, {producer.skipped} skipped,"
          f" {monkey}, {time.monotonic() - began:.0f} s, {statuses}")
    assert monkey.worker_kills and producer.skipped
    assert overlaps(trace) == []
    assert db.rows("jobkey") == []
    assert_sound(db, producer.made, trace, kills=True)
    producer.jobs, producer.made = KEYS, []  # none is leaked: each can be had again
    producer.produce()
    assert len(producer.made) == KEYS
