"""Every setting and worker option, set by each source: what is looked at is what changes, never the
printed value.

An Observation says how a setting is given, two values of it, and a function that tells by a
program's behaviour which of them (or the default, None) is in force.
"""
import dataclasses
import datetime
import itertools
import json
import os
import signal
import time
import typing

import pytest

import database
from marks import only_at_full_size
from program import Plain
from workers import Worker, wait_until

CONF, DOTENV, ENVIRONMENT, FLAG = "plain.conf", ".env", "environment", "flag"
SOURCES = [CONF, DOTENV, ENVIRONMENT, FLAG]


class Place:
    """A folder with the module and a database, and the settings that a test gives."""

    def __init__(self, folder):
        self.plain = Plain(folder)
        self.flags = []
        self.folder = folder

    @property
    def db(self):
        return database.Sqlite(self.folder / "plain.db")

    def start(self, *options):
        return Worker(self.plain, *options, *self.flags, json_log=False)

    def give(self, source, o, value):
        if source == FLAG:
            self.flags += [f"{o.flag}={value}"]
        elif source == ENVIRONMENT:
            self.plain.env[o.variable] = value
        else:
            self.write(source, o, value)

    def write(self, source, o, value):
        text = f"{o.variable}='{value}'\n"
        if source == CONF:
            quoted = "{%s}" % value[1:-1] if value.startswith("[") else f'"{value}"'
            if o.setting == "JOBS_SCHEDULE":  # JSON in the file too: sections are the better way
                quoted = f"'{value}'"
            text = f"jobs {{\n  {o.setting.lower()} = {quoted}\n}}\n"
        (self.folder / source).write_text(text)


# ---- what is looked at ----

def comes_soon(condition, began=None):
    """Whether it comes within three seconds: much later than the stronger value says, and long before
    the default and the weaker one, for which alone all of that is waited."""
    deadline = (began or time.monotonic()) + 3
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def which_database(place):
    place.plain("migrate", *place.flags)
    made = [path.name for path in place.folder.glob("*.db")]
    return {"a.db": "sqlite:a.db", "b.db": "sqlite:b.db", "plain.db": None}[made[0]]


def which_modules(place):
    names = {job["name"] for job in place.plain.json("jobs", "list")["jobs"]}
    return '["more/one.so"]' if "NoopJob" in names else None


def which_build(place):
    """A source that is newer than the module is built by a reloading worker."""
    (place.folder / "app/new.c").write_text("")
    worker = place.start("--reload", "--max-processes", "1")
    try:
        worker.await_text("Worker is ready")
        worker.stop()
    finally:
        worker.kill()
    assert "Building" in worker.text()
    made = [path.name for path in place.folder.glob("built-*")]
    return f'["touch", "{made[0]}"]' if made else None


def how_many_runners(place):
    worker = place.start()
    try:
        worker.await_text("Worker registered")  # as soon as the first one is ready, all are started
        cpus = len(os.sched_getaffinity(0))  # a quota below that is for tests/base/cgroup_test.c
        n = len(worker.runners())
        worker.stop()
    finally:
        worker.kill()
    return None if n == cpus and str(n) not in ("1", "3") else str(n)


def jobs_per_runner(place):
    place.plain.enqueue("NoopJob", "--count", 12)
    worker = place.start("--drain", "--max-processes", "1")
    worker.wait()
    pids = [row.runner_pid for row in place.db.results()]
    most = max(pids.count(pid) for pid in pids)
    return None if most == 12 else str(most)


def heavy_runners(place):
    """Every runner has more than a megabyte."""
    place.plain.enqueue("NoopJob", "--count", 4)
    place.start("--drain", "--max-processes", "1").wait()
    return None if len({row.runner_pid for row in place.db.results()}) == 1 else "1M"


def run_short_jobs(place):
    """Whether the last of them were short enough to hand out another ahead: their moving average, in
    which each counts an eighth, is below 5 ms."""
    before = place.db.count("jobresult")
    place.plain.enqueue("NoopJob", "--count", 100)
    last = place.db.await_results(before + 100)[-30:]
    return sum(row.ended_at - row.started_at for row in last) / 8 < 0.005


