"""tools/sql2c.awk: every text comes back as it was written, under both awks of Debian."""
import pathlib
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
AWKS = ["mawk", "gawk"]
NASTY = "SELECT 'C:\\new\\\\x', \"q\\\"\", '??/ ??= ?', '\\' , 'é %s %d & &&';\n"


def convert(awk, what, *paths):
    return subprocess.run([awk, "-v", f"what={what}", "-v", "dialect=test",
                           "-f", TREE / "tools/sql2c.awk", *paths],
                          capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def compile_and_run(folder, generated, declarations, body):
    """Compiles what was generated, with the headers it includes replaced, and runs body on it."""
    (folder / "store").mkdir()
    (folder / "store/sql_names.h").write_text(declarations)
    (folder / "store/migration.h").write_text(declarations)
    (folder / "generated.c").write_bytes(
        generated + b"#include <stdio.h>\nint main(void) {" + body.encode() + b"}\n")
    subprocess.run(["gcc", "-std=c17", "-Wall", "-Werror", f"-I{folder}", "-o", folder / "shown",
                    folder / "generated.c"], check=True)
    return subprocess.run([folder / "shown"], check=True, capture_output=True).stdout.decode()


@pytest.mark.parametrize("awk", AWKS)
def test_a_block_with_backslashes_and_quotes_comes_back(tmp_path, awk):
    sql = write(tmp_path, "jobs.sql", f"-- :name nasty\n-- $1 type name\n\n{NASTY}  FROM t ;\n"
                                      "-- :name other\nSELECT 1;\n")
    generated = convert(awk, "sql", sql).stdout
    shown = compile_and_run(tmp_path, generated,
                            "enum { SQL_NASTY, SQL_MISSING, SQL_OTHER, SQL_COUNT };",
                            'printf("%s|%d|%s", sql_test[SQL_NASTY], sql_test[SQL_MISSING] == NULL,'
                            ' sql_test[SQL_OTHER]); return 0;')
    assert shown == NASTY + "  FROM t\n|1|SELECT 1\n"


@pytest.mark.parametrize("awk", AWKS)
def test_a_migration_comes_back_whole(tmp_path, awk):
    text = "-- first\n\n" + NASTY + "\n  -- last;\n"
    paths = [write(tmp_path, "001_initial.sql", text), write(tmp_path, "002_more.sql", "SELECT 2;\n")]
    declarations = ("#include <stddef.h>\n"
                    "struct migration { int version; const char *name; const char *sql; };")
    shown = compile_and_run(tmp_path, convert(awk, "migrations", *paths).stdout, declarations,
                            'for (size_t i = 0; i < migrations_test_count; i++)'
                            ' printf("%d %s\\n%s", migrations_test[i].version,'
                            ' migrations_test[i].name, migrations_test[i].sql); return 0;')
    assert shown == f"1 initial\n{text}2 more\nSELECT 2;\n"


@pytest.mark.parametrize("what", ["sql", "migrations"])
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_both_awks_write_the_same(what, dialect):
    paths = sorted((TREE / "src/store" / dialect / what).glob("*.sql"))
    outputs = [convert(awk, what, *paths) for awk in AWKS]
    assert [output.returncode for output in outputs] == [0, 0], outputs[0].stderr
    assert outputs[0].stdout == outputs[1].stdout
    assert paths and outputs[0].stdout


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("text, said", [
    ("SELECT 1;\n", "jobs.sql:1: text before the first -- :name"),
    ("-- :name a\n-- only a comment\n", "block a is empty"),
    ("-- :name a\nSELECT 1;\n-- :name a\nSELECT 2;\n", "block a stands here and in"),
    ("-- :name Claim-Jobs\nSELECT 1;\n", "is no name for a block"),
])
def test_a_bad_file_is_refused(tmp_path, awk, text, said):
    done = convert(awk, "sql", write(tmp_path, "jobs.sql", text))
    assert done.returncode == 1
    assert said in done.stderr.decode()


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("names, said", [
    (["001_a.sql", "003_c.sql"], "expected migration 2"),
    (["first.sql"], "a migration is named NNN_name.sql"),
])
def test_a_gap_in_the_migrations_is_refused(tmp_path, awk, names, said):
    done = convert(awk, "migrations", *[write(tmp_path, name, "SELECT 1;\n") for name in names])
    assert done.returncode == 1
    assert said in done.stderr.decode()


@pytest.mark.parametrize("awk", AWKS)
def test_a_file_of_text_comes_back(tmp_path, awk):
    text = "a { content: \"\\\\??/\"; }\n\n/* -- :name no block; */\n" + NASTY
    path = write(tmp_path, "page.css", text)
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin/assets.h").write_text("extern const char page_css[];\n")
    generated = subprocess.run([awk, "-v", "what=text", "-v", "name=page_css",
                                "-f", TREE / "tools/sql2c.awk", path], check=True,
                               capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert compile_and_run(tmp_path, generated.stdout, "", 'printf("%s", page_css);') == text
