"""Fixtures of the tests with real processes; see README.md."""
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import uuid

import pytest

import cluster
import database
import verify
import workers
from admin import Admin
from program import Plain, TREE, clean_environment, program_path, release_path

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # jobs crash here all the time
# Started in the background by a shell, we ignore it, and so would every program started here.
signal.signal(signal.SIGINT, signal.default_int_handler)
MODULES = pathlib.Path(__file__).resolve().parent / "modules"


def pytest_configure(config):
    for marker in ("in_turn", "spoils_tables"):
        config.addinivalue_line("markers", f"{marker}: see marks.py")


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


@pytest.fixture(scope="session")
def make_database(request, tmp_path_factory):
    """make_database(kind, folder, migrated) is a context that gives a database of its own."""
    template = tmp_path_factory.mktemp("template")

    def migrated_sqlite():
        path = template / "plain.db"
        if not path.exists():
            Plain(template, f"sqlite:{path}")("migrate")
        return template.glob("plain.db*")

    def migrated_postgres(server):
        if not server.template:
            server.template = "migrated"
            server.execute("CREATE DATABASE migrated")
            Plain(template, server.url("migrated"))("migrate")
        return server.template

    @contextlib.contextmanager
    def make(kind, folder, migrated):
        if kind == "sqlite":
            for file in migrated_sqlite() if migrated else ():
                shutil.copy(file, folder / file.name)
            yield database.Sqlite(folder / "plain.db")
            return
        server = request.getfixturevalue("postgres")
        source = migrated_postgres(server) if migrated else "template0"
        name = f"t{uuid.uuid4().hex[:12]}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        made = database.Postgres(server, name)
        yield made
        made.close()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    return make


@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    """The kind of database; a test that asks for `db` or `empty_db` runs on both."""
    return request.param


@pytest.fixture
def database_of_test(request, store, folder, make_database):
    migrated = "db" in request.fixturenames
    with make_database(store, folder, migrated) as made:
        yield made


@pytest.fixture
def db(database_of_test):
    """A database of this test alone, with the schema."""
    return database_of_test


@pytest.fixture
def empty_db(database_of_test):
    """A database of this test alone, without a schema; on SQLite the file is missing."""
    return database_of_test


@pytest.fixture
def plain(request, folder, database_of_test):
    """The program, on both databases in turn, in a folder without jobs. Whatever a worker did, its
    tables are sound behind it, unless the test says that it has spoilt them."""
    made = Plain(folder, database_of_test.url)
    yield made
    if made.has_worked and not request.node.get_closest_marker("spoils_tables"):
        assert verify.findings(database_of_test) == []


@pytest.fixture
def lone_plain(folder):
    """The program without a database: DATABASE_URL is not set."""
    return Plain(folder)


@pytest.fixture(scope="session")
def build_module(tmp_path_factory):
    """build_module(source, CFLAGS=..., ...) is a module of tests/process/modules, made by `plain
    build` in a folder of its own."""
    def build(source, CPPFLAGS="", **environment):
        app = tmp_path_factory.mktemp(source) / "app"
        app.mkdir()
        shutil.copy(MODULES / source, app / "jobs.c")
        Plain(app.parent)("build", env={"CFLAGS": "-Wextra -Werror",
                                        "CPPFLAGS": f"-I{TREE}/include {CPPFLAGS}", **environment})
        return app / "jobs.so"
    return build


@pytest.fixture(scope="session")
def test_module(build_module):
    """The module of test jobs."""
    return build_module("jobs.c", CFLAGS="-Wextra -Werror -fno-omit-frame-pointer -O0")


@pytest.fixture
def module(folder, test_module):
    """app/jobs.so in the test's folder."""
    app = folder / "app"
    app.mkdir()
    os.link(test_module, app / "jobs.so")
    return app / "jobs.so"


@pytest.fixture(scope="session")
def stops_module(build_module):
    """Jobs that do not end by themselves."""
    return build_module("stops.c")