def claimed_at_once(place):
    """Jobs that a worker holds for its only runner, which is stopped and enters none of them; an
    order that it had left before may claim the first of them alone."""
    worker = place.start("--max-processes", "1")
    try:
        wait_until(lambda: run_short_jobs(place), "short jobs")
        (runner,) = worker.runners()
        os.kill(runner, signal.SIGSTOP)
        place.plain.enqueue("NoopJob", "--count", 50)
        wait_until(lambda: place.db.count("jobprocess"), "a claim")
        comes_soon(lambda: place.db.count("jobprocess") > 5)
        held = place.db.count("jobprocess")
        os.kill(runner, signal.SIGCONT)
        worker.stop()
    finally:
        worker.kill()
    return held


def pending_in_force(place):
    place.plain.env["PLAIN_JOBS_START_AHEAD_MS"] = "1000"
    held = claimed_at_once(place)
    assert held >= 1
    return "0" if held == 1 else "4" if held <= 5 else None


def ahead_in_force(place):
    return "0" if claimed_at_once(place) == 1 else None


def stats_lines(place):
    """Told apart by the shortest time between two lines."""
    worker = place.start("--max-processes", "1")

    def times():
        return [datetime.datetime.fromisoformat(line.split()[0]).timestamp()
                for line in worker.text().splitlines() if "Job worker stats" in line]
    try:
        worker.await_text("Starting Plain worker")
        if not comes_soon(times):
            return None
        found = wait_until(lambda: len(times()) >= 4 and times(), "four lines")
        worker.stop()
    finally:
        worker.kill()
    return "300ms" if min(b - a for a, b in itertools.pairwise(found)) < 0.9 else "1"


def what_stands_around(place):
    place.plain.enqueue("FirstInfoJob")
    worker = place.start("--drain", "--max-processes", "1")
    worker.wait()
    lines = worker.text().splitlines()
    told = next(line for line in lines if "told about" in line)
    if any("tagged" in line for line in lines):
        return '["TagMiddleware"]'
    return None if "job_process_uuid" in told else "none"


def log_form(place):
    worker = place.start("--drain", "--max-processes", "1")
    worker.wait()
    line = worker.text().splitlines()[0]
    try:
        return "json" if json.loads(line)["event"] else None
    except ValueError:
        return "keyvalue" if "[INFO] Starting Plain worker" in line else None


def log_threshold(place):
    place.plain.enqueue("FailJob", "message=no")
    worker = place.start("--drain", "--max-processes", "1")
    worker.wait()
    text = worker.text()
    return None if "[INFO]" in text else "WARNING" if "[WARNING]" in text else "ERROR"


def shown_schedules(place):
    place.plain("migrate")
    return place.plain.json("jobs", "schedule")["schedules"]


def schedules_here(place):
    return next((f'[["{s["name"]}", "{s["cron"]}"]]' for s in shown_schedules(place)), None)


def zone_of_schedules(place):
    place.plain.env["PLAIN_JOBS_SCHEDULE"] = '[["cmd:true", "@daily"]]'
    zone = shown_schedules(place)[0]["timezone"]
    return None if zone == "UTC" else zone


def retention_in_force(place):
    """Of results two hours and two days old, which are cleared."""
    place.plain.enqueue("NoopJob", "--count", 2)
    place.start("--drain", "--max-processes", "1").wait()
    for row, hours in zip(place.db.results(), (2, 48)):
        place.db.execute(f"UPDATE plainjobs_jobresult SET created_at = created_at - {hours}"
                         f" * 3600000000 WHERE id = {row.id}")
    place.plain("jobs", "clear")
    return {0: "1h", 1: "36h", 2: None}[place.db.count("jobresult")]


