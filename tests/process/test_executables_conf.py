"""Executables with a section in plain.conf, and the environment of every executable."""
import json

import pytest

from marks import in_turn, on_one_store
from verify import assert_sound

pytestmark = in_turn

TEXTS = {
    "blanks": "  two  words ",
    "lines": "first\nsecond\n\n",
    "quotes": "a \"b\" 'c' \\ $HOME `id` $(touch pwned); rm -rf *",
    "emoji": "ü 😀 \u202e",
    "empty": "",
}
KEEP_ENVIRONMENT = "#!/bin/sh\nenv -0 >env.log\ncat >stdin.log\n"
SECTION = """\
job thumbnail {
    doc             = "Make a small picture."
    params          = {"file:string", "width:int32=320", "tags:strings?", "day:date?"}
    queue           = "slow"
    priority        = 5
    retries         = 3
    retry_delay     = "exponential 100s max 1000s"
    concurrency_key = "file-{file}-{width}"
    defer_delay     = "30m"
}
"""


def configure(plain, text, script="#!/bin/sh\nexit 0\n", name="thumbnail"):
    (plain.folder / "plain.conf").write_text(text)
    plain.add_executable(name, script)


def seen(plain):
    """The environment that the job kept."""
    entries = (plain.folder / "env.log").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def make_due(db):
    db.execute("UPDATE plainjobs_jobrequest SET start_at = created_at")


def test_a_job_knows_itself(db, plain):
    plain.add_executable("job", KEEP_ENVIRONMENT)
    (uuid,) = plain.enqueue("job", "--queue", "mail", "--priority", -7, "--retries", 2,
                            "--key", "a b")
    plain.drain("--queue", "mail")
    found, result = seen(plain), db.one("jobresult")
    assert result.status == "SUCCESSFUL"
    expected = {"REQUEST_UUID": uuid, "ROOT_UUID": uuid, "UUID": result.job_process_uuid,
                "WORKER": result.worker_id, "CLASS": "job", "QUEUE": "mail", "ATTEMPT": "1",
                "RUN": "1", "RETRIES": "2", "PRIORITY": "-7", "CONCURRENCY_KEY": "a b",
                "SOURCE": "plain jobs enqueue"}
    assert {name: found[f"PLAIN_JOB_{name}"] for name in expected} == expected


def test_attempt_and_run_are_told(db, plain):
    plain.add_executable("job", "#!/bin/sh\n"
                                "echo $PLAIN_JOB_ATTEMPT $PLAIN_JOB_RUN $PLAIN_JOB_UUID >>log\n"
                                "case $PLAIN_JOB_RUN in 1) exit 75;; 2) exit 1;; esac\n")
    (uuid,) = plain.enqueue("job", "--retries", 1)
    plain.drain()
    make_due(db)
    plain.drain()
    log = [line.split() for line in (plain.folder / "log").read_text().splitlines()]
    assert [line[:2] for line in log] == [["1", "1"], ["1", "2"], ["2", "3"]]
    assert [line[2] for line in log] == [row.job_process_uuid for row in db.results()]
    assert_sound(db, [uuid])


def test_parameters_are_variables(db, plain):
    plain.add_executable("job", KEEP_ENVIRONMENT)
    parameters = {**TEXTS, "n": -7, "real": 0.5, "yes": True, "none": None, "list": [1, "a"],
                  "user_id": 42, "not a name": 1, "Name": "first", "NAME": "second",
                  "ünder": 1, "9th": 1}
    plain.enqueue("job", "--params", json.dumps(parameters))
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    found = {name[len("PLAIN_ARG_"):]: value for name, value in seen(plain).items()
             if name.startswith("PLAIN_ARG_")}
    assert found.pop("NAME") in ("first", "second")  # jsonb reorders
    assert json.loads(found.pop("LIST")) == [1, "a"]
    assert found == {**{name.upper(): text for name, text in TEXTS.items()}, "N": "-7",
                     "REAL": "0.5", "YES": "true", "USER_ID": "42"}
    assert json.loads((plain.folder / "stdin.log").read_text()) == parameters
    assert not (plain.folder / "pwned").exists()


