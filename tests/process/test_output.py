"""What a job writes is kept with its attempt and goes to the worker's log; nobody waits for it."""
import collections
import json
import os
import re
import signal
import time

import pytest

from marks import in_turn, on_one_store, spoils_tables
from program import release_path, sized
from verify import assert_sound
from workers import is_alive, living_in, stat_fields, wait_until

pytestmark = in_turn

KEPT = 64 * 1024


@pytest.fixture(scope="session")
def built(build_module):
    return build_module("output.c", LDLIBS="-lpthread")


@pytest.fixture
def jobs(plain, built):
    (plain.folder / "app").mkdir()
    os.link(built, plain.folder / "app/jobs.so")


def records(done, *events):
    found = [json.loads(line) for line in done.stderr.splitlines()]
    return [record for record in found if record["event"] in events]


def drain(plain, *options):
    return plain.drain("--max-processes", 1, *options, env={"PLAIN_LOG_FORMAT": "json"})


@on_one_store
def test_it_is_kept_in_its_order_and_forwarded_with_its_ids(db, plain, jobs):
    plain.enqueue("HowJob")
    done = drain(plain)
    row = db.one("jobresult")
    assert row.output == "one\ntwo\n[WARNING] three\nfour\nfive"
    lines = records(done, "Job output", "three")
    assert [record.get("output", record["event"]) for record in lines] == [
        "one", "two", "three", "four", "five"]
    for record in lines:
        assert (record["job_class"], record["job_request_uuid"], record["job_process_uuid"]) == (
            "HowJob", row.job_request_uuid, row.job_process_uuid)
    assert [r["level"] for r in lines] == ["INFO", "INFO", "WARNING", "INFO", "INFO"]
    assert done.stdout == ""


@on_one_store
def test_the_order_holds_however_the_worker_and_the_runner_meet(db, plain, jobs):
    plain.enqueue("HowJob", "--count", sized(300, 5000))
    plain.drain("--max-processes", 2, "--quiet")
    assert {row.output for row in db.results()} == {"one\ntwo\n[WARNING] three\nfour\nfive"}


@on_one_store
def test_what_is_written_where_the_delay_is_reckoned_is_the_attempts(db, plain, jobs):
    plain.enqueue("TriesJob", "--count", 20)
    drain(plain)
    said = collections.Counter((row.retry_attempt, row.output) for row in db.results())
    assert said == {(0, "try 1\nbefore try 2\n"): 20, (1, "try 2\n"): 20}


@on_one_store
def test_a_quiet_worker_prints_it_as_it_is(db, plain, jobs):
    plain.enqueue("HowJob", "how=forge")
    plain.enqueue("HowJob")
    done = drain(plain, "--quiet")
    assert done.lines[-4:] == ["one", "two", "four", "five"]
    assert done.lines[1] == "2026-01-01T00:00:00.000Z [ERROR] Forged job_class=Other"
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
    assert [record["event"] for record in map(json.loads, done.stderr.splitlines())] == ["three"]


@on_one_store
def test_show_prints_it(db, plain, jobs):
    (uuid,) = plain.enqueue("HowJob")
    (silent,) = plain.enqueue("HowJob", "how=nothing")
    drain(plain)
    shown = plain("jobs", "show", uuid).stdout
    assert re.search(r"^  output +one\n +two\n +\[WARNING\] three\n +four\n +five$", shown, re.M)
    assert plain.json("jobs", "show", uuid)["attempts"][0]["output"].startswith("one\ntwo\n")
    assert plain.json("jobs", "show", silent)["attempts"][0]["output"] is None
    assert "output" not in plain("jobs", "show", silent).stdout


