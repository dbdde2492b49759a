"""plain dev: what it runs, what it shows, and that all of it ends."""
import contextlib
import http.client
import re
import signal
import subprocess
import time

import pytest

from marks import on_one_store
from program import Plain
from small_pipe import await_full, small_pipe
from terminal import on_terminal
from workers import living_in, stat_fields, wait_until

TWO_LINES = '''dev {
    worker = "plain jobs worker --reload --stats-every 0 --max-processes 2"
    worker-slow = "plain jobs worker --reload --queue slow --stats-every 0 --max-processes 2"
}
'''


class Dev:
    """A running `plain dev`, its lines in a file."""

    def __init__(self, plain, *options):
        self.log = plain.folder / "dev.out"
        self.folder = plain.folder
        with open(self.log, "wb") as log:
            self.process = plain.start("dev", *options, start_new_session=True, stdout=log,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def text(self):
        return self.log.read_text(errors="replace")

    def lines(self, name):
        """What the program of that name, or dev itself, has said."""
        found = [re.fullmatch(r"([\w.-]+) *\| (.*)", line) for line in self.text().splitlines()]
        assert all(found), self.text()
        return [match[2] for match in found if match[1] == name]

    def await_line(self, name, text, count=1):
        def look():
            assert self.process.poll() is None, self.text()
            return sum(text in line for line in self.lines(name)) >= count
        wait_until(look, f"'{text}' of {name}")

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, code=0, seconds=30):
        assert self.process.wait(seconds) == code, self.text()
        wait_until(lambda: not living_in(self.folder), "the end of all")


@pytest.fixture
def dev(folder):
    """dev("conf", "--option") runs `plain dev` in the folder; ended with the test."""
    started = []

    def run(conf, *options, plain=None):
        (folder / "plain.conf").write_text(conf)
        started.append(Dev(plain or Plain(folder), *options))
        return started[-1]
    yield run
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


def shell(**lines):
    """plain.conf for scripts, which have no single quotes."""
    def quoted(script):
        return script.replace("\\", "\\\\").replace('"', '\\"')
    return "dev {\n" + "".join(f"  {name} = \"sh -c '{quoted(script)}'\"\n"
                               for name, script in lines.items()) + "}\n"


@on_one_store
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_workers_serve_their_queues_until_one_signal(db, plain, module, dev, number):
    running = dev(TWO_LINES, plain=plain)
    for name in ("worker", "worker-slow"):
        running.await_line(name, "Worker is ready")
    plain.enqueue("FirstInfoJob")
    plain.enqueue("SecondInfoJob", "--queue", "slow")
    db.await_results(2)
    running.await_line("worker", "job_class=FirstInfoJob")
    running.await_line("worker-slow", "job_class=SecondInfoJob")
    running.send(number)
    running.wait()
    for name in ("worker", "worker-slow"):
        assert sum("Job worker shutdown complete" in line for line in running.lines(name)) == 1
        assert f"{name} ended with exit code 0" in running.lines("dev")
    assert not any("is killed" in line for line in running.lines("dev"))


@on_one_store
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_section_it_is_a_reloading_worker_and_the_admin(db, plain, module, dev, number):
    running = dev("", plain=plain)
    running.await_line("worker", "Worker is ready")
    running.await_line("admin", "http://127.0.0.1:")
    (url,) = (line for line in running.lines("admin") if line.startswith("http:"))
    plain.add_executable("hello", "#!/bin/sh\necho hello\n")
    running.await_line("worker", "Worker reloaded")
    plain.enqueue("hello")
    running.await_line("worker", "hello")
    with contextlib.closing(http.client.HTTPConnection(url.split("/")[2], timeout=30)) as client:
        client.request("GET", "/workers")
        answer = client.getresponse()
        assert answer.status == 200 and b"live" in answer.read()
    running.send(number)
    running.wait()
    for name in ("worker", "admin"):
        assert f"{name} ended with exit code 0" in running.lines("dev")


@on_one_store
def test_a_second_signal_does_not_wait_for_jobs(db, plain, module, dev):
    running = dev(TWO_LINES, plain=plain)
    plain.enqueue("TraceJob", "ms=60000", "--retries", 1)
    wait_until((plain.folder / "trace.log").exists, "the job to run")
    running.send(signal.SIGINT)
    running.await_line("worker", "Job worker shutdown requested")
    running.send(signal.SIGINT)
    running.wait()
    assert db.count("jobrequest") == 1 and db.results() == []


