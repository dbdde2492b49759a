"""The program under test, run in a private folder with a clean environment."""
import json
import os
import pathlib
import re
import subprocess

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
STRESS = os.environ.get("PLAIN_STRESS") == "1"
TIMEOUT_S = 600 if STRESS else 60


def program_path():
    """The debug program; PLAIN names it."""
    return pathlib.Path(os.environ.get("PLAIN") or TREE / "build/plain").resolve()


def release_path():
    """The release program, for PostgreSQL and what is measured or linked; PLAIN_RELEASE names
    it."""
    return pathlib.Path(os.environ.get("PLAIN_RELEASE") or TREE / "build-release/plain").resolve()


def program_for(url):
    """On PostgreSQL what is shipped, since starting it takes a third of the time; on SQLite, and
    everywhere in `make stress`, the one with sanitizers."""
    is_postgres = (url or "").startswith("postgres")
    return release_path() if is_postgres and not STRESS else program_path()


def sized(normal, full):
    """A number of jobs: small in `make check`, full in `make stress`."""
    return full if STRESS else normal


def clean_environment(folder, **more):
    """Looking for leaks quadruples the time of a short command, and putting borders around all
    global variables is a tenth of it: unit tests and stress do both."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(folder),
            "ASAN_OPTIONS": f"detect_leaks={int(STRESS)}:report_globals={int(STRESS)}",
            "UBSAN_OPTIONS": "print_stacktrace=1", **more}


class Done:
    """A command that ended."""

    def __init__(self, args, code, stdout, stderr):
        self.args = args
        self.code = code
        self.stdout = stdout
        self.stderr = stderr

    @property
    def lines(self):
        return self.stdout.splitlines()

    @property
    def line(self):
        assert len(self.lines) == 1, self
        return self.lines[0]

    @property
    def pj(self):
        """301 of "error[PJ301]: ..." or "skipped[PJ501]: ..."; None without one."""
        found = re.search(r"^(?:error|skipped)\[PJ(\d+)\]", self.stderr, re.M)
        return int(found[1]) if found else None

    def __repr__(self):
        return f"{self.args} -> {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Plain:
    """plain("jobs", "stats") runs that and asserts that it succeeds."""

    def __init__(self, folder, url=None, program=None):
        self.folder = pathlib.Path(folder)
        self.program = program or program_for(url)
        self.env = clean_environment(folder)
        self.has_worked = False  # a worker was started
        if url:
            self.env["DATABASE_URL"] = url

    def start(self, *args, env=None, **popen):
        """A process that the caller has to end."""
        self.has_worked |= "worker" in args
        return subprocess.Popen([self.program, *map(str, args)], cwd=self.folder,
                                env={**self.env, **(env or {})}, **popen)

    def run(self, *args, env=None, stdin=b"", timeout=TIMEOUT_S):
        """Runs a command whatever comes of it."""
        self.has_worked |= "worker" in args
        command = [self.program, *map(os.fsencode, map(str, args))]
        done = subprocess.run(command, cwd=self.folder, env={**self.env, **(env or {})},
                              input=stdin, capture_output=True, timeout=timeout)
        return Done(args, done.returncode, done.stdout.decode(errors="replace"),
                    done.stderr.decode(errors="replace"))

    def __call__(self, *args, **options):
        done = self.run(*args, **options)
        assert done.code == 0, done
        return done

    def fails(self, code, pj, *args, **options):
        """Asserts that a command fails as it should, and returns its words."""
        done = self.run(*args, **options)
        assert (done.code, done.pj) == (code, pj), done
        return done

    def json(self, *args, **options):
        return json.loads(self("--json", *args, **options).stdout)

    def enqueue(self, *args, **options):
        """The uuids of the requests that were made."""
        return self("jobs", "enqueue", *args, **options).lines

    def enqueue_many(self, job_class, n, *options, params=None, **more):
        """Likewise, in one transaction."""
        line = json.dumps({"params": params or {}}) + "\n"
        return self.enqueue(job_class, "--from", "-", *options, stdin=(line * n).encode(), **more)

    def drain(self, *options, **more):
        """Runs what is due, to the end."""
        return self("jobs", "worker", "--drain", *options, **more)

    def add_executable(self, name, text, mode=0o755):
        folder = self.folder / "jobs.d"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(text)
        path.chmod(mode)
        return path
