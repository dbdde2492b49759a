"""What plain_enqueue_statement makes works through drivers that know nothing of us."""
import contextlib
import re
import sqlite3
import subprocess
import time
import uuid

import psycopg2
import pytest

from program import clean_environment

NAME = "O'Neil \\ \"x\" %s $1 ?"


class Statement:
    def __init__(self, printed):
        self.sql, rest = printed.split("\n.\n", 1)
        self.values = [line[1:] if line.startswith("=") else None for line in rest.splitlines()]


@pytest.fixture
def make(plain, build_c):
    program = build_c("statement.c")

    def run(*args):
        done = subprocess.run([program, *map(str, args)], check=True, capture_output=True,
                              text=True, env=clean_environment(plain.folder))
        return Statement(done.stdout)
    return run


class Driver:
    """A fresh connection; execute() gives the rows, commit and rollback are the caller's."""

    def __init__(self, db):
        self.kind = db.kind
        if db.kind == "sqlite":
            self.dialect = "sqlite"
            self.connection = sqlite3.connect(db.path, timeout=30, isolation_level=None)
            self.connection.execute("PRAGMA wal_autocheckpoint = 0")
            self.connection.execute("BEGIN IMMEDIATE")
        else:
            self.dialect = "postgresql"
            self.connection = psycopg2.connect(db.url)

    def execute(self, statement):
        if self.kind == "sqlite":
            return self.connection.execute(statement.sql, statement.values).fetchall()
        with self.connection.cursor() as cursor:
            # psycopg2 counts its placeholders: each value stands once, in order.
            cursor.execute(re.sub(r"\$\d+", "%s", statement.sql), statement.values)
            return cursor.fetchall()

    def close(self):
        self.connection.close()

    def end(self, word):
        getattr(self.connection, word)()
        if self.kind == "sqlite":
            self.connection.execute("BEGIN IMMEDIATE")


@pytest.fixture
def driver(db):
    with contextlib.closing(Driver(db)) as made:
        yield made


def test_a_job_is_enqueued_with_every_value(db, make, driver):
    before = time.time()
    returned = driver.execute(make(driver.dialect, "k", 90500))
    assert db.count("jobrequest") == 0
    driver.end("commit")
    request = db.one("jobrequest")
    assert [str(value) for value, in returned] == [request.uuid]
    assert uuid.UUID(request.uuid).version == 7
    assert request.parameters == {"args": [], "kwargs": {"user_id": 42, "name": NAME}}
    assert (request.job_class, request.queue, request.priority, request.retries,
            request.concurrency_key, request.source) == ("UserJob", "mail", -5, 2, "k", "test")
    assert before + 90.5 - 1 <= request.start_at <= time.time() + 90.5
    assert db.count("jobkey") == 1


def test_without_options_it_is_due_at_once(db, make, driver):
    driver.execute(make(driver.dialect))
    driver.end("commit")
    assert db.one("jobrequest").start_at is None
    assert db.count("jobkey") == 0


def test_a_rollback_leaves_nothing(db, make, driver):
    driver.execute(make(driver.dialect, "k"))
    driver.end("rollback")
    assert db.count("jobrequest") == db.count("jobkey") == 0


def test_a_held_key(db, make, driver):
    driver.execute(make(driver.dialect, "k"))
    if driver.kind == "sqlite":
        with pytest.raises(sqlite3.DatabaseError, match="PJ501"):
            driver.execute(make("sqlite", "k"))
    else:
        assert driver.execute(make("postgresql", "k")) == [(None,)]
    driver.execute(make(driver.dialect, "l"))  # the transaction goes on
    driver.end("commit")
    assert db.count("jobrequest") == 2


def test_a_repeated_statement_is_one_job(db, make, driver):
    chosen = "0190163d-8694-739b-aea5-966c26f8ad91"
    statement = make(driver.dialect, "k", 0, chosen)
    assert [str(value) for value, in driver.execute(statement)] == [chosen]
    again = driver.execute(statement)
    assert again == [] if driver.kind == "sqlite" else [(chosen,)]
    driver.end("commit")
    assert db.one("jobrequest").uuid == chosen


def test_one_whose_retry_is_all_that_is_left_is_no_new_job(db, plain, make):
    plain.add_executable("fails", "#!/bin/sh\nexit 1\n")
    (chosen,) = plain.enqueue("fails", "--retries", 1)
    plain.drain()
    assert db.statuses() == ["ERRORED"] * 2
    db.execute("DELETE FROM plainjobs_jobresult WHERE run_no = 1")
    with contextlib.closing(Driver(db)) as driver:
        again = driver.execute(make(driver.dialect, "", 0, chosen))
        assert again == [] if driver.kind == "sqlite" else [(chosen,)]
        driver.end("commit")
    assert db.count("jobrequest") == 0


def test_a_worker_runs_the_job(db, make, driver, module, plain, start_worker):
    statement = make(driver.dialect)
    statement.values[0] = "NoopJob"
    statement.values[1] = '{"args": [], "kwargs": {}}'
    statement.values[2] = "default"
    driver.execute(statement)
    driver.end("commit")
    driver.close()
    start_worker("--drain").wait()
    assert db.statuses() == ["SUCCESSFUL"]
