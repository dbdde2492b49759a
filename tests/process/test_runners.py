"""What a runner is, seen from outside: through /proc and the server's log."""
import itertools
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from marks import in_turn, on_one_store, on_postgres, on_sqlite
from program import Plain
from verify import assert_sound
from workers import Worker, all_pids, children, is_alive, living_in, stat_fields, wait_until

pytestmark = in_turn

JOBS = 1000
GATE = "#!/bin/sh\necho $PPID >>gate.log\nwhile [ ! -e go ]; do sleep 0.1; done\n"


def descriptors(pid):
    """{number: what it is} of a process."""
    found = {}
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(link.name)] = os.readlink(link)
        except FileNotFoundError:
            pass
    return found


def command_line(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def waiting_at_gate(plain):
    """How many jobs have come to the gate."""
    log = plain.folder / "gate.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def idle_worker(db, plain, module, start_worker):
    """A worker with three runners, each of which has done something."""
    plain.add_executable("gate", GATE)
    plain.enqueue("gate", "--count", 3)
    worker = start_worker("--max-processes", 3)
    wait_until(lambda: waiting_at_gate(plain) == 3, "three jobs at once")
    (plain.folder / "go").touch()
    plain.enqueue("TraceJob", "--count", 12)
    db.await_results(15)
    assert len(worker.runners()) == 3
    return worker


def test_runners_are_executed_children_in_groups_of_their_own(idle_worker, plain):
    program = os.path.realpath(plain.program)
    groups = set()
    for pid in idle_worker.runners():
        fields = stat_fields(pid)
        groups.add(int(fields[2]))
        assert int(fields[2]) == pid
        assert os.readlink(f"/proc/{pid}/exe") == program
        assert command_line(pid) != command_line(idle_worker.pid)
    assert len(groups) == 3 and os.getpgid(idle_worker.pid) not in groups
    idle_worker.stop()


def test_a_runner_has_no_descriptor_of_the_database(idle_worker, plain, db):
    """Neither the file nor the server's socket: its channel, the worker's file, its output, the
    folder in which it started, and what tells it that the channel is open and its worker lives."""
    of_worker = descriptors(idle_worker.pid)
    sockets = {what for what in of_worker.values() if what.startswith("socket:")}
    assert sockets or db.kind == "sqlite"
    for pid in idle_worker.runners():
        mine = descriptors(pid)
        assert not [what for number, what in mine.items()
                    if "plain.db" in what and number != 4], mine
        assert not sockets & set(mine.values()), mine
        assert {what for number, what in mine.items() if number > 5} \
            == {str(plain.folder), "anon_inode:[eventpoll]", "anon_inode:[pidfd]"}, mine
        assert mine[1].startswith("pipe:") and mine[1] == mine[2] == mine[5]
        assert mine[3].startswith("socket:")
    if db.kind == "sqlite":
        assert [what for what in of_worker.values() if what.endswith("/plain.db")]
    idle_worker.stop()


def test_a_job_sees_only_the_descriptors_of_its_runner(db, plain):
    """The same from inside: an executable gets 0, 1 and 2."""
    plain.add_executable("fds", "#!/bin/sh\nls -l /proc/self/fd >fds.log\n")
    plain.enqueue("fds")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    numbers = re.findall(r" (\d+) -> (\S+)", (plain.folder / "fds.log").read_text())
    opened = {int(number) for number, what in numbers if not what.startswith("/proc/")}
    assert opened == {0, 1, 2}, numbers


def test_one_process_runs_a_thousand_jobs(db, plain, module):
    plain.enqueue_many("NoopJob", JOBS)
    plain.drain("--max-processes", 1)
    assert len(db.results()) == JOBS
    assert len({row.runner_pid for row in db.results()}) == 1


def statements_of_a_drain(db, plain):
    before = len(db.cluster.log_lines(db.name))
    plain.drain("--max-processes", 2)
    lines = db.cluster.log_lines(db.name)[before:]
    return [line[:150] for line in lines if re.search(r"LOG:  (execute|statement)", line)]


@on_postgres
def test_a_thousand_jobs_take_fewer_than_fifty_statements(db, plain, module):
    """Beside those of a worker that starts, finds nothing and stops."""
    db.cluster.execute(f"ALTER DATABASE {db.name} SET log_statement = 'all'")
    idle = statements_of_a_drain(db, plain)
    plain.enqueue_many("NoopJob", JOBS)
    busy = statements_of_a_drain(db, plain)
    db.cluster.execute(f"ALTER DATABASE {db.name} RESET log_statement")
    assert len(db.results()) == JOBS
    assert 0 < len(idle) < len(busy) < len(idle) + 50, "\n".join([*idle, "", *busy])


def test_a_runner_is_replaced_after_its_number_of_jobs(db, plain, module):
    plain.enqueue("NoopJob", "--count", 50)
    plain.drain("--max-processes", 2, "--max-jobs-per-process", 10)
    pids = [row.runner_pid for row in db.results()]
    assert db.statuses() == ["SUCCESSFUL"] * 50
    assert max(pids.count(pid) for pid in pids) <= 10
    assert len(set(pids)) >= 5


NOTES_TIMES = """#!/bin/sh
read began _ </proc/uptime
started=$(cut -d ' ' -f 22 "/proc/$PPID/stat")
sleep {0}
read ended _ </proc/uptime
echo "$PPID $started $began $ended" >>times.log
"""


def times_of(plain):
    """(runner, when it was started, when the job began and ended) of each job, in seconds of
    the machine's, in the order of their ends."""
    ticks = os.sysconf("SC_CLK_TCK")
    rows = [line.split() for line in (plain.folder / "times.log").read_text().splitlines()]
    return [(pid, int(started) / ticks, float(began), float(ended))
            for pid, started, began, ended in rows]


@on_one_store
def test_a_replacement_is_started_while_the_last_job_runs(db, plain):
    """And does not run a job beside it: --max-processes is a bound of jobs."""
    plain.add_executable("notes", NOTES_TIMES.format(0.5))
    plain.enqueue("notes", "--count", 6)
    plain.drain("--max-processes", 1, "--max-jobs-per-process", 2)
    rows = times_of(plain)
    assert [len(list(jobs)) for _, jobs in itertools.groupby(rows, lambda row: row[0])] == [2, 2, 2]
    for (pid, _, _, ended), (next_pid, started, began, _) in itertools.pairwise(rows):
        assert began >= ended
        assert next_pid == pid or started < ended, rows
    assert db.statuses() == ["SUCCESSFUL"] * 6


@on_one_store
def test_never_more_jobs_at_once_than_processes_however_they_are_replaced(db, plain):
    plain.add_executable("notes", NOTES_TIMES.format(0.05))
    plain.enqueue("notes", "--count", 30)
    plain.drain("--max-processes", 3, "--max-jobs-per-process", 1)
    rows = times_of(plain)
    assert len({pid for pid, *_ in rows}) == 30
    moments = sorted([(began, 1) for *_, began, _ in rows] + [(ended, -1) for *_, ended in rows])
    assert max(itertools.accumulate(change for _, change in moments)) <= 3


@on_one_store
def test_a_job_that_takes_its_time_to_stop_is_replaced_meanwhile(db, plain, start_worker):
    """Its runner has nothing else to do, and the next one waits for the place of its job alone."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "60"
    plain.add_executable("slow", "#!/bin/sh\ntrap : TERM\necho $PPID >slow.pid\n"
                                 "while [ ! -e go ]; do sleep 0.1; done\n")
    (first,) = plain.enqueue("slow")
    plain.enqueue("slow")
    worker = start_worker("--max-processes", 1)
    wait_until((plain.folder / "slow.pid").exists, "the job to run")
    plain("jobs", "cancel", first)
    worker.await_event("Stopping job")
    wait_until(lambda: len(worker.runners()) == 2, "the replacement")
    assert len(db.rows("jobprocess")) == 1
    (plain.folder / "go").touch()
    db.await_results(2)
    worker.stop()
    assert sorted(db.statuses()) == ["CANCELLED", "SUCCESSFUL"]


def test_a_long_job_holds_nobody_up(db, plain, module, start_worker):
    """What was claimed to run behind it goes to the other runner at once."""
    plain.add_executable("gate", GATE)
    plain.enqueue("NoopJob", "--count", 100)
    plain.drain("--max-processes", 2)
    plain.enqueue("gate")
    plain.enqueue("NoopJob", "--count", 300)
    worker = start_worker("--max-processes", 2)
    db.await_results(400, "NoopJob")
    assert db.results("gate") == []
    (plain.folder / "go").touch()
    worker.stop()
    assert db.statuses("gate") == ["SUCCESSFUL"]


def test_what_waited_behind_a_long_job_keeps_its_turn(db, plain, module, start_worker):
    """With one runner: what was claimed meanwhile comes behind what was taken back from it."""
    jobs = plain.enqueue("TraceJob", "--count", 100)
    jobs += plain.enqueue("TraceJob", "ms=200")
    jobs += plain.enqueue("TraceJob", "--count", 100)
    worker = start_worker("--max-processes", 1, "--max-pending-per-process", 20)
    wait_until(lambda: db.count("jobresult") >= 100, "the short jobs")
    jobs += plain.enqueue("TraceJob", "ms=200")
    jobs += plain.enqueue("TraceJob", "--count", 300)
    db.await_results(502)
    worker.stop()
    lines = (plain.folder / "trace.log").read_text().splitlines()
    assert [line.split()[1] for line in lines if line[0] == "S"] == jobs


def test_what_waits_behind_long_jobs_is_left_to_another_worker(db, plain, module, start_worker):
    """Those of the first worker are all in long jobs, with short ones claimed to run behind."""
    plain.add_executable("gate", GATE)
    plain.enqueue("NoopJob", "--count", 100)
    plain.enqueue("gate")
    plain.enqueue("NoopJob", "--count", 100)
    first = start_worker("--max-processes", 1)
    wait_until(lambda: db.count("jobresult") >= 100, "the short jobs")
    second = start_worker("--max-processes", 1)
    db.await_results(200, "NoopJob")
    assert db.results("gate") == []
    (plain.folder / "go").touch()
    db.await_results(1, "gate")
    first.stop()
    second.stop()
    assert_sound(db)


def test_a_grandchild_ends_with_its_runner(db, plain, module, start_worker):
    """A runner is killed as a group."""
    plain.add_executable("forker", "#!/bin/sh\nsleep 50 &\nexec sleep 60\n")
    plain.enqueue("forker")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: len([pid for pid in all_pids() if is_sleeping_in(pid, plain.folder)]) == 2,
               "two sleepers")
    worker.send(15)
    worker.await_event("Job worker shutdown requested")
    worker.stop(15)
    wait_until(lambda: not living_in(plain.folder), "the end of all", seconds=10)


def is_sleeping_in(pid, folder):
    try:
        return (is_alive(pid) and os.readlink(f"/proc/{pid}/cwd") == str(folder)
                and command_line(pid)[0] == b"sleep")
    except OSError:
        return False


@on_sqlite
def test_a_file_of_the_worker_is_not_inherited(db, plain, module, start_worker):
    """Whatever descriptors the worker was started with, its runners have none of them."""
    with socket.socket() as foreign:
        os.set_inheritable(foreign.fileno(), True)
        worker = start_worker("--max-processes", 1, pass_fds=[foreign.fileno()])
        worker.await_event("Worker registered")  # its runner is ready
        number = f"socket:[{os.fstat(foreign.fileno()).st_ino}]"
        assert number in descriptors(worker.pid).values()
        assert number not in descriptors(worker.runners()[0]).values()
        worker.stop()


class AsFirst(Plain):
    """Plain, whose process is given what outlives its parent, as the first one of a container is."""
    SUBREAPER = ("import ctypes, os, sys\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"
                 "os.execv(sys.argv[1], sys.argv[1:])\n")

    def start(self, *args, env=None, **popen):
        return subprocess.Popen(["/usr/bin/python3", "-c", self.SUBREAPER, self.program,
                                 *map(str, args)], cwd=self.folder,
                                env={**self.env, **(env or {})}, **popen)


def zombies_of(parent):
    all_fields = [stat_fields(pid) for pid in all_pids()]
    return [fields for fields in all_fields if fields and fields[:2] == ["Z", str(parent)]]


@on_one_store
def test_what_a_job_has_started_ends_with_its_killed_worker(db, plain, start_worker):
    """Nobody else is there to end it."""
    plain.add_executable("starts", "#!/bin/sh\nsleep 100 &\necho $! >one\nmv one started\nwait\n")
    plain.enqueue("starts")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "started").exists(), "the job")
    left = int((plain.folder / "started").read_text())
    worker.send(signal.SIGKILL)
    wait_until(lambda: not is_alive(left), "the end of what it started")


@on_one_store
def test_jobs_do_not_wait_for_a_runner_that_cannot_start(db, plain, module, start_worker):
    """They were handed out ahead to one that died; another worker may take them."""
    plain.env["PLAIN_JOBS_START_AHEAD_MS"] = "1000"
    plain.add_executable("breaks", "#!/bin/sh\necho '#!/bin/sh' >jobs.d/bad\nchmod 777 jobs.d/bad\n"
                                   "kill -9 $PPID\n")
    plain.enqueue("NoopJob", "--count", 300)
    plain.enqueue("breaks")
    plain.enqueue("NoopJob", "--count", 6)
    worker = start_worker("--max-processes", 1)
    db.await_results(301)
    wait_until(lambda: db.count("jobprocess") == 0, "what it cannot run to go back")
    (plain.folder / "jobs.d/bad").unlink()
    plain.drain()
    db.await_results(307)
    worker.stop()
    assert_sound(db)


@on_one_store
def test_what_executables_leave_behind_does_not_stay_as_zombies(db, plain, folder):
    first = AsFirst(folder, program=plain.program)
    first.env = {**plain.env, "PLAIN_JOBS_HEARTBEAT_INTERVAL": "100ms",
                 "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "60"}
    plain.add_executable("leaves", "#!/bin/sh\nsetsid sleep 0.1 >/dev/null 2>&1 &\n")
    plain.add_executable("rude", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n")
    plain.enqueue("leaves", "--count", 10)
    plain.enqueue("rude", "--count", 2, "--timeout", "300ms")
    worker = Worker(first, "--max-processes", 2)
    try:
        db.await_results(12)
        wait_until(lambda: len(children(worker.pid)) == 2, "no child but the runners")
        wait_until(lambda: not zombies_of(worker.pid), "no zombie")
        worker.stop()
    finally:
        worker.kill()
