"""plain admin: every page says what the commands say, whatever is in the tables, and changes
nothing. What a browser makes of the pages is test_admin_browser.py."""
import concurrent.futures
import contextlib
import json
import re
import signal
import socket
import sqlite3
import subprocess
import time
from urllib.parse import quote

import pytest

from admin import MENU
from admin_rows import (
    HOSTILE, NOW, RANDOM_UUID, add_hostile, add_requests, add_results, escaped, insert, quoted)
from marks import in_turn, on_one_store, on_postgres, on_sqlite
from test_workers_command import workers_of
from workers import wait_until

pytestmark = in_turn

UUID = "00000000-0000-7000-8000-000000000000"


def all_pages(db):
    """The menu, and a job of each table."""
    jobs = [(row.uuid if table == "jobrequest" else row.job_process_uuid)
            for table in ("jobrequest", "jobresult") for row in db.rows(table)[:1]]
    return [*MENU, *(f"/j/{uuid}" for uuid in jobs)]


# ---- what they say ----

def figures(table):
    """{"pending": (1, None, None)} of the table of figures."""
    def number(text):
        return None if text == "-" else int(text)
    return {row["JOBS"].lower(): tuple(number(row[title]) for title in
                                       ("NOW", "LAST HOUR", "LAST 24 H")) for row in table}


def test_the_overview_tells_the_figures_of_stats(db, plain, module, admin):
    page = admin.shows("/")
    assert page.document.paragraphs == ["No worker is running.",
                                        "No queue has jobs, is paused or is worked for."]
    plain.enqueue("NoopJob", "--count", 3)
    plain.enqueue("FailJob", "message=no")
    plain.drain()
    cancelled, = plain.enqueue("NoopJob")
    plain("jobs", "cancel", cancelled)
    plain.enqueue("NoopJob", "--queue", "mail", "--count", 2)
    stats = plain.json("jobs", "stats")
    assert [stats[word] for word in ("pending", "successful", "errored", "cancelled")] == [
        2, 3, 1, 1]
    page = admin.shows("/")
    jobs, queues = page.document.tables
    words = ("successful", "errored", "lost", "deferred", "cancelled")
    assert figures(jobs) == {
        "pending": (2, None, None), "processing": (0, None, None),
        **{word: (stats[word], stats["last_hour"][word], stats["last_day"][word])
           for word in words}}
    assert [(row["QUEUE"], row["PENDING"]) for row in queues] == [
        (queue["queue"], str(queue["pending"])) for queue in stats["queues"]]
    (warning,) = stats["warnings"]
    assert any(warning["message"] in text and warning["fix"] in text
               for text in page.document.paragraphs)
    for word in words:
        rows = admin.shows(page.link(word.capitalize())).rows
        assert [row["STATUS"].lower() for row in rows] == [word] * stats[word]


def test_requests(db, plain, module, admin):
    assert "Nothing waits." in admin.shows("/requests").document.paragraphs
    plain.enqueue("TraceJob", "n=1", "--priority", -5, "--retries", 2)
    uuid, = plain.enqueue("TraceJob", "n=2", "--queue", "mail", "--key", "k7", "--delay", "1h")
    said = plain.json("jobs", "requests")["requests"]
    page = admin.shows("/requests")
    assert [(row["UUID"], row["CLASS"], row["QUEUE"], row["PRIO"], row["TRY"], row["KEY"],
             row["PARAMETERS"]) for row in page.rows] == [
        (uuid, "TraceJob", "mail", "0", "1/1", "k7", "n=2"),
        (said[1]["request_uuid"], "TraceJob", "default", "-5", "1/3", "-", "n=1")]
    assert page.rows[0]["DUE"].replace(" ", "T").rstrip("Z") in said[0]["start_at"]
    assert plain("--utc", "jobs", "requests").lines[1].split()[:3] == [uuid, "TraceJob", "mail"]
    job = admin.shows(page.link(uuid))
    assert (job.document.headings[0], job.document.paragraphs[0]) == ("TraceJob", "It is PENDING.")
    facts = dict(job.document.facts)
    assert facts["key"] == "k7" and "(in 59 min" in facts["due"]
    assert f"plain jobs cancel {uuid}" in job.words and "plain jobs retry" not in job.words


