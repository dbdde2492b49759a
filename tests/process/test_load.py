"""Many jobs through two workers: as many results, each SUCCESSFUL, none twice."""
from program import STRESS, sized
from verify import assert_sound

JOBS = sized(1500, 10000)
PATIENCE_S = 900 if STRESS else 120


def test_two_workers_run_every_job_once(db, plain, module, gate, start_worker):
    """First as many jobs as both have runners, which wait for one another: neither drains alone."""
    gates = plain.enqueue("gate", "--count", 8, "--priority", 9)
    uuids = plain.enqueue_many("TraceJob", JOBS, timeout=PATIENCE_S)
    assert len(set(uuids)) == JOBS
    workers = [start_worker("--drain", "--max-processes", 4) for _ in range(2)]
    gate.await_jobs(len(gates))
    gate.open()
    for worker in workers:
        worker.wait(seconds=PATIENCE_S)

    results = db.results()
    jobs = len(gates) + JOBS
    assert len(results) == jobs
    assert {row.status for row in results} == {"SUCCESSFUL"}
    assert {row.job_request_uuid for row in results} == {*gates, *uuids}
    assert len({row.job_process_uuid for row in results}) == jobs
    assert {row.worker_pid for row in results} == {worker.pid for worker in workers}
    assert_sound(db, gates + uuids, plain.folder / "trace.log")
    assert plain("jobs", "stats").lines == ["Pending: 0", "Processing: 0", f"Successful: {jobs}",
                                            "Errored: 0", "Lost: 0"]


def test_a_rush_is_recorded_over_two_connections(db, plain, module):
    """Each has its own shard of the counters. A SQLite file has one writer, and so one."""
    jobs = sized(4000, 50000)
    plain.env["PLAIN_JOBS_START_AHEAD_MS"] = "1000"  # room for both, however slow the runners are
    plain.enqueue_many("NoopJob", jobs, timeout=PATIENCE_S)
    plain.drain("--max-processes", 2, timeout=PATIENCE_S)
    shards = db.query("SELECT shard, sum(n) AS n FROM plainjobs_counter GROUP BY shard")
    assert len(shards) == (1 if db.kind == "sqlite" else 2)
    assert sum(int(row.n) for row in shards) == jobs == db.count("jobresult", "status = 'SUCCESSFUL'")
    assert_sound(db)


def test_priority_then_due_time_then_age(db, plain, module):
    """One runner that takes one job at a time runs them in the documented order."""
    order = [("--priority", 1), ("--priority", -5), ("--priority", 10), (), (), ("--priority", 1)]
    uuids = [plain.enqueue("TraceJob", *options)[0] for options in order]
    late = plain.enqueue("TraceJob", "--delay", "1h")
    early = plain.enqueue("TraceJob", "--delay", "2020-01-01T00:00:00Z")
    plain.drain("--max-processes", 1, "--max-pending-per-process", 0)
    started = [row.job_request_uuid for row in sorted(db.results(), key=lambda row: row.started_at)]
    assert started == [uuids[2], uuids[0], uuids[5], early[0], uuids[3], uuids[4], uuids[1]]
    assert [row.uuid for row in db.rows("jobrequest")] == late


def test_a_worker_takes_only_its_queues(db, plain, module):
    for queue in ("mail", "slow", "other"):
        plain.enqueue("NoopJob", "--queue", queue)
    plain.drain("--queue", "mail", "--queue", "slow")
    assert {row.queue for row in db.results()} == {"mail", "slow"}
    assert [row.queue for row in db.rows("jobrequest")] == ["other"]


def test_a_delayed_job_waits_for_its_time(db, plain, module, start_worker):
    (uuid,) = plain.enqueue("NoopJob", "--delay", "1500ms")
    worker = start_worker()
    (row,) = db.await_results(1)
    assert row.job_request_uuid == uuid
    assert 1.5 <= row.started_at - row.requested_at < 20
    worker.stop()


def test_a_result_tells_its_whole_story(db, plain, module):
    (uuid,) = plain.enqueue("TraceJob", "n=7", "ms=20", "--priority", 3, "--retries", 2,
                            "--queue", "mail", "--key", "seven")
    plain.drain("--queue", "mail")
    row = db.one("jobresult")
    assert (row.status, row.job_class, row.queue, row.priority) == ("SUCCESSFUL", "TraceJob",
                                                                    "mail", 3)
    assert (row.retries, row.retry_attempt, row.concurrency_key) == (2, 0, "seven")
    assert row.parameters == {"args": [], "kwargs": {"n": 7, "ms": 20}}
    assert row.source == "plain jobs enqueue"
    assert row.root_uuid == row.job_request_uuid == uuid
    assert row.requested_at <= row.started_at <= row.ended_at
    assert 0.02 <= row.ended_at - row.started_at < 5
    assert row.worker_host and row.worker_pid > 0 and row.runner_pid > 0
    assert row.cpu_us >= 0 and row.max_rss_kb > 0
    shown = plain("jobs", "show", uuid).stdout
    for word in (uuid, row.job_process_uuid, row.worker_id, str(row.worker_pid),
                 str(row.runner_pid), "SUCCESSFUL", "n=7", "mail", "seven"):
        assert word in shown
    assert plain("jobs", "show", row.job_process_uuid).stdout == shown


def test_retry_by_hand_continues_a_job(db, plain, module):
    (uuid,) = plain.enqueue("FailJob", "message=no", "--queue", "mail", "--priority", 4)
    plain.fails(7, 503, "jobs", "retry", uuid)
    plain.drain("--queue", "mail")
    again = plain("jobs", "retry", uuid).line
    row = db.one("jobrequest")
    assert (row.uuid, row.queue, row.priority, row.retry_attempt) == (again, "mail", 4, 1)
    assert row.root_uuid == uuid
    plain.fails(7, 503, "jobs", "retry", uuid)
    plain.drain("--queue", "mail")
    assert db.statuses() == ["ERRORED", "ERRORED"]
    assert_sound(db, [uuid])
    plain.fails(3, 502, "jobs", "retry", "00000000-0000-7000-8000-000000000000")
