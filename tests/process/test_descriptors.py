"""stdin, stdout and stderr as they come: closed, full, slow."""
import subprocess

from program import Done


def redirected(plain, redirection, *args):
    """Runs a command behind what bash makes of the redirection."""
    command = ["bash", "-c", f'exec "$@" {redirection}', "bash", plain.program, *map(str, args)]
    done = subprocess.run(command, cwd=plain.folder, env=plain.env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    return Done([redirection, *args], done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_worker_whose_descriptors_are_closed_works(db, plain, module):
    plain.enqueue("FirstInfoJob", "--count", 3)
    done = redirected(plain, "<&- >&- 2>&-", "jobs", "worker", "--drain")
    assert done.code == 0 and len(db.results()) == 3, done


def test_what_is_printed_to_a_closed_stdout_goes_nowhere_else(db, plain, module):
    done = redirected(plain, ">&-", "jobs", "enqueue", "FirstInfoJob")
    assert (done.code, done.pj) == (1, 705), done
    assert db.count("jobrequest") == 1