@on_one_store
@pytest.mark.parametrize("options", [(), ("--json",)])
@spoils_tables
def test_a_job_of_many_and_large_runs_can_be_shown(db, plain, jobs, options):
    """More than what is written at once has room for."""
    plain.program = release_path()
    uuid = plain.enqueue("OwnJob")[0]
    plain.drain()
    runs, size = 400, 200 * 1024
    names = [row.name for row in db.query("SELECT name FROM pragma_table_info('plainjobs_jobresult')")]
    columns = ", ".join(name for name in names if name not in ("id", "job_process_uuid", "output"))
    db.execute(f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {runs}) "
               f"INSERT INTO plainjobs_jobresult (job_process_uuid, output, {columns}) SELECT "
               f"randomblob(16), printf('%.*c', {size}, 'x'), {columns} FROM plainjobs_jobresult, n")
    text = plain(*options, "jobs", "show", uuid, timeout=60).stdout
    assert len(text) > runs * size * 0.99
    if options:
        assert len(json.loads(text)["attempts"]) == runs


@on_one_store
def test_an_executable_is_the_same(db, plain):
    plain.add_executable("talker", "#!/bin/sh\necho out; echo err >&2; exit 3\n")
    plain.enqueue("talker")
    done = drain(plain)
    row = db.one("jobresult")
    assert (row.status, row.error_message) == ("ERRORED", "err")
    assert sorted(row.output.split()) == ["err", "out"]
    assert {record["output"] for record in records(done, "Job output")} == {"out", "err"}
    assert {record["job_process_uuid"] for record in records(done, "Job output")} == {
        row.job_process_uuid}


@on_one_store
@pytest.mark.parametrize("how, exit_signal", [("segfault", signal.SIGSEGV), ("kill", signal.SIGKILL),
                                              ("abort", signal.SIGABRT), ("exit", None)])
def test_a_crash_has_its_last_words(db, plain, jobs, how, exit_signal):
    plain.enqueue("HowJob", f"how={how}")
    done = drain(plain)
    row = db.one("jobresult")
    assert (row.status, row.exit_signal) == ("LOST", exit_signal)
    assert row.output == "whole line\nhalf a line"
    assert [record["output"] for record in records(done, "Job output")] == [
        "whole line", "half a line"]


@on_one_store
def test_a_character_is_not_cut_in_two(db, plain):
    plain.add_executable("long", '''#!/bin/sh
for character in é 語; do
    yes $character | head -3000 | tr -d "\\n"
    printf x
done
''')
    plain.enqueue("long")
    found = [record["output"] for record in records(drain(plain), "Job output")]
    assert len(found) > 2 and "".join(found) == "é" * 3000 + "x" + "語" * 3000 + "x"


def test_any_bytes_can_be_recorded(db, plain, jobs):
    plain.enqueue("HowJob", "how=bytes")
    drain(plain)
    row = db.one("jobresult")
    assert row.status == "SUCCESSFUL"
    assert row.output == ("nul \ufffd bad \ufffd\ufffd cut \ufffd\ufffd\n"
                          "\x1b[31mred\x1b[0m\r\ufffd\tend")
    shown = plain("jobs", "show", row.job_request_uuid).stdout
    assert "\x1b" not in shown and "\r" not in shown


@on_one_store
@pytest.mark.parametrize("form", ["keyvalue", "json"])
def test_nothing_written_can_forge_a_record(db, plain, jobs, form):
    plain.enqueue("HowJob", "how=forge")
    done = plain.drain(env={"PLAIN_LOG_FORMAT": form})
    forged = [line for line in done.stderr.splitlines() if "orged" in line or "FORGED" in line]
    assert len(forged) == 2 and "\x1b" not in done.stderr and "\x07" not in done.stderr
    for line in forged:
        if form == "json":
            assert json.loads(line)["event"] == "Job output"
        else:
            assert re.match(r"20\S+Z \[INFO\] Job output output=\"", line), line


@on_one_store
def test_a_flood_is_cut_and_nobody_waits_for_it(db, plain, jobs, start_worker):
    size = sized(16, 256)
    plain.enqueue("HowJob", "how=flood", f"n={size}")
    good = plain.enqueue("OwnJob", "--count", 100)
    worker = start_worker("--max-processes", 2, "--drain")
    worker.wait(seconds=120)
    row = db.results("HowJob")[0]
    assert row.status == "SUCCESSFUL"
    note, _, kept = row.output.partition("\n")
    assert len(kept) == KEPT and kept.endswith("xxx\nthe end\n")
    missing = int(re.fullmatch(r"\[(\d+) bytes before this are not kept\]", note)[1])
    assert missing == size * 1024 * 1024 + len("the end\n") - KEPT
    assert db.statuses("OwnJob") == ["SUCCESSFUL"] * len(good)
    assert worker.log.stat().st_size < size * 1024 * 1024
    assert worker.events("Job output left out of the log")[0]["records"] > 0


