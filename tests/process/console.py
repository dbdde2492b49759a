"""Documents that can be run: their fenced blocks are commands, C programs and files.

    ```console   "$ " begins a command, lines behind it are its output; "..." stands for any text,
                 alone on a line for any lines, also none
    ```sh        a script that must succeed
    ```c         a whole file (it has an #include) must compile; a part of one must when the usual
                 headers stand before it, as declarations or as statements
    ```conf      plain.conf: `plain` must take it; an executable is there for each of its sections
    ```sql sqlite, ```sql postgresql
                 statements that must succeed in that database, which has the schema; SQLite's is
                 plain.db of the folder

A block behind a paragraph that ends in "`app/jobs.c`, complete:" is that file of the folder, written
before what follows is run.

The blocks of one document are run in order, in one private folder. A block behind the comment
<!-- not run: reason --> is only looked at by people.
"""
import contextlib
import re
import sqlite3
import subprocess

FENCE = re.compile(r"^(?P<skip><!-- not run: [^\n]+ -->\n+)?"
                   r"(?:[^\n]*`(?P<file>[^`\n]+)`, complete:\n\n)?"
                   r"```(?P<kind>\w+)(?: (?P<database>\w+))?\n(?P<text>.*?)^```$", re.M | re.S)
TIMEOUT_S = 120

HEADERS = "".join(f"#include <{name}>\n" for name in (
    "errno.h", "inttypes.h", "stdio.h", "stdlib.h", "string.h", "plain/jobs.h"))
# What a part of a file may leave out: a caller, and the names that examples use without saying so.
AS_DECLARATIONS = HEADERS + '#line 1 "block"\n{text}'
AS_STATEMENTS = HEADERS + """
int block(plain_jobs *jobs, plain_job *job, const void *params);
int block(plain_jobs *jobs, plain_job *job, const void *params)
{{
    (void)jobs, (void)job, (void)params;
#line 1 "block"
{text}
    return 0;
}}
"""
# A part does not use all of itself.
PART = ["-Wno-unused", "-Wno-main"]


class Block:
    def __init__(self, document, match):
        self.kind = match["kind"]
        self.file = match["file"]
        self.database = match["database"]
        self.text = match["text"]
        self.skipped = match["skip"] is not None
        line = document[:match.start("text")].count("\n")
        self.line = line


def blocks(document):
    return [Block(document, match) for match in FENCE.finditer(document)]


def commands(text):
    """[(command, lines of expected output)] of a console block."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            assert found, f"output without a command: {line}"
            found[-1][1].append(line)
    return found


def pattern(expected):
    """A regular expression for lines in which ... stands for anything."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append("(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(part.rstrip()) for part in line.split("...")) + " *\n")
    return re.compile("".join(parts))


def run(command, folder, env):
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
    text = done.stdout.decode(errors="replace")
    text = text if not text or text.endswith("\n") else text + "\n"
    return text, done.returncode


def run_console(block, folder, env):
    """None, or what is wrong."""
    for command, expected in commands(block.text):
        output, code = run(command, folder, env)
        wanted = "\n".join(expected)
        is_refused = (code in (2, 127) or "error[PJ" in output) and "error[PJ" not in wanted
        if is_refused or not pattern(expected).fullmatch(output):
            return f"$ {command}\n--- expected\n{wanted}\n--- found\n{output}"
    return None


def run_script(block, folder, env):
    done = subprocess.run(["sh", "-eu"], input=block.text.encode(), cwd=folder, env=env,
                          capture_output=True, timeout=TIMEOUT_S)
    return None if done.returncode == 0 else f"{block.text}\n{done.stderr.decode()}"


def compile_text(text, include, flags):
    """None, or what the compiler says. A block may use the libraries of the databases."""
    libraries = subprocess.run(["pkg-config", "--cflags", "libpq", "sqlite3"], check=True,
                               capture_output=True, text=True).stdout.split()
    done = subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", *flags, "-fsyntax-only",
                           f"-I{include}", *libraries, "-xc", "-"], input=text,
                          capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr


def compile_c(block, include):
    if "#include" in block.text:
        return compile_text(block.text, include, [])
    wrong = compile_text(AS_DECLARATIONS.format(text=block.text), include, PART)
    if wrong and not compile_text(AS_STATEMENTS.format(text=block.text), include, PART):
        return None
    return wrong


def read_conf(block, folder, env):
    """`plain` reads it where it disturbs no other block."""
    place = folder / f".conf-{block.line}"
    (place / "jobs.d").mkdir(parents=True)
    (place / "plain.conf").write_text(block.text)
    for name in re.findall(r"^job ([\w-]+) \{", block.text, re.M):
        (place / "jobs.d" / name).write_text("#!/bin/sh\n")
        (place / "jobs.d" / name).chmod(0o755)
    done = subprocess.run(["sh", "-euc", "plain config; plain jobs list"], cwd=place,
                          env={**env, "PLAIN_JOBS_MODULES": "[]"}, capture_output=True,
                          text=True, timeout=TIMEOUT_S)
    return None if done.returncode == 0 else done.stderr


def run_sqlite(text, folder, env):
    subprocess.run(["plain", "migrate"], cwd=folder, env=env, check=True, capture_output=True)
    with contextlib.closing(sqlite3.connect(folder / "plain.db")) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.executescript(text)


def run_sql(block, folder, env, run_postgres):
    try:
        if block.database == "sqlite":
            run_sqlite(block.text, folder, env)
        elif block.database == "postgresql":
            run_postgres(block.text)
        else:
            return "for which database is it: ```sql sqlite or ```sql postgresql?"
    except Exception as failure:  # of either driver
        return f"{block.text}\n{failure}"
    return None


def write_file(block, folder):
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)


def check(block, folder, env, include, run_postgres):
    """None, or what is wrong with a block."""
    wrong = None
    if block.kind == "c":
        wrong = compile_c(block, include)
    elif block.kind == "conf":
        wrong = read_conf(block, folder, env)
    elif block.kind == "sql":
        wrong = run_sql(block, folder, env, run_postgres)
    if block.file:
        write_file(block, folder)
    elif block.kind == "console":
        wrong = run_console(block, folder, env)
    elif block.kind == "sh":
        wrong = run_script(block, folder, env)
    return wrong


def problems(document, folder, env, include, run_postgres=None):
    """["line 12: ..."] of a document. run_postgres(text) runs SQL on PostgreSQL."""
    found = []
    for block in blocks(document):
        wrong = None if block.skipped else check(block, folder, env, include, run_postgres)
        if wrong:
            found.append(f"line {block.line}: {wrong}")
    return found
