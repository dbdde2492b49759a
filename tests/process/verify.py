"""The oracle: reads a queue's history from the tables and says what is wrong with it.

Every test that runs many jobs ends with assert_sound(). test_verify.py shows that each of the
problems below is found.
"""
import collections
import json
import subprocess

from program import clean_environment, release_path

FINAL = {"SUCCESSFUL", "ERRORED", "CANCELLED", "LOST"}


class History:
    """The rows of the tables; executions are the lines of trace.log (see modules/jobs.c)."""

    def __init__(self, requests, processes, results, keys, counters, executions=()):
        self.requests = requests
        self.processes = processes
        self.results = results
        self.keys = keys
        self.counters = counters
        self.executions = list(executions)

    @classmethod
    def read(cls, db, trace=None):
        lines = trace.read_text().splitlines() if trace and trace.exists() else []
        return cls(db.rows("jobrequest"), db.rows("jobprocess"), db.rows("jobresult"),
                   db.rows("jobkey"), db.rows("counter"), [line.split() for line in lines])


def repeated(values):
    counted = collections.Counter(value for value in values if value is not None)
    return sorted(value for value, n in counted.items() if n > 1)


def root_of(row):
    return row["root_uuid"] or row.get("job_request_uuid") or row["uuid"]


def double_ends(h):
    """Attempts, or requests, that ended more than once."""
    return (repeated(row["job_process_uuid"] for row in h.results)
            + repeated(row["job_request_uuid"] for row in h.results))


def lost(h, acked):
    """Acknowledged jobs of which nothing is left, or whose chain of attempts has no end."""
    live = {root_of(row) for row in h.requests + h.processes}
    final = {root_of(row) for row in h.results
             if row["status"] in FINAL and row["retry_job_request_uuid"] is None}
    return sorted(set(acked) - live - final)


def phantoms(h, acked):
    """Jobs that nobody enqueued."""
    known = {root_of(row) for row in h.requests + h.processes + h.results}
    return sorted(known - set(acked))


def many_successors(h):
    """Attempts that are continued by several requests."""
    return (repeated(row["retry_of"] for row in h.requests + h.processes + h.results)
            + repeated(row["retry_job_request_uuid"] for row in h.results))


def broken_links(h):
    """Results whose successor does not point back, or is of another job."""
    continued = {row["uuid"]: row for row in h.requests}
    continued.update({row["job_request_uuid"]: row for row in h.processes + h.results})
    found = []
    for result in h.results:
        successor = result["retry_job_request_uuid"]
        if successor is None:
            continue
        row = continued.get(successor)
        if (row is None or row["retry_of"] != result["job_process_uuid"]
                or root_of(row) != root_of(result)):
            found.append(result["job_process_uuid"])
    return found


def two_states(h):
    """Requests that are in more than one table at once."""
    return repeated([row["uuid"] for row in h.requests]
                    + [row["job_request_uuid"] for row in h.processes + h.results])


def leaked_keys(h):
    """Keys whose holder is gone, and live jobs with a key that nobody holds for them."""
    live = {row["uuid"]: row for row in h.requests}
    live.update({row["job_request_uuid"]: row for row in h.processes})
    held = {row["request_uuid"] for row in h.keys}
    keyed = {uuid for uuid, row in live.items() if row["concurrency_key"]}
    return sorted(held ^ keyed)


def wrong_counters(h):
    """Statuses whose counter is not the number of results."""
    counted = collections.Counter()
    for row in h.counters:
        counted[row["status"]] += row["n"] - row.get("n_removed", 0)
    actual = collections.Counter(row["status"] for row in h.results)
    return sorted(status for status in counted | actual if counted[status] != actual[status])


def stranded(h):
    """Claimed jobs when nobody is working."""
    return [row["uuid"] for row in h.processes]


def executed_twice(h):
    """Requests that ran to their end more than once."""
    return repeated(request for what, request, *_ in h.executions if what == "E")


def executed_unrecorded(h):
    """Requests that ran to their end without a successful result."""
    good = {row["job_request_uuid"] for row in h.results if row["status"] == "SUCCESSFUL"}
    return sorted({request for what, request, *_ in h.executions if what == "E"} - good)


def started_twice(h):
    """Requests that were entered more than once: each attempt is a request of its own."""
    return repeated(request for what, request, *_ in h.executions if what == "S")


def unexplained_reruns(h):
    """Requests that continue a job whose last attempt neither failed nor was LOST."""
    ended = {row["job_process_uuid"]: row["status"] for row in h.results}
    return [row["uuid"] for row in h.requests + h.processes + h.results
            if row["retry_of"] and ended.get(row["retry_of"]) in (None, "SUCCESSFUL", "CANCELLED")]


def lost_without_start(h):
    """LOST attempts that left no trace: entered, and killed before the first line was written."""
    started = {request for what, request, *_ in h.executions if what == "S"}
    return [row["job_request_uuid"] for row in h.results
            if row["status"] == "LOST" and row["job_request_uuid"] not in started]


def problems(h, acked=None, idle=True, kills=False):
    """{name of the problem: what it was found in}, empty when all is well.

    acked: the uuids that enqueue printed, when they are all there is. idle: no worker runs. kills:
    workers were killed, so a job may have ended a moment before its end could be noted."""
    found = {"double ends": double_ends(h), "many successors": many_successors(h),
             "broken links": broken_links(h), "two states": two_states(h),
             "leaked keys": leaked_keys(h), "wrong counters": wrong_counters(h),
             "executed twice": executed_twice(h)}
    if acked is not None:
        found["lost"] = lost(h, acked)
        found["phantoms"] = phantoms(h, acked)
    if idle:
        found["stranded"] = stranded(h)
        if not kills:
            found["executed, unrecorded"] = executed_unrecorded(h)
    return {name: where for name, where in found.items() if where}


def findings(db):
    """What `plain jobs verify`, the other oracle, says."""
    done = subprocess.run([release_path(), "--json", "jobs", "verify"], cwd="/",
                          env=clean_environment("/", DATABASE_URL=db.url),
                          capture_output=True, timeout=60)
    assert done.returncode in (0, 1) and done.stdout, done
    said = json.loads(done.stdout)
    assert said["sound"] == (done.returncode == 0) == (said["findings"] == []), said
    return said["findings"]


def assert_sound(db, acked=None, trace=None, idle=True, kills=False):
    found = problems(History.read(db, trace), acked, idle, kills)
    assert not found, {name: where[:5] for name, where in found.items()}
    assert findings(db) == []


def unexplained(h):
    """What a worker's death explains is a LOST attempt that was entered, and its retry."""
    found = {"started twice": started_twice(h), "unexplained reruns": unexplained_reruns(h)}
    return {name: where for name, where in found.items() if where}


def assert_explained(db, trace):
    """After kills on one host, whose worker files are there: nothing is in doubt."""
    found = unexplained(History.read(db, trace))
    assert not found, {name: where[:5] for name, where in found.items()}
