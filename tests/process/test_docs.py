"""Every block of README.md, of docs/ and of the examples is compiled or run; see console.py."""
import contextlib
import re
import shutil

import pytest

import console
from program import TREE, clean_environment

DOCUMENTS = sorted(str(path.relative_to(TREE)) for path in
                   [*TREE.glob("*.md"), *TREE.glob("docs/**/*.md"),
                    *TREE.glob("examples/*/README.md")])
ERRORS = "docs/errors.md"  # its blocks are there to fail


@pytest.fixture
def run_postgres(folder, make_database):
    """run_postgres(text) runs SQL in a migrated database, which is made when it is first asked."""
    with contextlib.ExitStack() as stack:
        made = []

        def run(text):
            if not made:
                made.append(stack.enter_context(make_database("postgres", folder, True)))
            made[0].execute(text)
        yield run


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != ERRORS])
def test_a_document_can_be_followed(name, folder, reader, run_postgres):
    path = TREE / name
    if path.parent.parent.name == "examples":
        shutil.copytree(path.parent, folder, dirs_exist_ok=True)
    found = console.problems(path.read_text(), folder, reader, TREE / "include", run_postgres)
    assert not found, "\n".join(found)


def errors_with_examples():
    text = (TREE / ERRORS).read_text() if (TREE / ERRORS).exists() else ""
    return re.findall(r"^## PJ(\d+)[^#]*?^```sh\n(.*?)^```$", text, re.M | re.S)


@pytest.mark.parametrize("code, example", errors_with_examples())
def test_an_example_of_an_error_raises_it(code, example, folder, reader, built_demo):
    shutil.copytree(built_demo, folder, dirs_exist_ok=True)
    shown, _ = console.run(example, folder, reader)
    assert f"[PJ{code}]" in shown or f'"code":"PJ{code}"' in shown


@pytest.mark.parametrize("text, wrong", [
    ("```console\n$ echo a b\na b\n```\n", False),
    ("```console\n$ echo a b\na ...\n```\n", False),
    ("```console\n$ printf '1\\n2\\n3\\n'\n1\n...\n3\n```\n", False),
    ("```console\n$ echo a\n$ echo b\na\nb\n```\n", True),
    ("```console\n$ echo a\nb\n```\n", True),
    ("```console\n$ echo a\n```\n", True),
    ("```console\n$ false\n```\n", False),
    ("```console\n$ no-such-command\n...\n```\n", True),
    ("```console\n$ exit 2\n```\n", True),
    ("```console\n$ echo 'error[PJ101]: no'\n...\n```\n", True),
    ("```console\n$ echo 'error[PJ101]: no'\nerror[PJ101]...\n```\n", False),
    ("```sh\nfalse\n```\n", True),
    ("<!-- not run: it needs a server -->\n```sh\nfalse\n```\n", False),
    ("```c\n#include <plain/jobs.h>\nplain_jobs *jobs;\n```\n", False),
    ("```c\n#include <plain/jobs.h>\nplain_job *jobs\n```\n", True),
    ("```c\nreturn PLAIN_OK;\n```\n", False),
    ("```c\nstatic int run(plain_job *job, const void *params);\n```\n", False),
    ("```c\nreturn plain_job_fial(job, \"a\", \"b\");\n```\n", True),
    ("```sql\nSELECT 1;\n```\n", True),
    ("`jobs.d/hello`, complete:\n\n```sh\n#!/bin/sh\nfalse\n```\n"
     "```console\n$ cat jobs.d/hello\n#!/bin/sh\nfalse\n```\n", False),
])
def test_what_is_wrong_with_a_block_is_found(text, wrong, folder):
    found = console.problems(text, folder, clean_environment(folder), TREE / "include")
    assert bool(found) == wrong, found


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_sql_is_run_in_the_database_that_it_names(database, folder, reader, run_postgres):
    good = f"```sql {database}\nDELETE FROM plainjobs_jobrequest;\n```\n"
    assert console.problems(good, folder, reader, TREE / "include", run_postgres) == []
    bad = good.replace("jobrequest", "jobreqest")
    (wrong,) = console.problems(bad, folder, reader, TREE / "include", run_postgres)
    assert "plainjobs_jobreqest" in wrong


def test_settings_are_read(folder, reader):
    good = "```conf\njob hello {\n    retries = 3\n}\n```\n"
    assert console.problems(good, folder, reader, TREE / "include") == []
    (wrong,) = console.problems(good.replace("3", "many"), folder / "x", reader, TREE / "include")
    assert "retries" in wrong
