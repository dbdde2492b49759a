"""A PgBouncer of the tests' own in front of their server, in transaction mode with a pool of two."""
import contextlib
import subprocess

import psycopg2

from cluster import as_user, free_port
from workers import wait_until

POOL = 2


class Bouncer:
    def __init__(self, cluster):
        self.port = free_port()
        self.log = cluster.folder / f"bouncer-{self.port}.log"
        users = cluster.folder / f"bouncer-{self.port}.users"  # where it may read
        self.config = users.with_suffix(".ini")
        users.write_text('"plain" ""\n')
        self.config.write_text(f"""[databases]
* = host={cluster.folder} port={cluster.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
admin_users = plain
pool_mode = transaction
default_pool_size = {POOL}
max_client_conn = 100
""")
        self.prefix, _ = as_user()
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, "pgbouncer", self.config], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={"PATH": "/usr/sbin:/usr/bin:/bin"})
        wait_until(self.answers, "PgBouncer", seconds=10)

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(psycopg2.OperationalError):
            self.connect("pgbouncer").close()
            return True

    def connect(self, name):
        connection = psycopg2.connect(self.url(name))
        connection.autocommit = True
        return connection

    def url(self, name):
        return f"postgresql://plain@127.0.0.1:{self.port}/{name}"

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
