"""Keeps some workers running, and kills them and their runners at random."""
import contextlib
import os
import random
import signal

from workers import is_alive, wait_until


class Monkey:
    """strike() sends one SIGKILL, or one to each process of a worker at once."""

    def __init__(self, start_worker, seed, workers=2, runners=2):
        self.start_worker = start_worker
        self.chance = random.Random(seed)
        self.workers = []
        self.count = workers
        self.options = ("--max-processes", runners)
        self.worker_kills = self.runner_kills = 0
        self.keep()

    def keep(self):
        """As many workers as there should be."""
        self.workers = [worker for worker in self.workers if worker.process.poll() is None]
        while len(self.workers) < self.count:
            self.workers.append(self.start_worker(*self.options))

    def strike(self, of_workers=0.5):
        self.keep()
        worker = self.chance.choice(self.workers)
        runners = worker.runners()
        if self.chance.random() >= of_workers and runners:
            self.runner_kills += kill(self.chance.choice(runners))
            return
        victims = [worker.pid] + (runners if self.chance.random() < 0.5 else [])
        for pid in victims:
            kill(pid)
        self.worker_kills += 1
        worker.process.wait()
        wait_until(lambda: not any(map(is_alive, victims)), "their end", seconds=5)
        self.keep()

    def stop(self):
        for worker in self.workers:
            worker.send(signal.SIGTERM)
        for worker in self.workers:
            worker.wait()

    def __str__(self):
        return f"{self.worker_kills} kills of workers, {self.runner_kills} of runners"


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return 1
    return 0
