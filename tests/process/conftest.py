"""Fixtures of the tests with real processes; see README.md."""
import os
import pathlib
import shutil
import signal
import subprocess
import uuid

import pytest

import cluster
import database
import workers
from program import Plain, TREE, program_path

MODULES = pathlib.Path(__file__).resolve().parent / "modules"


@pytest.fixture(scope="session")
def postgres():
    """A server for this process of pytest."""
    server = cluster.Cluster()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def folder(tmp_path):
    """The private folder of a test; whatever still runs there afterwards is a failure."""
    yield tmp_path
    left = workers.left_in(tmp_path)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, f"processes were left: {left}"


def make_database(kind, request, path):
    """A database without a schema, and a function that removes it."""
    if kind == "sqlite":
        return database.Sqlite(path), lambda: None
    server = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name}")
    return database.Postgres(server, name), lambda: server.execute(
        f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_db(request, folder):
    """A database of this test alone, without a schema; on SQLite the file is missing."""
    made, remove = make_database(request.param, request, folder / "plain.db")
    yield made
    remove()


@pytest.fixture
def db(empty_db, plain):
    """The same with the schema."""
    plain("migrate")
    return empty_db


@pytest.fixture
def plain(folder, empty_db):
    """The program, on both databases in turn, in a folder without jobs."""
    return Plain(folder, empty_db.url)


@pytest.fixture
def lone_plain(folder):
    """The program without a database: DATABASE_URL is not set."""
    return Plain(folder)


@pytest.fixture(scope="session")
def test_module(tmp_path_factory):
    """The module of test jobs, built once with `plain build`."""
    folder = tmp_path_factory.mktemp("module")
    app = folder / "app"
    app.mkdir()
    shutil.copy(MODULES / "jobs.c", app / "jobs.c")
    Plain(folder)("build", env={"CFLAGS": "-Wextra -Werror -fno-omit-frame-pointer -O0"})
    return app / "jobs.so"


@pytest.fixture
def module(folder, test_module):
    """app/jobs.so in the test's folder."""
    app = folder / "app"
    app.mkdir()
    os.link(test_module, app / "jobs.so")
    return app / "jobs.so"


@pytest.fixture
def start_worker(plain, folder):
    """start_worker("--queue", "mail") gives a worker, which is ended with the test."""
    started = []

    def start(*options, **more):
        started.append(workers.Worker(plain, *options, **more))
        return started[-1]
    yield start
    for worker in started:
        worker.kill()


@pytest.fixture(scope="session")
def build_c(tmp_path_factory):
    """build_c(source, library) compiles a program against the static library of PLAIN's tree."""
    folder = tmp_path_factory.mktemp("programs")

    def build(source):
        return compile_program(MODULES / source, folder / pathlib.Path(source).stem)
    return build


def compile_program(source, target):
    """With the sanitizers that the library was built with."""
    tree = program_path().parent
    flags = []
    if b"__asan_init" in program_path().read_bytes():
        flags = ["-fsanitize=address,undefined"]
    libraries = subprocess.run(["pkg-config", "--libs", "sqlite3", "libpq", "jansson"], check=True,
                               capture_output=True, text=True).stdout.split()
    subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror", *flags,
                    f"-I{TREE}/include", "-o", target, source, tree / "src/libplain-jobs.a",
                    *libraries, "-lpthread", "-ldl", "-lm"], check=True)
    return target
