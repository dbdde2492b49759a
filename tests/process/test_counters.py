"""Counters equal the rows after random histories."""
import pathlib
import tempfile

from hypothesis import HealthCheck, given, settings, strategies as st

import database
from program import Plain, sized

STEPS = st.one_of(
    st.tuples(st.just("enqueue"), st.sampled_from(["succeeds", "fails", "defers"]),
              st.integers(1, 4)),
    st.just(("run",)),
    st.just(("retry",)),
    st.tuples(st.just("clear"), st.sampled_from(["0", "1h", "50h"])),
    st.tuples(st.just("age"), st.integers(1, 100)),
    st.tuples(st.just("delete"), st.integers(2, 4)),
    st.tuples(st.just("delete_by_uuid"), st.sampled_from(["request", "result", "job"])),
    st.just(("purge",)))

EXECUTABLES = {"succeeds": "exit 0", "fails": "exit 1", "defers": "exit 75"}


class History:
    """A queue in a folder, and the steps that can happen to it."""

    def __init__(self, folder):
        self.db = database.Sqlite(folder / "plain.db")
        self.plain = Plain(folder, self.db.url)
        self.plain("migrate")
        for name, text in EXECUTABLES.items():
            self.plain.add_executable(name, f"#!/bin/sh\n{text}\n")

    def enqueue(self, name, count):
        self.plain.enqueue(name, "--count", count, "--retries", count % 2)

    def run(self):
        self.plain.drain("--max-processes", "2")

    def retry(self):
        for row in self.db.query("SELECT job_process_uuid FROM plainjobs_jobresult "
                                 "WHERE retry_job_request_uuid IS NULL LIMIT 2"):
            self.plain("jobs", "retry", row.job_process_uuid)

    def clear(self, age):
        self.plain("jobs", "clear", "--older-than", age)

    def age(self, hours):
        """Some results become older than they are."""
        self.db.execute("UPDATE plainjobs_jobresult SET created_at = created_at - "
                        f"{hours} * 3600000000 WHERE id % 2 = 0")

    def delete(self, n):
        self.db.execute(f"DELETE FROM plainjobs_jobresult WHERE id % {n} = 0")

    def delete_by_uuid(self, what):
        """A pending job, an attempt, or a job that has ended: the oldest, if there is one."""
        column, table = {"request": ("uuid", "jobrequest"),
                         "result": ("job_process_uuid", "jobresult"),
                         "job": ("job_request_uuid", "jobresult")}[what]
        for row in self.db.query(f"SELECT {column} FROM plainjobs_{table} ORDER BY id LIMIT 1"):
            self.plain("jobs", "delete", row[column])

    def purge(self):
        self.plain("jobs", "purge", "--yes")

    def check(self):
        stats = self.plain.json("jobs", "stats")
        statuses = self.db.statuses()
        assert {status: stats[status.lower()] for status in (
            "SUCCESSFUL", "ERRORED", "LOST", "DEFERRED", "CANCELLED")} == {
            status: statuses.count(status) for status in (
                "SUCCESSFUL", "ERRORED", "LOST", "DEFERRED", "CANCELLED")}
        assert stats["pending"] == self.db.count("jobrequest")
        assert stats["processing"] == self.db.count("jobprocess")
        assert sum(queue["pending"] for queue in stats["queues"]) == stats["pending"]
        ended = self.db.query("SELECT total(n) AS n, total(n_removed) AS gone "
                              "FROM plainjobs_counter")[0]
        assert ended.n - ended.gone == len(statuses)
        assert ended.n == sum(stats["last_day"].values())


@settings(max_examples=sized(5, 100), deadline=None, database=None, derandomize=True,
          suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=4, max_size=9))
def test_counters_equal_the_rows(steps):
    with tempfile.TemporaryDirectory() as folder:
        history = History(pathlib.Path(folder))
        history.enqueue("succeeds", 3)
        history.run()
        for name, *values in steps:
            getattr(history, name)(*values)
        history.check()
