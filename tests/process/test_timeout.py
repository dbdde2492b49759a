"""Jobs whose time is up: stopped whatever they do, LOST "timed out after ...", nothing beside them
harmed."""
import pytest

from marks import in_turn, on_one_store
from verify import assert_sound
from workers import living_in, wait_until

pytestmark = in_turn

READY_S = 4  # a limit counts from the entry: a job has to say first what it does with the signal


def lines(folder, name):
    path = folder / name
    return path.read_text().splitlines() if path.exists() else []


def test_every_kind_of_job_is_stopped(db, plain, stops, folder):
    """Also one that ignores or blocks the signal, and one whose children do."""
    hows = ["sleep", "ignore", "block", "fork"]
    plain.add_executable("rude", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n")
    uuids = [uuid for how in hows
             for uuid in plain.enqueue("StopJob", f"how={how}", "--timeout", READY_S)]
    uuids += plain.enqueue("rude", "--timeout", READY_S)
    plain.drain("--max-processes", len(uuids))
    rows = {row.parameters["kwargs"].get("how", "rude"): row for row in db.results()}
    assert {row.status for row in rows.values()} == {"LOST"}
    assert {row.error_type for row in rows.values()} == {"Timeout"}
    assert {row.error_message for row in rows.values()} == {f"timed out after {READY_S} s"}
    assert {row.crash_count or 0 for row in rows.values()} == {0}
    signals = {how: row.exit_signal for how, row in rows.items()}
    assert signals == {"sleep": 15, "ignore": 9, "block": 9, "fork": 15, "rude": 9}
    for row in rows.values():
        assert READY_S <= row.ended_at - row.started_at < READY_S + 10, row
    assert sorted(lines(folder, "hooks")) == [f"LOST timed out after {READY_S} s 0"] * len(hows)
    wait_until(lambda: not living_in(folder), "the end of what they forked")
    assert_sound(db, uuids)


def test_one_that_listens_gets_sigterm_and_the_time_to_clean_up(db, plain, stops, folder):
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "20"
    plain.add_executable("polite", "#!/bin/sh\ntrap 'echo cleaned >cleaned; exit 3' TERM\n"
                                   "while :; do sleep 0.05; done\n")
    (folder / "plain.conf").write_text(f'job polite {{\n  timeout = "{READY_S}s"\n}}\n')
    plain.enqueue("polite")
    plain.enqueue("StopJob", "how=handle", "--timeout", READY_S)
    plain.drain("--max-processes", 2)
    (polite,), (handles,) = db.results("polite"), db.results("StopJob")
    for row in (polite, handles):
        assert (row.status, row.error_message) == ("LOST", f"timed out after {READY_S} s")
    assert (polite.exit_code, handles.exit_signal) == (3, None)
    assert lines(folder, "cleaned") == ["cleaned"] and lines(folder, "ended") == ["handle"]
    assert_sound(db)


def test_what_waits_behind_goes_elsewhere_with_its_attempt_unused(db, plain, stops):
    """One runner: the short ones are handed out ahead, behind the one whose time will be up."""
    plain.enqueue("StopJob", "how=sleep", "ms=0", "--count", 30, "--priority", 9)
    plain.enqueue("StopJob", "how=ignore", "--timeout", "300ms", "--priority", 5)
    plain.enqueue("StopJob", "how=sleep", "ms=0", "--count", 10)
    plain.drain("--max-processes", 1)
    assert sorted(db.statuses()) == ["LOST"] + ["SUCCESSFUL"] * 40
    assert {row.retry_attempt for row in db.results()} == {0}
    assert_sound(db)


def test_the_shortest_limit_holds(db, plain, stops):
    """Request, class and setting; and one that is retried is stopped again."""
    plain.env["PLAIN_JOBS_TIMEOUT"] = "600ms"
    plain.enqueue("BriefJob", "how=sleep", "--timeout", "1h")
    plain.enqueue("BriefJob", "how=sleep", "--timeout", "100ms", "--retries", 1)
    plain.enqueue("StopJob", "how=sleep", "--timeout", "1h")
    plain.drain("--max-processes", 3)
    assert sorted((row.job_class, row.retry_attempt, row.error_message)
                  for row in db.results()) == [
        ("BriefJob", 0, "timed out after 0.1 s"), ("BriefJob", 0, "timed out after 0.3 s"),
        ("BriefJob", 1, "timed out after 0.1 s"), ("StopJob", 0, "timed out after 0.6 s")]
    assert_sound(db)


def test_one_that_ends_in_time_is_left_alone(db, plain, stops):
    plain.enqueue("StopJob", "how=sleep", "ms=10", "--count", 20, "--timeout", "60")
    plain.drain("--max-processes", 2)
    assert db.statuses() == ["SUCCESSFUL"] * 20


@on_one_store
@pytest.mark.parametrize("text", ["0", "-1", "soon", "0ms"])
def test_a_limit_is_a_duration_above_zero(db, plain, stops, text):
    plain.fails(2, 105, "jobs", "enqueue", "StopJob", "how=sleep", f"--timeout={text}")


@on_one_store
def test_lines_of_a_file_have_limits_too(db, plain, stops):
    text = ('{"params": {"how": "sleep"}, "timeout": "250ms"}\n'
            '{"params": {"how": "sleep"}, "timeout": 1.5}\n{"params": {"how": "sleep"}}\n')
    plain("jobs", "enqueue", "StopJob", "--from", "-", "--timeout", "1h", stdin=text.encode())
    assert [row.timeout_ms for row in db.rows("jobrequest")] == [250, 1500, 3600000]
    done = plain.fails(2, 105, "jobs", "enqueue", "StopJob", "--from", "-",
                       stdin=b'{"params": {"how": "sleep"}, "timeout": 0}\n')
    assert "timeout" in done.stderr


@on_one_store
def test_a_section_with_a_bad_limit_is_refused(db, plain, folder):
    plain.add_executable("job", "#!/bin/sh\n")
    (folder / "plain.conf").write_text('job job {\n  timeout = "0"\n}\n')
    assert "timeout" in plain.fails(2, 202, "jobs", "worker", "--drain").stderr


def test_who_is_asked_for_a_delay_after_a_timeout_is_not_stopped(db, plain, stops, start_worker):
    plain.enqueue("PatientJob", "how=sleep", "--retries", 1)
    worker = start_worker("--max-processes", 2)
    plain.enqueue("StopJob", "how=sleep", "ms=0", "--count", 500)  # so that the worker looks often
    (row,) = db.await_results(1, "PatientJob")
    successor = db.one("jobrequest", "job_class = 'PatientJob'")
    assert row.status == "LOST" and successor.start_at - row.ended_at >= 60
    assert len(worker.events("Stopping job")) == 1
    db.await_results(501)
    worker.stop()


def test_an_executable_leaves_the_handler_of_a_module_in_place(db, plain, stops, folder):
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "20"  # it cleans up
    plain.add_executable("between", "#!/bin/sh\n")
    plain.enqueue("StopJob", "how=handle", "ms=0", "--priority", 3)
    plain.enqueue("between", "--priority", 2)
    plain.enqueue("StopJob", "how=sleep", "--timeout", "500ms")
    plain.drain("--max-processes", 1)
    assert lines(folder, "ended") == ["handle", "sleep"]
