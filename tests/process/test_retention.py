"""Workers delete results past JOBS_RESULTS_RETENTION themselves."""
from verify import assert_sound
from workers import wait_until


def test_a_worker_deletes_what_is_past_the_retention(db, plain, module, start_worker):
    plain.enqueue("NoopJob", "--count", 3)
    plain.drain()
    plain.env["PLAIN_JOBS_RESULTS_RETENTION"] = "1"
    worker = start_worker()
    wait_until(lambda: db.count("jobresult") == 0, "the results to be deleted")
    worker.await_event("Old results deleted")
    assert db.one("duty").name == "clear"
    assert_sound(db)
    stats = plain.json("jobs", "stats")
    assert (stats["successful"], stats["last_hour"]["successful"]) == (0, 3)
    worker.stop()


def test_zero_keeps_them(db, plain, module):
    plain.env["PLAIN_JOBS_RESULTS_RETENTION"] = "0"
    plain.enqueue("NoopJob", "--count", 3)
    plain.drain()
    assert (db.count("jobresult"), db.count("duty")) == (3, 0)


def test_many_are_deleted_while_workers_work(db, plain, module, start_worker):
    plain.enqueue("NoopJob", "--count", 700)
    plain.drain()
    plain.env["PLAIN_JOBS_RESULTS_RETENTION"] = "2"
    plain.enqueue("TraceJob", "ms=0", "--count", 30)
    started = [start_worker("--max-processes", 1) for _ in range(2)]
    wait_until(lambda: db.count("jobrequest") + db.count("jobresult", "job_class = 'NoopJob'") == 0,
               "old results to be deleted and jobs to run")
    for worker in started:
        worker.stop()
    assert_sound(db)
