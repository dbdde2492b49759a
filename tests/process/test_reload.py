"""plain jobs worker --reload: what changes, who notices, and that nothing is lost or left."""
import os
import pathlib
import pty
import select
import signal
import subprocess
import time

import pytest

from conftest import MODULES
from marks import on_one_store
from program import Plain, TREE
from terminal import read_all
from verify import assert_sound
from workers import Worker, children, left_in, living_in, wait_until

SOURCE = (MODULES / "gate.c").read_text()


def replace(path, text, mode=0o644):
    """All at once: what is written piece by piece may be seen piece by piece."""
    new = path.with_name("new~")
    new.write_text(text)
    new.chmod(mode)
    new.rename(path)


def copy_module(module, path):
    copy = path.with_name("copy~")
    copy.write_bytes(module.read_bytes())
    copy.rename(path)


class Sources:
    """app/jobs.c of the test's folder, and what its jobs wrote."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "app/jobs.c"
        self.path.parent.mkdir()
        self.write(1)

    def write(self, build, behind=""):
        replace(self.path, f"#define BUILD {build}\n{SOURCE}\n{behind}\n")

    def trace(self):
        log = self.folder / "trace.log"
        return log.read_text().splitlines() if log.exists() else []

    def await_line(self, line):
        wait_until(lambda: line in self.trace(), f"'{line}' in {self.trace()}")

    def open_gate(self, name):
        (self.folder / name).touch()


@pytest.fixture
def sources(folder, plain):
    plain.env["CPPFLAGS"] = f"-I{TREE}/include"
    plain.env["CFLAGS"] = "-O0 -g0"
    return Sources(folder)


class HeldBuilds:
    """Of a.c: each notes of which it is, and lasts until it is let go."""

    def __init__(self, plain):
        self.folder = plain.folder
        replace(self.folder / "build", "#!/bin/sh\ncat a.c >>built\n"
                "until [ -e go-$(wc -l <built) ]; do sleep 0.02; done\n", 0o755)
        plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["./build"]'

    def save(self, state):
        replace(self.folder / "a.c", f"{state}\n")

    def made(self):
        built = self.folder / "built"
        return [int(line) for line in built.read_text().splitlines()] if built.exists() else []

    def await_build(self, *states):
        wait_until(lambda: self.made() == list(states), f"builds of {states}, not {self.made()}")

    def let_go(self, number):
        (self.folder / f"go-{number}").touch()


@pytest.fixture
def held(plain, module):
    """They make nothing: the module is there."""
    return HeldBuilds(plain)


@pytest.fixture
def start(start_worker):
    """A reloading worker that is ready."""
    def run(*options, processes=1):
        worker = start_worker("--reload", "--max-processes", processes, *options)
        worker.await_event("Worker is ready")
        return worker
    return run


def await_reload(worker, generation, seconds=30):
    """The new worker works, and those before it take no more."""
    def look():
        return [e for e in worker.events("Worker reloaded") if e["generation"] == generation]

    def ready():
        return len(worker.events("Worker is ready")) + len(worker.events("Worker reloaded"))
    wait_until(look, f"generation {generation} in\n{worker.text()}", seconds)
    wait_until(lambda: len(worker.events("Job worker shutdown requested")) >= ready() - 1,
               "the old worker to stop")


def builds(worker):
    return len(worker.events("Building"))


@on_one_store
def test_a_running_job_ends_on_the_old_code_and_the_next_runs_on_the_new(db, plain, sources, start):
    worker = start()
    uuids = plain.enqueue("GateJob", "name=first")
    sources.await_line("S first 1")
    sources.write(2)
    await_reload(worker, 2)
    uuids += plain.enqueue("GateJob")
    sources.await_line("E - 2")
    assert "E first 1" not in sources.trace()
    sources.open_gate("first")
    sources.await_line("E first 1")
    worker.await_event("Old worker has ended")
    worker.stop()
    assert sources.trace() == ["S first 1", "S - 2", "E - 2", "E first 1"]
    assert db.statuses() == ["SUCCESSFUL"] * 2
    assert_sound(db, uuids)


@on_one_store
def test_a_compile_error_is_shown_and_the_old_code_goes_on(db, plain, sources, start):
    worker = start()
    sources.write(2, "int broken")
    worker.await_event("Build failed, the old code goes on")
    assert "error[PJ108]: the compiler ended" in worker.text() and "int broken" in worker.text()
    plain.enqueue("GateJob")
    sources.await_line("E - 1")
    sources.write(3)
    await_reload(worker, 2)
    plain.enqueue("GateJob")
    sources.await_line("E - 3")
    worker.stop()


@on_one_store
def test_a_module_that_does_not_load_leaves_the_old_code_in_place(db, plain, sources, start):
    worker = start()
    plain.enqueue("GateJob", "name=first")
    plain.enqueue("GateJob")  # by a program that has the class: here the module does not load
    sources.await_line("S first 1")
    sources.write(2, "int nowhere(void);\nint (*used)(void) = nowhere;")
    worker.await_event("Reload failed, the old code goes on")
    assert "nowhere" in worker.text() and "LDFLAGS=-lNAME plain build" in worker.text()
    sources.open_gate("first")
    sources.await_line("E - 1")
    sources.write(3)
    await_reload(worker, 3)
    plain.enqueue("GateJob")
    sources.await_line("E - 3")
    worker.stop()


@on_one_store
def test_a_module_that_does_not_load_at_first_is_waited_for(db, plain, sources, start_worker):
    sources.write(1, "int nowhere(void);\nint (*used)(void) = nowhere;")
    worker = start_worker("--reload", "--max-processes", 1)
    worker.await_event("Waiting for a change")
    assert children(worker.pid) == []
    sources.write(2)
    await_reload(worker, 2)
    plain.enqueue("GateJob")
    sources.await_line("E - 2")
    worker.stop()


@on_one_store
def test_executables_come_change_and_go_without_a_build(db, plain, module, start):
    plain.add_executable("first", "#!/bin/sh\necho one >>out\n")
    worker = start()
    replace(plain.folder / "jobs.d/second", "#!/bin/sh\necho two >>out\n", 0o755)
    await_reload(worker, 2)
    plain.enqueue("second")
    db.await_results(1)
    (plain.folder / "jobs.d/second").unlink()
    await_reload(worker, 3)
    left = plain.enqueue("second", "--unregistered")
    plain.enqueue("first")
    db.await_results(2)
    worker.stop()
    assert builds(worker) == 0
    assert (plain.folder / "out").read_text() == "two\none\n"
    assert [row.uuid for row in db.rows("jobrequest")] == left


@on_one_store
def test_the_old_worker_stops_when_the_next_can_claim_and_not_before(db, plain, module, start):
    """Claims need the worker's row: without one nobody would claim for a while."""
    told = ("Worker registered", "Worker is ready", "Worker reloaded",
            "Job worker shutdown requested")
    plain.add_executable("first", "#!/bin/sh\n")
    worker = start()
    replace(plain.folder / "jobs.d/second", "#!/bin/sh\n", 0o755)
    await_reload(worker, 2)
    events = [record["event"] for record in worker.events() if record["event"] in told]
    assert events[:3] == ["Worker registered", "Worker is ready", "Worker registered"]
    assert set(events[3:]) == {"Worker reloaded", "Job worker shutdown requested"}
    worker.stop()


