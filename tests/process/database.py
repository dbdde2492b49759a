"""Looking into a queue's database from outside: the same rows from both stores.

Times are seconds since 1970, uuids are texts, parameters are decoded JSON.
"""
import contextlib
import json
import sqlite3
import uuid

import psycopg2

from cluster import Link
from workers import wait_until

LIVE = ("jobrequest", "jobprocess")
TABLES = (*LIVE, "jobresult", "jobkey", "counter")
UUIDS = ("uuid", "job_request_uuid", "job_process_uuid", "retry_job_request_uuid", "root_uuid",
         "retry_of", "worker_id", "request_uuid", "rescuer_id")


class Row(dict):
    """row.status beside row["status"]"""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Database:
    """What both kinds have in common; rows() and execute() are the kind's own."""
    kind = url = None

    def one(self, table, where="TRUE", values=()):
        found = self.rows(table, where, values)
        assert len(found) == 1, found
        return found[0]

    def count(self, table, where="TRUE"):
        return self.query(f"SELECT count(*) AS n FROM plainjobs_{table} WHERE {where}")[0].n

    def counts(self):
        """Rows of every table: what must not change when nothing is written."""
        return {table: self.count(table) for table in TABLES}

    def rows(self, table, where="TRUE", values=()):
        return self.query(f"SELECT * FROM plainjobs_{table} WHERE {where} ORDER BY 1", values)

    def results(self, job_class=None):
        """Ended attempts, oldest first."""
        found = self.query("SELECT * FROM plainjobs_jobresult ORDER BY id")
        return [row for row in found if job_class in (None, row.job_class)]

    def await_results(self, n, job_class=None, seconds=40):
        """The results, when there are n: a worker logs an end before it is recorded."""
        where = f"job_class = '{job_class}'" if job_class else "TRUE"
        wait_until(lambda: self.count("jobresult", where) >= n, f"{n} results", seconds)
        return self.results(job_class)

    def statuses(self, job_class=None):
        return [row.status for row in self.results(job_class)]

    def query(self, sql, values=()):
        raise NotImplementedError

    def execute(self, sql):
        raise NotImplementedError

    def nobody_writes(self):
        """Whether no transaction is open."""
        raise NotImplementedError


class Sqlite(Database):
    kind = "sqlite"

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite:{path}"

    def query(self, sql, values=()):
        """Read-only: a connection that could write would checkpoint when it closes."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True,
                                                timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [plain_row(dict(row)) for row in connection.execute(sql, values)]

    def execute(self, sql):
        """A foreign writer, well-behaved."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.executescript(sql)
            connection.commit()


    def nobody_writes(self):
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None, timeout=0)) as own:
            try:
                own.execute("PRAGMA wal_autocheckpoint = 0")
                own.execute("BEGIN IMMEDIATE")
                own.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return False
            return True


class Postgres(Database):
    kind = "postgres"

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.url = cluster.url(name)
        self.link = Link(self.url)

    def connect(self):
        return psycopg2.connect(self.url)

    def close(self):
        self.link.close()

    def query(self, sql, values=()):
        with self.link.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), values or None)
            return [plain_row(dict(row)) for row in cursor]

    def execute(self, sql):
        with self.link.cursor() as cursor:
            cursor.execute(sql)

    def nobody_writes(self):
        return self.query("SELECT count(*) AS n FROM pg_stat_activity WHERE xact_start IS NOT NULL"
                          " AND datname = current_database() AND backend_type = 'client backend'"
                          " AND pid <> pg_backend_pid()")[0].n == 0


def plain_row(row):
    for name, value in row.items():
        if value is None:
            continue
        if name in UUIDS:
            row[name] = str(uuid.UUID(bytes=value) if isinstance(value, bytes) else value)
        elif hasattr(value, "timestamp"):
            row[name] = value.timestamp()
        elif name.endswith("_at") or name == "minute":
            row[name] = value / 1e6
        elif name == "parameters" and isinstance(value, str):
            row[name] = json.loads(value)
    return Row(row)
