"""Bad input of every kind: a clear error with its code and field, and nothing written."""
import itertools
import json
import os
import shutil
import subprocess

import pytest

from marks import in_turn, on_one_store
from program import Plain, TREE

pytestmark = in_turn

DEEP = '{"raw": ' + "[" * 128 + "]" * 128 + "}"
BASE = ("jobs", "enqueue", "TypesJob")
GOOD = "large=1"

# The command's words, its exit code, its PJ code, the field that is named.
TABLE = {
    "unknown class": (["jobs", "enqueue", "TypeJob"], 3, 101, None),
    "unknown class, run": (["jobs", "run", "TypeJob"], 3, 101, None),
    "class in another case": (["jobs", "enqueue", "typesjob"], 3, 101, None),
    "empty class": (["jobs", "enqueue", ""], 3, 101, None),
    "missing parameter": ([*BASE], 2, 102, "large"),
    "missing parameter, JSON": ([*BASE, "--params", "{}"], 2, 102, "large"),
    "null for a required one": ([*BASE, "--params", '{"large": null}'], 2, 103, "large"),
    "word for a number": ([*BASE, "large=abc"], 2, 103, "large"),
    "text for a number": ([*BASE, "--params", '{"large": "1"}'], 2, 103, "large"),
    "number for a text": ([*BASE, "--params", '{"large": 1, "text": 5}'], 2, 103, "text"),
    "real for an integer": ([*BASE, "--params", '{"large": 1.5}'], 2, 103, "large"),
    "above int64": ([*BASE, "large=9223372036854775808"], 2, 103, "large"),
    "below int64": ([*BASE, "large=-9223372036854775809"], 2, 103, "large"),
    "above int32": ([*BASE, GOOD, "small=2147483648"], 2, 103, "small"),
    "below uint32": ([*BASE, GOOD, "natural=-1"], 2, 103, "natural"),
    "above uint32": ([*BASE, GOOD, "natural=4294967296"], 2, 103, "natural"),
    "above double": ([*BASE, GOOD, "real=1e400"], 2, 103, "real"),
    "no finite double": ([*BASE, GOOD, "real=nan"], 2, 103, "real"),
    "word for a bool": ([*BASE, GOOD, "yes=perhaps"], 2, 103, "yes"),
    "number for a bool": ([*BASE, "--params", '{"large": 1, "yes": 1}'], 2, 103, "yes"),
    "unknown parameter": ([*BASE, GOOD, "color=red"], 2, 104, "color"),
    "unknown parameter, JSON": ([*BASE, "--params", '{"large": 1, "x": 1}'], 2, 104, "x"),
    "pair given twice": ([*BASE, "large=1", "large=2"], 2, 602, "large"),
    "name given twice": ([*BASE, "--params", '{"large": 1, "large": 2}'], 2, 602, None),
    "name twice, escaped": ([*BASE, "--params", '{"large": 1, "lar\\u0067e": 2}'], 2, 602, None),
    "no object": ([*BASE, "--params", "[1]"], 2, 602, None),
    "no JSON": ([*BASE, "--params", "{large: 1}"], 2, 602, None),
    "half of JSON": ([*BASE, "--params", '{"large": 1'], 2, 602, None),
    "text behind JSON": ([*BASE, "--params", '{"large": 1} x'], 2, 602, None),
    "NaN in JSON": ([*BASE, "--params", '{"large": NaN}'], 2, 602, None),
    "deeper than 128": ([*BASE, "--params", '{"large": 1, "raw": ' + DEEP + "}"], 2, 602, None),
    "NUL": ([*BASE, "--params", '{"large": 1, "text": "a\\u0000b"}'], 2, 602, None),
    "lone surrogate": ([*BASE, "--params", '{"large": 1, "text": "\\ud800"}'], 2, 602, None),
    "invalid UTF-8": ([*BASE, GOOD, "text=a\udcffb"], 2, 103, "text"),
    "invalid UTF-8, JSON": ([*BASE, "--params", '{"large": 1, "text": "\udcff"}'], 2, 602, None),
    "params and pairs": ([*BASE, GOOD, "--params", "{}"], 2, 201, "params"),
    "no pair": ([*BASE, "large"], 2, 103, None),
    "negative delay": ([*BASE, GOOD, "--delay", "-5"], 2, 105, "delay"),
    "delay that overflows": ([*BASE, GOOD, "--delay", "999999999999999d"], 2, 105, "delay"),
    "delay beyond the limit": ([*BASE, GOOD, "--delay", "365001d"], 2, 105, "delay_ms"),
    "delay in words": ([*BASE, GOOD, "--delay", "tomorrow"], 2, 105, "delay"),
    "a day that is none": ([*BASE, GOOD, "--delay", "2026-02-30T00:00:00Z"], 2, 105, "delay"),
    "priority too high": ([*BASE, GOOD, "--priority", "32768"], 2, 105, "priority"),
    "priority too low": ([*BASE, GOOD, "--priority", "-32769"], 2, 105, "priority"),
    "priority in words": ([*BASE, GOOD, "--priority", "high"], 2, 105, "priority"),
    "negative retries": ([*BASE, GOOD, "--retries=-1"], 2, 105, "retries"),
    "too many retries": ([*BASE, GOOD, "--retries", "32768"], 2, 105, "retries"),
    "empty queue": ([*BASE, GOOD, "--queue", ""], 2, 105, "queue"),
    "long queue": ([*BASE, GOOD, "--queue", "q" * 256], 2, 105, "queue"),
    "queue with a newline": ([*BASE, GOOD, "--queue", "a\nb"], 2, 105, "queue"),
    "queue that is no UTF-8": ([*BASE, GOOD, "--queue", "a\udcff"], 2, 105, "queue"),
    "long key": ([*BASE, GOOD, "--key", "k" * 256], 2, 105, "concurrency_key"),
    "long class": (["jobs", "enqueue", "C" * 256, "--unregistered"], 2, 105, "job_class"),
    "count of none": ([*BASE, GOOD, "--count", "0"], 2, 201, "count"),
    "unknown option": ([*BASE, GOOD, "--retry", "3"], 2, 201, "retry"),
    "unknown command": (["jobs", "wroker"], 2, 201, "command"),
    "option without its value": ([*BASE, GOOD, "--queue"], 2, 201, "queue"),
    "value for a flag": ([*BASE, GOOD, "--unregistered=yes"], 2, 201, "unregistered"),
    "limit of none": (["jobs", "results", "--limit", "0"], 2, 201, "limit"),
    "unknown status": (["jobs", "results", "--status", "GOOD"], 2, 201, "status"),
    "no uuid": (["jobs", "show", "x"], 3, 502, "uuid"),
    "reason of nothing": (["jobs", "schedule", "--reason", "why"], 2, 201, "reason"),
    "reason of a run": (["jobs", "schedule", "run", "x", "--reason", "why"], 2, 201, "reason"),
    "unknown uuid": (["jobs", "show", "1" * 32], 3, 502, "uuid"),
    "unknown code": (["help", "PJ999"], 3, 201, None),
    "worker's queue": (["jobs", "worker", "--queue", "", "--drain"], 2, 105, "queue"),
    "too many runners": (["jobs", "worker", "--max-processes", "10000"], 2, 202,
                         "JOBS_WORKER_MAX_PROCESSES"),
    "no runners": (["jobs", "worker", "--max-processes", "0"], 2, 202, "JOBS_WORKER_MAX_PROCESSES"),
    "nothing to measure": (["jobs", "bench", "--jobs", "0"], 2, 201, "jobs"),
    "too much to measure": (["jobs", "bench", "--jobs", "10000001"], 2, 201, "jobs"),
    "words to measure": (["jobs", "bench", "--jobs", "many"], 2, 201, "jobs"),
    "no runners to measure": (["jobs", "bench", "--max-processes", "0"], 2, 202,
                              "JOBS_WORKER_MAX_PROCESSES"),
    "unknown worker, quiet": (["jobs", "quiet", "0" * 32], 3, 205, "worker"),
    "unknown worker, stop": (["jobs", "stop", "nowhere:1"], 3, 205, "worker"),
    "unknown queue or class": (["jobs", "pause", "nothing-of-this-name"], 3, 205, "name"),
    "pattern in the middle": (["jobs", "pause", "--queue", "a*b"], 2, 201, "queue"),
    "reason with a newline": (["jobs", "pause", "--queue", "a", "--reason", "a\nb"], 2, 105,
                              "reason"),
    "long reason": (["jobs", "pause", "--queue", "a", "--reason", "r" * 256], 2, 105, "reason"),
    "delete of no uuid": (["jobs", "delete", "x"], 3, 502, "uuid"),
    "delete of an unknown one": (["jobs", "delete", "1" * 32], 3, 502, "uuid"),
    "delete of nothing": (["jobs", "delete"], 2, 201, None),
    "limit of the audit": (["jobs", "audit", "--limit", "0"], 2, 201, "limit"),
    "negative time": (["jobs", "worker", "--stats-every=-1"], 2, 202, "JOBS_WORKER_STATS_EVERY"),
}


