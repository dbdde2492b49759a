"""The four steps of the guide's last chapter but one, taken from its text, in a private root."""
import re
import subprocess

import console
from program import TREE

GUIDE = TREE / "docs/guide.md"
URL = "postgresql://app@localhost/app"
APPLICATION = """\
#include <plain/jobs.h>

#include <stdio.h>

int main(void)
{
    plain_jobs *jobs;
    plain_error err = {0};
    int r = plain_jobs_open(NULL, &jobs, &err);

    if (r == PLAIN_OK) {
        r = plain_run_in_worker_by_name(jobs, "MoreJob", "{}", NULL, NULL, &err);
        plain_jobs_close(jobs);
    }
    if (r < 0)
        fprintf(stderr, "PJ%d: %s\\n", err.pj, err.message);
    return r;
}
"""
MODULE = """\
#include <plain/jobs.h>

static int more_run(plain_job *job, const void *params)
{
    (void)job, (void)params;
    return PLAIN_OK;
}

const plain_job_class MoreJob = {PLAIN_JOB_CLASS_EMPTY, .name = "MoreJob", .run = more_run};

PLAIN_REGISTER_JOBS(&MoreJob);
"""


def steps():
    chapter = GUIDE.read_text().split("\n## Installation\n")[1].split("\n## ")[0]
    return [block.text for block in console.blocks(chapter)]


def test_make_install_is_what_these_tests_do(tmp_path):
    """The fixture `installed` runs its last line, without building again."""
    install, *_ = steps()
    assert install.splitlines()[1] == "make install PREFIX=/usr/local"
    done = subprocess.run(["make", "--no-print-directory", "-n", "install", "RELEASE=x",
                           "PREFIX=/usr/local"], cwd=TREE,
                          check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["tools/configure x release -Dprefix=/usr/local",
                                        "ninja -C x", "meson install -C x --no-rebuild"]


def test_everything_is_installed(installed):
    names = {str(path.relative_to(installed)) for path in installed.rglob("*")}
    for library in ("plain-jobs", "plain-jobs-main"):
        assert {f"lib/lib{library}.so", f"lib/lib{library}.so.0", f"lib/lib{library}.a",
                f"lib/pkgconfig/{library}.pc"} <= names
    headers = {str(path.relative_to(TREE / "include")) for path in
               (TREE / "include").rglob("*.h*") if path.is_file()}
    assert {f"include/{name}" for name in headers} | {"bin/plain"} <= names
    assert {"share/man/man1/plain.1", "share/man/man5/plain.conf.5"} <= names


def test_the_four_steps_lead_to_a_job_that_ran(store, folder, reader, empty_db):
    _, compiling, registering, migrating = steps()
    (folder / "app.c").write_text(APPLICATION)
    (folder / "more.c").write_text(MODULE)
    assert URL in migrating and migrating.endswith("plain jobs worker\n")
    migrating = migrating.replace(URL, f"'{empty_db.url}'")
    migrating = migrating.replace("plain jobs worker\n", "./app\nplain jobs worker --drain\n")
    done = subprocess.run(["sh", "-euxc", compiling + registering + migrating], cwd=folder,
                          env=reader, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.search("^MoreJob", done.stdout, re.M)
    assert empty_db.statuses() == ["SUCCESSFUL"]


def test_the_program_of_the_readme_is_linked_with_its_class(folder, reader, empty_db):
    blocks = console.blocks((TREE / "README.md").read_text())
    job, application = [block.text for block in blocks if block.kind == "c"][:2]
    (link,) = [block.text for block in blocks if block.text.startswith("cc ")]
    (folder / "app").mkdir()
    (folder / "app/jobs.c").write_text(job)
    (folder / "signup.c").write_text(application.replace('"sqlite:plain.db"', f'"{empty_db.url}"'))
    done = subprocess.run(["sh", "-euc", f"plain --db '{empty_db.url}' migrate\n{link}./signup"],
                          cwd=folder, env=reader, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert empty_db.one("jobrequest").job_class == "WelcomeUserJob"


def test_the_face_of_cpp(folder, reader, empty_db):
    """All that plain/jobs.hpp offers."""
    build = (f"c++ -std=c++17 -Wall -Wextra -Werror -o face {TREE}/tests/queue/hpp_compile.cpp"
             " $(pkg-config --cflags --libs plain-jobs)")
    done = subprocess.run(["sh", "-euc", f"plain --db '{empty_db.url}' migrate\n{build}\n"
                                         f"./face '{empty_db.url}'"],
                          cwd=folder, env=reader, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