@on_one_store
def test_a_header_in_a_new_folder_counts_and_other_files_do_not(db, plain, module, start):
    plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["true"]'
    worker = start()
    for name in ("notes.txt", ".hidden.c", "app/jobs.c~", "app/.jobs.c.swp"):
        (plain.folder / name).write_text("x")
    deep = plain.folder / "lib/deep"
    deep.mkdir(parents=True)
    replace(deep / "new.h", "int x;\n")
    await_reload(worker, 2)
    replace(deep / "new.h", "int x, y;\n")
    await_reload(worker, 3)
    (deep / "new.h").unlink()
    await_reload(worker, 4)
    worker.stop()
    paths = [event["path"] for event in worker.events("Files changed")]
    assert set(paths) == {"lib/deep/new.h"} and builds(worker) == 3


@on_one_store
def test_folders_of_jobs_that_are_links_are_followed(db, plain, module, start):
    plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["true"]'
    for name in (".shared", ".other", ".mail"):  # passed over but for the links
        (plain.folder / name).mkdir()
    (plain.folder / "jobs.d").symlink_to(".shared")
    worker = start()
    replace(plain.folder / ".shared/hello", "#!/bin/sh\n", 0o755)
    await_reload(worker, 2)
    replace(plain.folder / ".other/good-bye", "#!/bin/sh\n", 0o755)
    (plain.folder / "new~").symlink_to(".other")
    (plain.folder / "new~").rename(plain.folder / "jobs.d")
    await_reload(worker, 3)
    replace(plain.folder / ".mail/mail.h", "int x;\n")
    (plain.folder / "app/mail").symlink_to("../.mail")
    await_reload(worker, 4)
    replace(plain.folder / ".mail/mail.h", "int y;\n")
    await_reload(worker, 5)
    worker.stop()
    assert builds(worker) == 2


