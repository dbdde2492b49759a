"""plain jobs enqueue CLASS --from FILE: all lines or none, or the good ones."""
import json
import os
import subprocess

import pytest

from marks import in_turn, on_sqlite
from program import release_path, sized
from workers import stat_fields, wait_until

pytestmark = in_turn

TYPES = {"params": {"large": 1}}


def lines(*objects):
    return "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in objects)


@pytest.fixture
def write(folder):
    def write(*objects):
        (folder / "jobs.jsonl").write_text(lines(*objects))
        return "jobs.jsonl"
    return write


def test_each_line_is_a_job(db, plain, module, write):
    chosen = "0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192"
    path = write({"params": {"large": 1, "text": "\u65e5\u672c"}}, "\n", " \t\r\n",
                 {**TYPES, "queue": "mail", "priority": -5, "retries": 3, "key": "a",
                  "uuid": chosen},
                 {**TYPES, "delay": "90m"}, {**TYPES, "delay": 60}, {**TYPES, "delay": 0.5},
                 {**TYPES, "start_at": "2030-01-02T03:04:05+01:00"})
    uuids = plain.enqueue("TypesJob", "--from", path)
    rows = {row.uuid: row for row in db.rows("jobrequest")}
    assert len(uuids) == len(rows) == 6 and uuids[1] == chosen
    first, second, later, minute, half, at = (rows[uuid] for uuid in uuids)
    assert first.parameters["kwargs"] == {"large": 1, "text": "\u65e5\u672c"}
    assert (first.queue, first.priority, first.retries, first.concurrency_key, first.start_at) == (
        "default", 0, 0, "", None)
    assert (second.queue, second.priority, second.retries, second.concurrency_key) == (
        "mail", -5, 3, "a")
    for row, delay in ((later, 5400), (minute, 60), (half, 0.5)):
        assert row.start_at - row.created_at == pytest.approx(delay, abs=0.1)
    assert at.start_at == 1893549845


def test_a_reader_that_has_gone_is_told_how_many_were_made(db, plain, module):
    reads, writes = os.pipe()
    os.close(reads)
    process = plain.start("jobs", "enqueue", "NoopJob", "--count", 10000, stdout=writes,
                          stderr=subprocess.PIPE)
    os.close(writes)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1 and "error[PJ705]" in said and "Broken pipe" in said
    made = db.count("jobrequest")
    assert f"{made} " in said


def test_what_a_database_spells_longer_still_runs(db, plain, module, write):
    """jsonb puts a blank behind each comma, and takes no number with that many digits."""
    path = write(json.dumps({"params": {"large": 1, "raw": [1] * 400000}}, separators=(",", ":")) + "\n")
    plain.enqueue("TypesJob", "--from", path)
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    write({"params": {"large": 1, "raw": [0]}}, '{"params": {"large": 1, "raw": 1e-20000}}\n')
    refused = plain.fails(2, 602, "jobs", "enqueue", "TypesJob", "--from", path)
    assert "line 2: parameters: 1e-20000 has more than 16383 digits" in refused.stderr
    many = ",".join(["1e308"] * 6000)
    write(f'{{"params": {{"large": 1, "raw": [{many}]}}}}\n')
    assert "without exponents" in plain.fails(2, 602, "jobs", "enqueue", "TypesJob", "--from",
                                              path).stderr
    assert db.count("jobrequest") == 0


def test_options_are_for_lines_that_say_nothing(db, plain, module, write):
    path = write(TYPES, {**TYPES, "queue": "mail", "delay": "1h", "retries": 0})
    uuids = plain.enqueue("TypesJob", "--from", path, "--queue", "slow", "--priority", "7",
                          "--retries", "2", "--delay", "2030-01-02T03:04:05Z")
    rows = {row.uuid: row for row in db.rows("jobrequest")}
    first, second = (rows[uuid] for uuid in uuids)
    assert (first.queue, first.priority, first.retries, first.start_at) == (
        "slow", 7, 2, 1893553445)
    assert (second.queue, second.priority, second.retries) == ("mail", 7, 0)
    assert second.start_at - second.created_at == pytest.approx(3600, abs=0.1)


