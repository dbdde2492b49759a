"""Executables in jobs.d/ as job classes."""
import json

import pytest

from marks import in_turn, on_one_store
from verify import assert_sound

pytestmark = in_turn

PARAMETERS = ('{"text": "caf\\u00e9 \\"x\\" \\\\ $(touch pwned) `id`", "big": 12345678901234567890,'
              ' "real": 1e300, "list": [1, [true, null]], "empty": {}}')


def test_parameters_arrive_on_stdin_byte_for_byte(db, plain):
    plain.add_executable("keep", "#!/bin/sh\ncat >stdin.log\n")
    plain.enqueue("keep", "--params", PARAMETERS)
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    arrived = (plain.folder / "stdin.log").read_text()
    assert (json.loads(arrived, parse_int=float) # jsonb writes 1e300 as digits
            == json.loads(PARAMETERS, parse_int=float))
    if db.kind == "sqlite":  # jsonb reorders
        assert arrived == PARAMETERS
    assert not (plain.folder / "pwned").exists()


def test_pairs_become_json(db, plain):
    plain.add_executable("keep", "#!/bin/sh\ncat >stdin.log\n")
    plain.enqueue("keep", "name=Ada Lovelace", "n=-7", "empty=", "dollar=$HOME;id")
    plain.drain()
    arrived = json.loads((plain.folder / "stdin.log").read_text())
    assert set(arrived) == {"name", "n", "empty", "dollar"}
    assert (arrived["name"], arrived["empty"]) == ("Ada Lovelace", "")
    assert arrived["dollar"] == "$HOME;id"
    assert arrived["n"] in (-7, "-7")


def test_large_parameters_arrive(db, plain):
    plain.add_executable("keep", "#!/bin/sh\nwc -c >stdin.log\n")
    size = 1000000
    # A word of a command line is at most 128 KiB, so the row is written by SQL.
    plain.enqueue("keep", "a=1")
    text = json.dumps({"args": [], "kwargs": {"a": "x" * size}})
    db.execute(f"UPDATE plainjobs_jobrequest SET parameters = '{text}'")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    assert int((plain.folder / "stdin.log").read_text()) >= size


@on_one_store
def test_a_child_that_floods_stderr_keeps_nobody_waiting(db, plain):
    plain.add_executable("flood", "#!/bin/sh\n" + "cat /dev/zero >&2 &\n" * 4 + "exit 0\n")
    plain.enqueue("flood", "--timeout", 20, "--retries", 1)
    plain.drain(timeout=60)
    (row,) = db.results()
    assert row.status == "SUCCESSFUL"


# A script; status, exit code, signal and a part of the message of its result.
ENDS = {
    "good": ("exit 0", "SUCCESSFUL", None, None, None),
    "reason": ("echo first >&2; echo 'the reason' >&2; exit 7", "ERRORED", 7, None, "the reason"),
    "no_newline": ("printf 'no newline' >&2; exit 1", "ERRORED", 1, None, "no newline"),
    "blank_lines": ("printf 'last\\n\\n  \\n' >&2; exit 255", "ERRORED", 255, None, "last"),
    "silent": ("exit 3", "ERRORED", 3, None, "exit code 3"),
    "nul": ("printf 'first\\0x\\nthe disk is full\\n' >&2; exit 1", "ERRORED", 1, None,
            "the disk is full"),
    "bad_bytes": ("printf 'bad \\377\\001 text' >&2; exit 1", "ERRORED", 1, None, "bad "),
    "killed": ("kill -9 $$", "LOST", None, 9, "SIGKILL"),
    "crashed": ("echo dying >&2; kill -SEGV $$", "LOST", None, 11, "SIGSEGV"),
    "much": ("head -c 5000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2; exit 1",
             "ERRORED", 1, None, "end"),
}


def test_an_end_is_recorded(db, plain):
    for name, (script, *_) in ENDS.items():
        plain.add_executable(name, f"#!/bin/sh\n{script}\n")
        plain.enqueue(name)
    plain.drain()
    assert len(db.results()) == len(ENDS)
    for row in db.results():
        _, status, exit_code, exit_signal, message = ENDS[row.job_class]
        assert (row.status, row.exit_code, row.exit_signal) == (status, exit_code, exit_signal), row
        assert message is None or message in row.error_message
        assert row.cpu_us >= 0 and row.max_rss_kb > 0