@on_one_store
def test_a_burst_of_writes_builds_once(db, plain, sources, start):
    worker = start()
    before, began = builds(worker), time.monotonic()
    for i in range(2, 52):
        sources.write(i)
    took = time.monotonic() - began
    wait_until(lambda: plain.enqueue("GateJob") and "E - 51" in sources.trace(), "the last build")
    worker.stop()
    # Builds are 0.2 s apart, and the first comes as long after the first change.
    assert 1 <= builds(worker) - before <= 1 + int(took / 0.19)


@on_one_store
def test_what_is_saved_during_a_second_and_third_build_is_built(db, held, start):
    worker = start()
    held.save(1)
    held.await_build(1)
    for state in (2, 3, 4):
        held.save(state)
        held.let_go(state - 1)
        held.await_build(*range(1, state + 1))
    held.let_go(4)
    await_reload(worker, 2)
    worker.stop()


@on_one_store
def test_a_build_that_writes_sources_comes_to_an_end(db, plain, module, start):
    replace(plain.folder / "build", "#!/bin/sh\necho >>generated.h\n", 0o755)
    plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["./build"]'
    worker = start()
    replace(plain.folder / "a.c", "int a;\n")
    await_reload(worker, 2)
    assert builds(worker) == 5 and worker.events("Files change with every build")
    worker.stop()
    assert builds(worker) == 5


@on_one_store
def test_a_failing_build_that_writes_modules_or_sources_comes_to_an_end(db, plain, module, start):
    script = plain.folder / "build"
    replace(script, f"#!/bin/sh\ncp {module} copy~\nmv copy~ {module}\nexit 1\n", 0o755)
    plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["./build"]'
    worker = start()
    replace(plain.folder / "a.c", "int a;\n")
    worker.await_event("Build failed, the old code goes on")
    time.sleep(2.5)  # what comes of its own files, and the look without an event
    assert builds(worker) == 1
    replace(script, "#!/bin/sh\necho >>generated.h\nexit 1\n", 0o755)
    replace(plain.folder / "a.c", "int aa;\n")
    worker.await_event("Files change with every build")
    assert builds(worker) == 6
    replace(script, "#!/bin/sh\necho >>jobs.d/made\nchmod 755 jobs.d/made\nexit 1\n", 0o755)
    (plain.folder / "jobs.d").mkdir()
    replace(plain.folder / "a.c", "int aaa;\n")
    wait_until(lambda: len(worker.events("Files change with every build")) == 2, "another end of it")
    assert builds(worker) == 11
    replace(script, "#!/bin/sh\n", 0o755)
    replace(plain.folder / "a.c", "int aaaa;\n")
    await_reload(worker, 2)
    worker.stop()
    assert builds(worker) == 12


@on_one_store
def test_what_is_saved_while_another_worker_builds_is_built_once(db, held, start_worker):
    workers = [start_worker("--reload", "--max-processes", 1) for _ in range(2)]
    for worker in workers:
        worker.await_event("Worker is ready")
    held.save(1)
    held.await_build(1)
    held.save(2)
    time.sleep(0.5)  # both have noticed
    held.let_go(1)
    held.await_build(1, 2)
    held.let_go(2)
    for worker in workers:
        await_reload(worker, 2)
    time.sleep(1)
    assert held.made() == [1, 2]
    for worker in workers:
        worker.stop()


@on_one_store
def test_settings_that_are_saved_during_a_build_count(db, plain, gate_module, held, start):
    worker = start()
    path = plain.folder / ".other/gate.so"
    path.parent.mkdir()
    copy_module(gate_module, path)
    held.save(1)
    held.await_build(1)
    replace(plain.folder / "plain.conf", 'jobs {\n  jobs_modules = {".other/gate.so"}\n}\n')
    time.sleep(0.5)
    held.let_go(1)
    await_reload(worker, 2)
    copy_module(gate_module, path)
    await_reload(worker, 3)
    worker.stop()