def test_secrets_of_the_worker_stay_with_it(db, plain):
    plain.add_executable("job", KEEP_ENVIRONMENT)
    plain.enqueue("job")
    plain.drain(env={"OTHER_DATABASE_URL": "x", "PLAIN_ADMIN_PASSWORD": "x", "PLAIN_SECRET_KEY": "x",
                     "PLAIN_JOB_STALE": "x", "PLAIN_ARG_STALE": "x", "SHARED": "a\nb"})
    found = seen(plain)
    assert found["SHARED"] == "a\nb" and found["HOME"] == str(plain.folder)
    for name in ("DATABASE_URL", "OTHER_DATABASE_URL", "PLAIN_ADMIN_PASSWORD", "PLAIN_SECRET_KEY",
                 "PLAIN_JOB_STALE", "PLAIN_ARG_STALE", "PLAIN_RUNNER_SECTIONS"):
        assert name not in found
    assert db.url not in (plain.folder / "env.log").read_text()


def test_a_value_that_no_variable_holds_is_on_stdin(db, plain):
    plain.add_executable("job", KEEP_ENVIRONMENT)
    plain.enqueue("job", "small=1")
    kwargs = {"small": 1, "large": "x" * 200000, "lots": "y" * 120000}
    kwargs.update({f"n{i}": "z" * 20000 for i in range(30)})
    text = json.dumps({"args": [], "kwargs": kwargs})
    db.execute(f"UPDATE plainjobs_jobrequest SET parameters = '{text}'")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    found = seen(plain)
    assert "PLAIN_ARG_LARGE" not in found and found["PLAIN_ARG_SMALL"] == "1"
    assert json.loads((plain.folder / "stdin.log").read_text()) == kwargs


def test_run_gives_the_same_environment(lone_plain):
    configure(lone_plain, SECTION, KEEP_ENVIRONMENT)
    lone_plain("jobs", "run", "thumbnail", "file=a b", "day=2026-11-24",
               env={"DATABASE_URL": "sqlite:other.db"})
    found = seen(lone_plain)
    assert (found["PLAIN_ARG_FILE"], found["PLAIN_ARG_WIDTH"]) == ("a b", "320")
    assert (found["PLAIN_ARG_DAY"], found["PLAIN_JOB_CLASS"]) == ("2026-11-24", "thumbnail")
    assert "DATABASE_URL" not in found


def test_a_section_gives_defaults(db, plain):
    configure(plain, SECTION, KEEP_ENVIRONMENT)
    plain.enqueue("thumbnail", "file=a b.png", 'tags=["x"]')
    row = db.one("jobrequest")
    assert (row.queue, row.priority, row.retries) == ("slow", 5, 3)
    assert row.concurrency_key == "file-a b.png-320"
    plain.enqueue("thumbnail", "file=c", "width=9", "--queue", "fast", "--priority", 0,
                  "--retries", 0, "--key", "mine")
    row = db.one("jobrequest", "queue = ?", ("fast",))
    assert (row.priority, row.retries, row.concurrency_key) == (0, 0, "mine")
    plain.fails(6, 501, "jobs", "enqueue", "thumbnail", "file=a b.png", "width=320")
    plain.drain("--queue", "slow")
    assert json.loads((plain.folder / "stdin.log").read_text()) == {
        "file": "a b.png", "tags": ["x"], "width": 320}
    assert seen(plain)["PLAIN_ARG_WIDTH"] == "320"


@pytest.mark.parametrize("words, pj", [
    ([], 102),
    (["file=a", "width=wide"], 103),
    (["file=a", "widht=3"], 104),
    (["file=a", "day=tomorrow"], 103),
    (["--params", '{"file": "a", "tags": [1]}'], 103),
])
def test_parameters_are_checked(db, plain, words, pj):
    configure(plain, SECTION)
    plain.fails(2, pj, "jobs", "enqueue", "thumbnail", *words)
    assert db.count("jobrequest") == 0


