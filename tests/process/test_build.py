"""plain build: all modules or none, and what it leaves."""
import os
import subprocess
import time

import pytest

from program import TREE

JOB = """#include <plain/jobs.h>
static int run(plain_job *job, const void *params) { (void)job, (void)params; return PLAIN_OK; }
static const plain_job_class NAME = {PLAIN_JOB_CLASS_EMPTY, .name = "NAME", .run = run};
PLAIN_REGISTER_JOBS(&NAME);
"""


@pytest.fixture
def building(lone_plain):
    lone_plain.env["CPPFLAGS"] = f"-I{TREE}/include"
    return lone_plain


def write(plain, folder, name):
    (plain.folder / folder).mkdir(exist_ok=True)
    (plain.folder / folder / "jobs.c").write_text(JOB.replace("NAME", name))


def made(plain):
    return sorted(str(path.relative_to(plain.folder)) for path in (plain.folder / "app").rglob("*")
                  if ".so" in path.name)


def test_one_that_does_not_compile_replaces_none(building):
    write(building, "app", "FirstJob")
    write(building, "app/mail", "SecondJob")
    building("build")
    assert made(building) == ["app/jobs.so", "app/mail/jobs.so"]
    before = (building.folder / "app/jobs.so").read_bytes()
    write(building, "app", "ChangedJob")
    write(building, "app/mail", "-")
    refused = building.run("build")
    assert refused.code == 1 and "PJ108" in refused.stderr
    assert made(building) == ["app/jobs.so", "app/mail/jobs.so"]
    assert (building.folder / "app/jobs.so").read_bytes() == before


def test_a_parameter_that_is_an_array_of_char_does_not_compile(building):
    """_Generic would take it for a pointer."""
    source = ('#include <plain/jobs.h>\nstruct s { FIELD; };\n'
              'const plain_param params[] = {PLAIN_PARAM(struct s, code, 0), PLAIN_PARAMS_END};\n')
    for field, code in (("const char *code", 0), ("char *const code", 0), ("char code[8]", 1)):
        (building.folder / "one.c").write_text(source.replace("FIELD", field))
        done = subprocess.run(["cc", "-std=c17", "-Wall", "-Werror", "-fsyntax-only",
                               f"-I{TREE}/include", "one.c"], cwd=building.folder, capture_output=True)
        assert done.returncode == code, (field, done.stderr)


def test_a_module_that_was_cut_is_named_and_kills_nobody(building):
    """As by a copy that is under way."""
    write(building, "app", "FirstJob")
    building("build")
    module = building.folder / "app/jobs.so"
    whole = module.read_bytes()
    for size in range(512, len(whole), 2048):
        module.write_bytes(whole[:size])
        done = building.run("jobs", "list")
        assert done.code in (0, 2), (size, done)
        assert done.code == 0 or "PJ108" in done.stderr
    module.write_bytes(whole[:9000])
    assert "is cut" in building.fails(2, 108, "jobs", "list").stderr


def test_a_module_without_a_source_is_named(building):
    write(building, "app", "FirstJob")
    assert "no jobs.c beside it" not in building("build").stderr
    (building.folder / "app/jobs.c").unlink()
    told = building("build").stderr
    assert "There is nothing to build" in told
    assert "app/jobs.so is loaded, and has no jobs.c beside it. If its source was deleted: " \
           "rm app/jobs.so" in told


def test_what_a_killed_build_left_goes_after_an_hour(building):
    write(building, "app", "FirstJob")
    for name, age in (("old", 4000), ("young", 60)):
        left = building.folder / f"app/.jobs.so.{name}"
        left.touch()
        os.utime(left, (time.time() - age,) * 2)
    building("build")
    assert made(building) == ["app/.jobs.so.young", "app/jobs.so"]