@on_one_store
def test_a_build_command_that_is_taken_away_during_a_build_is_not_run(db, plain, held, start):
    del plain.env["PLAIN_JOBS_BUILD_COMMAND"]
    conf = plain.folder / "plain.conf"
    replace(conf, 'jobs {\n  jobs_build_command = {"./build"}\n}\n')
    worker = start()
    held.save(1)
    held.await_build(1)
    replace(conf, "jobs {\n  jobs_build_command = {}\n}\n")
    held.save(2)
    time.sleep(0.5)
    held.let_go(1)
    await_reload(worker, 2)
    assert held.made() == [1]
    worker.stop()


@on_one_store
def test_the_target_of_a_link_counts_though_no_event_tells(db, plain, module, start):
    plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["true"]'
    target = plain.folder / ".elsewhere/common.h"
    target.parent.mkdir()
    target.write_text("int a;\n")
    (plain.folder / "common.h").symlink_to(target)
    worker = start()
    target.write_text("int changed;\n")
    await_reload(worker, 2)
    assert worker.events("Files changed")[-1]["path"] == "common.h"
    worker.stop()


@on_one_store
@pytest.mark.parametrize("option, ready", [("--reload", b"Worker is ready"),
                                           ("", b"Seeing to schedules")])
def test_a_terminal_that_stops_who_writes_in_the_background_does_not_stop_it(
        db, plain, module, option, ready):
    """stty(1) tostop; a new worker, or the child that sees to schedules, is in the background."""
    plain.add_executable("nightly", "#!/bin/sh\n")
    replace(plain.folder / "plain.conf", 'schedule nightly {\n  job = "nightly"\n  cron = "@daily"\n}\n')
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(plain.folder)
        os.execvpe("sh", ["sh", "-c", f"stty tostop; exec {plain.program} jobs worker {option}"],
                   {**plain.env, "TERM": "xterm"})
    seen, deadline = b"", time.monotonic() + 60
    try:
        while ready not in seen:
            assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], seen
            seen += os.read(terminal, 65536)
        os.write(terminal, b"\x03")
        seen += read_all(terminal, pid, deadline)
    finally:
        os.kill(pid, signal.SIGKILL)  # a zombie, if all is well
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
    assert code == 0, seen


@on_one_store
def test_a_module_that_is_replaced_is_loaded_without_a_build(db, plain, module, start):
    worker = start()
    copy_module(module, module)
    await_reload(worker, 2)
    assert builds(worker) == 0
    worker.stop()


@pytest.fixture
def start_with_a_module_elsewhere(plain, module, gate_module, start):
    """It was named in plain.conf when the worker was ready, in a folder that is passed over else."""
    def run():
        path = plain.folder / ".other/lib/gate.so"
        path.parent.mkdir(parents=True)
        copy_module(gate_module, path)
        worker = start()
        replace(plain.folder / "plain.conf", 'jobs {\n  jobs_modules = {".other/lib/gate.so"}\n}\n')
        await_reload(worker, 2)
        return worker, path
    return run


@on_one_store
def test_a_module_elsewhere_that_is_named_later_is_watched(
        db, gate_module, start_with_a_module_elsewhere):
    worker, path = start_with_a_module_elsewhere()
    copy_module(gate_module, path)
    await_reload(worker, 3)
    worker.stop()


@on_one_store
def test_the_folder_of_a_module_elsewhere_may_go_and_come_back(db, start_with_a_module_elsewhere):
    worker, path = start_with_a_module_elsewhere()
    aside = path.parent.with_name("aside")
    path.parent.rename(aside)
    worker.await_event("Reload failed, the old code goes on")
    aside.rename(path.parent)
    wait_until(lambda: len(worker.events("Worker reloaded")) == 2, "a worker with the module")
    worker.stop()


@on_one_store
def test_two_workers_build_once(db, plain, sources, start_worker):
    workers = [start_worker("--reload", "--max-processes", 1) for _ in range(2)]
    for worker in workers:
        worker.await_event("Worker is ready")
    assert sum(map(builds, workers)) == 1
    sources.write(2)
    for worker in workers:
        await_reload(worker, 2)
    assert sum(map(builds, workers)) == 2
    sources.write(3, "int broken")
    for worker in workers:
        worker.await_event("Build failed, the old code goes on")
    assert sum(map(builds, workers)) == 3
    sources.write(4)
    for worker in workers:
        await_reload(worker, 3)
    assert sum(map(builds, workers)) == 4
    for worker in workers:
        worker.stop()
        assert len(worker.events("Worker reloaded")) == 2