def test_stdin_and_executables(db, plain):
    plain.add_executable("hello", "#!/bin/sh\ncat\n")
    done = plain("jobs", "enqueue", "hello", "--from", "-",
                 stdin=lines({"params": {"name": "Ada"}}, {}).rstrip("\n").encode())
    assert len(done.lines) == 2
    assert [row.parameters["kwargs"] for row in db.query(
        "SELECT parameters FROM plainjobs_jobrequest ORDER BY id")] == [{"name": "Ada"}, {}]
    plain.enqueue("Elsewhere", "--from", "-", "--unregistered", stdin=b"{}")
    assert db.count("jobrequest", "job_class = 'Elsewhere'") == 1


@on_sqlite
def test_stdin_may_be_non_blocking(db, plain, module):
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    process = plain.start("jobs", "enqueue", "NoopJob", "--from", "-", stdin=ours,
                          stdout=subprocess.PIPE)
    os.close(ours)
    wait_until(lambda: stat_fields(process.pid)[0] == "S", "the program to wait")
    os.write(theirs, b"{}\n")
    os.close(theirs)
    assert len(process.communicate()[0].splitlines()) == 1 and process.returncode == 0


def test_an_empty_file_is_no_job(db, plain, module, write):
    assert plain.enqueue("NoopJob", "--from", write()) == []
    assert plain.enqueue("NoopJob", "--from", write("\n\n")) == []


BAD = {
    "no JSON": ("{", 602), "not an object": ("[1]", 602), "two values": ("{} {}", 602),
    "a NUL": ("{}\0", 602), "no UTF-8": ('{"key": "\udcff"}', 602),
    "an unknown member": ({"large": 1}, 201), "a name twice": ('{"key":"a","key":"b"}', 602),
    "params of another type": ({"params": []}, 105), "params as text": ({"params": "{}"}, 105),
    "a missing parameter": ({"params": {}}, 102), "no params": ({}, 102),
    "an unknown parameter": ({"params": {"large": 1, "huge": 2}}, 104),
    "a wrong type": ({"params": {"large": "1"}}, 103),
    "a queue of another type": ({**TYPES, "queue": 1}, 105),
    "an empty queue": ({**TYPES, "queue": ""}, 105), "a null queue": ({**TYPES, "queue": None}, 105),
    "a long key": ({**TYPES, "key": "k" * 256}, 105), "a key that is a number": (
        {**TYPES, "key": 7}, 105),
    "a bad delay": ({**TYPES, "delay": "soon"}, 105), "a negative delay": (
        {**TYPES, "delay": -1}, 105), "a delay beyond all": ({**TYPES, "delay": 1e300}, 105),
    "a bad time": ({**TYPES, "start_at": "tomorrow"}, 105), "a time that is a number": (
        {**TYPES, "start_at": 1893549845}, 105), "both times": (
        {**TYPES, "delay": 60, "start_at": "2030-01-02T03:04:05Z"}, 105),
    "a large priority": ({**TYPES, "priority": 32768}, 105),
    "a fraction": ({**TYPES, "priority": 1.5}, 105), "a negative number": (
        {**TYPES, "retries": -1}, 105), "a text as number": ({**TYPES, "retries": "1"}, 105),
    "a bad uuid": ({**TYPES, "uuid": "x"}, 105),
    "too deep": ('{"params": {"large": 1, "raw": ' + "[" * 200 + "]" * 200 + "}}", 602),
    "too long": ('{"params": {"large": 1, "text": "' + "x" * 1200000 + '"}}', 602),
    "parameters over 1 MiB": ('{"params": {"large": 1, "text": "' + "x" * 1048576 + '"}}', 602),
}


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_named_and_nothing_is_written(db, plain, module, folder, what):
    line, pj = BAD[what]
    line = line if isinstance(line, str) else json.dumps(line)
    text = lines(TYPES, "\n", TYPES) + line + "\n" + lines(TYPES, "also bad\n")
    (folder / "bad.jsonl").write_bytes(text.encode(errors="surrogateescape"))
    before = db.counts()
    done = plain.fails(2, pj, "jobs", "enqueue", "TypesJob", "--from", "bad.jsonl")
    assert f"error[PJ{pj}]: line 4: " in done.stderr and done.stdout == ""
    assert len(done.stderr) < 1000
    assert db.counts() == before
    partial = plain.run("jobs", "enqueue", "TypesJob", "--from", "bad.jsonl", "--partial")
    assert partial.code == 1 and len(partial.lines) == 3 == db.count("jobrequest")
    assert f"error[PJ{pj}]: line 4: " in partial.stderr
    assert "error[PJ602]: line 6: " in partial.stderr
    assert "2 lines of bad.jsonl are bad" in partial.stderr


