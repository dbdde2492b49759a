"""Queues: patterns, pause and resume, what `plain jobs queues` shows."""
import json
import re
import shlex

import pytest

from marks import on_one_store


def queues_of(plain):
    return {row["queue"]: row for row in plain.json("jobs", "queues")["queues"]}


def test_a_pattern_takes_in_queues_that_come_later(db, plain, module, start_worker):
    worker = start_worker("--queue", "mail*", "--queue", "slow")
    worker.await_event("Worker registered")
    plain.enqueue("NoopJob", "--queue", "default")
    for queue in ("mail", "mail-at-night", "slow"):
        plain.enqueue("NoopJob", "--queue", queue)
    assert {row.queue for row in db.await_results(3)} == {"mail", "mail-at-night", "slow"}
    assert [row.queue for row in db.rows("jobrequest")] == ["default"]
    worker.stop()


def test_a_star_drains_every_queue(db, plain, module):
    for i in range(3):
        plain.enqueue("NoopJob", "--queue", f"tenant-{i}", "--count", 3)
    plain.drain("--queue", "*")
    assert len(db.results()) == 9 and db.count("jobrequest") == 0


@on_one_store
@pytest.mark.parametrize("queue, pj", [("", 105), ("a*b", 201), ("*x", 201), ("a\nb", 105)])
def test_a_bad_queue_is_refused(db, plain, module, queue, pj):
    plain.fails(2, pj, "jobs", "worker", "--drain", f"--queue={queue}")
    plain.fails(2, pj, "jobs", "pause", f"--queue={queue}")


@on_one_store
def test_a_hundred_queues_are_fine_and_a_thousand_are_refused(db, plain, module):
    def words(n):
        return [word for i in range(n) for word in ("--queue", f"q{i}")]
    plain.enqueue("NoopJob", "--queue", "q99")
    plain.drain(*words(100))
    assert db.statuses() == ["SUCCESSFUL"]
    done = plain.fails(2, 201, "jobs", "worker", "--drain", *words(1000))
    assert "1000" in done.stderr and "100" in done.stderr and "mail*" in done.stderr


def test_a_paused_queue_waits_until_it_is_resumed(db, plain, module, start_worker):
    worker = start_worker("--queue", "*")
    worker.await_event("Worker registered")
    plain("jobs", "pause", "--queue", "mail", "--reason", "SES is down")
    plain.enqueue("NoopJob", "--queue", "mail")
    plain.enqueue("NoopJob", "--queue", "default", "--count", 3)
    db.await_results(3)
    row = queues_of(plain)["mail"]
    assert (row["pending"], row["workers"]) == (1, 1)
    assert row["paused"]["reason"] == "SES is down" and "@" in row["paused"]["by"]
    shown = next(line for line in plain("jobs", "queues").lines if line.startswith("mail"))
    assert "paused" in shown and '"SES is down"' in shown
    assert plain("jobs", "resume", "mail").line == "resumed queue mail"
    assert db.await_results(4)[3].queue == "mail"
    assert queues_of(plain).get("mail") is None
    worker.stop()


def test_a_paused_class_waits_in_every_queue(db, plain, module):
    assert plain("jobs", "pause", "NoopJob").line == "paused class NoopJob"
    plain.enqueue("NoopJob")
    plain.enqueue("TraceJob", "ms=0")
    plain.drain()
    assert [row.job_class for row in db.results()] == ["TraceJob"]
    assert plain.json("jobs", "queues")["paused_classes"][0]["name"] == "NoopJob"
    plain("jobs", "resume", "--class", "NoopJob")
    plain.drain()
    assert len(db.results()) == 2


def test_a_drain_tells_of_what_is_paused(db, plain, module):
    plain("jobs", "pause", "--queue", "mail*", "--reason", "SES is down")
    plain("jobs", "pause", "--class", "NoopJob")
    plain("jobs", "pause", "--queue", "slow")
    plain.enqueue("TraceJob", "ms=0", "--queue", "mail-1", "--count", 2)
    plain.enqueue("TraceJob", "ms=0", "--queue", "mail-2")
    plain.enqueue("NoopJob")
    plain.enqueue("TraceJob", "ms=0")
    plain.enqueue("TraceJob", "ms=0", "--queue", "mail-1", "--delay", "1h")  # it would wait anyway

    def told(*options):
        done = plain.drain(*options, env={"PLAIN_LOG_FORMAT": "json"})
        return [record for record in map(json.loads, done.stderr.splitlines())
                if record["event"] == "Jobs wait that are paused"]
    queue, job_class = told("--queue", "*")
    assert (queue["job_queue"], queue["jobs"], queue["reason"]) == ("mail*", 3, "SES is down")
    assert queue["fix"] == "plain jobs resume --queue 'mail*'"
    assert (job_class["job_class"], job_class["jobs"]) == ("NoopJob", 1)
    assert job_class["fix"] == "plain jobs resume --class NoopJob"
    assert [record["job_class"] for record in told()] == ["NoopJob"], "mail is another worker's"
    plain("jobs", "resume", "--class", "NoopJob")
    assert told() == []
    assert len(db.results()) == 2


def test_what_was_claimed_before_a_pause_is_finished(db, plain, gate, start_worker):
    plain.enqueue("gate")
    worker = start_worker()
    gate.await_jobs()
    plain("jobs", "pause", "default")
    gate.open()
    assert db.await_results(1)[0].status == "SUCCESSFUL"
    worker.stop()