@pytest.fixture
def stops(plain, folder, stops_module):
    """Their module in the test's folder, and little patience with them."""
    (folder / "app").mkdir()
    shutil.copy(stops_module, folder / "app/jobs.so")
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "200ms"


class Gate:
    """Jobs of the class `gate` run until it is opened."""

    def __init__(self, plain):
        self.folder = plain.folder
        plain.add_executable("gate", "#!/bin/sh\necho >>at-gate\n"
                                     "while [ ! -e go ]; do sleep 0.02; done\n")

    def await_jobs(self, n=1):
        here = self.folder / "at-gate"
        workers.wait_until(lambda: here.exists() and len(here.read_text()) >= n, f"{n} at the gate")

    def open(self):
        (self.folder / "go").touch()


@pytest.fixture
def gate(plain):
    """For what has to happen while a job runs; workers that are started later have its class."""
    return Gate(plain)


@pytest.fixture(scope="session")
def gate_module(build_module):
    """The same as a job of a module, GateJob."""
    return build_module("gate.c", CPPFLAGS="-D_GNU_SOURCE")


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


@pytest.fixture
def start_admin(plain):
    """start_admin("--utc") gives a `plain admin`, which is to end well with the test."""
    started = []

    def start(*options, **more):
        started.append(Admin(plain, *options, **more))
        return started[-1]
    yield start
    try:
        for one in started:
            if not one.is_stopped:
                one.stop()
    finally:
        for one in started:
            one.kill()


@pytest.fixture
def admin(start_admin):
    """One with times in UTC."""
    return start_admin("--utc")


@pytest.fixture(scope="session")
def build_c(tmp_path_factory):
    """build_c(source, library) compiles a program against the static library of PLAIN's tree."""
    folder = tmp_path_factory.mktemp("programs")

    def build(source):
        return compile_program(MODULES / source, folder / pathlib.Path(source).stem)
    return build


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The release tree as `make install` leaves it, its .pc files moved along."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "--quiet", "--no-rebuild", "-C", release_path().parent],
                   check=True, env={**os.environ, "DESTDIR": str(root)})
    prefix = next(root.glob("**/lib/pkgconfig/plain-jobs.pc")).parent.parent.parent
    for pc in (prefix / "lib/pkgconfig").glob("*.pc"):
        pc.write_text(re.sub("^prefix=.*", f"prefix={prefix}", pc.read_text(), flags=re.M))
    return prefix


def reader_environment(folder, installed):
    """What somebody who follows a document has: the program, the headers and the libraries."""
    env = clean_environment(folder, PKG_CONFIG_PATH=f"{installed}/lib/pkgconfig",
                            LD_LIBRARY_PATH=f"{installed}/lib")
    env["PATH"] = f"{installed}/bin:{env['PATH']}"
    return env


@pytest.fixture
def reader(folder, installed):
    return reader_environment(folder, installed)


@pytest.fixture(scope="session")
def built_demo(tmp_path_factory, installed):
    """The demo's folder with its module and database, and jobs.d/hello; to be copied."""
    made = tmp_path_factory.mktemp("demo")
    shutil.copytree(TREE / "examples/demo", made, dirs_exist_ok=True)
    (made / "jobs.d/hello").write_text("#!/bin/sh\n")
    (made / "jobs.d/hello").chmod(0o755)
    subprocess.run(["sh", "-euc", "plain build; plain migrate"], cwd=made, check=True,
                   capture_output=True, env=reader_environment(made, installed))
    return made


def compile_program(source, target):
    """With the sanitizers that the library was built with."""
    tree = program_path().parent
    flags = []
    if b"__asan_init" in program_path().read_bytes():
        flags = ["-fsanitize=address,undefined"]
    libraries = subprocess.run(["pkg-config", "--cflags", "--libs", "sqlite3", "libpq", "jansson",
                                "libconfuse", "libunwind"], check=True,
                               capture_output=True, text=True).stdout.split()
    subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror", *flags,
                    f"-I{TREE}/include", "-o", target, source, tree / "src/libplain-jobs.a",
                    *libraries, "-lpthread", "-ldl", "-lm"], check=True)
    return target
