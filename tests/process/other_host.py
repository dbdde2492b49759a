"""A worker as on another host: a name, a network, process numbers' files and a runtime folder of its
own. Only the server's socket and the test's folder are shared."""
import os
import shlex
import subprocess

from program import Plain


class OtherHost(Plain):
    """Plain, whose processes are started elsewhere."""

    def __init__(self, plain, name):
        super().__init__(plain.folder, program=plain.program)
        self.name = name
        runtime = plain.folder / f"run-{name}"
        runtime.mkdir()
        self.env = {**plain.env, "XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(runtime)}

    def start(self, *args, env=None, **popen):
        command = shlex.join([str(self.program), *map(str, args)])
        runtime = shlex.quote(self.env["XDG_RUNTIME_DIR"])
        script = f"hostname {self.name} && mount -t tmpfs -o mode=700 none {runtime} && exec {command}"
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        return subprocess.Popen(["unshare", *as_root, "--uts", "--net", "--mount", "sh", "-c", script],
                                cwd=self.folder, env={**self.env, **(env or {})}, **popen)