@on_one_store
def test_every_byte_is_its_own_job_s(db, plain, jobs):
    """Very short jobs, handed out ahead, of which one in two writes."""
    plain.enqueue("OwnJob", "--count", sized(2000, 20000))
    plain.drain("--max-processes", 2, "--quiet")
    rows = db.results()
    written = [row for row in rows if row.output]
    per_runner = collections.Counter(row.runner_pid for row in rows)
    assert collections.Counter(row.runner_pid for row in written) == {
        pid: (n + 1) // 2 for pid, n in per_runner.items()}
    assert [row for row in written if row.output.strip() != row.job_request_uuid] == []
    assert_sound(db)


@on_one_store
def test_somebody_who_holds_the_pipe_holds_nobody_up(db, plain, jobs):
    plain.enqueue("HowJob", "how=leave")
    start = time.monotonic()
    drain(plain)
    assert time.monotonic() - start < 30  # it holds the pipe for a minute
    assert db.one("jobresult").output.startswith("before\n")
    wait_until(lambda: not living_in(plain.folder), "the writer to find its pipe closed")


@on_one_store
def test_a_runner_without_stdout_runs_on(db, plain, jobs):
    plain.enqueue("HowJob", "how=close")
    plain.enqueue("HowJob", "how=order")
    drain(plain)
    rows = db.results()
    assert [row.status for row in rows] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert "[WARNING] three" in rows[1].output


@on_one_store
def test_a_runner_that_is_renewed_looks_like_no_crash(db, plain, jobs):
    """Its job has closed what the next one needs."""
    plain.enqueue("HowJob", "how=close", "--count", 3)
    done = drain(plain)
    assert db.statuses() == ["SUCCESSFUL"] * 3
    told = records(done, "Runner ended", "Runner replaced", "Runner killed")
    assert {record["event"] for record in told} == {"Runner replaced"}, told
    assert told[0]["level"] == "INFO" and "closed" in told[0]["reason"]
    pids = [row.runner_pid for row in db.results()]
    assert len(set(pids)) == 3
    # The last one may be told to end before it says so.
    assert [record["pid"] for record in told] in (pids, pids[:2])


@on_one_store
def test_a_thread_of_a_job_can_log(db, plain, jobs):
    plain.enqueue("HowJob", "how=thread")
    drain(plain)
    assert "from a thread" in db.one("jobresult").output


@on_one_store
def test_a_worker_that_stands_still_costs_no_output(db, plain, jobs, start_worker):
    """The runner ends its jobs meanwhile, and hands over what it could not."""
    plain.env.update(PLAIN_JOBS_START_AHEAD_MS="1000", PLAIN_JOBS_WORKER_STATS_EVERY="50ms")
    plain.enqueue("OwnJob", "--count", 100)
    worker = start_worker("--max-processes", 1)
    db.await_results(100)
    (runner,) = worker.runners()
    os.kill(runner, signal.SIGSTOP)  # until many are handed out
    seen = len(worker.events("Job worker stats"))
    plain.enqueue_many("OwnJob", 500)
    wait_until(lambda: any(stats["jobs_running"] > 100
                           for stats in worker.events("Job worker stats")[seen:]), "the hand-out")
    worker.send(signal.SIGSTOP)
    os.kill(runner, signal.SIGCONT)
    wait_until(lambda: stat_fields(runner)[0] == "S", "the runner to have nothing to do")
    assert db.count("jobresult") < 600
    worker.send(signal.SIGCONT)
    rows = db.await_results(600)
    assert is_alive(runner)
    assert [row for row in rows if row.output and row.output.strip() != row.job_request_uuid] == []
    assert len([row for row in rows if row.output]) == 300
    worker.stop()