def test_what_was_enqueued_unchecked_is_checked_before_it_runs(db, plain):
    configure(plain, SECTION, "#!/bin/sh\ntouch ran\n")
    plain.enqueue("thumbnail", "file=a", "--queue", "default", "--retries", 0)
    text = json.dumps({"args": [], "kwargs": {"file": 3}})
    db.execute(f"UPDATE plainjobs_jobrequest SET parameters = '{text}'")
    plain.drain()
    row = db.one("jobresult")
    assert (row.status, row.error_type) == ("ERRORED", "InvalidParameters")
    assert "file" in row.error_message
    assert not (plain.folder / "ran").exists()


@pytest.mark.parametrize("policy, delays", [
    ("linear 100s max 250s", [100, 200, 250]),
    ("exponential 100s max 300s", [100, 200, 300]),
])
def test_retries_wait_as_the_policy_says(db, plain, policy, delays):
    configure(plain, f'job thumbnail {{ retries = 3 retry_delay = "{policy}" }}\n',
              "#!/bin/sh\n[ $PLAIN_JOB_ATTEMPT = 2 ] && kill -9 $$\nexit 1\n")
    (uuid,) = plain.enqueue("thumbnail")
    for delay in delays:
        plain.drain()
        waited = db.one("jobrequest").start_at - db.results()[-1].ended_at
        assert delay - 1 < waited < delay + 2
        make_due(db)
    plain.drain()
    assert db.statuses() == ["ERRORED", "LOST", "ERRORED", "ERRORED"]
    assert_sound(db, [uuid])


@pytest.mark.parametrize("script, delay", [
    ("exit 75", 1800),
    ("echo 'defer 5m' >&2; exit 75", 300),
    ("echo 'what it is'; echo 'busy' >&2; printf 'defer 300' >&2; exit 75", 300),
    ("echo 'defer 5m' >&2; echo later >&2; exit 75", 1800),
    ("echo 'defer 5m'; echo 'please defer 5m' >&2; exit 75", 1800),
])
def test_a_deferral_has_a_delay(db, plain, script, delay):
    configure(plain, SECTION, f"#!/bin/sh\n{script}\n")
    plain.enqueue("thumbnail", "file=a")
    plain.drain("--queue", "slow")
    row, result = db.one("jobrequest"), db.one("jobresult")
    assert result.status == "DEFERRED"
    assert delay - 1 < row.start_at - result.ended_at < delay + 2
    assert row.concurrency_key == "file-a-320"


@on_one_store
@pytest.mark.parametrize("line", ["defer soon", "defer 5 minutes", "defer -1s", "defer"])
def test_a_delay_that_cannot_be_read_is_told(db, plain, line):
    configure(plain, SECTION, f"#!/bin/sh\necho '{line}' >&2; exit 75\n")
    plain.enqueue("thumbnail", "file=a")
    done = plain.drain("--queue", "slow", env={"PLAIN_LOG_FORMAT": "json"})
    (told,) = [record for record in map(json.loads, done.stderr.splitlines())
               if record["event"] == "Delay of a deferral not understood"]
    row, result = db.one("jobrequest"), db.one("jobresult")
    assert (told["level"], told["text"], told["job_class"]) == ("WARNING", line, "thumbnail")
    assert told["job_process_uuid"] == result.job_process_uuid
    assert told["delay_ms"] == 1800_000 and "defer 30s" in told["fix"]
    assert 1799 < row.start_at - result.ended_at < 1802
    assert "[WARNING] Delay of a deferral not understood" in result.output


def test_defer_as_the_last_line_is_no_deferral_without_75(db, plain):
    configure(plain, SECTION, "#!/bin/sh\necho 'defer 5m' >&2; exit 1\n")
    plain.enqueue("thumbnail", "file=a", "--retries", 0)
    plain.drain("--queue", "slow")
    row = db.one("jobresult")
    assert (row.status, row.error_message) == ("ERRORED", "defer 5m")


def test_list_shows_the_section(lone_plain):
    configure(lone_plain, SECTION, "#!/bin/sh\n# Of the file.\n")
    lone_plain.add_executable("bare", "#!/bin/sh\n# Any parameters.\n")
    assert lone_plain("jobs", "list").lines == ["bare: Any parameters.",
                                                "thumbnail: Make a small picture."]
    bare, thumbnail = lone_plain.json("jobs", "list")["jobs"]
    assert (bare["executable"], bare["parameters"]) == (True, None)
    assert thumbnail["executable"] is True
    assert (thumbnail["queue"], thumbnail["priority"], thumbnail["retries"]) == ("slow", 5, 3)
    assert [(p["name"], p["optional"], p["default"]) for p in thumbnail["parameters"]] == [
        ("file", False, None), ("width", True, 320), ("tags", True, None), ("day", True, None)]
    assert [p["type"] for p in thumbnail["parameters"]] == ["string", "int32", "string[]", "date"]


