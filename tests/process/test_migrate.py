"""plain migrate: twice, at once, dry, as SQL text, and against a newer schema."""
import concurrent.futures
import contextlib
import json
import sqlite3
import subprocess

import psycopg2
import pytest

from marks import on_postgres, on_sqlite, spoils_tables
SQLITE_SCHEMA = """SELECT type, name, sql FROM sqlite_schema
                   WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"""
POSTGRES_SCHEMA = """
SELECT 'column' AS kind, table_name || '.' || column_name AS name,
       data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS what
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
           WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3"""


def schema(db):
    if db.kind == "sqlite" and not db.path.exists():
        return []
    return [tuple(row.values())
            for row in db.query(SQLITE_SCHEMA if db.kind == "sqlite" else POSTGRES_SCHEMA)]


def versions(db):
    return [row.version for row in db.query("SELECT version FROM plainjobs_migration ORDER BY 1")]


def test_twice_is_once(empty_db, plain):
    first = plain.json("migrate")
    assert first["from"] == 0 and first["to"] >= 1
    before = schema(empty_db)
    second = plain.json("migrate")
    assert second["from"] == second["to"] == first["to"]
    assert schema(empty_db) == before
    assert versions(empty_db) == list(range(1, first["to"] + 1))


def test_eight_at_once_are_one(empty_db, plain):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: plain.json("migrate"), range(8)))
    assert len({outcome["to"] for outcome in outcomes}) == 1  # whoever did which step
    assert versions(empty_db) == list(range(1, outcomes[0]["to"] + 1))
    plain("jobs", "stats")


def test_a_dry_run_writes_nothing(empty_db, plain):
    outcome = plain.json("migrate", "--dry-run")
    assert (outcome["from"], outcome["dry_run"]) == (0, True) and outcome["to"] >= 1
    assert schema(empty_db) == []
    if empty_db.kind == "sqlite":
        assert not empty_db.path.exists()
    plain("migrate")
    assert plain.json("migrate", "--dry-run")["from"] == outcome["to"]


def test_sql_is_no_json(lone_plain):
    done = lone_plain.run("--json", "migrate", "--sql")
    error = json.loads(done.stderr)["error"]
    assert (done.code, done.stdout, error["pj"], error["field"]) == (2, "", "PJ201", "sql")


def test_sql_text_makes_the_same_schema(empty_db, plain, postgres):
    text = plain("migrate", "--sql").stdout
    assert schema(empty_db) == []
    if empty_db.kind == "sqlite":
        connection = sqlite3.connect(empty_db.path)
        connection.executescript(text)
        connection.close()
    else:
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", empty_db.url], input=text.encode(),
                       check=True, stdout=subprocess.DEVNULL)
    by_hand = schema(empty_db)
    assert plain.json("migrate")["from"] == max(versions(empty_db))
    drop_all(empty_db)
    plain("migrate")
    assert schema(empty_db) == by_hand


def drop_all(db):
    if db.kind == "sqlite":
        for name in ("", "-wal", "-shm"):
            db.path.with_name(db.path.name + name).unlink(missing_ok=True)
    else:
        db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def test_every_command_asks_for_a_missing_schema(empty_db, plain, module):
    if empty_db.kind == "sqlite":
        sqlite3.connect(empty_db.path).close()
        empty_db.path.touch()
    for command in (["jobs", "stats"], ["jobs", "requests"], ["jobs", "results"],
                    ["jobs", "enqueue", "NoopJob"], ["jobs", "show", "1" * 32],
                    ["jobs", "retry", "1" * 32]):
        done = plain.fails(5, 302, *command)
        assert "plain migrate" in done.stderr
    assert schema(empty_db) == []


@spoils_tables
def test_a_worker_makes_a_missing_sqlite_database_only(empty_db, plain, module):
    if empty_db.kind == "sqlite":
        plain.drain()
        assert versions(empty_db)
    else:
        plain.fails(5, 302, "jobs", "worker", "--drain")


@on_sqlite
def test_a_connection_that_trusts_no_schema_uses_the_file(db, plain):
    """As SQLite advises to set it: no part of ours keeps it from the application's own tables."""
    db.execute("CREATE TABLE users (name text)")
    with sqlite3.connect(plain.folder / "plain.db") as hardened:
        hardened.execute("PRAGMA trusted_schema = OFF")
        assert hardened.execute("SELECT * FROM users").fetchall() == []
        hardened.execute("INSERT INTO plainjobs_jobrequest (job_class, parameters, concurrency_key)"
                         " VALUES ('AnyJob', '{}', 'k')")
        views = hardened.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
        for view, in views:
            hardened.execute(f"SELECT * FROM {view}").fetchall()
        assert views and db.count("jobkey") == 0
    hardened.close()
    assert db.count("jobkey") == 1


@on_postgres
def test_a_database_of_another_encoding_is_refused(db, plain):
    """It could not hold what jobs write."""
    with contextlib.closing(psycopg2.connect(db.url)) as connection:
        connection.autocommit = True
        name = f"latin_{db.name}"
        connection.cursor().execute(f"CREATE DATABASE {name} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
        try:
            plain.env["DATABASE_URL"] = db.url.replace(f"/{db.name}", f"/{name}")
            assert "LATIN1" in plain.fails(1, 306, "migrate").stderr
        finally:
            connection.cursor().execute(f"DROP DATABASE {name}")


@spoils_tables
def test_a_newer_schema_is_refused(db, plain, module):
    newest = max(versions(db))
    db.execute("INSERT INTO plainjobs_migration (version, name, applied_at) "
               f"SELECT {newest + 1}, 'future', applied_at FROM plainjobs_migration LIMIT 1")
    before = db.counts()
    for command in (["migrate"], ["migrate", "--dry-run"], ["jobs", "enqueue", "NoopJob"],
                    ["jobs", "worker", "--drain"], ["jobs", "stats"]):
        done = plain.fails(5, 302, *command)
        assert str(newest + 1) in done.stderr
    assert db.counts() == before


@on_postgres
@spoils_tables
def test_a_schema_of_its_own(empty_db, plain, module):
    """?schema= keeps the tables apart, also for the rows that a worker writes."""
    url = f"{empty_db.url}&schema=jobs"
    plain("migrate", "--db", url)
    plain("jobs", "enqueue", "NoopJob", "--db", url)
    plain.drain("--db", url)
    found = empty_db.query("SELECT status FROM jobs.plainjobs_jobresult")
    assert [row.status for row in found] == ["SUCCESSFUL"]
    with pytest.raises(psycopg2.errors.UndefinedTable):
        empty_db.count("jobresult")
