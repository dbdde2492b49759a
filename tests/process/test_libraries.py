"""The libraries of PostgreSQL and of HTTP are loaded by what needs them, and by nothing else."""
import pathlib
import subprocess

import pytest

URL = "postgresql://nobody@localhost:1/nothing"


def has(pid, library):
    return f"/{library}.so" in pathlib.Path(f"/proc/{pid}/maps").read_text()


def test_a_runner_loads_neither(db, plain, module, start_worker):
    worker = start_worker("--max-processes", 1)
    plain.enqueue("NoopJob")
    db.await_results(1)
    (runner,) = worker.runners()
    assert not has(runner, "libpq") and not has(runner, "libmicrohttpd")
    assert has(worker.pid, "libpq") == (db.kind == "postgres")
    assert not has(worker.pid, "libmicrohttpd")
    worker.stop()


def build_old(path):
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", path, "-"],
                   input=b"int PQfinish, MHD_stop_daemon;", check=True)


def write_broken(path):
    path.write_text("not a library")


LIBRARIES = [
    ("libpq.so.5", ["--db", URL, "jobs", "stats"], "PostgreSQL's library", "libpq5"),
    ("libmicrohttpd.so.12", ["admin"], "the library for HTTP", "libmicrohttpd12"),
]


@pytest.mark.parametrize("make, reason", [(write_broken, "file too short"),
                                          (build_old, "undefined symbol")],
                         ids=["missing", "old"])
@pytest.mark.parametrize("file, command, title, package", LIBRARIES, ids=["libpq", "microhttpd"])
def test_without_one_only_what_needs_it_is_refused(lone_plain, tmp_path, file, command, title,
                                                   package, make, reason):
    make(tmp_path / file)
    lone_plain.env["LD_LIBRARY_PATH"] = str(tmp_path)
    refused = lone_plain.fails(1, 705, *command)
    assert f"{title} cannot be loaded" in refused.stderr and reason in refused.stderr
    assert f"apt install {package}" in refused.stderr
    lone_plain("migrate")
    assert "Pending: 0" in lone_plain("jobs", "stats").stdout