def test_a_held_key_is_skipped(db, plain, module, write):
    path = write({"key": "a"}, {"key": "b"}, {"key": "a"})
    done = plain("jobs", "enqueue", "NoopJob", "--from", path)
    assert done.lines[2] == "skipped" and done.lines[0] in done.stderr
    assert "line 3" in done.stderr
    again = plain.fails(6, 501, "jobs", "enqueue", "NoopJob", "--from", path)
    assert again.lines == ["skipped"] * 3
    done_json = plain.run("--json", "jobs", "enqueue", "NoopJob", "--from", path)
    document = json.loads(done_json.stdout)
    assert done_json.stderr == "", "the document says it"
    assert document["requests"] == [None] * 3
    assert document["skipped"]["holder"] == done.lines[0]
    assert db.count("jobrequest") == 2


def test_a_file_that_is_not_there(db, plain, module):
    """One document of JSON: the error. The fix is for what is wrong."""
    done = plain.run("--json", "jobs", "enqueue", "NoopJob", "--from", "missing.jsonl")
    assert (done.code, done.stdout) == (2, "")
    error = json.loads(done.stderr)["error"]
    assert "missing.jsonl" in error["message"] and "check the path" in error["fix"]


def test_repeating_a_file_with_uuids_is_once(db, plain, module, write):
    path = write(*({"uuid": f"0192f3c4-7f3a-7c9e-8000-{n:012x}"} for n in range(20)))
    assert plain.enqueue("NoopJob", "--from", path) == plain.enqueue("NoopJob", "--from", path)
    assert db.count("jobrequest") == 20


@pytest.mark.parametrize("job_class", ["NoopJob", "hello"])
def test_a_uuid_that_stands_in_two_lines_is_a_bad_line(db, plain, module, write, job_class):
    """For a class, whose jobs are written together, and for an executable."""
    plain.add_executable("hello", "#!/bin/sh\n")
    first, second = ({"uuid": f"0192f3c4-7f3a-7c9e-8000-{n:012x}"} for n in range(2))
    path = write("\n", {}, first, second, first)
    done = plain.fails(2, 105, "jobs", "enqueue", job_class, "--from", path)
    assert "line 5: its uuid is that of line 3" in done.stderr and done.stdout == ""
    assert db.count("jobrequest") == 0
    partial = plain.run("jobs", "enqueue", job_class, "--from", path, "--partial")
    assert partial.code == 1 and "line 5: its uuid is that of line 3" in partial.stderr
    assert len(set(partial.lines)) == 3 == len(partial.lines) == db.count("jobrequest")


def test_it_says_one_thing_once(db, plain, module, write):
    path = write({})
    for more in (["n=1"], ["--params", "{}"], ["--count", "2"]):
        plain.fails(2, 201, "jobs", "enqueue", "TraceJob", "--from", path, *more)
    plain.fails(2, 201, "jobs", "enqueue", "TraceJob", "--partial")
    plain.fails(2, 705, "jobs", "enqueue", "TraceJob", "--from", "missing.jsonl")
    plain.fails(1, 705, "jobs", "enqueue", "TraceJob", "--from", "app")
    plain.fails(3, 101, "jobs", "enqueue", "NoSuchJob", "--from", path)
    assert db.count("jobrequest") == 0


def test_many_lines(db, plain, module, folder):
    count = sized(6000, 200000)
    (folder / "jobs.jsonl").write_text('{"params": {"n": 1}}\n' * count)
    for options in ([], ["--partial"]):
        made = plain.enqueue("TraceJob", "--from", "jobs.jsonl", *options, timeout=sized(60, 900))
        assert len(set(made)) == count
    assert db.count("jobrequest") == 2 * count


@pytest.mark.parametrize("store", ["sqlite"])
def test_bad_lines_take_no_memory(db, plain, module, folder):
    """Two good lines around bad ones, of which no more than a chunk is held."""
    bad = '{"params": {"n": "' + "x" * 1000000 + '"}}\n'
    with open(folder / "jobs.jsonl", "w") as file:
        file.write("{}\n")
        for _ in range(100):
            file.write(bad)
        file.write("{}\n")
    plain.program = release_path()
    command = ["bash", "-c", 'ulimit -v 120000; exec "$@"', "bash", plain.program, "jobs",
               "enqueue", "TraceJob", "--from", "jobs.jsonl", "--partial"]
    done = subprocess.run(command, cwd=folder, env=plain.env, capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 2, done.stderr[-2000:]
    assert "100 lines of jobs.jsonl are bad" in done.stderr