def test_the_doc_of_the_file_stays_without_one_in_the_section(lone_plain):
    configure(lone_plain, "job thumbnail { queue = slow }\n", "#!/bin/sh\n# Of the file.\n")
    assert lone_plain("jobs", "list").line == "thumbnail: Of the file."


def test_a_named_file_counts_for_runners_too(db, plain):
    configure(plain, "", "#!/bin/sh\nexit 75\n")
    (plain.folder / "other.conf").write_text("job thumbnail { defer_delay = 20m }\n")
    plain.enqueue("thumbnail", "--config", "other.conf")
    plain.drain("--config", "other.conf")
    assert db.one("jobrequest").start_at - db.one("jobresult").ended_at > 1100


BAD = [
    ('job other {\n}\n', "there is no executable jobs.d/other", "take the section out"),
    ('job thumbnail {\n  retires = 3\n}\n', "plain.conf:2: job 'thumbnail': there is no option",
     "did you mean 'retries'?"),
    ('job thumbnail {\n  time_limit = 3\n}\n', "plain.conf:2: ", "concurrency_key"),
    ('job thumbnail {\n  params = {"a:integer"}\n}\n', "plain.conf:2: ", "the types are bool"),
    ('job thumbnail {\n  params = {"a:int32=x"}\n}\n', "plain.conf:2: ", "JSON"),
    ('job thumbnail {\n  params = {"a b:int32"}\n}\n', "plain.conf:2: ", "NAME:TYPE"),
    ('job thumbnail {\n  params = {"a"}\n}\n', "plain.conf:2: ", ""),
    ('job thumbnail {\n\n  retry_delay = often\n}\n', "plain.conf:3: ", ""),
    ('job thumbnail {\n  defer_delay = later\n}\n', "plain.conf:2: ", ""),
    ('job thumbnail {\n  priority = 40000\n}\n', "-32768 to 32767", ""),
    ('job thumbnail {\n  retries = -1\n}\n', "0 to 32767", ""),
    ('job thumbnail {\n  queue = ""\n}\n', "plain.conf:1: ", ""),
    ('job thumbnail {\n  params = {"user_id:int64"}\n  concurrency_key = "u-{user}"\n}\n',
     "plain.conf:3: job 'thumbnail': concurrency_key has {user}", "did you mean 'user_id'?"),
    ('job thumbnail {\n  concurrency_key = "u-{"\n}\n', "plain.conf:2: ", "{{ and }}"),
]


@pytest.mark.parametrize("text, line", [('job thumbnail {\n  doc = "a ${HOME}"\n}\n', 2),
                                        ("# '${A}\njob thumbnail { doc = ${HOME} }\n", 2),
                                        ('job thumbnail { doc = "\\\\${B}" }\n', 1),
                                        ("job thumbnail { doc = a//b queue = \"${V}\" }\n", 1),
                                        ("job thumbnail {\n doc = 'a\\\\'\n queue = \"${V}\" }\n", 3),
                                        ('/* \n" */\ndev { a = "echo \'${A}\'" }\n', 3)])
def test_a_variable_is_refused_not_replaced(lone_plain, text, line):
    configure(lone_plain, text)
    done = lone_plain.fails(2, 203, "jobs", "list")
    assert f"plain.conf:{line}: ${{" in done.stderr and "single quotes" in done.stderr


def test_in_single_quotes_or_escaped_it_stands_for_itself(lone_plain):
    configure(lone_plain, "job thumbnail {\n  doc = 'it\\'s ${HOME}' # ${A}\n}\n")
    assert lone_plain.json("jobs", "list")["jobs"][0]["doc"] == "it's ${HOME}"
    configure(lone_plain, "job thumbnail { doc = 'a\\\\' queue = '${V}' }\n")
    assert lone_plain.json("jobs", "list")["jobs"][0]["queue"] == "${V}"
    configure(lone_plain, 'job thumbnail {\n  doc = "\\${HOME}" // ${A}\n}\n')
    assert lone_plain.json("jobs", "list")["jobs"][0]["doc"] == "${HOME}"


