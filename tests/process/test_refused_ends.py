"""Ends that the database refuses for what they say, and jobs that it does not take back: a trigger of
somebody's, a column that is full."""
import signal
import time

import pytest

import relay
from marks import on_one_store, on_postgres, spoils_tables
from verify import assert_sound
from workers import wait_until

REFUSE = {
    "sqlite": """CREATE TRIGGER refuse BEFORE INSERT ON plainjobs_jobresult
                   WHEN NEW.job_class = 'refused'
                 BEGIN SELECT RAISE(ABORT, 'not this one'); END""",
    "postgres": """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                   BEGIN RAISE EXCEPTION 'not this one'; END $$;
                   CREATE TRIGGER refuse BEFORE INSERT ON plainjobs_jobresult
                   FOR EACH ROW WHEN (NEW.job_class = 'refused') EXECUTE FUNCTION refuse()""",
}
REFUSE_BACK = {  # what was enqueued some time ago
    "sqlite": """CREATE TRIGGER refuse_back BEFORE INSERT ON plainjobs_jobrequest
                   WHEN NEW.job_class = 'NoopJob'
                        AND NEW.created_at < (julianday('now') - 2440587.5) * 86400000000 - 10000
                 BEGIN SELECT RAISE(ABORT, 'not back'); END""",
    "postgres": """CREATE FUNCTION refuse_back() RETURNS trigger LANGUAGE plpgsql AS $$
                   BEGIN RAISE EXCEPTION 'not back'; END $$;
                   CREATE TRIGGER refuse_back BEFORE INSERT ON plainjobs_jobrequest
                   FOR EACH ROW WHEN (NEW.job_class = 'NoopJob'
                                      AND NEW.created_at < statement_timestamp())
                   EXECUTE FUNCTION refuse_back()""",
}
ACCEPT = {"sqlite": "DROP TRIGGER refuse",
          "postgres": "DROP TRIGGER refuse ON plainjobs_jobresult"}
ACCEPT_BACK = {"sqlite": "DROP TRIGGER refuse_back",
               "postgres": "DROP TRIGGER refuse_back ON plainjobs_jobrequest"}


@pytest.fixture
def refusing(db, plain):
    """A class whose ends are refused, and one whose are not."""
    plain.add_executable("refused", "#!/bin/sh\necho ran >>refused.log\necho words\n")
    plain.add_executable("good", "#!/bin/sh\n")
    db.execute(REFUSE[db.kind])
    return plain


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_refused_end_keeps_no_other_waiting(db, refusing, start_worker, end):
    """It waits for its time, in the worker and in the file for the next one, and is not run again."""
    plain = refusing
    plain.enqueue("refused")
    worker = start_worker("--max-processes", 1)
    worker.await_event("End not recorded")
    plain.enqueue("good", "--count", 3)
    db.await_results(3, "good")
    if end == "stop":
        worker.stop()
    else:
        worker.kill()
    second = start_worker("--max-processes", 1)
    second.await_event("End not recorded")
    plain.enqueue("good")
    db.await_results(4, "good")
    db.execute(ACCEPT[db.kind])
    (row,) = db.await_results(1, "refused")
    assert (row.status, row.output) == ("SUCCESSFUL", "words\n")
    assert (plain.folder / "refused.log").read_text() == "ran\n"
    second.stop()
    assert db.count("jobprocess") == 0
    assert len(second.events("Rescuing jobs of dead workers")) == 1, "told once, not at each look"


def test_a_grace_that_is_over_waits_until_the_others_are_recorded(db, refusing, start_worker):
    """Only a database that is away is left; one that refuses an end takes the rest one by one."""
    plain = refusing
    plain.env.update(PLAIN_JOBS_SHUTDOWN_GRACE="500ms", PLAIN_JOBS_STOP_GRACE="200ms")
    for name in ("refused", "good"):
        plain.add_executable(name, f"#!/bin/sh\ntouch in-{name}\nexec sleep 60\n")
        plain.enqueue(name)
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: len(list(plain.folder.glob("in-*"))) == 2, "both jobs")
    worker.send(signal.SIGTERM)
    worker.wait()
    assert db.statuses("good") == ["LOST"] and db.count("jobprocess") == 1
    db.execute(ACCEPT[db.kind])
    plain.drain()
    assert db.statuses("refused") == ["LOST"] and db.count("jobprocess") == 0


