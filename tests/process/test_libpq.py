"""PostgreSQL's library is loaded by what speaks to PostgreSQL, and by nothing else."""
import pathlib
import subprocess

import pytest

URL = "postgresql://nobody@localhost:1/nothing"


def has_libpq(pid):
    return "/libpq.so" in pathlib.Path(f"/proc/{pid}/maps").read_text()


def test_a_runner_does_not_load_it(db, plain, module, start_worker):
    worker = start_worker("--max-processes", 1)
    plain.enqueue("NoopJob")
    db.await_results(1)
    (runner,) = worker.runners()
    assert not has_libpq(runner)
    assert has_libpq(worker.pid) == (db.kind == "postgres")
    worker.stop()


def build_old(path):
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", path, "-"], input=b"int PQfinish;",
                   check=True)


@pytest.mark.parametrize("make, reason", [
    (lambda path: path.write_text("not a library"), "libpq.so.5: file too short"),
    (build_old, "undefined symbol: PQ"),
], ids=["missing", "old"])
def test_without_it_only_postgresql_is_refused(lone_plain, tmp_path, make, reason):
    make(tmp_path / "libpq.so.5")
    lone_plain.env["LD_LIBRARY_PATH"] = str(tmp_path)
    refused = lone_plain.run("--db", URL, "jobs", "stats")
    assert refused.code == 1
    assert "PostgreSQL's library cannot be loaded" in refused.stderr and reason in refused.stderr
    assert "apt install libpq5" in refused.stderr
    lone_plain("migrate")
    assert "Pending: 0" in lone_plain("jobs", "stats").stdout