@on_one_store
def test_nothing_outlives_it_when_it_is_killed(db, plain, module, dev):
    running = dev(TWO_LINES, plain=plain)
    plain.enqueue("TraceJob", "ms=60000")
    wait_until((plain.folder / "trace.log").exists, "the job to run")
    running.send(signal.SIGKILL)
    running.wait(code=-signal.SIGKILL)


def test_nothing_that_a_script_started_outlives_it(dev, folder):
    """A shell that waits for its children, and one whose child has left it."""
    running = dev(shell(one="echo up; sleep 61; echo never", two="sleep 62 & echo up; wait"))
    for name in ("one", "two"):
        running.await_line(name, "up")
    wait_until(lambda: len(living_in(folder)) >= 7, "the children")
    running.send(signal.SIGKILL)
    running.wait(code=-signal.SIGKILL)


@on_one_store
def test_nothing_that_an_executable_of_plain_started_outlives_it(db, plain, dev, folder):
    plain.add_executable("long", "#!/bin/sh\necho up\nsleep 61; echo never\n")
    running = dev('dev {\n    one = "plain jobs run long"\n}\n', plain=plain)
    running.await_line("one", "up")
    running.send(signal.SIGKILL)
    running.wait(code=-signal.SIGKILL)


def test_a_signal_that_ended_a_program_is_told(dev):
    running = dev(shell(one="kill -USR1 $$"))
    running.await_line("dev", "one ended with signal 10 (SIGUSR1), and starts again")
    running.send(signal.SIGTERM)
    running.wait()


def test_what_ends_with_an_error_is_started_again_and_later_each_time(dev):
    running = dev(shell(bad="echo here; exit 3", good="exit 0"))
    running.await_line("bad", "here", count=3)
    running.await_line("dev", "good ended with exit code 0")
    running.send(signal.SIGTERM)
    running.wait()
    again = [line for line in running.lines("dev") if "starts again" in line]
    assert again[:2] == ["bad ended with exit code 3, and starts again in 0.5 s",
                         "bad ended with exit code 3, and starts again in 1.0 s"]


def test_when_all_have_done_their_work_it_ends(dev):
    running = dev(shell(one='printf a; printf "b\\nc"',
                        two="echo d; echo e >&2; yes | head -c 200000"))
    running.wait()
    assert running.lines("one") == ["ab", "c"]
    assert running.lines("two")[:2] == ["d", "e"]
    assert len(running.lines("two")) == 2 + 100000
    assert running.log.read_text().splitlines()[0].startswith(("one | ", "two | "))


def test_a_program_that_is_missing_is_tried_again(dev, folder):
    running = dev('dev {\n  tool = "./tool now"\n}\n')
    running.await_line("tool", "executing ./tool: No such file or directory")
    running.await_line("dev", "tool ended with exit code 127, and starts again")
    script = folder / "new"
    script.write_text('#!/bin/sh\necho "started $1"\n')
    script.chmod(0o755)
    script.rename(folder / "tool")
    running.wait()
    assert running.lines("tool")[-1] == "started now"


def test_one_that_does_not_listen_is_killed_with_its_children_after_the_grace(dev):
    conf = shell(deaf='trap "" TERM; echo up; sleep 60; sleep 60') \
        + 'jobs {\n  jobs_shutdown_grace = "50"\n}\n'
    running = dev(conf)
    running.await_line("deaf", "up")
    began = time.monotonic()
    running.send(signal.SIGTERM)
    running.await_line("dev", "stopping")
    running.send(signal.SIGTERM)
    running.await_line("dev", "stopping at once")
    running.send(signal.SIGTERM)  # the third does not wait for the grace, which is 55 s
    running.wait()
    assert "deaf is killed" in running.lines("dev")
    assert time.monotonic() - began < 30


def test_one_that_was_stopped_ends_with_the_others(dev):
    running = dev(shell(stopped="echo up; kill -STOP $$; sleep 60"))
    running.await_line("stopped", "up")
    wait_until(lambda: any(stat_fields(pid)[0] == "T" for pid in living_in(running.folder)
                           if stat_fields(pid)), "it to stand still")
    began = time.monotonic()
    running.send(signal.SIGTERM)
    running.wait()
    assert time.monotonic() - began < 20  # the grace and 5 s are 35