def test_a_job_that_runs(db, plain, gate, start_worker, admin):
    assert "Nothing is being worked at." in admin.shows("/processes").document.paragraphs
    worker = start_worker("--max-processes", 1)
    plain.enqueue("gate", "--queue", "default")
    gate.await_jobs()
    wait_until(lambda: db.one("jobprocess").started_at, "its start to be recorded")
    token = db.one("jobprocess").uuid
    page = admin.shows("/processes")
    (row,) = page.rows
    assert (row["UUID"], row["CLASS"], row["TRY"]) == (token, "gate", "1/1")
    assert "CANCELLING" not in row
    job = admin.shows(page.link(token))
    assert (job.document.headings[0], job.document.paragraphs[0]) == ("gate", "It is PROCESSING.")
    facts = dict(job.document.facts)
    assert facts["process"] == token and facts["worker"] == workers_of(plain)[0]["worker_id"]
    assert "running for" in facts["now"]
    assert figures(admin.shows("/").document.tables[0])["processing"][0] == 1
    assert "Nothing is wrong." in admin.shows("/").document.paragraphs
    plain("jobs", "cancel", token)
    assert " by " in admin.shows("/processes").rows[0]["CANCELLING"]
    gate.open()
    db.await_results(1)
    worker.stop()


def test_the_page_of_a_job_tells_both_runs(db, plain, admin):
    plain.add_executable("often", "#!/bin/sh\necho first line\necho\necho '  third'\n"
                                  "echo it broke >&2\nexit 3\n")
    root, = plain.enqueue("often", "who=ada", "--key", "k1", "--priority", 7)
    plain.drain()
    first, = db.results()
    plain("jobs", "retry", first.job_process_uuid)
    plain.drain()
    second = db.results()[1]
    rows = admin.shows("/results").rows
    assert [(row["UUID"], row["STATUS"], row["CLASS"]) for row in rows] == [
        (second.job_process_uuid, "ERRORED", "often"), (first.job_process_uuid, "ERRORED", "often")]
    said = plain.json("jobs", "results")["results"]
    assert rows[0]["ERROR"] == f"{said[0]['error_type']}: {said[0]['error_message']}"
    assert rows[0]["PARAMETERS"] == 'who="ada"'
    pages = [admin.shows(f"/j/{uuid}") for uuid in
             (root, second.job_request_uuid, first.job_process_uuid, second.job_process_uuid)]
    assert len({page.text for page in pages}) == 1
    document = pages[0].document
    assert (document.headings[0], document.paragraphs[0]) == ("often", "It is ERRORED.")
    assert document.headings[1:] == ["Run 2, attempt 2: ERRORED", "Run 1, attempt 1 of 1: ERRORED"]
    facts = dict(document.facts[:7])
    assert (facts["uuid"], facts["key"], facts["priority"], facts["parameters"]) == (
        root, "k1", "7", 'who="ada"')
    runs = [[text for name, text in document.facts if name == label]
            for label in ("process", "error", "output", "ended by", "retry of", "continued by")]
    assert runs[0] == [second.job_process_uuid, first.job_process_uuid]
    assert runs[1] == [second.error, first.error] and said[0]["error_message"] in first.error
    assert runs[2] == ["first line\n\n  third\nit broke"] * 2
    assert runs[3] == ["exit code 3"] * 2
    assert runs[4] == [first.job_process_uuid] and runs[5] == [second.job_request_uuid]
    shown = plain("--utc", "jobs", "show", root).stdout
    for name, text in document.facts:
        assert name in shown
        for line in text.splitlines():
            assert line.strip() in shown, (name, shown)


def test_queues_and_what_is_paused(db, plain, module, admin):
    assert "No queue has jobs" in admin.shows("/queues").words
    plain.enqueue("NoopJob", "--queue", "mail", "--count", 3)
    plain.enqueue("NoopJob", "--queue", "slow, and more")
    plain("jobs", "pause", "--queue", "mail", "--reason", 'SES is "down"')
    plain("jobs", "pause", "--queue", "print*", "--reason", "no paper")
    plain("jobs", "pause", "--class", "FailJob")
    page = admin.shows("/queues")
    said = plain.json("jobs", "queues")["queues"]
    numbers = ("QUEUE", "PENDING", "PROCESSING", "WORKERS")
    assert [tuple(row[title] for title in numbers) for row in page.rows] == [
        (queue["queue"], str(queue["pending"]), "0", "0") for queue in said]
    state = page.rows[0]["STATE"]
    assert re.match(r"paused .* ago by ", state) and state.endswith(': "SES is "down""')
    assert page.rows[1]["STATE"] == "-"
    notes = page.document.paragraphs
    assert any(text.startswith("Queues print* are paused by ") and text.endswith(": no paper")
               for text in notes)
    assert any(text.startswith("Class FailJob is paused by ") for text in notes)
    assert any("3 pauses hold jobs back" in text for text in admin.shows("/").document.paragraphs)
    assert [row["QUEUE"] for row in admin.shows(page.link("slow, and more")).rows] == [
        "slow, and more"]
    assert len(admin.shows(page.link("mail")).rows) == 3


