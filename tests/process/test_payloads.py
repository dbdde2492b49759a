"""Whatever can be enqueued arrives as it was or is refused, and harms nobody (F23)."""
import json
import random
import subprocess

import pytest

from program import sized
from verify import assert_sound

COUNT = sized(150, 5000)
LARGE = 3 * 1024 * 1024  # more than the library takes: by SQL it comes all the same
PIECES = ["a", "é", "☕", "𝄞", "אב", "\u202e", "\u0001", "\u007f", "\u2028", "\\", '"', "/", "\t",
          "$(id)", "`id`", "%s%n", "'; DROP TABLE plainjobs_jobrequest; --", "{schema}", "$1", "?1",
          "\u0000", "<script>"]
NUMBERS = ["0", "-0", "1", "-1", "9223372036854775807", "-9223372036854775808",
           "9223372036854775808", "123456789012345678901234567890", "0.1", "-1.5e-7", "1e300",
           "1E+2"]
SPOILED = ['{"a": NaN}', '{"a": 01}', '{"a": .5}', '{"a": 1,}', '{"a": "\\x"}', '{"a": "\\ud800"}',
           '{"a": "\\udc00x"}', '{"a": tru}', '{a: 1}', "", "null", "[]", "1", '"x"', '{"a": 1} {}',
           '{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 1}}', '{"a": 1, "\\u0061": 2}', "{" * 5000,
           '{"a": ' * 200 + "1" + "}" * 200, '{"a": "\\u0000"}', '{"\\u0000": 1}', "{'a': 1}"]


def random_text(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(6)))


def random_value(rng, depth):
    kind = rng.randrange(7 if depth < 4 else 5)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind in (1, 2):
        return json.dumps(random_text(rng), ensure_ascii=rng.random() < 0.5)
    if kind in (3, 4):
        return rng.choice(["true", "false", "null"])
    if kind == 5:
        return "[" + rng.choice([",", " , "]).join(
            random_value(rng, depth + 1) for _ in range(rng.randrange(4))) + "]"
    return random_object(rng, depth + 1)


def random_object(rng, depth=0):
    names = sorted({f"{random_text(rng)}{i}" for i in range(rng.randrange(4))})
    return "{" + ",".join(f"{json.dumps(name)}: {random_value(rng, depth)}" for name in names) + "}"


def must_be_refused(text):
    """By the documented rules: what Python reads too, without NUL."""
    return "\\u0000" in text or "\0" in text


def decoded(text):
    return json.loads(text, parse_int=float)


def number(digits):
    """jsonb writes 1e300 as digits; every integer of NUMBERS is shorter."""
    return int(digits) if len(digits) < 100 else float(digits)


def enqueue_all(program, db, texts, env):
    lines = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")
    done = subprocess.run([program, db.url, "keep", "lines"], input=lines, capture_output=True,
                          env=env, timeout=sized(300, 900))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def test_payloads_arrive_or_are_refused(db, plain, build_c):
    rng = random.Random(23)
    texts = [random_object(rng) for _ in range(COUNT)] + SPOILED
    texts = [text for text in texts if "\n" not in text]
    answers = enqueue_all(build_c("by_name.c"), db, texts, plain.env)
    assert len(answers) == len(texts)
    taken = {uuid: text for uuid, text in zip(answers, texts) if not uuid.startswith("PJ")}
    refused = [text for answer, text in zip(answers, texts) if answer.startswith("PJ")]
    assert {answer for answer in answers if answer.startswith("PJ")} == {"PJ602"}
    assert set(refused) >= set(SPOILED) - {""}
    assert {text for text in refused if text not in SPOILED} == {
        text for text in texts[:COUNT] if must_be_refused(text)}

    plain.add_executable("keep", '#!/bin/sh\ncat >"in.$$"\n')
    plain.drain(timeout=sized(300, 900))
    results = db.results()
    assert [row.status for row in results] == ["SUCCESSFUL"] * len(taken)
    for row in results:
        stored = json.loads(json.dumps(row.parameters["kwargs"]), parse_int=number)
        assert stored == json.loads(taken[row.job_request_uuid] or "{}")
    arrived = sorted((path.read_text() for path in plain.folder.glob("in.*")))
    if db.kind == "sqlite" and len(arrived) == len(taken):  # pids may be used again
        assert arrived == sorted(text or "{}" for text in taken.values())
    assert_sound(db, list(taken))
    plain("jobs", "results", "--limit", 1000)
    for row in plain.json("jobs", "results", "--limit", 1000)["results"]:
        assert decoded(json.dumps(row["parameters"]["kwargs"])) == decoded(
            taken[row["request_uuid"]] or "{}")


def enlarge(db, column, value):
    db.execute(f"UPDATE plainjobs_jobrequest SET {column} = {value} WHERE job_class = 'TraceJob'")


def repeated(db, text, count):
    """SQL for it."""
    return f"replace(hex(zeroblob({count})), '00', '{text}')" if db.kind == "sqlite" else \
        f"repeat('{text}', {count})"


@pytest.mark.parametrize("column", ["parameters", "source"])
def test_what_no_runner_can_take_ends_with_an_error(db, plain, module, start_worker, column):
    large = repeated(db, "x", LARGE)
    if column == "parameters":
        large = f"""'{{"kwargs": {{"text": "' || {large} || '"}}}}'"""
        large = large if db.kind == "sqlite" else f"({large})::jsonb"
    plain.enqueue("TraceJob", "--retries", 1)
    enlarge(db, column, large)
    plain.enqueue("NoopJob")
    worker = start_worker("--drain", "--max-processes", 1)
    worker.wait()
    rows = db.results("TraceJob")
    assert [(row.status, row.error_type, row.started_at) for row in rows] == [
        ("ERRORED", "InvalidParameters", None)] * 2
    assert str(LARGE)[:2] in rows[0].error_message and "at most" in rows[0].error_message
    assert db.statuses("NoopJob") == ["SUCCESSFUL"]
    assert not worker.events("Runner ended")
    assert_sound(db)
