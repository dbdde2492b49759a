"""Limits of memory and CPU time stop their own class only, and the result says which it was."""
import collections
import os
import signal

import pytest

from marks import on_one_store
from verify import assert_sound

pytestmark = on_one_store


@pytest.fixture(scope="session")
def built(build_module):
    return build_module("limits.c", CFLAGS="-Wextra -Werror -O0")


@pytest.fixture
def jobs(plain, built):
    (plain.folder / "app").mkdir()
    os.link(built, plain.folder / "app/jobs.so")


def drain(plain):
    plain.drain("--max-processes", 1)


@pytest.mark.parametrize("then, status, error_type, message", [
    ("fail", "ERRORED", "NoImage", "cannot load it (memory limit of 64M reached)"),
    ("odd", "ERRORED", "BadReturn",
     "run returned -5 without plain_job_fail (memory limit of 64M reached)"),
    ("crash", "LOST", "MemoryLimit",
     "memory limit of 64M reached; the job's process ended with signal 11 (SIGSEGV)"),
    ("abort", "LOST", "MemoryLimit",
     "memory limit of 64M reached; the job's process ended with signal 6 (SIGABRT)"),
    ("exit", "LOST", "MemoryLimit",
     "memory limit of 64M reached; the job's process ended with exit code 1"),
])
def test_a_memory_limit_is_named(db, plain, jobs, then, status, error_type, message):
    plain.enqueue("MemoryJob", "megabytes=80", f"then={then}")
    drain(plain)
    row = db.one("jobresult")
    assert (row.status, row.error_type, row.error_message) == (status, error_type, message)
    assert "memory limit of 64M reached" in row.error
    assert_sound(db)


def test_a_limit_is_its_own_class_s_and_does_not_wear_off(db, plain, jobs):
    """In one runner: what a job takes beyond what was there when it started, every time anew."""
    for name, megabytes in [("MemoryJob", 80), ("FreeJob", 80), ("MemoryJob", 40),
                            ("MemoryJob", 40), ("MemoryJob", 80), ("FreeJob", 200)]:
        plain.enqueue(name, f"megabytes={megabytes}")
    drain(plain)
    rows = db.results()
    assert len({row.runner_pid for row in rows}) == 1
    assert [row.status for row in rows] == ["ERRORED", "SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL",
                                            "ERRORED", "SUCCESSFUL"]


def test_memory_that_was_refused_without_a_limit_is_told(db, plain, jobs):
    plain.enqueue("FreeJob", f"megabytes={10 ** 9}", "then=crash")
    drain(plain)
    assert db.one("jobresult").error_message == (
        "the job's process ended with signal 11 (SIGSEGV), after memory was refused to it")


def test_a_cpu_limit_is_named_with_the_call_stack(db, plain, jobs):
    plain.enqueue("CpuJob", "ms=1")
    plain.enqueue("CpuJob", "ms=60000")
    plain.enqueue("CpuJob", "ms=1")
    drain(plain)
    first, second, third = sorted(db.results(), key=lambda row: row.job_request_uuid)
    assert (first.status, third.status) == ("SUCCESSFUL", "SUCCESSFUL")
    assert (second.status, second.exit_signal) == ("LOST", signal.SIGXCPU)
    assert second.error_message == "CPU limit of 0.3 s reached"
    assert second.error_type == "CpuLimit" and "spin_run" in second.error
    assert 250_000 < second.cpu_us < 3_000_000


def test_a_cpu_limit_counts_anew_for_each_job(db, plain, jobs):
    plain.enqueue("CpuJob", "ms=100", "--count", 6)
    drain(plain)
    rows = db.results()
    assert [row.status for row in rows] == ["SUCCESSFUL"] * 6
    assert sum(row.cpu_us for row in rows) > 300_000 and len({row.runner_pid for row in rows}) == 1


def test_a_lost_job_s_usage_is_its_own(db, plain, jobs):
    """Not that of the jobs that its runner ran before."""
    plain.enqueue("FreeJob", "megabytes=200")
    plain.enqueue("CpuJob", "ms=150")
    plain.enqueue("MemoryJob", "megabytes=80", "then=crash")
    drain(plain)
    large, busy, lost = sorted(db.results(), key=lambda row: row.job_request_uuid)
    assert large.max_rss_kb > 200 * 1024 > lost.max_rss_kb > 1024
    assert busy.max_rss_kb < 200 * 1024
    assert 0 <= lost.cpu_us < busy.cpu_us
    assert lost.runner_pid == large.runner_pid


def test_a_runner_that_has_grown_is_replaced_after_its_job(db, plain, jobs, start_worker):
    """And one that gave back what its job took is not. The debug runner itself has about 20 MB."""
    plain.env["PLAIN_JOBS_WORKER_MAX_RSS"] = "150M"
    plain.enqueue("FreeJob", "megabytes=200")
    plain.enqueue("LeakJob", "megabytes=40", "--count", 10)
    worker = start_worker("--max-processes", 1, "--drain")
    worker.wait()
    rows = sorted(db.results(), key=lambda row: row.job_request_uuid)
    assert [row.status for row in rows] == ["SUCCESSFUL"] * 11
    jobs_of = collections.Counter(row.runner_pid for row in rows)
    assert jobs_of[rows[0].runner_pid] >= 3
    assert len(jobs_of) == 3 and max(jobs_of.values()) <= 5, jobs_of
    replaced = worker.events("Runner replaced")
    assert {event["pid"] for event in replaced} <= set(jobs_of) and len(replaced) >= 2
    assert all(event["rss_kb"] > 150 * 1024 for event in replaced)
    assert not worker.events("Runner ended")
    assert_sound(db)


LIMITED = """job hungry {{
    {0}
}}
"""
EAT = """#!/usr/bin/python3
kept = bytearray(200 * 1024 * 1024)
"""
SPIN = """#!/bin/sh
while :; do :; done
"""


def test_a_memory_limit_of_an_executable(db, plain):
    (plain.folder / "plain.conf").write_text(LIMITED.format('memory_limit = "100M"'))
    plain.add_executable("hungry", EAT)
    plain.enqueue("hungry")
    drain(plain)
    row = db.one("jobresult")
    assert (row.status, row.error_type, row.exit_code) == ("ERRORED", "ExitStatus", 1)
    assert row.error_message == "MemoryError (it has a memory limit of 100M)"


def test_a_cpu_limit_of_an_executable(db, plain):
    (plain.folder / "plain.conf").write_text(LIMITED.format('cpu_limit = "300ms"'))
    plain.add_executable("hungry", SPIN)
    plain.enqueue("hungry")
    drain(plain)
    row = db.one("jobresult")
    assert (row.status, row.error_type, row.exit_signal) == ("LOST", "CpuLimit", signal.SIGXCPU)
    assert row.error_message == "CPU limit of 0.3 s reached"
    assert row.cpu_us < 5_000_000


@pytest.mark.parametrize("line, words", [
    ('memory_limit = "1000"', "a size of a megabyte or more"),
    ('memory_limit = "lots"', "a size of a megabyte or more"),
    ('memory_limit = "9999999T"', "a size of a megabyte or more"),
    ('cpu_limit = "0"', "a duration above 0"),
    ('cpu_limit = "-1"', "a duration above 0"),
])
def test_bad_limits_of_a_section_are_refused(db, plain, line, words):
    (plain.folder / "plain.conf").write_text(LIMITED.format(line))
    plain.add_executable("hungry", SPIN)
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"]):
        done = plain.fails(2, 202, *command)
        assert words in done.stderr and "plain.conf:2" in done.stderr
