"""The rules of tools/lint-* catch what they are for."""
import pathlib
import shutil
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent


def lint(tool, folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    done = subprocess.run([TREE / "tools" / tool, folder], capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name, text, said", [
    ("src/base/a.c", '#include "store/store.h"\n', "base/ must not include store/"),
    ("src/runner/a.c", '#include "worker/worker.h"\n', "runner/ must not include worker/"),
    ("src/queue/a.c", "#include <libpq-fe.h>\n", "only src/store/postgres/ includes libpq-fe.h"),
    ("src/store/a.c", "#include <sqlite3.h>\n", "only src/store/sqlite/ includes sqlite3.h"),
    ("src/cli/a.c", "#include <microhttpd.h>\n", "only src/http/ includes microhttpd.h"),
    ("src/http/a.c", '#include "runner/runner.h"\n', "http/ must not include runner/"),
    ("src/core/a.c", '#include "job.h"\n', 'write the folder: "core/job.h"'),
    ("src/core/a.c", "int64_t t = time(NULL);\n", "only src/base/clock.c calls time()"),
    ("src/core/a.c", "char *p = strdup(s);\n", "only src/base/alloc.c calls strdup()"),
    ("src/pages/a.c", "int a;\n", "pages/ is not in the order of folders"),
])
def test_a_breach_is_named(tmp_path, name, text, said):
    code, output = lint("lint-includes", tmp_path, name, text)
    assert code == 1
    assert said in output


@pytest.mark.parametrize("name, text", [
    ("src/worker/a.c", '#include "worker/worker.h"\n#include "store/store.h"\n'),
    ("src/store/postgres/a.c", "#include <libpq-fe.h>\n"),
    ("src/base/clock.c", "void f(void) { clock_gettime(CLOCK_MONOTONIC, &t); }\n"),
    ("src/core/a.c", '/* time(NULL) */ // malloc(1)\nconst char *s = "time(0)"; x = job_time(j);\n'),
])
def test_what_is_allowed_passes(tmp_path, name, text):
    assert lint("lint-includes", tmp_path, name, text) == (0, "")


def test_a_long_function_is_refused(tmp_path):
    def body(lines):
        return "int long_one(void)\n{\n" + "    f();\n" * lines + "}\n"
    code, output = lint("lint-lengths", tmp_path / "a", "src/base/a.c", body(77))
    assert code == 0 and "80 lines  function src/base/a.c: long_one()" in output
    code, output = lint("lint-lengths", tmp_path / "b", "src/base/a.c", body(78))
    assert code == 1 and "long_one(): 81 lines, more than 80" in output


def test_a_long_file_is_refused(tmp_path):
    code, output = lint("lint-lengths", tmp_path, "src/base/a.c", "int a;\n" * 801)
    assert code == 1 and "src/base/a.c: 801 lines, more than 800" in output


def test_names_are_refused_and_not_to_have_looked_is_no_success(tmp_path):
    tool = tmp_path / "tools/lint-names"
    tool.parent.mkdir()
    shutil.copy(TREE / "tools/lint-names", tool)
    assert subprocess.run([tool], capture_output=True).returncode == 1  # git knows no tree here
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert subprocess.run([tool], capture_output=True).returncode == 0
    (tmp_path / "a.c").write_text(f"// {tmp_path}/b\n")
    assert subprocess.run([tool], capture_output=True).returncode == 1