@pytest.fixture(scope="module")
def place(request, tmp_path_factory, test_module, make_database):
    """A database with the schema and a folder with the module, for all of the table: nothing of it
    writes anything."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "app").mkdir()
    shutil.copy(test_module, folder / "app/jobs.so")
    with make_database(request.param, folder, migrated=True) as db:
        yield db, Plain(folder, db.url)


# What is refused before a row is written needs no second database: the cases take turns.
@pytest.mark.parametrize("place, case", list(zip(itertools.cycle(["sqlite", "postgres"]), TABLE)),
                         indirect=["place"])
def test_bad_input_is_refused(place, case):
    db, plain = place
    words, code, pj, field = TABLE[case]
    before = db.counts()
    done = plain.run("--json", *words)
    error = json.loads(done.stderr)["error"]
    assert (done.code, error["pj"]) == (code, f"PJ{pj}"), done
    assert error["message"] and error["fix"], done
    if field:
        assert error["field"] == field, error
    assert db.counts() == before


@on_one_store
@pytest.mark.parametrize("case", ["unknown class", "above int64", "worker's queue", "no uuid"])
def test_people_read_the_code_the_reason_and_the_fix(db, plain, module, case):
    words, code, pj, _ = TABLE[case]
    done = plain.fails(code, pj, *words)
    assert done.stdout == "" and done.stderr.startswith(f"error[PJ{pj}]: "), done
    assert "\n  → " in done.stderr


@pytest.mark.parametrize("words", ["help", "help errors", "help PJ302", "jobs list --help", "jobs"])
def test_help_with_json_is_one_document(lone_plain, words):
    text = lone_plain.run(*words.split()).stdout
    document = json.loads(lone_plain.run("--json", *words.split()).stdout)
    assert document == {"format": 1, "text": text}


def test_every_code_is_explained(lone_plain):
    for pj in sorted({pj for _, _, pj, _ in TABLE.values()}):
        assert f"PJ{pj}" in lone_plain("help", f"PJ{pj}").stdout


@pytest.mark.parametrize("size, code", [(1024 * 1024 - 200, 0), (1024 * 1024 + 1, 2)])
def test_parameters_of_a_mebibyte(db, plain, build_c, size, code):
    """By the library, since a word of a command line is at most 128 KiB."""
    program = build_c("by_name.c")
    done = subprocess.run([program, db.url, "AnyJob", "one"], capture_output=True, text=True,
                          input=json.dumps({"text": "x" * size}), env=plain.env)
    assert done.returncode == code, done.stderr
    assert db.count("jobrequest") == (1 if code == 0 else 0)
    if code:
        assert "PJ602" in done.stderr


@on_one_store
def test_a_key_that_comes_out_too_long(db, plain):
    plain.add_executable("fetch", "#!/bin/sh\n")
    (plain.folder / "plain.conf").write_text('job fetch { params = {"url:string"}\n concurrency_key = "url-{url}" }\n')
    done = plain.fails(2, 105, "jobs", "enqueue", "fetch", "url=" + 300 * "x")
    assert "concurrency_key" in done.stderr and "304 bytes" in done.stderr, done
    assert db.count("jobrequest") == 0


def test_the_uuid_of_zeros_is_nobodys(db, plain, module):
    """Within the program it stands for none."""
    plain.fails(3, 502, "jobs", "audit", 32 * "0")
    (plain.folder / "zero.jsonl").write_text(f'{{"uuid": "{32 * "0"}"}}\n')
    plain.fails(2, 105, "jobs", "enqueue", "NoopJob", "--from", "zero.jsonl")
    assert db.count("jobrequest") == 0


@on_one_store
def test_a_full_disk_is_told_of_a_held_key_too(db, plain, module):
    plain.enqueue("NoopJob", "--key", "a")
    with open("/dev/full", "wb") as full:
        process = plain.start("--json", "jobs", "enqueue", "NoopJob", "--key", "a", stdout=full,
                              stderr=subprocess.PIPE)
        said = process.communicate()[1].decode()
    assert process.returncode == 1 and "PJ705" in said


OLD_CLASS = """#include <plain/jobs.h>
struct old_param { const char *name; plain_type type; unsigned flags; size_t offset, size; };
struct params { int64_t a, b; };
static int run(plain_job *job, const void *params) { (void)job; (void)params; return 0; }
static const struct old_param rows[] = {{"a", PLAIN_TYPE_INT64, 0, 0, 8},
                                        {"b", PLAIN_TYPE_INT64, PLAIN_OPTIONAL, 8, 8},
                                        {NULL, PLAIN_TYPE_BOOL, 0, 0, 0}};
