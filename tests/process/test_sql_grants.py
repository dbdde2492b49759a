"""The rights that docs/sql.md gives to a role that only enqueues."""
import re

import psycopg2
import pytest

from marks import on_postgres
from program import TREE

UUID = "01a22c36-c521-7851-9a18-a5f308e902fb"


def grants_to(role):
    text = (TREE / "docs/sql.md").read_text()
    return [line.replace("shop", role) for line in re.findall(r"^GRANT .*;$", text, re.M)]


@pytest.fixture
def role(db):
    name = f"shop_{db.name}"
    db.execute(f"CREATE ROLE {name}")
    yield name
    db.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@on_postgres
def test_a_role_with_these_grants_enqueues(db, role):
    grants = grants_to(role)
    assert len(grants) == 5
    keyed = f"SELECT plain_jobs_enqueue('A', concurrency_key => 'k', uuid => '{UUID}')"
    with psycopg2.connect(db.url) as connection:
        cursor = connection.cursor()
        cursor.execute(f"{''.join(grants)} SET ROLE {role}")
        cursor.execute("INSERT INTO plainjobs_jobrequest (job_class, concurrency_key)"
                       " VALUES ('A', ''), ('A', 'inserted')")
        cursor.execute("SELECT plain_jobs_enqueue('A')")
        for _ in range(2):
            cursor.execute(keyed)
            assert cursor.fetchone() == (UUID,)
        cursor.execute("SELECT plain_jobs_enqueue('A', concurrency_key => 'k')")
        assert cursor.fetchone() == (None,)
        cursor.execute("RESET ROLE")
    connection.close()
    assert db.count("jobrequest") == 4


@on_postgres
def test_a_program_with_these_grants_enqueues(db, plain, module, role):
    db.execute("".join(grants_to(role)) + f"ALTER ROLE {role} LOGIN")
    plain.env["DATABASE_URL"] = db.url.replace("plain@", f"{role}@")
    plain.enqueue("NoopJob")
    plain.enqueue("NoopJob", "--key", "k")
    assert plain.run("jobs", "enqueue", "NoopJob", "--key", "k").code == 6
    plain.enqueue_many("NoopJob", 3)
    db.execute(f"REVOKE SELECT ON plainjobs_migration FROM {role}")
    plain.fails(1, 304, "jobs", "enqueue", "NoopJob")
    assert db.count("jobrequest") == 5


@on_postgres
@pytest.mark.parametrize("left_out", range(1, 4))
def test_none_of_them_is_for_nothing(db, role, left_out):
    """The schema `public` is everybody's anyway."""
    grants = grants_to(role)
    del grants[left_out]
    connection = psycopg2.connect(db.url)
    cursor = connection.cursor()
    cursor.execute(f"{''.join(grants)} SET ROLE {role}")
    with pytest.raises(psycopg2.errors.lookup("42501")):
        cursor.execute("SELECT plain_jobs_enqueue('A', concurrency_key => 'k',"
                       " uuid => gen_random_uuid())")
    connection.close()


@on_postgres
def test_a_worker_that_may_only_read_ends_with_what_it_lacks(db, plain, module, role):
    """Instead of trying again for ever, as a drain in cron would."""
    db.execute(f"ALTER ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    plain.env["DATABASE_URL"] = db.url.replace("://plain@", f"://{role}@")
    refused = plain.fails(1, 304, "jobs", "worker", "--drain")
    assert "permission denied for table" in refused.stderr and "owner of the tables" in refused.stderr
