"""stdin, stdout and stderr as they come: closed, full, slow."""
import os
import re
import subprocess

import pytest

from marks import in_turn, on_one_store
from program import Done
from small_pipe import await_full, small_pipe

pytestmark = in_turn


def redirected(plain, redirection, *args):
    """Runs a command behind what bash makes of the redirection."""
    command = ["bash", "-c", f'exec "$@" {redirection}', "bash", plain.program, *map(str, args)]
    done = subprocess.run(command, cwd=plain.folder, env=plain.env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    return Done([redirection, *args], done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_worker_whose_descriptors_are_closed_works(db, plain, module):
    plain.enqueue("FirstInfoJob", "--count", 3)
    done = redirected(plain, "<&- >&- 2>&-", "jobs", "worker", "--drain")
    assert done.code == 0 and len(db.results()) == 3, done


def test_what_is_printed_to_a_closed_stdout_goes_nowhere_else(db, plain, module):
    done = redirected(plain, ">&-", "jobs", "enqueue", "FirstInfoJob")
    assert (done.code, done.pj) == (1, 705), done
    assert db.count("jobrequest") == 1


@on_one_store
@pytest.mark.parametrize("options, made", [((), 1), (("--count", 3), 1), (("--json",), 1),
                                           (("--json", "--count", 3), 3)])
def test_a_job_whose_uuid_cannot_be_printed_is_told(db, plain, module, options, made):
    done = redirected(plain, ">/dev/full", "jobs", "enqueue", "FirstInfoJob", *options)
    assert done.code == 1 and "No space left on device" in done.stderr, done
    told = re.search(r"job ([0-9a-f-]{36})(, \d of 3,)? was enqueued, but not printed", done.stderr)
    uuids = [row.uuid for row in db.query("SELECT * FROM plainjobs_jobrequest ORDER BY id")]
    assert len(uuids) == made and told[1] == uuids[-1]
    assert told[2] == (f", {made} of 3," if 3 in options else None)
    assert f"plain jobs show {told[1]}" in done.stderr


@on_one_store
def test_a_job_of_a_schedule_whose_uuid_cannot_be_printed_is_told(db, plain):
    """Whoever repeated the command would have two."""
    (plain.folder / "plain.conf").write_text(
        'schedule nightly {\n    command = {"sh", "-c", "exit"}\n    cron = "0 3 * * *"\n}\n')
    done = redirected(plain, ">/dev/full", "jobs", "schedule", "run", "nightly")
    assert done.code == 1, done
    assert f"job {db.one('jobrequest').uuid} was enqueued, but not printed: " in done.stderr, done


def test_a_build_that_cannot_say_what_it_runs_asks_for_no_compiler(lone_plain):
    (lone_plain.folder / "app").mkdir()
    (lone_plain.folder / "app" / "jobs.c").write_text("")
    done = redirected(lone_plain, ">/dev/full", "build")
    assert done.code == 1 and "writing the output" in done.stderr, done
    assert "compiler" not in done.stderr


@on_one_store
@pytest.mark.parametrize("lines", [3, 3000])
@pytest.mark.parametrize("options", [(), ("--json",), ("--partial",)])
def test_jobs_of_a_file_that_cannot_be_printed_are_told(db, plain, module, lines, options):
    (plain.folder / "jobs.jsonl").write_text("{}\n" * lines)
    done = redirected(plain, ">/dev/full", "jobs", "enqueue", "NoopJob", "--from", "jobs.jsonl",
                      *options)
    assert done.code == 1 and db.count("jobrequest") == lines, done
    assert f"after {lines} jobs were enqueued: writing the output: No space left" in done.stderr


def test_a_stdout_that_does_not_block_is_waited_for(lone_plain):
    command = ("help", "commands", "--markdown")
    with small_pipe() as (ours, its):
        os.set_blocking(its.fileno(), False)
        process = lone_plain.start(*command, stdout=its, stderr=subprocess.PIPE)
        await_full(its)
        its.close()
        text = ours.read().decode()
    assert (process.wait(30), process.stderr.read()) == (0, b"")
    assert text == lone_plain(*command).stdout
