"""Every field of a job class, and every option of a call, changes what it says it changes."""
import json

import pytest

from marks import in_turn
from verify import assert_sound

pytestmark = in_turn


def told(plain):
    """What FirstInfoJob and SecondInfoJob wrote."""
    return [json.loads(line) for line in (plain.folder / "info.log").read_text().splitlines()]


def test_constants_are_the_defaults(db, plain, module):
    plain.enqueue("FirstInfoJob")
    plain.enqueue("SecondInfoJob")
    first, second = db.rows("jobrequest")
    assert (first.queue, first.priority, first.retries, first.concurrency_key) == ("default", 0, 0,
                                                                                   "")
    assert (second.queue, second.priority, second.retries, second.concurrency_key) == (
        "second", 7, 2, "only-one")


def test_functions_beat_the_constants(db, plain, module):
    plain.enqueue("FunctionsJob", "n=5")
    row = db.one("jobrequest")
    assert (row.queue, row.priority, row.retries, row.concurrency_key) == ("for-5", 5, 5, "for-5")


@pytest.mark.parametrize("job_class, words", [("SecondInfoJob", []), ("FunctionsJob", ["n=5"])])
def test_options_beat_them_all(db, plain, module, job_class, words):
    plain.enqueue(job_class, *words, "--queue", "mine", "--priority", 0, "--retries", 0, "--key",
                  "mine")
    row = db.one("jobrequest")
    assert (row.queue, row.priority, row.retries, row.concurrency_key) == ("mine", 0, 0, "mine")


def test_an_empty_key_means_none(db, plain, module):
    plain.enqueue("SecondInfoJob", "--key", "", "--count", 2)
    assert db.count("jobrequest") == 2 and db.count("jobkey") == 0


def test_a_default_key_is_a_key(db, plain, module):
    plain.enqueue("SecondInfoJob")
    plain.fails(6, 501, "jobs", "enqueue", "SecondInfoJob")


def test_a_running_job_can_ask_for_everything(db, plain, module):
    (uuid,) = plain.enqueue("SecondInfoJob")
    plain.drain("--queue", "second")
    (info,) = told(plain)
    row = db.one("jobresult")
    assert info["uuid"] == row.job_process_uuid and info["worker"] == row.worker_id
    assert info["request"] == info["root"] == uuid
    assert (info["attempt"], info["run"], info["retries"], info["priority"]) == (1, 1, 2, 7)
    assert (info["queue"], info["key"], info["url"]) == ("second", "only-one", db.url)


def test_two_classes_with_one_run_differ_by_their_data(db, plain, module):
    plain.enqueue("FirstInfoJob")
    plain.enqueue("SecondInfoJob")
    done = plain.drain("--queue", "second", "--queue", "default")
    assert {info["data"] for info in told(plain)} == {"first", "second"}
    assert "told about first" in done.stderr


def test_requests_under_an_old_name_still_run(db, plain, module):
    plain.enqueue("OldTraceJob", "--unregistered")
    db.execute("UPDATE plainjobs_jobrequest SET job_class = 'OldTraceJob'")
    plain.drain()
    assert db.statuses("OldTraceJob") == ["SUCCESSFUL"]
    assert_sound(db)


def test_name_doc_and_parameters_are_listed(lone_plain, module):
    listed = {job["name"]: job for job in lone_plain.json("jobs", "list")["jobs"]}
    assert listed["TraceJob"]["doc"] == "Leaves a trace."
    assert listed["TraceJob"]["aliases"] == ["OldTraceJob"]
    assert [(p["name"], p["type"], p["optional"]) for p in listed["TypesJob"]["parameters"]] == [
        ("yes", "bool", True), ("small", "int32", True), ("large", "int64", False),
        ("natural", "uint32", True), ("real", "double", True), ("text", "string", True),
        ("raw", "json", True)]
    assert "TraceJob: Leaves a trace." in lone_plain("jobs", "list").lines
    assert "NoopJob" in lone_plain("jobs", "list").lines


@pytest.mark.parametrize("how", ["pairs", "params"])
def test_every_type_arrives(db, plain, module, how):
    values = {"yes": "true", "small": "-2147483648", "large": "9223372036854775807",
              "natural": "4294967295", "real": "-0.1", "text": "café ☕ \"x\"",
              "raw": '{"a":[1,null]}'}
    if how == "pairs":
        plain.enqueue("TypesJob", *[f"{name}={value}" for name, value in values.items()])
    else:
        text = ", ".join(f'"{name}": {json.dumps(value) if name == "text" else value}'
                         for name, value in values.items())
        plain.enqueue("TypesJob", "--params", "{" + text + "}")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"], db.results()
    *fields, raw = (plain.folder / "types.log").read_text().split("|", 6)
    assert fields == ["1", "-2147483648", "9223372036854775807", "4294967295",
                      "-0.10000000000000001", "café ☕ \"x\""]
    assert json.loads(raw) == {"a": [1, None]}


def test_what_is_optional_may_be_absent(db, plain, module):
    plain.enqueue("TypesJob", "large=0")
    plain.drain()
    assert (plain.folder / "types.log").read_text() == "0|0|0|0|0|(null)|"


def test_positional_parameters_of_another_producer(db, plain, module):
    """Rows written by Python: args in the order of the fields."""
    plain.enqueue("TypesJob", "large=0")
    db.execute("""UPDATE plainjobs_jobrequest SET parameters =
                  '{"args": [true, 3], "kwargs": {"large": 4, "text": "hi"}}'""")
    plain.drain()
    assert (plain.folder / "types.log").read_text() == "1|3|4|0|0|hi|"


def test_parameters_that_do_not_fit_end_errored(db, plain, module):
    """Written by SQL, past all checks: the job is errored, and its worker lives."""
    bad = ['{"args": [], "kwargs": {"large": "x"}}', "[]", '{"args": [], "kwargs": {}}',
           '{"kwargs": {"large": 1, "nobody": 2}}', "17"]
    plain.enqueue("TypesJob", "large=0", "--count", len(bad) + 1)
    ids = [row.id for row in db.rows("jobrequest")]
    for row_id, text in zip(ids, bad):
        db.execute(f"UPDATE plainjobs_jobrequest SET parameters = '{text}' WHERE id = {row_id}")
    plain.drain()
    statuses = db.statuses()
    assert statuses.count("ERRORED") == len(bad) and statuses.count("SUCCESSFUL") == 1
    assert {row.error_type for row in db.results()} == {"InvalidParameters", None}
    assert_sound(db)


def test_run_here_needs_no_database(lone_plain, module):
    done = lone_plain("jobs", "run", "TypesJob", "large=7")
    assert done.lines == ["Loaded job: TypesJob"]
    assert (lone_plain.folder / "types.log").read_text().startswith("0|0|7|")
    failed = lone_plain.fails(1, 603, "jobs", "run", "FailJob", "message=no")
    assert "SmtpError: mail server said: no" in failed.stderr
    lone_plain.fails(1, 604, "jobs", "run", "BadReturnJob")
    lone_plain.fails(1, 601, "jobs", "run", "NastyJob", "how=exit_0")
    assert not (lone_plain.folder / "plain.db").exists()
