"""A throw-away PostgreSQL server: made, started and stopped by the tests, never by root."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2
import psycopg2.extras

from program import STRESS

PATIENCE_S = 60
SETTINGS = {
    # Servers and processes crash here, never a machine.
    "fsync": "on" if STRESS else "off", "synchronous_commit": "on", "full_page_writes": "on",
    "shared_buffers": "32MB", "max_connections": "60", "timezone": "UTC",
    "logging_collector": "off", "log_line_prefix": "'%m [%p] %d '", "log_min_messages": "warning",
    "log_checkpoints": "off",
}


def binaries():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                   key=lambda path: int(path.parts[4]))
    assert found, "there is no PostgreSQL server here: apt install postgresql"
    return found[-1].parent


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_user():
    """What stands in front of a command so that it does not run as root, and stops with us even
    when we are killed."""
    command = ["setpriv", "--pdeathsig=INT"]
    if os.geteuid() != 0:
        return command, os.geteuid()
    user = pwd.getpwnam("nobody")
    return [*command, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
            "--clear-groups"], user.pw_uid


class Link:
    """A connection that is kept, since a new one costs 400 times a short look, and that is made
    anew when the server has ended it."""

    def __init__(self, url):
        self.url = url
        self.connection = None

    def is_alive(self):
        try:
            self.connection.cursor().execute("SELECT")
        except psycopg2.Error:
            return False
        return True

    @contextlib.contextmanager
    def cursor(self):
        """Of rows as dicts; each statement is a transaction of its own."""
        if self.connection and not self.is_alive():
            self.close()
        if not self.connection:
            self.connection = psycopg2.connect(self.url)
            self.connection.autocommit = True
        with self.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            yield cursor

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Cluster:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(
            prefix="plain-pg-", dir=os.environ.get("PLAIN_CLUSTERS", "/tmp")))
        self.prefix, self.uid = as_user()
        os.chown(self.folder, self.uid, -1)
        self.folder.chmod(0o755)
        self.log = self.folder / "log"
        self.process = None
        self.template = None  # a database with the schema, when there is one
        subprocess.run([*self.prefix, binaries() / "initdb", "-D", self.folder / "data",
                        "-U", "plain", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/",
                       env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
        self.port = free_port()  # not before: that took its time
        self.link = Link(self.url("postgres"))

    def url(self, name, host=None):
        return f"postgresql://plain@/{name}?host={host or self.folder}&port={self.port}"

    def tcp_url(self, name):
        return f"postgresql://plain@127.0.0.1:{self.port}/{name}"

    def start(self):
        settings = {**SETTINGS, "port": str(self.port), "listen_addresses": "127.0.0.1",
                    "unix_socket_directories": str(self.folder)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, binaries() / "postgres", "-D", self.folder / "data", *options],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
        self.await_start()

    def await_start(self):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                psycopg2.connect(self.url("postgres")).close()
                return
            except psycopg2.OperationalError:
                running = self.process.poll() is None
                if not running or time.monotonic() > deadline:
                    raise AssertionError(f"the server did not start:\n{self.log.read_text()}")
                time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """SIGINT is a fast stop, SIGQUIT an immediate one, as after a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_S)

    @contextlib.contextmanager
    def down(self):
        """It has crashed in the block, and is there again behind it, whatever happens."""
        self.stop(signal.SIGQUIT)
        try:
            yield
        finally:
            self.start()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def execute(self, sql):
        with self.link.cursor() as cursor:
            cursor.execute(sql)

    def log_lines(self, database):
        """What the server logged about one database."""
        mark = f"] {database} "
        return [line for line in self.log.read_text().splitlines() if mark in line]
