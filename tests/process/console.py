"""Documents that can be run: their fenced blocks are commands, C programs and files.

    ```console   "$ " begins a command, lines behind it are its output; "..." stands for any text,
                 alone on a line for any lines, also none
    ```sh        a script that must succeed
    ```c         a whole file (it has an #include) must compile; a part of one is left alone
    ```c app/jobs.c, ```sh jobs.d/hello
                 such a block, written to that file of the document's folder first

The blocks of one document are run in order, in one private folder. A block behind the comment
<!-- not run: reason --> is only looked at by people.
"""
import re
import stat
import subprocess

FENCE = re.compile(r"^(?P<skip><!-- not run: .+? -->\n+)?```(?P<kind>\w+)(?: (?P<file>\S+))?\n"
                   r"(?P<text>.*?)^```$", re.M | re.S)
TIMEOUT_S = 120


class Block:
    def __init__(self, document, match):
        self.kind = match["kind"]
        self.file = match["file"]
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
    return text if not text or text.endswith("\n") else text + "\n"


def run_console(block, folder, env):
    """None, or what is wrong."""
    for command, expected in commands(block.text):
        output = run(command, folder, env)
        if not pattern(expected).fullmatch(output):
            wanted = "\n".join(expected)
            return f"$ {command}\n--- expected\n{wanted}\n--- found\n{output}"
    return None


def run_script(block, folder, env):
    done = subprocess.run(["sh", "-eu"], input=block.text.encode(), cwd=folder, env=env,
                          capture_output=True, timeout=TIMEOUT_S)
    return None if done.returncode == 0 else f"{block.text}\n{done.stderr.decode()}"


def compile_c(block, include):
    if "#include" not in block.text:
        return None
    done = subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                           f"-I{include}", "-xc", "-"], input=block.text, capture_output=True,
                          text=True)
    return None if done.returncode == 0 else done.stderr


def write_file(block, folder):
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)
    if block.text.startswith("#!"):
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def problems(document, folder, env, include):
    """["line 12: ..."] of a document."""
    found = []
    for block in blocks(document):
        wrong = None
        if block.skipped:
            continue
        if block.kind == "c":
            wrong = compile_c(block, include)
        if block.file:
            write_file(block, folder)
        elif block.kind == "console":
            wrong = run_console(block, folder, env)
        elif block.kind == "sh":
            wrong = run_script(block, folder, env)
        if wrong:
            found.append(f"line {block.line}: {wrong}")
    return found
