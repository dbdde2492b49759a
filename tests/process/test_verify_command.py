"""plain jobs verify finds each kind of damage, and nothing where there is none."""
import pytest

from marks import spoils_tables
from program import release_path
from verify import findings


@pytest.fixture
def history(db, plain, module):
    """A job that failed and was retried, two that ended, two that wait, one of them under a key,
    and one that its worker was killed with."""
    plain.program = release_path()
    plain.enqueue("FailJob", "message=x", "--retries", 1)
    plain.enqueue("NoopJob", "--count", 2)
    plain.drain()
    plain.enqueue("NoopJob", "--delay", "1h", "--key", "k")
    plain.enqueue("NoopJob", "--delay", "1h")
    worker = "x'11111111111111111111111111111111'"
    now = "1700000000000000"
    if db.kind == "postgres":
        worker, now = "'11111111-1111-1111-1111-111111111111'", "now()"
    db.execute(f"INSERT INTO plainjobs_workerheartbeat (worker_id) VALUES ({worker})")
    db.execute("INSERT INTO plainjobs_jobprocess (uuid, created_at, started_at, job_request_uuid,"
               f" worker_id, job_class) VALUES ({worker}, {now}, {now}, {worker}, {worker}, 'Job')")
    return db


DAMAGE = {
    "ended_twice": "UPDATE plainjobs_jobresult SET job_request_uuid = (SELECT job_request_uuid"
                   " FROM plainjobs_jobresult WHERE job_class = 'NoopJob' ORDER BY id LIMIT 1)"
                   " WHERE job_class = 'NoopJob'",
    "two_states": "UPDATE plainjobs_jobprocess SET job_request_uuid = (SELECT job_request_uuid"
                  " FROM plainjobs_jobresult WHERE job_class = 'NoopJob' ORDER BY id LIMIT 1)",
    "two_states ": "UPDATE plainjobs_jobresult SET job_request_uuid = (SELECT uuid FROM"
                   " plainjobs_jobrequest ORDER BY id LIMIT 1) WHERE id = (SELECT min(id)"
                   " FROM plainjobs_jobresult WHERE job_class = 'NoopJob')",
    "two_states  ": "UPDATE plainjobs_jobprocess SET uuid = (SELECT job_process_uuid"
                    " FROM plainjobs_jobresult WHERE job_class = 'NoopJob' ORDER BY id LIMIT 1)",
    "successor_gone": "DELETE FROM plainjobs_jobresult WHERE retry_of IS NOT NULL",
    "no_successor": "UPDATE plainjobs_jobresult SET retries = 2 WHERE retry_of IS NOT NULL",
    "no_successor ": "UPDATE plainjobs_jobresult SET status = 'DEFERRED' WHERE id = (SELECT min(id)"
                     " FROM plainjobs_jobresult WHERE job_class = 'NoopJob')",
    "wrong_link": "UPDATE plainjobs_jobresult SET run_no = 5 WHERE retry_of IS NOT NULL",
    "wrong_link ": "UPDATE plainjobs_jobrequest SET retry_of = (SELECT job_process_uuid"
                   " FROM plainjobs_jobresult WHERE retry_job_request_uuid IS NOT NULL)"
                   " WHERE concurrency_key = ''",
    "wrong_link  ": "UPDATE plainjobs_jobprocess SET retry_of = (SELECT job_process_uuid"
                    " FROM plainjobs_jobresult WHERE retry_job_request_uuid IS NOT NULL)",
    "key_leaked": "INSERT INTO plainjobs_jobkey (job_class, concurrency_key, request_uuid, taken_at)"
                  " SELECT 'Gone', 'k', worker_id, created_at FROM plainjobs_jobprocess",
    "key_not_held": "DELETE FROM plainjobs_jobkey",
    "key_not_held ": "UPDATE plainjobs_jobprocess SET concurrency_key = 'mine'",
    "orphan": "DELETE FROM plainjobs_workerheartbeat",
    "times": "UPDATE plainjobs_jobresult SET ended_at = NULL WHERE job_class = 'NoopJob'",
    "counter": "UPDATE plainjobs_counter SET n = n + 1 WHERE status = 'SUCCESSFUL'",
}


def test_a_sound_history_is_sound(history, plain):
    assert findings(history) == []
    assert plain("jobs", "verify").line == "The tables are sound."


@pytest.mark.parametrize("damage", DAMAGE)
@spoils_tables
def test_each_damage_is_found(history, plain, damage):
    check = damage.strip()
    history.execute(DAMAGE[damage])
    spoilt = history.counts()
    assert check in [finding["check"] for finding in findings(history)]
    done = plain.run("jobs", "verify")
    assert done.code == 1 and done.stdout.count(check)
    assert history.counts() == spoilt


def test_what_was_purged_is_not_missed(history, plain):
    history.execute(DAMAGE["successor_gone"])
    assert [finding["check"] for finding in findings(history)] == ["successor_gone"]
    plain("jobs", "purge", "--yes")
    assert findings(history) == []


@spoils_tables
def test_counters_say_what_is_wrong(history):
    history.execute(DAMAGE["counter"])
    finding, = findings(history)
    assert (finding["status"], finding["counted"], finding["stored"]) == ("SUCCESSFUL", 3, 2)
    assert finding["uuid"] is None


@spoils_tables
def test_much_damage_is_told_in_part(db, plain, module):
    plain.enqueue("NoopJob", "--count", 150)
    plain.drain()
    db.execute("UPDATE plainjobs_jobresult SET ended_at = NULL")
    assert len([f for f in findings(db) if f["check"] == "times"]) == 100
