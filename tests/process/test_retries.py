"""Failures, deferrals and retries: what is recorded, and when the next attempt comes."""
import re

import pytest

from verify import assert_sound


def gaps(results):
    """Seconds from the end of each attempt to the start of the next."""
    return [after.started_at - before.ended_at for before, after in zip(results, results[1:])]


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


def test_a_deferral_waits_as_long_as_it_said(db, plain, module, start_worker):
    plain.enqueue("DeferJob", "times=1", "delay_ms=1200")
    worker = start_worker()
    (first,) = db.await_results(1)
    assert 1.0 < db.one("jobrequest").start_at - first.ended_at < 1.4
    results = db.await_results(2)
    assert [row.status for row in results] == ["DEFERRED", "SUCCESSFUL"]
    assert 1.2 <= gaps(results)[0] < 4
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
def test_attempts_are_one_two_and_four_seconds_apart(db, plain, module, start_worker, dies, status):
    """Also when each attempt kills its runner: then another one is asked for the delay."""
    (uuid,) = plain.enqueue("FlakyJob", "bad_attempts=3", f"dies={dies}")
    plain.env["PLAIN_JOBS_MAX_CRASHES"] = "4"
    worker = start_worker("--max-processes", 1)
    results = db.await_results(4)
    worker.stop()
    assert [row.status for row in results] == [status] * 3 + ["SUCCESSFUL"]
    assert [row.retry_attempt for row in results] == [0, 1, 2, 3]
    for asked, gap in zip((1, 2, 4), gaps(results)):
        assert asked <= gap < asked + 2
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


def test_a_key_is_held_until_the_last_attempt_has_ended(db, plain, module, start_worker):
    plain.enqueue("FlakyJob", "bad_attempts=1", "--key", "k")
    worker = start_worker()
    db.await_results(1)
    plain.fails(6, 501, "jobs", "enqueue", "FlakyJob", "bad_attempts=0", "--key", "k")
    db.await_results(2)
    worker.stop()
    assert db.rows("jobkey") == []
    plain.enqueue("FlakyJob", "bad_attempts=0", "--key", "k")
    assert_sound(db)
