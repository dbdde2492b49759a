"""plain init: a project that works, and nothing that was there is lost."""
import os
import re
import stat
import subprocess

import pytest

from program import Plain, TREE

FILES = ["app/jobs.c", "jobs.d/hello", "plain.conf", ".env.example", ".gitignore", "Makefile",
         "README.md"]


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def bin_plain(folder, tmp_path_factory):
    """A folder with `plain` in it, for scripts."""
    made = tmp_path_factory.mktemp("bin")
    (made / "plain").symlink_to(Plain(folder).program)
    return made


@pytest.mark.parametrize("target", [None, "shop", "a folder's name"])
def test_what_it_says_next_works(lone_plain, folder, bin_plain, target):
    done = lone_plain("init", *([target] if target else []))
    project = folder / target if target else folder
    assert sorted(files_of(project)) == sorted(FILES)
    commands = re.findall(r"^  (.*)$", done.stdout, re.M)
    assert commands[0].startswith("cd " if target else "plain build")
    env = {**lone_plain.env, "PATH": f"{bin_plain}:{lone_plain.env['PATH']}",
           "CPPFLAGS": f"-I{TREE}/include", "CFLAGS": "-Wall -Wextra -Werror"}
    ran = subprocess.run(["sh", "-eu"], input="\n".join(commands), cwd=folder, env=env, text=True,
                         capture_output=True, timeout=60)
    assert ran.returncode == 0, ran
    said = ran.stdout + ran.stderr
    assert "Welcome, Ada (en)!" in said and "hello, Ada; this is attempt 1" in said
    assert len(re.findall(r"SUCCESSFUL +(?:WelcomeJob|hello)", ran.stdout)) == 2, ran.stdout


def test_modes_are_such_that_the_files_are_accepted(lone_plain, folder):
    """Whatever the umask lets through: others may not write, and the executable is one."""
    command = ["sh", "-c", f"umask 000; {lone_plain.program} init"]
    subprocess.run(command, cwd=folder, env=lone_plain.env, check=True, capture_output=True)
    for name in FILES:
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        assert mode == (0o755 if name == "jobs.d/hello" else 0o644), name
    lone_plain("config")


@pytest.mark.parametrize("name", [*FILES, "link"])
def test_nothing_is_overwritten(lone_plain, folder, name):
    path = folder / ("plain.conf" if name == "link" else name)
    path.parent.mkdir(exist_ok=True)
    if name == "link":
        path.symlink_to("nowhere")
    else:
        path.write_text("mine")
    before = files_of(folder)
    done = lone_plain.fails(7, 508, "init")
    assert str(path.relative_to(folder)) in done.stderr
    assert files_of(folder) == before
    assert path.is_symlink() if name == "link" else path.read_text() == "mine"


def test_what_stands_beside_is_left_alone(lone_plain, folder):
    (folder / "app").mkdir()
    (folder / "app/main.c").write_text("mine")
    lone_plain("init")
    assert sorted(files_of(folder)) == sorted([*FILES, "app/main.c"])
    lone_plain.fails(7, 508, "init")


def test_when_a_part_cannot_be_written_nothing_stays(lone_plain, folder):
    (folder / "shop").mkdir()
    (folder / "shop/jobs.d").write_text("a file where a folder should be")
    done = lone_plain.fails(1, 705, "init", "shop")
    assert "shop/jobs.d" in done.stderr
    assert sorted(os.listdir(folder / "shop")) == ["jobs.d"]
    lone_plain.fails(1, 705, "init", "no/such/parent")
    lone_plain.fails(2, 201, "init", "")
    lone_plain.fails(2, 201, "init", "a", "b")


def test_as_json(lone_plain):
    assert lone_plain.json("init", "shop") == {"format": 1, "folder": "shop", "files": FILES}
