"""Rows that others insert, with values that no command of ours gives: what is refused is refused at
once, and the rest harms nobody."""
import sqlite3

import psycopg2
import pytest

from marks import on_postgres, on_sqlite

LAST_ID = 4611686018427387904
REQUEST = "INSERT INTO plainjobs_jobrequest ({}) VALUES ({})"
FAR_PAST = {"sqlite": "-9223372036854775808", "postgres": "'-infinity'"}


def refused(db, sql):
    with pytest.raises((sqlite3.IntegrityError, psycopg2.Error)) as caught:
        db.execute(sql)
    return str(caught.value)


@on_postgres
def test_numbers_that_no_text_can_hold_are_refused(db, plain, module):
    """In jsonb each has 16 bytes and 131,072 digits as text: no claim of that queue came to an end."""
    db.execute("CREATE FUNCTION digits(n integer) RETURNS jsonb LANGUAGE sql AS $$ SELECT"
               " jsonb_build_object('a', jsonb_agg('1e131071'::jsonb)) FROM generate_series(1, n) $$")
    for n in (100, 8300):
        refused(db, REQUEST.format("job_class, parameters", f"'NoopJob', digits({n})"))
    db.execute("CREATE TABLE kept AS SELECT digits(600) AS p")  # compressed, to some 200 bytes
    refused(db, "INSERT INTO plainjobs_jobrequest (job_class, parameters) SELECT 'NoopJob', p FROM kept")
    assert "PJ602: parameters must have at most 8 MiB" in refused(
        db, "SELECT plain_jobs_enqueue('NoopJob', digits(100))")
    db.execute(REQUEST.format("job_class, parameters", "'NoopJob', digits(12)"))
    plain.enqueue("NoopJob")
    plain.drain()
    rows = db.query("SELECT status FROM plainjobs_jobresult ORDER BY status")
    assert [row.status for row in rows] == ["ERRORED", "SUCCESSFUL"]


@on_sqlite
def test_no_id_uses_all_others_up(db, plain, module):
    for id_ in (LAST_ID + 1, 2 ** 63 - 1):
        refused(db, REQUEST.format("id, job_class", f"{id_}, 'NoopJob'"))
    db.execute(REQUEST.format("id, job_class", f"{LAST_ID}, 'NoopJob'"))
    plain.enqueue("NoopJob")
    plain.drain()
    assert len(db.statuses()) == 2


def test_verify_passes_over_ids_that_are_not_there(db, plain, module):
    for id_ in (1, 10 ** 12, LAST_ID):
        db.execute(REQUEST.format("id, job_class, root_uuid", f"{id_}, 'NoopJob', NULL"))
    assert plain("jobs", "verify", timeout=20).line == "The tables are sound."


@on_sqlite
@pytest.mark.parametrize("column", ["root_uuid", "retry_of"])
@pytest.mark.parametrize("value", ["zeroblob(16)", "x'00'", "'0190a8f0-0000-7000-8000-000000000000'"])
def test_a_uuid_that_is_none_is_refused(db, column, value):
    refused(db, REQUEST.format(f"job_class, {column}", f"'NoopJob', {value}"))


def test_a_time_in_the_far_past_can_be_shown(db, plain, module):
    db.execute(REQUEST.format("job_class, created_at, concurrency_key",
                              f"'NoopJob', {FAR_PAST[db.kind]}, 'key'"))
    for words in (["stats"], ["queues"], ["requests"], ["workers"]):
        plain("jobs", *words)
        plain.json("jobs", *words)
    (request,) = db.rows("jobrequest")
    plain("jobs", "show", request.uuid)
    assert plain.run("jobs", "why", request.uuid).code == 1
    for more in ([], ["--from", "-"]):
        done = plain.run("jobs", "enqueue", "NoopJob", "--key", "key", *more, stdin=b"{}\n")
        assert done.code == 6, done
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]


@on_postgres
def test_a_key_that_is_held_for_good_is_a_skip(db, plain, module):
    db.execute(REQUEST.format("job_class, created_at, concurrency_key",
                              "'NoopJob', 'infinity', 'key'"))
    for more in ([], ["--from", "-"]):
        done = plain.run("jobs", "enqueue", "NoopJob", "--key", "key", *more, stdin=b"{}\n")
        assert done.code == 6, done


def test_the_last_retry_can_be_made_by_hand(db, plain, module):
    db.execute(REQUEST.format("job_class, retry_attempt", "'NoopJob', 32767"))
    (request,) = db.rows("jobrequest")
    plain("jobs", "cancel", request.uuid)
    plain("jobs", "retry", db.one("jobresult").job_process_uuid)
    assert db.one("jobrequest").retry_attempt == 32767


def test_a_result_that_came_from_elsewhere_can_be_retried(db, plain, module):
    """Which knows nothing of the first request or the number of its run."""
    uuid = {"sqlite": "randomblob(16)", "postgres": "gen_random_uuid()"}[db.kind]
    now = {"sqlite": "1700000000000000", "postgres": "now()"}[db.kind]
    db.execute("INSERT INTO plainjobs_jobresult (uuid, created_at, job_process_uuid,"
               " job_request_uuid, status, job_class, parameters)"
               f" VALUES ({uuid}, {now}, {uuid}, {uuid}, 'ERRORED', 'NoopJob',"
               """ '{"args": [], "kwargs": {}}')""")
    (result,) = db.results()
    plain("jobs", "retry", result.job_process_uuid)
    request = db.one("jobrequest")
    assert (request.root_uuid, request.run_no) == (result.job_request_uuid, 2)
    plain.drain()
