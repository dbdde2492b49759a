"""The oracle can fail: each problem is found in a history that has it, and in no other."""
import copy

import pytest

from verify import History, lost_without_start, problems, unexplained

ROOT, RETRY, OTHER = "request-1", "request-2", "request-3"


def result(request, process, status, root=ROOT, retry_of=None, successor=None):
    return {"uuid": f"result-{process}", "job_request_uuid": request, "job_process_uuid": process,
            "status": status, "root_uuid": root, "retry_of": retry_of,
            "retry_job_request_uuid": successor, "concurrency_key": ""}


def sound():
    """A job that failed once and was retried, one that waits under a key, one that runs."""
    return History(
        requests=[{"uuid": OTHER, "root_uuid": OTHER, "retry_of": None, "concurrency_key": "k"}],
        processes=[{"uuid": "process-9", "job_request_uuid": "request-9", "root_uuid": "request-9",
                    "retry_of": None, "concurrency_key": ""}],
        results=[result(ROOT, "process-1", "ERRORED", successor=RETRY),
                 result(RETRY, "process-2", "SUCCESSFUL", retry_of="process-1")],
        keys=[{"request_uuid": OTHER}],
        counters=[{"status": "ERRORED", "n": 1}, {"status": "SUCCESSFUL", "n": 1}],
        executions=[("S", ROOT, "1", "7"), ("S", RETRY, "2", "7"), ("E", RETRY, "2", "7")])


ACKED = [ROOT, OTHER, "request-9"]


def lose_the_retry(h):
    h.results.pop()
    h.counters.pop()
    h.executions.pop()


def lose_a_request(h):
    h.requests.clear()
    h.keys.clear()


def add_a_second_end(h):
    h.results.append(result(RETRY, "process-8", "SUCCESSFUL"))
    h.counters.append({"status": "SUCCESSFUL", "n": 1})


def add_a_second_successor(h):
    h.requests.append({"uuid": "request-4", "root_uuid": ROOT, "retry_of": "process-1",
                       "concurrency_key": ""})


def break_the_way_back(h):
    h.results[1]["retry_of"] = None


def put_it_in_two_tables(h):
    h.requests.append({"uuid": RETRY, "root_uuid": ROOT, "retry_of": None, "concurrency_key": ""})


def leak_a_key(h):
    h.keys.append({"request_uuid": "gone"})


def lose_a_key(h):
    h.keys.clear()


def count_once_more(h):
    h.counters[0]["n"] = 2


def run_it_again(h):
    h.executions.append(("E", RETRY, "2", "8"))


def run_it_unrecorded(h):
    h.executions.append(("E", OTHER, "1", "8"))


def invent_a_job(h):
    h.requests.append({"uuid": "x", "root_uuid": "x", "retry_of": None, "concurrency_key": ""})


def test_a_sound_history_has_no_problems():
    assert problems(sound(), ACKED, idle=False) == {}
    assert problems(sound(), ACKED) == {"stranded": ["process-9"]}


@pytest.mark.parametrize("spoil, name", [
    (lose_the_retry, "lost"),
    (lose_the_retry, "broken links"),
    (lose_a_request, "lost"),
    (add_a_second_end, "double ends"),
    (add_a_second_successor, "many successors"),
    (break_the_way_back, "broken links"),
    (put_it_in_two_tables, "two states"),
    (leak_a_key, "leaked keys"),
    (lose_a_key, "leaked keys"),
    (count_once_more, "wrong counters"),
    (run_it_again, "executed twice"),
    (run_it_unrecorded, "executed, unrecorded"),
    (invent_a_job, "phantoms"),
])
def test_a_problem_is_found(spoil, name):
    history = copy.deepcopy(sound())
    spoil(history)
    assert name in problems(history, ACKED)


def start_it_again(h):
    h.executions.append(("S", RETRY, "2", "8"))


def retry_a_success(h):
    h.requests.append({"uuid": "x", "root_uuid": ROOT, "retry_of": "process-2",
                       "concurrency_key": ""})


def retry_what_never_ended(h):
    h.requests.append({"uuid": "x", "root_uuid": ROOT, "retry_of": "process-9",
                       "concurrency_key": ""})


def test_a_sound_history_explains_itself():
    assert unexplained(sound()) == {} and lost_without_start(sound()) == []


@pytest.mark.parametrize("spoil, name", [
    (start_it_again, "started twice"),
    (retry_a_success, "unexplained reruns"),
    (retry_what_never_ended, "unexplained reruns"),
])
def test_what_no_death_explains_is_found(spoil, name):
    history = copy.deepcopy(sound())
    spoil(history)
    assert name in unexplained(history)


def test_a_lost_attempt_without_a_start_is_found():
    history = sound()
    history.results.append(result("request-5", "process-5", "LOST"))
    assert lost_without_start(history) == ["request-5"]
