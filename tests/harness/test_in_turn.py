"""Of tests that run on two databases `make check` runs each on one of them."""
import os
import subprocess

import pytest

TESTS = """
import pytest

@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    return request.param

@pytest.mark.in_turn
@pytest.mark.parametrize("n", range(4))
def test_many(store, n):
    pass

@pytest.mark.in_turn
def test_single(store):
    pass

@pytest.mark.in_turn
@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_there(store):
    pass

@pytest.mark.in_turn
@pytest.mark.parametrize("n", range(2))
def test_nowhere(n):
    pass

@pytest.mark.in_turn
def test_alone():
    pass

def test_both(store):
    pass
"""


@pytest.mark.parametrize("plugins, ran", [
    (["-p", "in_turn"], {"sqlite": 4, "postgres": 4}),
    ([], {"sqlite": 6, "postgres": 7}),
])
def test_each_runs_once(tmp_path, plugins, ran):
    (tmp_path / "test_it.py").write_text(TESTS)
    done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-v", "-p", "no:cacheprovider",
                           "-p", "no:xdist", *plugins, "test_it.py"], cwd=tmp_path,
                          capture_output=True, text=True, env={**os.environ, "T": ""})
    passed = [line for line in done.stdout.splitlines() if " PASSED" in line]
    assert {store: sum(store in line for line in passed) for store in ran} == ran, done.stdout
    assert len(passed) == sum(ran.values()) + 3