@pytest.mark.parametrize("text, message, fix", BAD)
def test_a_bad_section_is_refused(lone_plain, text, message, fix):
    configure(lone_plain, text)
    done = lone_plain.fails(2, 202, "jobs", "list")
    assert message in done.stderr and fix in done.stderr


@pytest.mark.parametrize("command", [["worker", "--drain"], ["run", "thumbnail"],
                                     ["enqueue", "thumbnail"]])
def test_nothing_starts_with_a_bad_section(lone_plain, command):
    configure(lone_plain, SECTION + "job other { }\n", "#!/bin/sh\ntouch ran\n")
    done = lone_plain.fails(2, 202, "jobs", *command)
    assert "plain.conf:11: job 'other'" in done.stderr
    assert not (lone_plain.folder / "ran").exists()
    assert not (lone_plain.folder / "plain.db").exists()


def test_a_class_in_c_has_no_section(lone_plain, module):
    (lone_plain.folder / "plain.conf").write_text("job TraceJob {\n  queue = slow\n}\n")
    done = lone_plain.fails(2, 202, "jobs", "list")
    assert "plain.conf:1: job 'TraceJob' is a class of app/jobs.so" in done.stderr
    lone_plain.fails(2, 202, "jobs", "worker", "--drain")


def test_sections_larger_than_what_a_runner_takes_are_refused(lone_plain):
    configure(lone_plain, f'job thumbnail {{ doc = "{"x" * 110000}" }}\n')
    done = lone_plain.fails(2, 202, "jobs", "worker", "--drain")
    assert "larger than" in done.stderr


def test_an_executable_that_went_does_not_end_the_worker(db, plain, start_worker):
    """A runner that starts later finds a section without its file."""
    configure(plain, SECTION)
    plain.add_executable("die", "#!/bin/sh\n[ -e died ] && exit 0\ntouch died\nkill -9 $PPID\n")
    worker = start_worker("--max-processes", 1)
    worker.await_event("Starting Plain worker")
    plain.enqueue("die", "--retries", 0)
    db.await_results(1)
    (plain.folder / "jobs.d" / "thumbnail").unlink()
    (plain.folder / "plain.conf").unlink()
    (plain.folder / "died").unlink()
    for _ in range(2):
        plain.enqueue("die", "--retries", 0)
    assert sorted(row.status for row in db.await_results(3)) == ["LOST", "LOST", "SUCCESSFUL"]
    worker.stop()


def test_a_file_that_is_being_copied_does_not_end_the_worker(db, plain, start_worker):
    """A runner that starts meanwhile refuses it; a later one runs the jobs."""
    plain.add_executable("die", "#!/bin/sh\numask 177\ntouch jobs.d/half\nkill -9 $PPID\n")
    plain.add_executable("fine", "#!/bin/sh\n")
    plain.enqueue("die", "--retries", 0)
    plain.enqueue("fine", "--retries", 0)
    worker = start_worker("--max-processes", 1)
    (said, *_) = worker.await_event("Runner not started")
    assert said["error"] == "jobs.d/half is not executable", said
    (plain.folder / "jobs.d" / "half").chmod(0o700)
    assert sorted(row.status for row in db.await_results(2)) == ["LOST", "SUCCESSFUL"]
    worker.stop()


def test_a_section_without_params_takes_any(db, plain):
    """As an executable without a section does."""
    plain.add_executable("any", "#!/bin/sh\necho \"$PLAIN_ARG_A $(cat)\"\n")
    (plain.folder / "plain.conf").write_text("job any {\n  retries = 1\n}\n")
    plain.enqueue("any", "a=1", 'b={"c": true}')
    plain.enqueue("any", "--params", '{"a": "x"}')
    assert db.rows("jobrequest")[0].retries == 1
    plain.drain()
    assert sorted(row.output for row in db.results()) == ['1 {"a": 1, "b": {"c": true}}\n',
                                                          'x {"a": "x"}\n']