def test_workers_that_live_and_one_that_was_killed(db, plain, module, start_worker, admin):
    assert "plain jobs worker" in admin.shows("/workers").words
    first = start_worker("--queue", "default", "--queue", "mail*", "--max-processes", 2)
    first.await_event("Worker registered")
    second = start_worker("--max-processes", 1, "--queue", "slow")
    second.await_event("Worker registered")
    second.kill()
    # Its runner may still be dying, and would be alive to whoever asks.
    wait_until(lambda: "stale" in [worker["state"] for worker in workers_of(plain)],
               "its runner's end")
    said = workers_of(plain)
    rows = admin.shows("/workers").rows
    assert [(row["WORKER"], row["HOST:PID"], row["JOBS"], row["VERSION"], row["STATE"])
            for row in rows] == [
        (worker["worker_id"], f"{worker['host']}:{worker['pid']}",
         f"{worker['running']}/{worker['capacity']}", worker["version"], worker["state"])
        for worker in said]
    assert {row["HOST:PID"].rpartition(":")[2]: (row["STATE"], row["QUEUES"]) for row in rows} == {
        str(first.pid): ("live", "default mail*"), str(second.pid): ("stale", "slow")}
    assert "1 worker is not heard of" in admin.shows("/").words
    assert {row["QUEUE"]: row["WORKERS"] for row in admin.shows("/queues").rows} == {"default": "1"}
    first.stop()


# ---- lists ----

def test_lists_can_be_filtered(db, plain, module, admin):
    plain.enqueue("NoopJob", "--count", 2)
    plain.enqueue("NoopJob", "--queue", "mail")
    plain.enqueue("FailJob", "message=no", "--queue", "mail", "--count", 3)

    def shown(path):
        page = admin.shows(path)
        return sorted((row["CLASS"], row["QUEUE"]) for row in page.rows), page.document.fields
    everything = [("FailJob", "mail")] * 3 + [("NoopJob", "default")] * 2 + [("NoopJob", "mail")]
    assert shown("/requests?class=&queue=") == (everything, {"class": "", "queue": ""})
    assert shown("/requests?class=FailJob")[0] == everything[:3]
    assert shown("/requests?queue=mail")[0] == everything[:3] + everything[5:]
    assert shown("/requests?queue=mail&class=NoopJob") == (
        everything[5:], {"class": "NoopJob", "queue": "mail"})
    page = admin.shows("/requests?queue=nothing")
    assert "There are no such rows." in page.words and page.document.fields["queue"] == "nothing"
    plain.drain("--queue", "*")
    assert shown("/results?status=&class=&queue=")[0] == everything
    for status in ("errored", "ERRORED"):
        assert shown(f"/results?status={status}") == (
            everything[:3], {"status": "ERRORED", "class": "", "queue": ""})
    assert shown("/results?status=successful&queue=mail")[0] == [("NoopJob", "mail")]
    assert shown("/results?status=lost")[0] == []


@on_one_store
@pytest.mark.parametrize("path, field", [
    ("/results?status=broken", "status"), ("/results?before=x", "before"),
    ("/results?before=0", "before"), ("/results?before=-1", "before"),
    ("/requests?before=9223372036854775808", "before"), ("/requests?status=lost", "status"),
    ("/processes?color=red", "color"), ("/?x=1", "x"), ("/queues?queue=mail", "queue"),
    ("/workers?%3Cb%3E=1", "<b>"), (f"/j/{UUID}?x", "x")])
def test_a_parameter_that_is_wrong_is_named(db, admin, path, field):
    page = admin.get(path)
    assert page.status == 400
    assert re.search(rf"PJ201: (.* )?\"?{re.escape(field)}\"?( |$)", page.document.paragraphs[0])
    assert len(page.document.paragraphs) == 2  # what helps
    assert page.rows == [] and set(MENU) <= {href for _, href in page.document.links}