def test_when_nobody_reads_it_ends(folder):
    (folder / "plain.conf").write_text(shell(noise="while echo x; do sleep 0.1; done"))
    process = Plain(folder).start("dev", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == b"noise | x\n"
    process.stdout.close()
    assert process.wait(30) == 0
    wait_until(lambda: not living_in(folder), "the end of all")


def test_a_stdout_that_cannot_be_written_is_an_error(folder):
    (folder / "plain.conf").write_text(shell(noise="while echo x; do sleep 0.1; done"))
    with open("/dev/full", "wb") as full:
        process = Plain(folder).start("dev", stdout=full, stderr=subprocess.PIPE)
    assert process.wait(30) == 1
    said = process.stderr.read().decode()
    assert "error[PJ705]: writing the output: No space left on device" in said
    wait_until(lambda: not living_in(folder), "the end of all")


def test_a_stop_does_not_wait_for_who_reads_it(folder):
    """As `plain dev | less`: the program that fills the pipe is told to end, and has its grace."""
    script = folder / "noise"
    script.write_text("#!/bin/sh\ntrap 'echo told >told; sleep 0.5; seq 100000; "
                      "echo ended >>told; exit' TERM\nwhile :; do echo x; done\n")
    script.chmod(0o755)
    (folder / "plain.conf").write_text('dev {\n  noise = "./noise"\n}\n')
    with small_pipe() as (_, its):
        process = Plain(folder).start("dev", stdout=its, stderr=subprocess.DEVNULL)
        await_full(its)
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0  # the grace is 35 s
    assert (folder / "told").read_text() == "told\nended\n"
    wait_until(lambda: not living_in(folder), "the end of all")


def test_who_reads_late_reads_all(folder):
    (folder / "plain.conf").write_text(shell(one="seq 50000", two="seq 50000; printf end"))
    with small_pipe() as (ours, its):
        process = Plain(folder).start("dev", stdout=its, stderr=subprocess.DEVNULL)
        await_full(its)
        its.close()
        seen = ours.read().decode().splitlines()
    assert process.wait(30) == 0
    numbers = [str(n) for n in range(1, 50001)]
    assert [line[6:] for line in seen if line.startswith("one | ")] == numbers
    assert [line[6:] for line in seen if line.startswith("two | ")] == [*numbers, "end"]


def test_one_signal_is_one_also_when_nobody_reads(folder):
    script = folder / "slow"
    script.write_text("#!/bin/sh\ntrap 'echo told >>told' TERM\ntouch up\n"
                      "while [ ! -e go ]; do sleep 0.05; done\necho ended >>told\n")
    script.chmod(0o755)
    (folder / "plain.conf").write_text('dev {\n  slow = "./slow"\n}\n')
    process = Plain(folder).start("dev", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.close()
    wait_until((folder / "up").exists, "the program")
    told = folder / "told"
    for number in (1, 2):  # the third kills
        process.send_signal(signal.SIGTERM)
        wait_until(lambda count=number: told.exists() and len(told.read_text().splitlines()) >= count,
                   "the program to be told")
    (folder / "go").touch()
    assert process.wait(30) == 0
    assert told.read_text() == "told\ntold\nended\n"


def test_options_are_handed_to_plain_alone(dev, folder):
    (folder / "other.conf").write_text(
        'dev {\n  db = "plain config DATABASE_URL"\n  echo = "echo --db"\n}\n')
    running = dev("", "--config", "other.conf", "--db", "sqlite:other.db")
    running.wait()
    assert running.lines("db") == ["sqlite:other.db"] and running.lines("echo") == ["--db"]


def test_colours_are_for_terminals(folder):
    (folder / "plain.conf").write_text(shell(one="echo a", two="echo b"))
    plain = Plain(folder)
    command = [plain.program, "dev"]

    def seen(**env):
        return subprocess.run(command, cwd=folder, env={**plain.env, **env}, check=True,
                              capture_output=True).stdout
    assert b"\x1b" not in seen()
    assert b"\x1b[34mone |\x1b[0m a\n" in seen(CLICOLOR_FORCE="1")
    assert b"\x1b" not in seen(CLICOLOR_FORCE="1", NO_COLOR="1")
    text, code = on_terminal(command, "", folder, plain.env)
    assert code == 0 and "one | a" in text


@pytest.mark.parametrize("command, said", [
    ("a | b", "is for a shell"), ("", "the command is empty"), ("a 'b", "never closed"),
])
def test_commands_that_cannot_be_are_named(lone_plain, command, said):
    (lone_plain.folder / "plain.conf").write_text(f'dev {{\n  good = true\n  x = "{command}"\n}}\n')
    done = lone_plain.fails(2, 202, "dev")
    assert "plain.conf:3: " in done.stderr and said in done.stderr
