"""A running `plain jobs worker`, and looking at its processes through /proc."""
import json
import os
import pathlib
import signal
import subprocess
import time

STOP_S = 30


def wait_until(condition, what, seconds=30):
    """Polls until condition() is true, and returns what it said. There is a look behind the deadline:
    it may be we who were delayed."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        found = condition()
        if found:
            return found
        assert not late, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name; None when there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def is_alive(pid):
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in "ZX"


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid):
    found = []
    for other in all_pids():
        fields = stat_fields(other)
        if fields and fields[0] not in "ZX" and int(fields[1]) == pid:
            found.append(other)
    return found


def living_in(folder):
    """Processes whose working folder is folder or in it: nobody else starts one there."""
    found = []
    for pid in all_pids():
        try:
            where = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if (where == str(folder) or where.startswith(f"{folder}/")) and is_alive(pid):
            found.append(pid)
    return found


def left_in(folder, seconds=10):
    """Those that do not end by themselves."""
    deadline = time.monotonic() + seconds
    while living_in(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    return living_in(folder)


class Worker:
    """One worker in a process group of its own, its log in JSON lines."""
    count = 0

    def __init__(self, plain, *options, json_log=True, pass_fds=()):
        Worker.count += 1
        self.plain = plain
        self.log = plain.folder / f"worker-{Worker.count}.log"
        with open(self.log, "wb") as log:
            self.process = plain.start("jobs", "worker", *options, start_new_session=True,
                                       pass_fds=pass_fds,
                                       env={"PLAIN_LOG_FORMAT": "json"} if json_log else {},
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.process.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def events(self, name=None):
        """The records of the log so far."""
        found = []
        for line in self.text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # what a job printed
            if isinstance(record, dict) and name in (None, record.get("event")):
                found.append(record)
        return found

    def await_event(self, name, seconds=30):
        def look():
            assert self.process.poll() is None or self.events(name), self.text()
            return self.events(name)
        return wait_until(look, f"the worker's '{name}'", seconds)

    def await_text(self, text, seconds=30):
        wait_until(lambda: text in self.text(), f"'{text}' in the worker's log", seconds)

    def is_busy_for(self, seconds):
        """Waits, and says whether the number of runners changed meanwhile."""
        before = len(self.runners())
        time.sleep(seconds)
        return len(self.runners()) != before

    def runners(self):
        return children(self.pid)

    def send(self, number):
        self.process.send_signal(number)

    def pause(self, db):
        """SIGSTOP, but not in a transaction: what it had locked, others would wait for."""
        def is_paused():
            self.send(signal.SIGSTOP)
            wait_until(lambda: stat_fields(self.pid)[0] == "T", "its stop")
            if db.nobody_writes():
                return True
            self.send(signal.SIGCONT)
            return False
        wait_until(is_paused, "a moment without a transaction")

    def send_to_group(self, number):
        os.killpg(self.pid, number)

    def wait(self, code=0, seconds=STOP_S):
        """Waits for its end, which must be that of all of its processes."""
        try:
            ended = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker did not end within {seconds} s\n{self.text()}")
        assert ended == code, (ended, self.text())

    def stop(self, number=signal.SIGTERM, **options):
        self.send(number)
        self.wait(**options)

    def kill(self):
        """Only for what a failed test left: it and its runners."""
        left = [self.pid, *self.runners()] if self.process.poll() is None else []
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
