"""Rows for the admin's pages: many, and with texts that were made to become markup."""
import json

# SQL of each database.
RANDOM_UUID = {"sqlite": "randomblob(16)", "postgres": "gen_random_uuid()"}
NOW = {"sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)",
       "postgres": "now()"}
SERIES = {"sqlite": "(WITH RECURSIVE s (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s"
                    " WHERE n < {}) SELECT n FROM s) AS s",
          "postgres": "generate_series(1, {}) AS s (n)"}

# As it is stored, and as it is to be read on a page.
HOSTILE = [(text, text) for text in (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "' onmouseover='alert(3)' x='",
    "</dd></dl></td></table></main><script>alert(4)</script>",
    "</title><svg/onload=alert(5)>",
    "<!-- <a href=\"javascript:alert(6)\">",
    "&lt;script&gt; &amp; &#60; &nosuch;",
    "../../j/x?queue=a&class=b#c+%41%",
    "%s%n {{7*7}} ${x} `id` ]]>",
    "  two  spaces  ",
    "é ☕ 𝄞 אב",
)] + [
    ("a\x01b\x1b[31mc\x7fd\x85e\tf", "a\\u0001b\\u001b[31mc\\u007fd\\u0085e\\u0009f"),
    ("\u202etxt.\u2066exe\u2028", "\\u202etxt.\\u2066exe\\u2028"),
]


def escaped(text):
    """A member of parameters as it is to be read, of a text of HOSTILE."""
    member = json.dumps(text, ensure_ascii=False)
    unsafe = [*range(0x20), *range(0x7f, 0xa0), 0x2028, 0x2029, *range(0x202a, 0x202f),
              *range(0x2066, 0x206a)]
    return member.translate({n: f"\\u{n:04x}" for n in unsafe})


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def add_results(db, n, job_class="NoopJob", **columns):
    """All columns may be given, as SQL."""
    uuid, now = RANDOM_UUID[db.kind], NOW[db.kind]
    columns = {"uuid": uuid, "created_at": now, "requested_at": now, "started_at": now,
               "ended_at": now, "job_process_uuid": uuid, "job_request_uuid": uuid,
               "status": "'SUCCESSFUL'", "job_class": quoted(job_class),
               "parameters": """'{"args": [], "kwargs": {}}'""", **columns}
    db.execute(f"INSERT INTO plainjobs_jobresult ({', '.join(columns)})"
               f" SELECT {', '.join(columns.values())} FROM {SERIES[db.kind].format(n)}")


def add_requests(db, n, job_class="NoopJob"):
    db.execute("INSERT INTO plainjobs_jobrequest (job_class, queue)"
               f" SELECT {quoted(job_class)}, 'mail' FROM {SERIES[db.kind].format(n)}")


def insert(db, table, **columns):
    db.execute(f"INSERT INTO plainjobs_{table} ({', '.join(columns)})"
               f" VALUES ({', '.join(columns.values())})")


def add_hostile(db):
    """Each text in each column that takes one."""
    uuid, now = RANDOM_UUID[db.kind], NOW[db.kind]
    for text, _ in HOSTILE:
        it = quoted(text)
        parameters = quoted(json.dumps({"args": [], "kwargs": {text: text}}, ensure_ascii=False))
        job = {"queue": it, "concurrency_key": it, "source": it, "parameters": parameters}
        insert(db, "jobrequest", **job, job_class=it)
        insert(db, "jobprocess", **job, job_class=it, uuid=uuid, created_at=now, started_at=now,
               job_request_uuid=uuid, root_uuid=uuid, requested_at=now, worker_id=uuid,
               cancel_at=now, cancel_by=it)
        add_results(db, 1, text, **job, status="'ERRORED'", worker_id=uuid, worker_host=it,
                    error=it, error_type=it, error_message=it, output=it)
        insert(db, "workerheartbeat", worker_id=uuid, hostname=it, pid="7", version=it,
               queues=quoted(json.dumps([text], ensure_ascii=False)))
        for kind in ("'queue'", "'class'"):
            insert(db, "pause", kind=kind, name=it, reason=it, paused_by=it)
