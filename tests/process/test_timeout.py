"""Jobs whose time is up: stopped whatever they do, LOST "timed out after ...", nothing beside them
harmed."""
import pytest

from marks import on_one_store
from verify import assert_sound
from workers import living_in, wait_until


def lines(folder, name):
    path = folder / name
    return path.read_text().splitlines() if path.exists() else []


def test_every_kind_of_job_is_stopped(db, plain, stops, folder):
    """Also one that ignores or blocks the signal, and one whose children do."""
    hows = ["sleep", "ignore", "block", "fork", "handle"]
    uuids = [uuid for how in hows
             for uuid in plain.enqueue("StopJob", f"how={how}", "--timeout", "300ms")]
    plain.drain("--max-processes", len(hows))
    rows = {row.parameters["kwargs"]["how"]: row for row in db.results()}
    assert {row.status for row in rows.values()} == {"LOST"}
    assert {row.error_type for row in rows.values()} == {"Timeout"}
    assert {row.error_message for row in rows.values()} == {"timed out after 0.3 s"}
    assert {row.crash_count or 0 for row in rows.values()} == {0}
    signals = {how: row.exit_signal for how, row in rows.items()}
    assert signals == {"sleep": 15, "ignore": 9, "block": 9, "fork": 15, "handle": None}
    for row in rows.values():
        assert 0.3 <= row.ended_at - row.started_at < 10, row
    assert sorted(lines(folder, "hooks")) == ["LOST timed out after 0.3 s 0"] * len(hows)
    wait_until(lambda: not living_in(folder), "the end of what they forked", seconds=1)
    assert_sound(db, uuids)


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


def test_an_executable_gets_sigterm_and_the_time_to_clean_up(db, plain, stops, folder):
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "10"
    plain.add_executable("polite", "#!/bin/sh\ntrap 'echo cleaned >cleaned; exit 3' TERM\n"
                                   "touch running\nwhile :; do sleep 0.05; done\n")
    plain.add_executable("rude", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n")
    (folder / "plain.conf").write_text('job polite {\n  timeout = "500ms"\n}\n')
    plain.enqueue("polite")
    plain.drain()
    row = db.one("jobresult")
    assert (row.status, row.error_message, row.exit_code) == ("LOST", "timed out after 0.5 s", 3)
    assert lines(folder, "cleaned") == ["cleaned"]
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "100ms"
    plain.enqueue("rude", "--timeout", "200ms")
    plain.drain()
    assert [row.exit_signal for row in db.results("rude")] == [9]
    assert_sound(db)


def test_one_that_ends_in_time_is_left_alone(db, plain, stops):
    plain.enqueue("BriefJob", "how=sleep", "ms=10", "--count", 20)
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
