"""plain completion: the scripts, in the shells themselves."""
import os

import pytest

from marks import on_one_store
from program import Plain, program_path
from terminal import on_terminal

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(plain completion bash)\n"),
    "zsh": (["zsh", "-f", "-i"],
            "autoload -Uz compinit; compinit -u; source <(plain completion zsh)\n"),
    "fish": (["fish", "--no-config", "-i"], "plain completion fish | source\n"),
}


@pytest.fixture
def shell(request, lone_plain, folder):
    """shell("bash", "plain jobs li<tab>") types into a new shell, and returns what was run.

    plain is a script that notes its arguments, but for those of the completion itself."""
    lone_plain.add_executable("hello", "#!/bin/sh\n# Says hello.\n")
    lone_plain.add_executable("helium", "#!/bin/sh\n")
    (folder / "plain.conf").write_text('job helium { queue = "odd one;id" }\n')
    (folder / "some file.jsonl").write_text("{}\n")
    (folder / "bin").mkdir()
    script = folder / "bin/plain"
    script.write_text(f"""#!/bin/sh
case $1 in
completion) exec {program_path()} "$@" ;;
*) printf '%s|' "$@" >>{folder}/run.log; echo >>{folder}/run.log ;;
esac
""")
    script.chmod(0o755)
    env = {**lone_plain.env, "PATH": f"{folder}/bin:/usr/bin:/bin"}

    def run(name, *typed):
        command, begin = START[name]
        log = folder / "run.log"
        log.write_text("")
        text = "".join(f"{line}\n" for line in typed)
        seen, _ = on_terminal(command, begin + text + "exit\n", folder, env)
        found = [line.rstrip("|") for line in log.read_text().splitlines()]
        assert len(found) == len(typed), seen
        return found
    return run


@pytest.mark.parametrize("name", START)
def test_words_are_completed_by_tab(shell, name):
    assert shell(name,
                 "plain mig\t",
                 "plain jobs enq\thello --prio\t7",
                 "plain jobs purg\t --ye\t",
                 "plain --db sqlite:a.db jobs stat\t",
                 "plain jobs enqueue heli\tx=1",
                 "plain jobs pause od\t",
                 "plain jobs results --status LO\t",
                 "plain jobs results --status=LO\t",
                 "plain config JOBS_RES\t",
                 "plain help exi\t",
                 "plain jobs enqueue hello --from some\t") == [
        "migrate",
        "jobs|enqueue|hello|--priority|7",
        "jobs|purge|--yes",
        "--db|sqlite:a.db|jobs|stats",
        "jobs|enqueue|helium|x=1",
        "jobs|pause|odd one;id",
        "jobs|results|--status|LOST",
        "jobs|results|--status=LOST",
        "config|JOBS_RESULTS_RETENTION",
        "help|exit-codes",
        "jobs|enqueue|hello|--from|some file.jsonl"]


def candidates(plain, *words):
    return [line.split("\t")[0]
            for line in plain("completion", "candidates", "--", *words).lines]


def test_candidates(lone_plain, folder, test_module):
    plain = lone_plain
    assert "jobs" in candidates(plain, "") and "migrate" in candidates(plain, "")
    assert set(candidates(plain, "jobs", "re")) == {"requests", "results", "resume", "retry"}
    assert candidates(plain, "jobs", "enqueue", "") == []
    assert candidates(plain, "jobs", "results", "--q") == ["--quiet", "--queue"]
    assert candidates(plain, "--q") == ["--quiet"]
    assert candidates(plain, "jobs", "results", "--", "--q") == []
    assert candidates(plain, "jobs", "next", "--dst", "") == ["cron", "wall"]
    assert candidates(plain, "jobs", "show", "") == []
    assert candidates(plain, "--config", "") == [":files"]
    assert candidates(plain, "nonsense", "more", "") == []
    assert candidates(plain) == []
    (folder / "app").mkdir()
    os.link(test_module, folder / "app/jobs.so")
    assert "TraceJob" in candidates(plain, "jobs", "enqueue", "")
    assert candidates(plain, "jobs", "enqueue", "--queue", "de") == ["default"]
    assert candidates(plain, "jobs", "results", "--class=Tr") == ["--class=TraceJob"]
    assert candidates(plain, "jobs", "enqueue", "TraceJob", "") == ["n=", "ms="]
    assert candidates(plain, "jobs", "run", "OldTraceJob", "n=1", "m") == ["ms="]


@on_one_store
def test_candidates_are_of_the_database_and_the_settings_of_the_line(db, plain, module,
                                                                     start_worker, folder):
    start_worker().await_event("Worker registered")
    other = folder / "other.conf"
    other.write_text(f'jobs {{\n  database_url = "{db.url}"\n}}\n')
    (folder / "elsewhere").mkdir()
    lone = Plain(folder / "elsewhere")
    found = candidates(plain, "jobs", "stop", "")
    assert len(found) == 1 and candidates(lone, "jobs", "stop", "") == []
    for words in (["--db", db.url], [f"--db={db.url}"], ["--config", other]):
        assert candidates(lone, *words, "jobs", "stop", "") == found


def test_a_broken_module_breaks_no_completion(lone_plain, folder):
    (folder / "app").mkdir()
    (folder / "app/jobs.so").write_text("x")
    assert candidates(lone_plain, "jobs", "enqueue", "") == []
    assert candidates(lone_plain, "jobs", "enq") == ["enqueue"]


def test_what_is_no_shell(lone_plain):
    lone_plain.fails(2, 201, "completion")
    assert "bash, zsh or fish" in lone_plain.fails(2, 201, "completion", "tcsh").stderr
    lone_plain.fails(2, 201, "completion", "bash", "zsh")