static const plain_job_class Job = {
    .size = offsetof(plain_job_class, on_aborted), .param_size = sizeof(rows[0]),
    .params_size = sizeof(struct params), .name = "Job", .params = (const void *)rows, .run = run};
PLAIN_REGISTER_JOBS(&Job);
"""


@on_one_store
def test_a_module_of_older_headers(db, plain):
    compile_module(plain.folder, OLD_CLASS)
    (job,) = plain.json("jobs", "list")["jobs"]
    assert [(p["name"], p["default"]) for p in job["parameters"]] == [("a", None), ("b", None)]
    plain.enqueue("Job", "a=1")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]


def test_delay_and_start_time_contradict_each_other(db, plain, build_c):
    done = subprocess.run([build_c("by_name.c"), db.url, "AnyJob", "both"], capture_output=True,
                          text=True, input="{}", env=plain.env)
    assert done.returncode == 2 and "PJ105" in done.stderr, done.stderr
    assert db.count("jobrequest") == 0


@on_one_store
def test_the_nearest_name_is_proposed(db, plain, module):
    for words, near in ((["jobs", "enqueue", "TypeJob"], "TypesJob"),
                        (["jobs", "wroker"], "worker"),
                        ([*BASE, GOOD, "--retrys", "3"], "--retries"),
                        ([*BASE, "larg=1"], "large")):
        assert near in plain.run(*words).stderr


# ---- databases ----

@pytest.mark.parametrize("url, code, pj", [
    ("sqlite:/no/such/folder/plain.db", 4, 301),
    ("sqlite:/", 4, 301),
    ("sqlite:", 2, 307),
    ("plain.db", 2, 307),
    ("", 2, 202),
    ("mongodb://localhost/jobs", 2, 306),
    ("postgresql://plain:secret@127.0.0.1:1/jobs", 4, 301),
    ("postgresql://plain:secret@no-such-host.invalid/jobs", 4, 301),
    ("postgresql://%/jobs", 2, 307),
])
def test_a_bad_or_unreachable_database(lone_plain, url, code, pj):
    for command in (["jobs", "stats"], ["migrate"], ["jobs", "worker", "--drain"]):
        done = lone_plain.fails(code, pj, "--db", url, *command)
        assert "secret" not in done.stderr
        assert "\n  → " in done.stderr


def test_a_file_that_is_no_database(lone_plain):
    path = lone_plain.folder / "plain.db"
    path.write_bytes(b"this is no database\n" * 100)
    before = path.read_bytes()
    for command in (["jobs", "stats"], ["migrate"], ["jobs", "worker", "--drain"]):
        done = lone_plain.run(*command)
        assert done.code in (1, 4) and done.pj in (301, 304), done
    assert path.read_bytes() == before


def test_the_server_refuses_a_role(postgres, lone_plain):
    url = postgres.url("postgres").replace("plain@", "nobody-here:secret@")
    done = lone_plain.fails(4, 301, "--db", url, "jobs", "stats")
    assert "nobody-here" in done.stderr and "secret" not in done.stderr


# ---- modules and executables ----

def compile_module(folder, source, *flags):
    app = folder / "app"
    app.mkdir(exist_ok=True)
    subprocess.run(["cc", "-std=c17", "-shared", "-fPIC", f"-I{TREE}/include", *flags, "-o",
                    app / "jobs.so", "-xc", "-"], input=source.encode(), check=True)


ANOTHER_ABI = """#include <plain/jobs.h>
PLAIN_EXPORT extern const plain_module plain_module_v1;
const plain_module plain_module_v1 = {.size = sizeof(plain_module), .abi = 99,
                                      .jobs = (const plain_job_class *const[]){NULL}};