@on_one_store
@pytest.mark.parametrize("path", [
    "/results?class=a&class=b", "/results?%00=1", "/results?class=%ff", "/%",
    "/results?" + "&".join(f"p{n}=" for n in range(17))])
def test_an_address_that_is_none_is_refused(db, admin, path):
    assert admin.get(path).status == 400


@pytest.mark.parametrize("table", ["results", "requests"])
def test_older_pages_skip_and_repeat_nothing_while_others_come(db, plain, admin, table):
    add = add_results if table == "results" else add_requests
    add(db, 120, "OldJob")
    add(db, 1, "OtherJob")
    path, seen, pages = f"/{table}?class=OldJob", [], 0
    while path:
        page = admin.shows(path)
        seen += [row["UUID"] for row in page.rows]
        pages += 1
        add(db, 7, "OldJob")
        older = dict(page.document.links).get("Older")
        assert not older or "class=OldJob" in older
        path = older
    column = "job_process_uuid" if table == "results" else "uuid"
    first = db.rows(f"job{table[:-1]}", "job_class = 'OldJob' AND id <= 120")
    assert seen == [row[column] for row in reversed(first)] and len(seen) == 120
    assert pages == 3


# ---- whatever is in the tables ----

def test_no_text_becomes_markup(db, plain, admin):
    add_hostile(db)
    shown = [seen for _, seen in HOSTILE]
    admin.shows("/")
    for path in ("/requests", "/processes", "/results"):
        rows = admin.shows(path).rows[::-1]
        assert [row["CLASS"] for row in rows] == [row["QUEUE"] for row in rows] == shown
    assert [row["KEY"] for row in admin.shows("/requests").rows[::-1]] == shown
    assert sorted((row["HOST:PID"], row["QUEUES"], row["VERSION"])
                  for row in admin.shows("/workers").rows) == sorted(
        (f"{seen}:7", seen, seen) for seen in shown)
    page = admin.shows("/queues")
    for seen in shown:
        (state,) = (row["STATE"] for row in page.rows if row["QUEUE"] == seen)
        assert state.endswith(f' ago by {seen}: "{seen}"')
        assert f"Class {seen} is paused by {seen}: {seen}" in page.document.paragraphs


def test_the_page_of_a_job_shows_texts_as_they_are(db, plain, admin):
    add_hostile(db)
    for request, process, result, (text, seen) in zip(
            db.rows("jobrequest"), db.rows("jobprocess"), db.results(), HOSTILE):
        member = escaped(text)
        for uuid, state in ((request.uuid, "PENDING"), (process.uuid, "PROCESSING"),
                            (result.job_process_uuid, "ERRORED")):
            document = admin.shows(f"/j/{uuid}").document
            assert (document.headings[0], document.paragraphs[0]) == (seen, f"It is {state}.")
            facts = dict(document.facts)
            assert [facts[label] for label in ("queue", "key", "source")] == [seen] * 3
            assert facts["parameters"] == f"{member[1:-1]}={member}"
        assert facts["error"] == facts["output"] == seen
        assert f" on {seen}" in facts["worker"]


def test_links_with_such_names_lead_to_their_rows(db, plain, admin):
    add_hostile(db)
    page = admin.shows("/queues")
    for text, seen in HOSTILE:
        assert page.link(seen) == f"/requests?queue={quote(text, safe='')}"
        assert [row["QUEUE"] for row in admin.shows(page.link(seen)).rows] == [seen]
        rows = admin.shows(f"/results?class={quote(text)}&status=errored").rows
        assert [row["CLASS"] for row in rows] == [seen]


def test_older_keeps_the_filter_of_such_a_name(db, plain, admin):
    text = HOSTILE[7][0]
    add_results(db, 51, text, queue=quoted(text), status="'LOST'")
    path = f"/results?class={quote(text)}&queue={quote(text)}&status=lost"
    assert len(admin.shows(admin.shows(path).link("Older")).rows) == 1


def test_a_job_that_says_such_things(db, plain, admin):
    text = HOSTILE[3][0]
    plain.add_executable("evil", f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n"
                                 "printf 'a\\033[1mb\\377c'\nexit 1\n")
    plain.enqueue("evil", f"{text}={text}", "--key", text, "--queue", text)
    plain.drain("--queue", "*")
    result, = db.results()
    facts = dict(admin.shows(f"/j/{result.job_process_uuid}").document.facts)
    assert facts["output"] == f"{text}\na\\u001b[1mb\ufffdc"
    assert facts["parameters"] == f"{escaped(text)[1:-1]}={escaped(text)}"
    admin.shows("/results")


