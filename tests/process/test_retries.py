"""Failures, deferrals and retries: what is recorded, and when the next attempt comes."""
import re

import pytest

from verify import assert_sound


def pending_for(db):
    """Seconds from the end of the last attempt to the time of the next."""
    return db.one("jobrequest").start_at - db.results()[-1].ended_at


def make_due(db):
    db.execute("UPDATE plainjobs_jobrequest SET start_at = created_at")


def test_a_failure_tells_type_message_place_and_stack(db, plain, module):
    plain.enqueue("FailJob", "--params", '{"message": "caf\\u00e9 is closed"}')
    plain.drain()
    row = db.one("jobresult")
    assert (row.status, row.error_type) == ("ERRORED", "SmtpError")
    assert row.error_message == "mail server said: café is closed"
    assert re.search(r"jobs\.c:\d+", row.error)
    assert "fail_run" in row.error
    assert row.error_fingerprint and row.retry_job_request_uuid is None
    shown = plain("jobs", "show", row.job_request_uuid).stdout
    assert "SmtpError" in shown and "jobs.c:" in shown


def test_failures_that_are_alike_have_one_fingerprint(db, plain, module):
    for user in (1, 2):
        plain.enqueue("FailJob", f"message=user {user} is unknown")
    plain.drain()
    assert len({row.error_fingerprint for row in db.results()}) == 1


def test_a_bad_return_value_is_named(db, plain, module):
    plain.enqueue("BadReturnJob")
    plain.drain()
    row = db.one("jobresult")
    assert row.status == "ERRORED"
    assert "run returned -5 without plain_job_fail" in row.error


def test_a_deferral_uses_no_retry(db, plain, module):
    (uuid,) = plain.enqueue("DeferJob", "times=3")
    plain.drain()
    results = db.results()
    assert [row.status for row in results] == ["DEFERRED"] * 3 + ["SUCCESSFUL"]
    assert [row.retry_attempt for row in results] == [0] * 4
    assert [row.run_no or 1 for row in results] == [1, 2, 3, 4]
    assert {row.root_uuid for row in results} == {uuid}
    assert_sound(db, [uuid])


def test_a_deferral_waits_as_long_as_it_said(db, plain, module):
    plain.enqueue("DeferJob", "times=1", "delay_ms=3600000")
    plain.drain()
    assert 3600 <= pending_for(db) < 3660
    assert db.statuses() == ["DEFERRED"]


def test_a_deferral_is_continued_when_its_time_has_come(db, plain, module, start_worker):
    plain.enqueue("DeferJob", "times=1", "delay_ms=1200")
    worker = start_worker()
    first, second = db.await_results(2)
    assert (first.status, second.status) == ("DEFERRED", "SUCCESSFUL")
    assert 1.2 <= second.started_at - first.ended_at
    worker.stop()


def test_a_deferral_that_counts_ends_when_retries_are_exhausted(db, plain, module):
    (uuid,) = plain.enqueue("DeferJob", "times=9", "increment=true", "--retries", 2)
    plain.drain()
    results = db.results()
    assert [row.status for row in results] == ["DEFERRED", "DEFERRED", "ERRORED"]
    assert [row.retry_attempt for row in results] == [0, 1, 2]
    assert "retries exhausted" in results[-1].error
    assert_sound(db, [uuid])


def test_a_failed_job_has_as_many_retries_as_it_was_given(db, plain, module):
    (uuid,) = plain.enqueue("EagerJob", "bad_attempts=9", "--retries", 2)
    plain.drain()
    results = db.results()
    assert [row.status for row in results] == ["ERRORED"] * 3
    assert [row.retry_attempt for row in results] == [0, 1, 2]
    assert results[-1].retry_job_request_uuid is None
    assert_sound(db, [uuid])


@pytest.mark.parametrize("dies, status", [("false", "ERRORED"), ("true", "LOST")])
def test_attempts_are_one_two_and_four_seconds_apart(db, plain, module, dies, status):
    """Also when each attempt kills its runner: then another one is asked for the delay."""
    (uuid,) = plain.enqueue("FlakyJob", "bad_attempts=3", f"dies={dies}")
    plain.env["PLAIN_JOBS_MAX_CRASHES"] = "4"
    plain.drain()
    waits = {}
    while db.count("jobrequest"):
        waits[db.results()[-1].retry_attempt] = pending_for(db)
        make_due(db)
        plain.drain()
    results = db.results()
    for before, after in zip(results, results[1:]):
        n = before.retry_attempt
        if n in waits:
            assert 2 ** n <= waits[n] < 2 ** n + 2
        else:  # a slow drain has run it, too
            assert 2 ** n <= after.started_at - before.ended_at
    assert [row.status for row in results] == [status] * 3 + ["SUCCESSFUL"]
    assert [row.retry_attempt for row in results] == [0, 1, 2, 3]
    assert_sound(db, [uuid])


def test_a_lost_attempt_is_linked_with_its_successor_both_ways(db, plain, module):
    (uuid,) = plain.enqueue("EagerJob", "bad_attempts=1", "dies=true")
    plain.drain()
    first, second = db.results()
    assert (first.status, second.status) == ("LOST", "SUCCESSFUL")
    assert first.job_request_uuid == uuid
    assert first.retry_job_request_uuid == second.job_request_uuid
    assert second.retry_of == first.job_process_uuid
    assert first.root_uuid == second.root_uuid == uuid
    assert (first.crash_count, second.crash_count) == (1, 1)
    shown = plain("jobs", "show", uuid).stdout
    assert shown == plain("jobs", "show", second.job_process_uuid).stdout
    assert first.job_process_uuid in shown and second.job_process_uuid in shown


def test_a_key_is_held_until_the_last_attempt_has_ended(db, plain, folder):
    plain.add_executable("flaky", "#!/bin/sh\ntest $PLAIN_JOB_ATTEMPT = 2\n")
    (folder / "plain.conf").write_text('job flaky {\n  retries = 1\n  retry_delay = "1h"\n}\n')
    plain.enqueue("flaky", "--key", "k")
    plain.drain()
    plain.fails(6, 501, "jobs", "enqueue", "flaky", "--key", "k")
    make_due(db)
    plain.drain()
    assert db.statuses() == ["ERRORED", "SUCCESSFUL"]
    assert db.rows("jobkey") == []
    plain.enqueue("flaky", "--key", "k")
    assert_sound(db)