@on_one_store
def test_settings_are_read_anew_and_bad_ones_change_nothing(db, plain, module, start_worker):
    conf = plain.folder / "plain.conf"
    replace(conf, "jobs {\n  jobs_worker_max_processes = 1\n}\n")
    worker = start_worker("--reload")
    worker.await_event("Worker is ready")
    replace(conf, "jobs {\n  jobs_worker_max_processes = many\n}\n")
    worker.await_event("Reload failed, the old code goes on")
    assert "many" in worker.events("Reload failed, the old code goes on")[0]["error"]
    replace(conf, "jobs {\n  jobs_worker_max_processes = 2\n}\n")
    await_reload(worker, 2)
    replace(plain.folder / ".env", "PLAIN_JOBS_WORKER_MAX_PROCESSES=3\n")
    await_reload(worker, 3)
    (plain.folder / ".env").unlink()
    await_reload(worker, 4)
    worker.stop()
    starts = worker.events("Starting Plain worker")
    assert [event["max_processes"] for event in starts] == [1, 2, 3, 2]


@on_one_store
def test_a_first_build_that_failed_is_tried_again_with_a_mended_command(db, plain, module, start):
    conf = plain.folder / "plain.conf"
    replace(plain.folder / "a.c", "int a;\n")
    replace(conf, "jobs {\n  jobs_build_command = {false}\n}\n")
    worker = start()
    assert worker.events("Build failed")
    replace(conf, "jobs {\n  jobs_build_command = {true}\n}\n")
    await_reload(worker, 2)
    assert [e["command"] for e in worker.events("Building")] == ["false", "true"]
    replace(conf, "jobs {\n  jobs_build_command = {true}\n}\n\n")
    await_reload(worker, 3)
    worker.stop()
    assert builds(worker) == 2


@on_one_store
def test_a_worker_that_dies_is_started_again(db, plain, module, start):
    worker = start()
    os.kill(worker.events("Worker is ready")[0]["worker_pid"], signal.SIGKILL)
    worker.await_event("Worker starts again")
    worker.await_event("Worker reloaded")
    uuids = plain.enqueue("NoopJob")
    db.await_results(1)
    worker.stop()
    assert_sound(db, uuids)


@on_one_store
def test_a_restart_that_is_due_during_a_build_is_left_to_the_build(db, held, start):
    worker = start()
    for times in (1, 2, 3):  # each restart waits longer than the one before
        [*_, newest] = worker.events("Worker is ready") + worker.events("Worker reloaded")
        os.kill(newest["worker_pid"], signal.SIGKILL)
        wait_until(lambda: len(worker.events("Worker starts again")) == times, "its end to be seen")
        if times < 3:
            wait_until(lambda: len(worker.events("Worker reloaded")) == times, "the next worker")
    held.save(1)
    held.await_build(1)
    time.sleep(worker.events("Worker starts again")[-1]["delay_ms"] / 1000)
    held.save(2)
    time.sleep(1)  # until the change would be acted on
    held.let_go(1)
    held.await_build(1, 2)
    held.let_go(2)
    wait_until(lambda: len(worker.events("Worker reloaded")) == 3, "the next worker")
    worker.stop()


@on_one_store
def test_a_worker_that_is_stopped_by_itself_ends_its_supervisor(db, plain, module, start):
    worker = start()
    os.kill(worker.events("Worker is ready")[0]["worker_pid"], signal.SIGTERM)
    worker.wait()


def test_a_program_that_is_its_own_worker_starts_as_it_was_built_last(folder, reader):
    source = folder / "app.c"
    replace(source, (TREE / "examples/own-worker/app.c").read_text())
    replace(folder / "build", "#!/bin/sh\ncc -std=c17 -o app.new app.c "
            "$(pkg-config --cflags --libs plain-jobs-main) && mv app.new app\n", 0o755)
    subprocess.run([folder / "build"], cwd=folder, env=reader, check=True)
    app = Plain(folder, program=folder / "app")
    app.env = {**reader, "PLAIN_JOBS_BUILD_COMMAND": '["./build"]'}
    worker = Worker(app, "--reload", "--max-processes", 1)
    try:
        worker.await_event("Worker is ready")
        replace(source, source.read_text().replace("Good morning", "Good night"))
        await_reload(worker, 2)
        assert app.run("greet", "Ada").code == 0
        worker.await_text("Good night, Ada!")
        worker.stop()
    finally:
        worker.kill()


