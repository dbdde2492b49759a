"""A worker as on another host: a name, a network and a runtime folder of its own, in which nobody else
looks. Only the server's socket and the test's folder are shared. No mount of its own: in a chroot whose
root is no mount point it could be seen outside."""
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
        runtime.mkdir(mode=0o700)
        self.env = {**plain.env, "XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(runtime)}

    def start(self, *args, env=None, **popen):
        command = shlex.join([str(self.program), *map(str, args)])
        script = f"hostname {self.name} && exec {command}"
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        return subprocess.Popen(["unshare", *as_root, "--uts", "--net", "sh", "-c", script],
                                cwd=self.folder, env={**self.env, **(env or {})}, **popen)
