"""Middleware stands around every job in the order of JOBS_MIDDLEWARE, and may change its end."""
import json
import pathlib
import re
import subprocess
import textwrap

import pytest

from marks import on_one_store
from program import TREE

MODULE = pathlib.Path(__file__).parent / "modules/middleware.c"
pytestmark = on_one_store


def build(folder, source, compiler=("cc", "-std=c17", "-xc")):
    """app/jobs.so of a source text, without a warning."""
    (folder / "app").mkdir(exist_ok=True)
    subprocess.run([*compiler, "-", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
                    "-D_POSIX_C_SOURCE=200809L", f"-I{TREE}/include", "-o", folder / "app/jobs.so"],
                   input=source.encode(), check=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("middleware")
    build(folder, MODULE.read_text())
    return folder / "app/jobs.so"


@pytest.fixture
def how_job(plain, built):
    (plain.folder / "app").mkdir()
    (plain.folder / "app/jobs.so").symlink_to(built)


def use(*names):
    return {"PLAIN_JOBS_MIDDLEWARE": json.dumps(names)}


def drain(plain, *names):
    return plain.drain("--max-processes", 1, env=use(*names))


def test_the_first_is_the_outermost(db, plain, how_job):
    plain.enqueue("HowJob", "how=fail")
    drain(plain, "OuterMiddleware", "InnerMiddleware")
    assert (plain.folder / "trace.log").read_text().splitlines() == [
        "outer before HowJob ''",
        "inner before HowJob ''",
        "inner after ERRORED 'HowError' 'as told'",
        "outer after ERRORED 'HowError' 'as told'",
    ]
    assert db.one("jobresult").error_type == "HowError"


@pytest.mark.parametrize("how, names, status, error_type, message", [
    ("fail", ["SwallowMiddleware"], "SUCCESSFUL", None, None),
    ("defer", ["SwallowMiddleware"], "SUCCESSFUL", None, None),
    ("ok", ["SpoilMiddleware"], "ERRORED", "Spoilt", "it was SUCCESSFUL"),
    ("defer", ["SpoilMiddleware"], "ERRORED", "Spoilt", "it was DEFERRED"),
    ("ok", ["RefuseMiddleware", "InnerMiddleware"], "ERRORED", "Refused", "not today"),
    ("ok", ["PutOffMiddleware", "InnerMiddleware"], "DEFERRED", None, None),
    ("ok", ["TwiceMiddleware"], "ERRORED", "RunTwice", "plain_next_run was called twice"),
    ("ok", ["OddMiddleware"], "ERRORED", "BadReturn",
     "OddMiddleware returned -7 without plain_job_fail"),
    ("odd", ["SpoilMiddleware"], "ERRORED", "Spoilt", "it was ERRORED"),
    ("odd", [], "ERRORED", "BadReturn", "run returned -5 without plain_job_fail"),
    ("fail", ["OddMiddleware"], "ERRORED", "HowError", "as told"),
])
def test_what_it_returns_is_the_end(db, plain, how_job, how, names, status, error_type, message):
    plain.enqueue("HowJob", f"how={how}")
    drain(plain, *names)
    row = db.one("jobresult")
    assert (row.status, row.error_type, row.error_message) == (status, error_type, message)
    assert not (plain.folder / "trace.log").exists()  # what is refused goes no further inwards


@pytest.mark.parametrize("script, seen, names, status", [
    ("exit 0", "SUCCESSFUL '' ''", [], "SUCCESSFUL"),
    ("echo no >&2; exit 3", "ERRORED 'ExitStatus' 'no'", [], "ERRORED"),
    ("exit 75", "DEFERRED '' ''", [], "DEFERRED"),
    ("kill -KILL $$", "LOST 'Killed' 'killed by signal 9 (SIGKILL)'", [], "LOST"),
    ("kill -KILL $$", "LOST 'Killed' 'killed by signal 9 (SIGKILL)'", ["SwallowMiddleware"],
     "SUCCESSFUL"),
    ("kill -KILL $$", "LOST 'Killed' 'killed by signal 9 (SIGKILL)'", ["SpoilMiddleware"],
     "ERRORED"),
])
def test_it_stands_around_executables(db, plain, how_job, script, seen, names, status):
    plain.add_executable("job", f"#!/bin/sh\n{script}\n")
    plain.enqueue("job")
    drain(plain, *names, "InnerMiddleware")
    assert (plain.folder / "trace.log").read_text().splitlines() == [
        "inner before job ''", f"inner after {seen}"]
    assert db.one("jobresult").status == status


def test_it_stands_around_jobs_run(db, plain, how_job):
    plain("jobs", "run", "HowJob", env=use("InnerMiddleware"))
    assert "inner after SUCCESSFUL" in (plain.folder / "trace.log").read_text()
    done = plain.fails(1, 603, "jobs", "run", "HowJob", env=use("RefuseMiddleware"))
    assert "Refused: not today" in done.stderr


@pytest.mark.parametrize("command", [["jobs", "worker"], ["jobs", "run", "HowJob"]])
def test_an_unknown_name_stops_the_worker_at_its_start(db, plain, how_job, command):
    plain.enqueue("HowJob")
    done = plain.fails(2, 111, *command, env=use("InnerMiddleware", "InerMiddleware"))
    assert "'InerMiddleware'" in done.stderr and "did you mean 'InnerMiddleware'?" in done.stderr
    assert db.count("jobrequest") == 1 and db.results() == []


def test_the_library_own_adds_the_ids_to_log_lines(db, plain, how_job):
    def lines(env):
        plain.enqueue("HowJob")
        done = plain.drain(env={"PLAIN_LOG_FORMAT": "json", **env})
        return [record for record in map(json.loads, done.stderr.splitlines())
                if record["event"] == "in the job"]
    (line,) = lines({})
    row = db.one("jobresult")
    assert (line["job_request_uuid"], line["job_process_uuid"]) == (row.job_request_uuid,
                                                                    row.job_process_uuid)
    (line,) = lines(use())
    assert line["job_class"] == "HowJob" and "job_request_uuid" not in line


def test_the_example_of_the_header_works(db, plain):
    header = (TREE / "include/plain/jobs/middleware.h").read_text()
    example = re.search(r"^(?: \*     .*\n| \*\n)+", header, re.M)[0]
    example = textwrap.dedent(re.sub(r"^ \*", "", example, flags=re.M))
    build(plain.folder, f"""#include <time.h>
#include <plain/jobs.h>
static int run(plain_job *job, const void *params) {{ (void)job; (void)params; return PLAIN_OK; }}
const plain_job_class WelcomeUserJob = {{PLAIN_JOB_CLASS_EMPTY, .name = "WelcomeUserJob",
                                        .run = run}};
{example}""")
    plain.enqueue("WelcomeUserJob")
    assert "SUCCESSFUL took 0 s" in drain(plain, "TimingMiddleware").stderr


CPP = """#include <plain/jobs.hpp>
static const plain_middleware guard = plain::middleware("Guard",
    [](plain_job *job, plain_next *next, void *user) {
        if (plain_next_run(next) == PLAIN_OK)
            return plain_job_fail(job, "Guarded", "%s", static_cast<const char *>(user));
        return static_cast<int>(PLAIN_OK);
    }, const_cast<char *>("by C++"));
static const plain_middleware *const middlewares[] = {&guard, nullptr};
extern "C" PLAIN_EXPORT const plain_module plain_module_v1 = plain::module(nullptr, middlewares);
"""


def test_it_can_be_written_in_cpp(db, plain):
    plain.add_executable("job", "#!/bin/sh\n")
    build(plain.folder, CPP, ("c++", "-std=c++17", "-xc++"))
    plain.enqueue("job")
    drain(plain, "Guard")
    row = db.one("jobresult")
    assert (row.status, row.error_type, row.error_message) == ("ERRORED", "Guarded", "by C++")


@pytest.mark.parametrize("fields, pj, word", [
    ("PLAIN_MIDDLEWARE, .run = run", 110, "name is missing"),
    ('PLAIN_MIDDLEWARE, .name = "", .run = run', 110, "name is empty"),
    ('PLAIN_MIDDLEWARE, .name = "a\\nb", .run = run', 110, "control character"),
    ('PLAIN_MIDDLEWARE, .name = "A"', 110, "'A' has no run"),
    ('.name = "A", .run = run', 702, "middleware"),
    ('PLAIN_MIDDLEWARE, .name = "AppLoggerMiddleware", .run = run', 107, "AppLoggerMiddleware"),
])
def test_a_bad_definition_is_refused(db, plain, fields, pj, word):
    build(plain.folder, f"""#include <plain/jobs.h>
int run(plain_job *job, plain_next *next, void *user);
int run(plain_job *job, plain_next *next, void *user)
{{ (void)job; (void)user; return plain_next_run(next); }}
static const plain_middleware one = {{{fields}}};
PLAIN_REGISTER(PLAIN_MIDDLEWARES(&one));
""", ("cc", "-std=c17", "-Wno-missing-field-initializers", "-xc"))
    for command in (["jobs", "list"], ["jobs", "worker", "--drain"]):
        assert word in plain.fails(2, pj, *command).stderr