def test_a_pattern_pauses_and_only_the_pattern_resumes(db, plain, module):
    plain("jobs", "pause", "mail*")
    plain.enqueue("NoopJob", "--queue", "mail-1")
    plain.drain("--queue", "*")
    assert db.results() == []
    done = plain.fails(7, 206, "jobs", "resume", "mail-1")
    assert "mail*" in done.stderr
    plain("jobs", "resume", "mail*")
    plain.drain("--queue", "*")
    assert len(db.results()) == 1


def test_a_paused_pattern_is_shown_without_queues(db, plain):
    plain("jobs", "pause", "mail*", "--reason", "SES is down")
    assert re.search(r"Queues mail\* are paused by .*: SES is down", plain("jobs", "queues").stderr)
    said = plain.json("jobs", "queues")
    assert said["queues"] == []
    assert [(p["name"], p["reason"]) for p in said["paused_patterns"]] == [("mail*", "SES is down")]


def test_resuming_says_which_pattern_holds_the_queue_back(db, plain):
    plain("jobs", "pause", "--queue", "mail")
    plain("jobs", "pause", "mail*")
    done = plain("jobs", "resume", "mail")
    assert done.line == "resumed queue mail"
    assert "paused by mail* all the same" in done.stderr
    assert "plain jobs resume --queue 'mail*'" in done.stderr
    assert plain("jobs", "resume", "--queue", "other").line == "not paused: queue other"
    plain("jobs", "pause", "--class", "mail")
    assert "all the same" not in plain("jobs", "resume", "mail*").stderr


def test_a_pattern_is_proposed_as_one_word(db, plain):
    plain("jobs", "pause", "--queue", "o'brien*")
    done = plain.fails(7, 206, "jobs", "resume", "--queue", "o'brien1")
    fix = re.search(r"`plain (.*)`", done.stderr)[1]
    assert shlex.split(fix) == ["jobs", "resume", "--queue", "o'brien*"]


def test_a_name_that_is_both_or_neither_has_to_be_said(db, plain, module):
    plain.fails(3, 205, "jobs", "pause", "nowhere")
    plain.enqueue("NoopJob", "--queue", "NoopJob")
    done = plain.fails(2, 201, "jobs", "pause", "NoopJob")
    assert "--queue" in done.stderr and "--class" in done.stderr
    plain.fails(2, 201, "jobs", "pause")
    plain.fails(2, 201, "jobs", "pause", "mail", "--queue", "mail")
    plain.fails(2, 105, "jobs", "pause", "default", "--reason", "a\nb")
    assert db.count("pause") == 0


def test_pausing_and_resuming_twice_is_harmless(db, plain):
    assert plain.json("jobs", "pause", "--queue", "later") == {
        "format": 1, "kind": "queue", "name": "later", "changed": True}
    assert not plain.json("jobs", "pause", "later", "--reason", "more")["changed"]
    assert db.one("pause").reason == "more"
    assert plain.json("jobs", "resume", "later")["changed"]
    assert not plain.json("jobs", "resume", "--queue", "later")["changed"]


def test_hostile_names_are_shown_harmless(db, plain):
    plain("jobs", "pause", "--queue", "<b>\u202ex", "--reason", "\"<script>")
    db.execute("INSERT INTO plainjobs_pause (kind, name, reason, paused_by) "
               "VALUES ('class', 'a\u001b[31m', 'x\u001b]', 'y\u001b')")
    done = plain("jobs", "queues")
    assert "\x1b" not in done.stdout + done.stderr
    assert queues_of(plain)["<b>\u202ex"]["paused"]["reason"] == "\"<script>"


@on_one_store
def test_a_queue_behind_the_first_hundred_is_not_called_empty(db, plain, module):
    def make(first, last):
        (plain.folder / "jobs.jsonl").write_text(
            "".join(f'{{"queue": "q{n:03}"}}\n' for n in range(first, last)))
        plain.enqueue("NoopJob", "--from", "jobs.jsonl")
    make(1, 100)
    plain("jobs", "pause", "--queue", "zz")
    whole = plain.json("jobs", "queues")
    assert len(whole["queues"]) == 100
    assert (whole["queues"][-1]["queue"], whole["queues"][-1]["pending"]) == ("zz", 0)
    make(100, 105)
    plain.enqueue("NoopJob", "--queue", "zz")
    document = plain.json("jobs", "queues")
    last = document["queues"][-1]
    assert last["queue"] == "zz" and last["paused"]
    assert (last["pending"], last["processing"], last["due_at"]) == (None, None, None)
    assert (whole["cut"], document["cut"]) == (False, True)
    done = plain("jobs", "queues")
    assert done.lines[-1].split()[:3] == ["zz", "?", "?"]
    assert "only the first 100 by name are shown" in done.stderr


@on_one_store
def test_a_number_at_which_counting_stopped_is_told(db, plain, module):
    def at_least(command):
        document = plain.json("jobs", command)
        return {row["queue"]: row["at_least"] for row in document["queues"]}
    (plain.folder / "jobs.jsonl").write_text("{}\n" * 9999)
    plain.enqueue("NoopJob", "--from", "jobs.jsonl", "--queue", "long")
    plain.enqueue("NoopJob", "--queue", "short")
    for command in ("stats", "queues"):
        assert at_least(command) == {"long": False, "short": False}
    plain.enqueue("NoopJob", "--queue", "long")
    for command in ("stats", "queues"):
        assert at_least(command) == {"long": True, "short": False}
    assert plain.json("jobs", "stats")["at_least"] is False
