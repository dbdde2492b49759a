"""Every example is complete: a README that test_docs.py follows, short files, and a script `run`
that exits 0 only when what it did is right."""
import pathlib
import shutil
import subprocess

import pytest

from program import TREE

EXAMPLES = sorted(path.name for path in (TREE / "examples").iterdir() if path.is_dir())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_small_and_explained(name):
    folder = TREE / "examples" / name
    readme = (folder / "README.md").read_text()
    assert len(readme.splitlines()) <= 60
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert len(path.read_text().splitlines()) <= 170, path


# The demo has a test of its own; its script is not made for an empty folder.
RUNS = [name for name in EXAMPLES if name != "demo" and (TREE / "examples" / name / "run").exists()]


@pytest.mark.parametrize("name", RUNS)
def test_an_example_runs_and_is_right(name, folder, reader):
    done = subprocess.run([TREE / "examples" / name / "run"], cwd=folder, env=reader,
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


# What is broken in the source of an example, so that its script has something to find.
@pytest.mark.parametrize("name, right, wrong", [
    ("welcome-mail", "default_concurrency_key_for = one_per_user,", ""),
    ("thumbnail", "sum += p->pixels", "sum = p->pixels"),
    ("flaky", ".calculate_retry_delay = back_off,", ""),
    ("idempotent", "plain_job_root_uuid", "plain_job_uuid"),
    ("custom-limit", "PLAIN_COUNT_RETRIES) < 3", "PLAIN_COUNT_RETRIES) < 4"),
    ("transactions", "Thank you", "No thanks"),
])
def test_an_example_notices_that_it_is_broken(name, right, wrong, folder, reader):
    shutil.copytree(TREE / "examples" / name, folder, dirs_exist_ok=True)
    source = folder / "app/jobs.c"
    assert right in source.read_text()
    source.write_text(source.read_text().replace(right, wrong))
    done = subprocess.run(["./run"], cwd=folder, env={**reader, "CFLAGS": "-Wno-unused-function"},
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 1, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted([*(TREE / "examples").glob("*/jobs.d/*"),
                                         *(TREE / "examples").glob("*/run")]),
                         ids=lambda path: str(path.relative_to(TREE / "examples")))
def test_scripts_are_executable_and_only_their_owner_may_write(path: pathlib.Path):
    mode = path.stat().st_mode
    assert mode & 0o111 == 0o111 and not mode & 0o022
    assert path.read_text().startswith("#!/bin/sh\n")