def lease_in_force(place):
    worker = place.start("--max-processes", "1")
    try:
        (row,) = wait_until(lambda: place.db.rows("workerheartbeat"), "the worker's row")
        worker.stop()
    finally:
        worker.kill()
    return {60000: None}.get(row.lease_ms, str(row.lease_ms // 1000))


def heartbeats_in_force(place):
    def last():
        return [row.last_heartbeat_at for row in place.db.rows("workerheartbeat")]
    worker = place.start("--max-processes", "1")
    try:
        first = wait_until(last, "the worker's row")
        is_soon = comes_soon(lambda: last() != first)
        worker.stop()
    finally:
        worker.kill()
    return "200ms" if is_soon else None


def crashes_in_force(place):
    place.plain.enqueue("EagerJob", "bad_attempts=9", "dies=true", "--retries", 6)
    place.start("--drain", "--max-processes", "1").wait()
    return {3: None}.get(len(place.db.results()), str(len(place.db.results())))


def start_gate(place, *options, trap=":"):
    """A worker in an executable that runs until there is a file `go`."""
    place.plain.add_executable("gate", f"#!/bin/sh\n{trap}\ntouch here\n"
                                       "while [ ! -e go ]; do sleep 0.05; done\n")
    (uuid,) = place.plain.enqueue("gate", *options)
    worker = place.start("--max-processes", "1")
    return uuid, worker


def time_limit(place):
    """Whether a job without end is stopped."""
    _, worker = start_gate(place)
    try:
        wait_until(lambda: (place.folder / "here").exists() or place.db.results(), "the job")
        comes_soon(place.db.results)
        (place.folder / "go").touch()
        (row,) = place.db.await_results(1)
        worker.stop()
    finally:
        worker.kill()
    return {"LOST": "400ms", "SUCCESSFUL": None}[row.status]


def grace_of_a_stop(place):
    """Whether an executable that does not heed SIGTERM is killed."""
    uuid, worker = start_gate(place, trap="trap '' TERM")
    try:
        wait_until((place.folder / "here").exists, "the job")
        place.plain("jobs", "cancel", uuid)
        is_soon = comes_soon(place.db.results)
        (place.folder / "go").touch()
        worker.stop()
    finally:
        worker.kill()
    return "300ms" if is_soon else None


def grace_of_a_shutdown(place):
    """Whether a job without end that may run twice is put back by a stop."""
    _, worker = start_gate(place, "--retries", 1)
    try:
        wait_until((place.folder / "here").exists, "the job")
        worker.send(signal.SIGTERM)
        comes_soon(lambda: worker.process.poll() is not None)
        (place.folder / "go").touch()
        worker.wait()
    finally:
        worker.kill()
    return "300ms" if place.db.count("jobrequest") else None


@dataclasses.dataclass
class Observation:
    setting: str
    values: typing.Tuple[str, str]
    observe: typing.Callable
    flag: typing.Optional[str] = None
    has_default: bool = True

    @property
    def variable(self):
        return self.setting if self.setting == "DATABASE_URL" else f"PLAIN_{self.setting}"


OBSERVATIONS = {o.setting: o for o in [
    Observation("DATABASE_URL", ("sqlite:a.db", "sqlite:b.db"), which_database, "--db"),
    Observation("JOBS_MODULES", ('["more/one.so"]', "[]"), which_modules),
    Observation("JOBS_BUILD_COMMAND", ('["touch", "built-a"]', '["touch", "built-b"]'),
                which_build),
    Observation("JOBS_WORKER_MAX_PROCESSES", ("3", "1"), how_many_runners, "--max-processes"),
    Observation("JOBS_WORKER_MAX_JOBS_PER_PROCESS", ("3", "5"), jobs_per_runner,
                "--max-jobs-per-process"),
    Observation("JOBS_WORKER_MAX_RSS", ("1M", "100G"), heavy_runners),
    Observation("JOBS_WORKER_MAX_PENDING_PER_PROCESS", ("0", "4"), pending_in_force,
                "--max-pending-per-process"),
    Observation("JOBS_WORKER_STATS_EVERY", ("300ms", "1"), stats_lines, "--stats-every"),
    Observation("JOBS_HEARTBEAT_INTERVAL", ("200ms", "20"), heartbeats_in_force),
    Observation("JOBS_HEARTBEAT_TIMEOUT", ("70", "65"), lease_in_force),
    Observation("JOBS_MAX_CRASHES", ("2", "4"), crashes_in_force),
    Observation("JOBS_START_AHEAD_MS", ("0", "10"), ahead_in_force),
    Observation("JOBS_MIDDLEWARE", ('["TagMiddleware"]', '["AppLoggerMiddleware"]'),
                what_stands_around),
    Observation("JOBS_TIMEOUT", ("400ms", "30"), time_limit),
    Observation("JOBS_STOP_GRACE", ("300ms", "30"), grace_of_a_stop),
    Observation("JOBS_SHUTDOWN_GRACE", ("300ms", "30"), grace_of_a_shutdown),
    Observation("JOBS_RESULTS_RETENTION", ("36h", "1h"), retention_in_force),
    Observation("JOBS_SCHEDULE", ('[["cmd:true", "@daily"]]', '[["cmd:false", "@daily"]]'),
                schedules_here),
    Observation("TIME_ZONE", ("Europe/Berlin", "Asia/Tokyo"), zone_of_schedules),
    Observation("LOG_FORMAT", ("json", "keyvalue"), log_form),
    Observation("LOG_LEVEL", ("WARNING", "ERROR"), log_threshold),
]}


@pytest.fixture
def place(folder, test_module):
    """The module lies where nobody finds it by itself when JOBS_MODULES is what is looked at."""
    made = Place(folder)
    for name in ("more", "app"):
        (folder / name).mkdir()
    os.link(test_module, folder / "more/one.so")
    return made


def observe(place, o):
    if o.setting not in ("JOBS_MODULES", "DATABASE_URL"):
        os.link(place.folder / "more/one.so", place.folder / "app/jobs.so")
        Plain(place.folder, "sqlite:plain.db")("migrate")
    found = o.observe(place)
    return {"[]": None, "10": None}.get(found, found)


def expected(value):
    """An empty list of modules, the library's own middleware and 10 ms ahead are the defaults."""
    return None if value in ("[]", '["AppLoggerMiddleware"]', "10") else value


def sources_of(o):
    return [source for source in SOURCES if source != FLAG or o.flag]


def settings_by_source():
    """All of them are read by the same code: one source each in `make check`, in turn."""
    for n, o in enumerate(OBSERVATIONS.values()):
        sources = sources_of(o)
        for source in sources:
            in_turn = source == sources[n % len(sources)]
            yield pytest.param(o.setting, source, marks=() if in_turn else only_at_full_size(
                "the sources of a setting in turn"))


@pytest.mark.parametrize("setting, source", settings_by_source())
def test_a_setting_by_each_source(place, setting, source):
    """The source has one value, the next weaker one the other."""
    o = OBSERVATIONS[setting]
    weaker = SOURCES.index(source) - 1
    if weaker >= 0:
        place.give(SOURCES[weaker], o, o.values[1])
    place.give(source, o, o.values[0])
    assert observe(place, o) == expected(o.values[0])


@pytest.mark.parametrize("setting", OBSERVATIONS)
def test_a_default(place, setting):
    o = OBSERVATIONS[setting]
    found = observe(place, o)
    assert found == ("keyvalue" if setting == "LOG_FORMAT" else None)


@pytest.mark.parametrize("setting", ["JOBS_WORKER_MAX_JOBS_PER_PROCESS",
                                     "JOBS_WORKER_MAX_PENDING_PER_PROCESS"])
def test_the_other_value_is_told_apart(place, setting):
    """Else an observation that always says the same would pass."""
    o = OBSERVATIONS[setting]
    place.give(ENVIRONMENT, o, o.values[1])
    assert observe(place, o) == o.values[1]


def test_quiet_and_verbose_are_levels(place):
    os.link(place.folder / "more/one.so", place.folder / "app/jobs.so")
    place.plain("migrate")
    for flag, lines in (("--quiet", 0), ("--verbose", 1)):
        place.plain.enqueue("FirstInfoJob")
        done = place.plain.drain(flag)
        assert done.stderr.count("told about first") == lines
        assert done.stderr.count("told in secret") == lines


def test_another_configuration_file(place):
    (place.folder / "other.conf").write_text('jobs {\n  database_url = "sqlite:b.db"\n}\n')
    (place.folder / "plain.conf").write_text('jobs {\n  database_url = "sqlite:a.db"\n}\n')
    place.flags += ["--config", "other.conf"]
    assert which_database(place) == "sqlite:b.db"


def test_config_tells_where_each_value_came_from(place):
    (place.folder / "plain.conf").write_text("jobs {\n  jobs_start_ahead_ms = 5\n}\n")
    (place.folder / ".env").write_text("PLAIN_LOG_LEVEL=WARNING\n")
    place.plain.env["PLAIN_LOG_FORMAT"] = "json"
    shown = place.plain("config", "--db", "postgresql://me:secret@localhost/x").stdout
    for word in ("plain.conf", ".env", "environment PLAIN_LOG_FORMAT", "--db", "default", "***"):
        assert word in shown
    assert "secret" not in shown
    for setting in OBSERVATIONS:
        assert setting in shown
    assert "5" in place.plain("config", "JOBS_START_AHEAD_MS").stdout
