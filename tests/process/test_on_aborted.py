"""on_aborted: after the commit of an end that was not the job's own, at least once, in a runner."""
import shutil
import signal

import pytest

from marks import in_turn, on_one_store
from verify import assert_sound
from workers import stat_fields, wait_until

pytestmark = in_turn


@pytest.fixture(scope="session")
def hooks_module(build_module):
    return build_module("hooks.c", CPPFLAGS="-D_GNU_SOURCE")


@pytest.fixture
def hooks(folder, hooks_module):
    app = folder / "app"
    app.mkdir()
    shutil.copy(hooks_module, app / "jobs.so")


def lines(folder):
    path = folder / "hooks.txt"
    return path.read_text().splitlines() if path.exists() else []


def waiting(db):
    return db.count("jobresult", "aborted_hook_at IS NOT NULL")


def test_it_is_told_of_every_attempt_that_died(db, plain, folder, hooks):
    (uuid,) = plain.enqueue("DoomedJob", f"file={folder}/hooks.txt", "--retries", 1)
    plain.drain()
    assert lines(folder) == [f"DoomedJob LOST attempt=1/2 retry=1 root={uuid}",
                             f"DoomedJob LOST attempt=2/2 retry=0 root={uuid}"]
    assert waiting(db) == 0
    assert_sound(db, [uuid])


@on_one_store
def test_it_is_told_of_a_failure_that_was_cancelled_before_it_was_recorded(db, plain, folder, hooks,
                                                                          start_worker):
    (uuid,) = plain.enqueue("DoomedJob", f"file={folder}/hooks.txt", "fails=true", "--retries", 3)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (folder / "hooks.txt.started").exists(), "the job")
    worker.pause(db)
    plain("jobs", "cancel", uuid)
    (folder / "hooks.txt.go").touch()
    (runner,) = worker.runners()
    wait_until(lambda: (folder / "hooks.txt.done").exists() and stat_fields(runner)[0] == "S", "its end")
    worker.send(signal.SIGCONT)
    wait_until(lambda: lines(folder), "the hook")
    assert lines(folder) == [f"DoomedJob CANCELLED attempt=1/4 retry=0 root={uuid}"]
    worker.stop()
    assert_sound(db, [uuid])


NO_UPDATE = {  # of hooks that are to be called; the end that wants one is taken
    "sqlite": "CREATE TRIGGER no_update BEFORE UPDATE OF aborted_hook_at ON plainjobs_jobresult "
              "WHEN OLD.aborted_hook_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'not these'); END",
    "postgres": "CREATE FUNCTION no_update() RETURNS trigger LANGUAGE plpgsql AS $$ "
                "BEGIN RAISE EXCEPTION 'not these'; END $$; "
                "CREATE TRIGGER no_update BEFORE UPDATE OF aborted_hook_at ON plainjobs_jobresult "
                "FOR EACH ROW WHEN (OLD.aborted_hook_at IS NOT NULL) EXECUTE FUNCTION no_update()",
}


def test_hooks_that_the_database_refuses_keep_no_job_waiting(db, plain, folder, hooks, start_worker):
    plain.add_executable("good", "#!/bin/sh\n")
    db.execute(NO_UPDATE[db.kind])
    plain.enqueue("DoomedJob", f"file={folder}/hooks.txt")
    worker = start_worker("--max-processes", 1)
    worker.await_event("Hooks not settled")
    plain.enqueue("good")
    db.await_results(1, "good")
    worker.stop()
    assert waiting(db) == 1


def test_its_failure_changes_no_result(db, plain, folder, hooks):
    plain.enqueue("DoomedJob", f"file={folder}/hooks.txt", "fail_in_hook=true")
    done = plain.drain()
    assert len(lines(folder)) == 1
    assert "Job.on_aborted failed" in done.stderr
    assert db.one("jobresult").status == "LOST"
    assert waiting(db) == 0


def test_it_is_called_again_when_its_runner_dies(db, plain, folder, hooks, start_worker):
    plain.enqueue("DoomedJob", f"file={folder}/hooks.txt", "die_in_hook=true")
    plain.drain()
    assert len(lines(folder)) == 1
    assert waiting(db) == 1
    db.execute("UPDATE plainjobs_jobresult SET aborted_hook_at = started_at")  # the lease is over
    worker = start_worker()
    wait_until(lambda: len(lines(folder)) == 2, "the second call")
    worker.stop()


def test_it_is_called_when_the_worker_was_killed(db, plain, folder, hooks, start_worker):
    """By whoever comes next."""
    (uuid,) = plain.enqueue("DoomedJob", f"file={folder}/hooks.txt", "sleeps=true")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (folder / "hooks.txt.started").exists(), "the job to run")
    worker.kill()
    plain.drain("--max-processes", 1)
    assert lines(folder) == [f"DoomedJob LOST attempt=1/1 retry=0 root={uuid}"]
    assert waiting(db) == 0
    assert_sound(db, [uuid])


def test_a_job_that_ends_by_itself_has_none(db, plain, module):
    plain.enqueue("FailJob", "message=x")
    plain.drain()
    assert waiting(db) == 0


@on_one_store
def test_one_of_a_job_that_no_runner_can_take_is_left_out(db, plain, hooks, start_worker):
    """By SQL there may be more parameters than that. It is not looked at again and again."""
    (uuid,) = plain.enqueue("DoomedJob", "file=x")
    text = '{"args": [], "kwargs": {"file": "' + "x" * (3 * 1024 * 1024) + '"}}'
    db.execute(f"UPDATE plainjobs_jobrequest SET parameters = '{text}'")
    plain("jobs", "cancel", uuid)
    assert waiting(db) == 1
    worker = start_worker("--max-processes", 1)
    (event,) = worker.await_event("Job.on_aborted not called")
    assert "at most" in event["error"]
    wait_until(lambda: waiting(db) == 0, "its end")
    worker.stop()
    assert not worker.events("Runner ended")