# ---- the end ----

def start_with_a_running_job(plain, start, gate):
    """On the old code, while the new one works: both generations are there."""
    plain.add_executable("sleeper", "#!/bin/sh\nexec sleep 60\n")
    worker = start(processes=2)
    plain.enqueue("gate", "--retries", 1)
    gate.await_jobs()
    replace(plain.folder / "jobs.d/another", "#!/bin/sh\n", 0o755)
    await_reload(worker, 2)
    return worker


@on_one_store
@pytest.mark.parametrize("number, to_group", [
    (signal.SIGTERM, False), (signal.SIGINT, True)], ids=["process", "group"])
def test_one_signal_waits_for_running_jobs(db, plain, module, start, gate, number, to_group):
    worker = start_with_a_running_job(plain, start, gate)
    (worker.send_to_group if to_group else worker.send)(number)
    worker.await_event("Stopping with the worker")
    gate.open()
    worker.wait()
    assert db.statuses() == ["SUCCESSFUL"]
    assert not left_in(plain.folder)


@on_one_store
@pytest.mark.parametrize("to_group", [False, True], ids=["process", "group"])
def test_a_second_signal_puts_running_jobs_back(db, plain, module, start, gate, to_group):
    worker = start_with_a_running_job(plain, start, gate)
    send = worker.send_to_group if to_group else worker.send
    send(signal.SIGTERM)
    worker.await_event("Stopping with the worker")
    send(signal.SIGTERM)
    worker.wait()
    assert db.count("jobrequest") == 1 and db.results() == []
    assert not left_in(plain.folder)


@on_one_store
def test_nothing_outlives_a_killed_supervisor(db, plain, module, start, gate):
    worker = start_with_a_running_job(plain, start, gate)
    plain.enqueue("sleeper")
    wait_until(lambda: db.count("jobprocess") == 2, "both jobs to run")
    assert len(children(worker.pid)) == 2
    os.kill(worker.pid, signal.SIGKILL)
    worker.process.wait()
    wait_until(lambda: not living_in(plain.folder), "the end of all")


@on_one_store
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_build_ends_with_its_worker(db, plain, sources, start_worker, number):
    plain.env["PLAIN_JOBS_BUILD_COMMAND"] = '["sh", "-c", "sleep 60; sleep 60"]'
    worker = start_worker("--reload", "--max-processes", 1)
    worker.await_event("Building")
    wait_until(lambda: len(living_in(plain.folder)) == 4, "supervisor, keeper, shell and sleep")
    worker.send(number)
    worker.wait(code=0 if number == signal.SIGTERM else -number)
    wait_until(lambda: not living_in(plain.folder), "the end of the build")


# ---- what cannot be ----

@on_one_store
def test_what_no_change_could_mend_is_said_at_once(db, plain):
    plain.fails(2, 201, "jobs", "worker", "--reload", "--drain")
    plain.fails(2, 202, "jobs", "worker", "--reload", "--max-processes", 0)
    plain.fails(2, 202, "jobs", "worker", "--reload", env={"PLAIN_JOBS_BUILD_COMMAND": '[""]'})
    plain.fails(2, 202, "jobs", "worker", "--reload", env={"PLAIN_JOBS_BUILD_COMMAND": "make all"})


def test_a_first_worker_that_cannot_work_ends_all(lone_plain):
    done = lone_plain.run("jobs", "worker", "--reload", "--db",
                          "postgresql://nobody@127.0.0.1:1/none")
    assert done.code == 4 and "the worker ended with exit code 4" in done.stderr, done


@on_one_store
def test_without_a_place_for_the_lock_it_builds_all_the_same(db, plain, sources, start):
    pathlib.Path(plain.folder / ".plain").write_text("a file stands in the way")
    worker = start()
    assert worker.events("No lock for the build") and builds(worker) == 1
    sources.write(2)
    await_reload(worker, 2)
    worker.stop()
