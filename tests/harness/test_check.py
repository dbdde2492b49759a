"""tools/check counts what a test program says, and what it leaves out by dying."""
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import xml.etree.ElementTree

import pytest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent


def load():
    loader = importlib.machinery.SourceFileLoader("check", str(TREE / "tools/check"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("script, passed, failed", [
    ("echo 1..2; echo ok 1 - a; echo ok 2 - b", 2, 0),
    ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1", 1, 1),
    ("echo 1..3; echo ok 1 - a; kill -SEGV $$", 1, 2),
    ("echo 1..1; echo ok 1 - a; exit 23", 1, 1),  # a leak, found at exit
    ("exit 1", 0, 1),
    ("exit 0", 0, 0),  # no test of the program was picked
])
def test_a_program_is_counted(script, passed, failed):
    _, _, *counted, seconds = load().run_unit("fake", ["sh", "-c", script], dict(os.environ))
    assert counted == [passed, failed] and seconds > 0


def test_a_program_that_hangs_has_failed(monkeypatch):
    check = load()
    monkeypatch.setattr(check, "UNIT_TIMEOUT_S", 2)
    _, text, *counted, _ = check.run_unit("fake", ["sh", "-c", "echo 1..2; echo ok 1 - a; sleep 9"],
                                       dict(os.environ))
    assert counted == [1, 1]
    assert "took too long" in text


@pytest.mark.parametrize("inside, counted", [
    ("", "passed"),
    ("<failure/>", "failed"),
    ("<error/>", "failed"),
    ('<skipped message="no server"/>', "failed"),
    ('<skipped message="stress: only at full size"/>', "left out"),
])
def test_a_skipped_test_has_failed_unless_it_is_for_stress(inside, counted):
    case = xml.etree.ElementTree.fromstring(f"<testcase name='t'>{inside}</testcase>")
    assert load().outcome(case) == counted


@pytest.mark.parametrize("need, variable, chosen", [
    (0, None, "/"),
    (1 << 60, None, None),  # there is not so much memory
    (0, ("PLAIN_STRESS", "1"), None),
    (0, ("PLAIN_CLUSTERS", "/tmp"), "/tmp"),  # somebody has chosen
])
def test_servers_lie_in_memory_where_there_is_plenty(monkeypatch, need, variable, chosen):
    check = load()
    environment = dict([variable] if variable else [])
    monkeypatch.setattr(check, "CLUSTERS_NEED", need)
    check.clusters_in_memory(environment, pathlib.Path("/"))
    assert environment.get("PLAIN_CLUSTERS") == chosen


def test_what_this_machine_lacks_is_said():
    fell = "<properties><property name='falls back' value='no tape'/></properties>"
    cases = [xml.etree.ElementTree.fromstring(f"<testcase name='t'>{inside}</testcase>")
             for inside in (fell, "", fell)]
    assert load().fallen_back(cases) == ["2 tests fell back on this machine: no tape"]


@pytest.mark.parametrize("text, picked", [
    ("", 4),
    ("switches", 1),
    ("HARNESS_TEST.C::the_", 2),
    ("no such test", 0),
])
def test_a_part_of_the_name_picks_tests(text, picked):
    build = pathlib.Path(os.environ["PLAIN_BUILD"])
    done = subprocess.run([build / "tests/harness-harness_test"], env={**os.environ, "T": text},
                          capture_output=True, text=True, check=True)
    assert done.stdout.count("\nok ") == picked