@pytest.mark.parametrize("character", ["<", '"', "\u202e", "é", "x"])
def test_parameters_of_a_mebibyte(db, plain, admin, character):
    """Their beginning is shown, and how long they are."""
    text = character * ((2 ** 20 - 100) // len(json.dumps(character)[1:-1]))
    (uuid,) = plain.enqueue_many("BigJob", 1, "--unregistered", params={"text": text})
    shown = dict(admin.shows(f"/j/{uuid}").document.facts)["parameters"]
    start, size = re.fullmatch(r"(.*)… \(of (\d+) bytes\)", shown).groups()
    kept_as_sent = db.kind == "sqlite"  # which jsonb is not
    whole = f"text={json.dumps(text) if kept_as_sent else escaped(text)}"
    assert whole.startswith(start) and len(start) > 30000
    assert int(size) == len(f"text={json.dumps(text, ensure_ascii=kept_as_sent)}".encode())
    assert len(admin.shows("/requests").text) < 10000


def test_a_list_of_large_rows(db, plain, admin):
    text = quoted(json.dumps({"args": [], "kwargs": {"text": "<" * 2 ** 20}}))
    add_results(db, 20, parameters=text)
    assert len(admin.shows("/results").rows) == 20


@pytest.mark.parametrize("large", ["parameters", "output", "error"])
def test_more_than_any_command_of_ours_writes(db, plain, admin, large):
    """By SQL, three MiB: the page says at least that it is there."""
    text = "&" * (3 * 2 ** 20)
    value = quoted(json.dumps({"kwargs": {"text": text}}) if large == "parameters" else text)
    add_results(db, 1, **{large: value})
    uuid = db.results()[0].job_process_uuid
    for path in MENU:
        admin.shows(path)
    assert dict(admin.shows(f"/j/{uuid}").document.facts).get(large)


def test_the_longest_page_of_a_job(db, plain, admin):
    """Sixty runs, each with as much output and error as is kept: the last ones are shown."""
    kept = quoted("'" * 65535)
    add_results(db, 60, root_uuid=RANDOM_UUID[db.kind], output=kept, error=kept,
                status="'ERRORED'")
    first = db.results()[0]
    db.execute("UPDATE plainjobs_jobresult SET root_uuid ="
               " (SELECT job_request_uuid FROM plainjobs_jobresult WHERE id = 1)")
    page = admin.shows(f"/j/{first.job_process_uuid}")
    outputs = [text for name, text in page.document.facts if name == "output"]
    assert outputs and outputs == ["'" * 65535] * len(outputs)
    assert "Earlier runs are left out" in page.words
    assert len(page.body) < 2 * 2 ** 20


def test_a_job_with_many_runs(db, plain, admin):
    add_results(db, 60, status="'LOST'")
    first = db.results()[0]
    db.execute("UPDATE plainjobs_jobresult SET run_no = id, root_uuid ="
               " (SELECT job_request_uuid FROM plainjobs_jobresult WHERE id = 1)")
    document = admin.shows(f"/j/{first.job_process_uuid}").document
    assert "Earlier runs are left out; `plain jobs show` tells all." in document.paragraphs
    assert [heading.split(",")[0] for heading in document.headings[1:]] == [
        f"Run {n}" for n in range(60, 10, -1)]


INVALID = [
    ("status", "'NONSENSE'"), ("retries", "-5"), ("retry_attempt", "-32768"), ("run_no", "-1"),
    ("priority", "-32768"), ("worker_pid", "-1"), ("runner_pid", "-2"), ("exit_code", "-3"),
    ("exit_signal", "9999"), ("cpu_us", "-1"), ("cpu_us", "9223372036854775807"),
    ("max_rss_kb", "9223372036854775807"), ("parameters", "'[1, \"<b>\"]'"),
    ("parameters", "'\"<b>\"'"), ("job_class", "''"), ("queue", "''"), ("error_type", "''"),
    *((column, "NULL") for column in ("requested_at", "started_at", "ended_at", "parameters")),
]
FAR = {"sqlite": ["-9223372036854775808", "-9223372036854775807", "9223372036854775807"],
       "postgres": ["'-infinity'", "'4000-01-01 BC'", "'290000-01-01'", "'infinity'"]}
INVALID_ON = {
    "sqlite": [
        ("job_class", "CAST(x'ff3c623e' AS TEXT)"), ("queue", "CAST(x'c0af3c' AS TEXT)"),
        ("parameters", "'{\"a\": <b>'"), ("error", "x'003c623e'"),
        ("output", "CAST(x'3c00623e' AS TEXT)"), ("worker_host", "5"), ("worker_pid", "x'3c'"),
        ("priority", "'<b>'"), ("run_no", "'<b>'"), ("worker_id", "x''"), ("status", "x'3c'"),
        ("requested_at", "'<b>'"), ("job_request_uuid", "x'3c'"), ("root_uuid", "'<b>'"),
    ],
    "postgres": [],
}


def test_rows_that_are_none_are_shown(db, plain, admin):
    for column, value in (*INVALID, *INVALID_ON[db.kind]):
        add_results(db, 1, **{column: value})
        newest = db.query("SELECT job_process_uuid AS uuid FROM plainjobs_jobresult"
                          " ORDER BY id DESC LIMIT 1")[0].uuid
        page = admin.get(f"/j/{newest}")
        assert page.document, (column, value)
        assert page.status == 200 or column in ("job_request_uuid", "root_uuid"), (column, value)
        assert admin.shows("/results").rows, (column, value)
    for path in MENU:
        admin.shows(path)


@pytest.mark.parametrize("column", ["requested_at", "started_at", "ended_at"])
def test_ends_in_the_far_past_and_future_are_shown(db, plain, admin, column):
    for time in FAR[db.kind]:
        add_results(db, 1, **{column: time})
    for path in (*MENU, *(f"/j/{row.uuid}" for row in db.query(
            "SELECT job_process_uuid AS uuid FROM plainjobs_jobresult"))):
        admin.shows(path)


@pytest.mark.parametrize("column", ["requested_at", "start_at", "started_at", "cancel_at"])
def test_processes_of_the_far_past_and_future_are_shown(db, plain, admin, column):
    uuid, now = RANDOM_UUID[db.kind], NOW[db.kind]
    for time in FAR[db.kind]:
        insert(db, "jobprocess", **{
            "job_class": "'NoopJob'", "uuid": uuid, "created_at": now, "started_at": now,
            "job_request_uuid": uuid, "root_uuid": uuid, "worker_id": uuid, "requested_at": now,
            column: time})
    for path in (*MENU, *(f"/j/{row.uuid}" for row in db.query(
            "SELECT uuid FROM plainjobs_jobprocess"))):
        admin.shows(path)


def test_workers_that_are_none_are_shown(db, plain, admin):
    for queues in ("{}", '"<b>"', "[]", "[1, null, \"<b>\"]", "null"):
        insert(db, "workerheartbeat", worker_id=RANDOM_UUID[db.kind], hostname=quoted("x" * 9000),
               queues=quoted(queues), pid="-1", lease_ms="2147483647", capacity="-7", wish="'<b>'")
    for time in FAR[db.kind]:
        insert(db, "workerheartbeat", worker_id=RANDOM_UUID[db.kind], started_at=time,
               last_heartbeat_at=time)
        insert(db, "pause", kind="'queue'", name=quoted(time), paused_at=time)
    for path in MENU:
        admin.shows(path)


@pytest.mark.parametrize("kind", ["queue", "class"])
def test_a_pause_with_a_long_reason_is_shown_as_one(db, plain, admin, kind):
    """By SQL: commands take 255 bytes."""
    insert(db, "pause", kind=quoted(kind), name="'mail'", reason=quoted("r" * 5000))
    assert "rrrrr" in admin.shows("/queues").words
    assert "1 pause holds" in admin.shows("/").words


# ---- what is not there ----

@on_one_store
@pytest.mark.parametrize("path", ["/nothing", "/results/", "/queues/", "//", "/%2e%2e/etc/passwd",
                                  "/assets/", "/assets/admin.js", "/Results", "/j"])
def test_a_page_that_is_not_there(db, admin, path):
    page = admin.get(path)
    assert page.status == 404 and "There is no such page." in page.words
    assert {href: text for text, href in page.document.links} == MENU


@on_one_store
def test_the_icon_is_there(db, admin):
    """Browsers ask for one, and complain on the console when there is none."""
    assert admin.get(admin.shows("/").document.icon).status == 200


@on_one_store
@pytest.mark.parametrize("name", ["", "x", UUID, UUID[:-1], UUID + "0", "<script>", "x" * 2000])
def test_a_job_that_is_not_there(db, admin, name):
    page = admin.get(f"/j/{quote(name)}")
    assert page.status == 404 and "There is no such job" in page.words
    assert {href: text for text, href in page.document.links} == MENU
    assert admin.get(f"/j/{quote(name)}/").status == 404


# ---- databases in trouble ----

def assert_trouble(page, pj, fix):
    assert page.status == 503
    assert page.document.paragraphs[0].startswith(f"PJ{pj}: ")
    assert fix in page.document.paragraphs[1]
    assert {href: text for text, href in page.document.links} == MENU


def test_a_database_without_the_schema(empty_db, plain, admin):
    for path in (*MENU, f"/j/{UUID}"):
        pj = 301 if empty_db.kind == "sqlite" else 302
        assert_trouble(admin.get(path), pj, "`plain migrate`")
    assert empty_db.kind == "postgres" or not empty_db.path.exists()
    assert admin.get("/assets/admin.css").status == 200
    assert admin.get("/nothing").status == 404
    if empty_db.kind == "sqlite":
        empty_db.execute("CREATE TABLE other (id)")
        assert_trouble(admin.get("/"), 302, "`plain migrate`")
    plain("migrate")
    for path in MENU:
        admin.shows(path)


@on_postgres
def test_a_server_that_is_down_is_told_without_the_password(db, plain, start_admin):
    plain.env["DATABASE_URL"] = db.url.replace("plain@", "plain:sesame42@")
    admin = start_admin()
    admin.shows("/")
    with db.cluster.down():
        for path in (*MENU, f"/j/{UUID}"):
            page = admin.get(path)
            assert_trouble(page, 301, "")
            assert "sesame42" not in page.text and "sesame42" not in str(page.headers)
    for path in MENU:
        admin.shows(path)
    admin.stop()
    said = admin.log.read_text()
    assert "sesame42" not in said and "postgresql://plain" in said


@on_postgres
def test_a_table_that_is_locked_is_told_and_keeps_nobody(db, plain, start_admin):
    admin = start_admin()
    waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'" \
            " AND datname = current_database()"
    with contextlib.closing(db.connect()) as other, concurrent.futures.ThreadPoolExecutor() as pool:
        other.cursor().execute("LOCK TABLE plainjobs_jobresult IN ACCESS EXCLUSIVE MODE")
        page = pool.submit(admin.get, "/results")
        wait_until(lambda: db.query(waits)[0].n == 1, "the page to wait")
        admin.shows("/requests")
        page = page.result(15)
        assert page.status == 503 and re.match(r"PJ3\d\d: ", page.document.paragraphs[0])
        last = pool.submit(admin.get, "/results")
        wait_until(lambda: db.query(waits)[0].n == 1, "another page to wait")
        admin.stop()
        last.exception()  # answered or not


@on_sqlite
def test_a_file_that_is_locked_is_told(db, plain, start_admin):
    admin = start_admin()
    with contextlib.closing(sqlite3.connect(db.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        page = admin.get("/")
        assert page.status == 503 and page.document.paragraphs[0].startswith("PJ305: ")
        assert "locked" in page.words


# ---- it changes nothing ----

def everything(db):
    tables = ("jobrequest", "jobprocess", "jobresult", "jobkey", "counter", "workerheartbeat",
              "pause", "audit", "duty", "schedule", "slot", "migration")
    return {table: db.rows(table) for table in tables}


def files_of(folder):
    """What is in the database's; its -shm is memory that processes share."""
    return {path.name: path.read_bytes() for path in folder.glob("plain.db*")
            if path.is_file() and path.suffix != ".db-shm"}


def test_it_writes_nothing(db, plain, module, admin):
    plain.enqueue("FailJob", "message=no", "--key", "k")
    plain.drain()
    plain.enqueue("NoopJob", "--key", "k")
    plain("jobs", "pause", "--queue", "mail")
    before = everything(db)
    if db.kind == "postgres":  # what would write is refused
        db.execute(f"ALTER DATABASE {db.name} SET default_transaction_read_only = on")
    content = files_of(plain.folder)
    for path in (*all_pages(db), "/results?status=errored", "/nothing"):
        assert admin.get(path).status == (404 if path == "/nothing" else 200)
    assert everything(db) == before
    assert files_of(plain.folder) == content


# ---- the program ----

@on_one_store
@pytest.mark.parametrize("listen, code, pj", [
    ("0.0.0.0:8642", 2, 706), ("[::]:0", 2, 706), ("192.0.2.1:8642", 2, 706), ("nonsense", 2, 201),
    ("8642", 2, 201), ("", 2, 201), ("127.0.0.1", 2, 201), ("127.0.0.1:65536", 2, 201),
    ("127.0.0.1:-0", 2, 201), ("localhost:", 2, 201), ("example.org:80", 2, 201)])
def test_addresses_that_cannot_be(db, plain, listen, code, pj):
    done = plain.fails(code, pj, "admin", "--listen", listen)
    assert done.stdout == "" and "→ " in done.stderr


@on_one_store
def test_a_port_that_is_taken(db, plain, admin):
    done = plain.fails(1, 705, "admin", "--listen", f"127.0.0.1:{admin.port}")
    assert str(admin.port) in done.stderr and "choose another port" in done.stderr


@on_one_store
def test_two_without_an_address_get_two(db, start_admin):
    first, second = start_admin(listen=()), start_admin(listen=())
    assert first.port != second.port and first.host == second.host == "127.0.0.1"
    for one in (first, second):
        one.shows("/")


@on_one_store
def test_head_is_get_without_the_body(db, admin):
    for path, status in (("/queues", 200), ("/nothing", 404), ("/assets/admin.css", 200)):
        page, head = admin.get(path), admin.get(path, "HEAD")
        assert (head.status, head.body) == (status, b"") and page.status == status
        for name, value in page.headers.items():
            assert name == "Date" or head.headers[name] == value
    assert "default-src 'none'" in admin.get("/").headers["Content-Security-Policy"]
    assert admin.get("/").headers["Cache-Control"] == "no-store"
    assert "max-age" in admin.get("/assets/admin.css").headers["Cache-Control"]
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert admin.get("/", method).status == 405


@on_one_store
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(db, start_admin, number):
    start_admin().stop(number)


@on_one_store
def test_who_keeps_a_connection_does_not_keep_it(db, start_admin):
    admin = start_admin()
    idle, half = (socket.create_connection((admin.host, admin.port)) for _ in range(2))
    kept = admin.connect()
    with idle, half, contextlib.closing(kept):
        half.sendall(b"GET /queues HTTP/1.1\r\nHost: ")
        for _ in range(2):
            kept.request("GET", "/queues")
            assert kept.getresponse().read()
        began = time.monotonic()
        admin.stop()
        assert time.monotonic() - began < 10  # an idle connection has 30 s


@on_one_store
def test_when_nobody_reads_its_output_any_more(db, start_admin):
    admin = start_admin()
    admin.process.stdout.close()
    admin.shows("/")
    admin.stop()


@on_one_store
@pytest.mark.parametrize("target", [">/dev/full", ">&-"])
def test_an_address_that_cannot_be_told(db, plain, target):
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" admin --listen 127.0.0.1:0 {target}', plain.program],
        cwd=plain.folder, env=plain.env, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 1 and b"error[PJ705]" in done.stderr, done


@on_one_store
def test_what_it_tells(db, start_admin):
    admin = start_admin()
    wait_until(lambda: db.url in admin.log.read_text(), "what stands behind the address")
    quiet = start_admin("--quiet")
    assert quiet.log.read_text().count("\n") == 1  # of the first one


# ---- cost ----

def seconds_of(admin, path):
    took = []
    for _ in range(3):
        began = time.monotonic()
        admin.shows(path)
        took.append(time.monotonic() - began)
    return min(took)


def test_many_rows_cost_little_more_than_few(db, plain, admin):
    add_results(db, 1)
    add_requests(db, 1)
    paths = [*all_pages(db), "/results?status=successful", "/results?class=NoopJob&queue=mail"]
    few = {path: seconds_of(admin, path) for path in paths}
    add_results(db, 20000)
    add_requests(db, 20000)
    many = {path: seconds_of(admin, path) for path in paths}
    assert all(many[path] < 20 * max(few[path], 0.01) for path in paths), (few, many)


def test_ten_clients_at_a_time(db, plain, admin):
    add_results(db, 50)
    add_requests(db, 50)
    paths = all_pages(db) * 3
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        pages = list(pool.map(admin.get, paths))
    assert [page.status for page in pages] == [200] * len(paths)
    for path, page in zip(paths, pages):
        assert page.document.headings[0] == MENU.get(path, "NoopJob")