@on_postgres
def test_an_end_that_goes_alone_forgets_no_claim_in_doubt(db, plain, module, start_worker):
    """The claim was committed and not answered; the end is refused for its words, and then goes
    without them."""
    plain.add_executable("wordy", "#!/bin/sh\necho words\ntouch runs\n"
                                  "while [ ! -e go ]; do sleep 0.02; done\n")
    db.execute(REFUSE["postgres"].replace("NEW.job_class = 'refused'", "NEW.output IS NOT NULL"))
    plain.enqueue("wordy")
    between = relay.Relay(db.cluster.port, hold_s=2, statement=None, nth=1,
                          answer=b"NoopJob")
    plain.env["DATABASE_URL"] = f"postgresql://plain@127.0.0.1:{between.port}/{db.name}"
    worker = start_worker("--max-processes", 2)
    plain.env["DATABASE_URL"] = db.url
    wait_until(lambda: (plain.folder / "runs").exists(), "the job to run")
    wait_until(lambda: db.count("workerheartbeat", "idle_at IS NOT NULL"), "the worker to wait")
    between.statement = relay.ANY_CLAIM  # it may just look by itself
    plain.enqueue("NoopJob")
    wait_until(lambda: between.swallowed, "the claim")
    assert db.count("jobprocess", "job_class = 'NoopJob'") == 1
    (plain.folder / "go").touch()
    assert db.await_results(1, "wordy")[0].output is None
    db.await_results(1, "NoopJob")
    worker.stop()
    between.close()


def test_a_job_that_cannot_go_back_keeps_no_other_waiting(db, plain, module, gate, start_worker):
    """Claimed ahead, and to be given back, since the job before them turned out long."""
    plain.add_executable("good", "#!/bin/sh\n")
    plain.env["PLAIN_JOBS_START_AHEAD_MS"] = "500"  # long is what takes twice that
    plain.enqueue("NoopJob", "--count", 50)
    plain.enqueue("gate")
    plain.enqueue("NoopJob", "--count", 3)
    db.execute(REFUSE_BACK[db.kind])
    worker = start_worker("--max-processes", 1)
    worker.await_event("Job not put back")
    gate.open()
    db.await_results(1, "gate")
    plain.enqueue("good")
    db.await_results(1, "good")
    assert len(worker.events("Job not put back")) == 3
    worker.stop()
    worker = start_worker("--max-processes", 1)
    db.execute(ACCEPT_BACK[db.kind])
    db.await_results(53, "NoopJob")
    worker.stop()
    assert_sound(db)


@on_one_store
def test_a_worker_whose_every_end_is_refused_takes_no_more(db, refusing, start_worker):
    plain = refusing
    plain.enqueue("refused", "--count", 20)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: len(worker.events("End not recorded")) >= 16, "refused ends", seconds=120)
    plain.enqueue("good")
    time.sleep(2)
    assert db.count("jobrequest", "job_class = 'good'") == 1
    db.execute(ACCEPT[db.kind])
    db.await_results(20, "refused", seconds=120)
    db.await_results(1, "good")
    worker.stop()


@on_one_store
def test_a_refused_end_does_not_stop_its_runner_later(db, refusing, module, start_worker):
    """Its place in the ring of 2,048 stays in use."""
    plain = refusing
    plain.enqueue("refused")
    worker = start_worker("--max-processes", 1)
    worker.await_event("End not recorded")
    plain.enqueue_many("NoopJob", 2200)
    db.await_results(2200, "NoopJob", seconds=120)
    db.execute(ACCEPT[db.kind])
    db.await_results(1, "refused")
    worker.stop()


@spoils_tables
def test_a_number_of_runs_that_is_as_large_as_can_be(db, plain):
    plain.add_executable("fails", "#!/bin/sh\nexit 1\n")
    plain.enqueue("fails", "--retries", 1)
    db.execute("UPDATE plainjobs_jobrequest SET run_no = 2147483647, crash_count = 2147483647")
    plain.drain()
    assert db.statuses() == ["ERRORED"] * 2