"""
CLASS = """#include <plain/jobs.h>
static int run(plain_job *job, const void *params) { (void)job; (void)params; return 0; }
static const plain_job_class Job = {PLAIN_JOB_CLASS_EMPTY, %s};
PLAIN_REGISTER_JOBS(&Job);
"""


@on_one_store
@pytest.mark.parametrize("source, pj, words", [
    (ANOTHER_ABI, 109, ["app/jobs.so", "99"]),
    ("int nothing;", 109, ["app/jobs.so", "plain_module_v1"]),
    ("void missing(void); void (*plain_module_v1)(void) = missing;", 108, ["missing"]),
    (CLASS % ".run = run", 110, ["name"]),
    (CLASS % '.name = "Job"', 110, ["Job", "run"]),
    (CLASS % '.name = "Job", .run = run, .default_retries = -1', 110, ["Job", "retries"]),
    (CLASS % '.name = "Job", .run = run, .default_priority = 99999', 110, ["Job", "priority"]),
    (CLASS % '.name = "a\\nb", .run = run', 110, ["name"]),
    (CLASS % '.name = "Job", .run = run, .memory_limit = 1000', 110, ["Job", "memory_limit"]),
    (CLASS % '.name = "Job", .run = run, .cpu_limit_ms = -1', 110, ["Job", "cpu_limit_ms"]),
])
def test_a_bad_module_is_refused(db, plain, source, pj, words):
    compile_module(plain.folder, source)
    for command in (["jobs", "list"], ["jobs", "enqueue", "Job"], ["jobs", "run", "Job"],
                    ["jobs", "worker", "--drain"]):
        done = plain.fails(2, pj, *command)
        assert all(word in done.stderr for word in words), done
    assert db.count("jobrequest") == 0


@on_one_store
def test_a_module_that_is_no_library(db, plain):
    app = plain.folder / "app"
    app.mkdir()
    (app / "jobs.so").write_text("this is no ELF file")
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"]):
        assert "app/jobs.so" in plain.fails(2, 108, *command).stderr


@on_one_store
def test_a_module_that_is_listed_and_missing(db, plain):
    env = {"PLAIN_JOBS_MODULES": '["./missing.so"]'}
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"]):
        assert "missing.so" in plain.fails(2, 108, *command, env=env).stderr


@on_one_store
def test_a_module_that_dies_while_it_is_loaded(db, plain):
    compile_module(plain.folder, "__attribute__((constructor)) static void die(void)"
                                 "{ __builtin_trap(); }")
    plain.fails(2, 108, "jobs", "worker", "--drain")


@on_one_store
@pytest.mark.parametrize("mode, word", [(0o644, "not executable"), (0o757, "others"),
                                        (0o4755, None)])
def test_the_mode_of_an_executable(db, plain, mode, word):
    plain.add_executable("job", "#!/bin/sh\n", mode=mode)
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"], ["jobs", "enqueue", "job"]):
        if word:
            done = plain.fails(2, 106, *command)
            assert "jobs.d/job" in done.stderr and word in done.stderr
    assert db.count("jobrequest") == 0 or not word


@on_one_store
def test_a_group_may_write_where_it_is_its_owners_alone(db, plain):
    """As after a git clone with a umask of 002, where each user has a group of their own."""
    plain.add_executable("job", "#!/bin/sh\n", mode=0o775)
    configuration = plain.folder / "plain.conf"
    configuration.write_text("")
    configuration.chmod(0o664)
    assert "job" in plain("jobs", "list").stdout
    others = [1] if os.geteuid() == 0 else [g for g in os.getgroups() if g != os.getgid()]
    if not others:
        pytest.skip("stress: this user has no other group")
    os.chown(plain.folder / "jobs.d" / "job", -1, others[0])
    done = plain.fails(2, 106, "jobs", "list")
    assert "jobs.d/job may be written by others" in done.stderr and "chmod go-w" in done.stderr
    os.chown(configuration, -1, others[0])
    assert "chmod go-w plain.conf" in plain.fails(2, 203, "config").stderr


@on_one_store
def test_a_folder_in_jobs_d_is_passed_over(db, plain):
    """A script in Python makes __pycache__ there."""
    plain.add_executable("job", "#!/bin/sh\n")
    (plain.folder / "jobs.d" / "__pycache__").mkdir()
    plain.enqueue("job")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]


@on_one_store
def test_a_file_without_an_interpreter_is_not_given_to_a_shell(db, plain):
    plain.add_executable("bare", "touch made\n")
    plain.add_executable("absent", "#!/no/such/interpreter\n")
    plain.enqueue("bare")
    plain.enqueue("absent")
    plain.drain()
    bare, absent = sorted(db.results(), key=lambda row: row.job_class, reverse=True)
    assert (bare.status, absent.status) == ("ERRORED", "ERRORED")
    assert "#! line?" in bare.error_message and "what its #! line names" in absent.error_message
    assert not (plain.folder / "made").exists()


@on_one_store
def test_parameters_that_are_not_in_the_stored_form(db, plain):
    """Written by hand: the job is not run without them."""
    plain.add_executable("job", "#!/bin/sh\ntouch ran\n")
    db.execute("""INSERT INTO plainjobs_jobrequest (job_class, parameters)
                  VALUES ('job', '{"kwarg": {"a": 1}}')""")
    plain.drain()
    (row,) = db.results()
    assert (row.status, row.error_type) == ("ERRORED", "InvalidParameters")
    assert "stored form" in row.error_message and not (plain.folder / "ran").exists()
    assert '{"kwarg"' in plain("jobs", "results").stdout


@on_one_store
def test_a_folder_that_everybody_may_write_to(db, plain):
    plain.add_executable("job", "#!/bin/sh\n")
    (plain.folder / "jobs.d").chmod(0o777)
    plain.fails(2, 106, "jobs", "worker", "--drain")


@on_one_store
@pytest.mark.parametrize("name", ["TypesJob", "OldTraceJob"])
def test_an_executable_that_shadows_a_class(db, plain, module, name):
    plain.add_executable(name, "#!/bin/sh\n")
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"]):
        assert name in plain.fails(2, 107, *command).stderr


@on_one_store
def test_two_modules_with_the_same_class(db, plain, module):
    other = plain.folder / "app/other"
    other.mkdir()
    shutil.copy(module, other / "jobs.so")
    done = plain.fails(2, 107, "jobs", "list")
    assert "app/other/jobs.so" in done.stderr


# ---- settings ----

@pytest.mark.parametrize("name, value", [
    ("PLAIN_JOBS_WORKER_MAX_PROCESSES", "many"), ("PLAIN_JOBS_WORKER_MAX_PROCESSES", "1025"),
    ("PLAIN_JOBS_WORKER_STATS_EVERY", "2w"), ("PLAIN_JOBS_MODULES", "app/jobs.so"),
    ("PLAIN_JOBS_MODULES", "[1]"), ("PLAIN_LOG_FORMAT", "xml"), ("PLAIN_LOG_LEVEL", "LOUD"),
    ("PLAIN_JOBS_START_AHEAD_MS", "-1"), ("PLAIN_JOBS_WROKER", "1"),
])
def test_a_bad_setting(lone_plain, name, value):
    done = lone_plain.fails(2, 202, "config", env={name: value})
    assert name.removeprefix("PLAIN_") in done.stderr
    (lone_plain.folder / ".env").write_text(f"{name}={value}\n")
    assert ".env:1" in lone_plain.fails(2, 202, "config").stderr


@pytest.mark.parametrize("text, pj", [
    ("jobs {\n", 203), ("jobs {\n  jobs_worker_max_processes = many\n}\n", None),
    ("jobs {\n  no_such_setting = 1\n}\n", None), ("nonsense", None),
])
def test_a_bad_configuration_file(lone_plain, text, pj):
    (lone_plain.folder / "plain.conf").write_text(text)
    done = lone_plain.run("config")
    assert done.code == 2 and done.pj in ({pj} if pj else {202, 203}), done
    assert "plain.conf:" in done.stderr


def test_a_variable_that_is_nearly_ours(lone_plain):
    lone_plain.env["PLAIN_DATABASE_URL"] = "sqlite:other.db"
    assert "did you mean DATABASE_URL?" in lone_plain.fails(2, 202, "config").stderr


def test_a_configuration_file_that_others_may_write(lone_plain):
    for name in ("plain.conf", ".env"):
        path = lone_plain.folder / name
        path.write_text("")
        path.chmod(0o666)
        assert name in lone_plain.fails(2, 203, "config").stderr
        path.unlink()
    assert "missing.conf" in lone_plain.fails(2, 203, "config", "--config", "missing.conf").stderr