def test_exit_75_defers(db, plain):
    plain.add_executable("job", "#!/bin/sh\n[ -e again ] || { touch again; exit 75; }\n")
    plain.enqueue("job")
    plain.drain()
    first = db.results()[0]
    assert (first.status, first.exit_code) == ("DEFERRED", 75)
    row = db.one("jobrequest")
    assert row.retry_attempt == 0 and row.run_no == 2 and row.start_at > first.ended_at
    db.execute("UPDATE plainjobs_jobrequest SET start_at = created_at")
    plain.drain()
    assert db.statuses() == ["DEFERRED", "SUCCESSFUL"]
    assert_sound(db)


def test_a_failed_executable_is_retried(db, plain):
    plain.add_executable("flaky", "#!/bin/sh\n[ -e state ] && exit 0\ntouch state\nexit 7\n")
    (uuid,) = plain.enqueue("flaky", "--retries", 3)
    plain.drain()
    assert db.statuses() == ["ERRORED", "SUCCESSFUL"]
    assert_sound(db, [uuid])


def test_output_of_an_executable_reaches_the_log(db, plain):
    plain.add_executable("talker", "#!/bin/sh\necho to stdout; echo to stderr >&2\n")
    plain.enqueue("talker")
    done = plain.drain()
    assert 'output="to stdout"' in done.stderr
    assert 'output="to stderr"' in done.stderr


@on_one_store
def test_a_stdout_that_one_has_made_not_block_blocks_for_the_next(db, plain):
    plain.add_executable("careless", "#!/usr/bin/python3\nimport fcntl, os\nfor fd in 1, 2:\n"
                         "    flags = fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK\n"
                         "    fcntl.fcntl(fd, fcntl.F_SETFL, flags)\n")
    plain.add_executable("long", "#!/bin/sh\nhead -c 5000000 /dev/zero | tr '\\0' x\n")
    plain.enqueue("careless", "--priority", 1)
    plain.enqueue("long")
    plain.drain("--max-processes", 1)
    assert db.statuses() == ["SUCCESSFUL"] * 2


def test_one_that_kills_itself_stops_being_retried(db, plain):
    plain.add_executable("dies", "#!/bin/sh\nkill -SEGV $$\n")
    plain.enqueue("dies", "--retries", 8)
    plain.drain("--max-processes", 1)
    rows = db.results()
    assert [(row.status, row.crash_count) for row in rows] == [("LOST", n) for n in (1, 2, 3)]
    assert "crash 3, JOBS_MAX_CRASHES: no retry" in rows[-1].error_message
    assert rows[-1].retry_job_request_uuid is None


def test_an_executable_that_vanished_is_an_error(db, plain):
    job = plain.add_executable("job", "#!/bin/no/such/shell\n")
    plain.enqueue("job")
    plain.drain()
    row = db.one("jobresult")
    assert row.status == "ERRORED" and row.error_type == "CannotStart"
    assert str(job.name) in row.error_message


def test_a_class_of_the_database_never_names_a_command(db, plain, module):
    """Rows written by hand: no worker claims what it does not know, and nothing is run."""
    plain.add_executable("job", "#!/bin/sh\nexit 0\n")
    for name in ("../../bin/sh", "/bin/sh", "job; touch pwned", "jobs.d/job", "$(touch pwned)"):
        plain.enqueue(name, "--unregistered")
    plain.drain()
    assert db.results() == []
    assert db.count("jobrequest") == 5
    assert not (plain.folder / "pwned").exists()


@on_one_store
@pytest.mark.parametrize("name", ["-rf", "a b", "a;id", "$(touch pwned)", "a\nb", "ünder", "1st"])
def test_a_hostile_file_name_is_refused(db, plain, name):
    plain.add_executable(name, "#!/bin/sh\ntouch ran\n")
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"]):
        done = plain.fails(2, 106, *command)
        assert "\nb" not in done.stderr  # what it is called cannot forge a line
    assert not (plain.folder / "ran").exists()
    assert not (plain.folder / "pwned").exists()


def test_what_editors_leave_is_passed_over(lone_plain):
    lone_plain.add_executable("job", "#!/bin/sh\n# A job.\n")
    for name in ("job~", ".job.swp", ".hidden"):
        lone_plain.add_executable(name, "x", mode=0o600)
    assert lone_plain("jobs", "list").lines == ["job: A job."]
