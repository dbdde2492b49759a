"""An explicit-state model of claims, the worker's file and rescue.

One job with one retry, two workers on one host, a third one elsewhere, and every step of all of
them in every order. What a worker knows is split as in the program: what it and its runner have in
memory, what stands in its file, what stands in the database. Any process may be killed between any
two steps; a worker may be suspended, which its runner's guard ends; a host may fail, and takes the
file with it.

The database: the job's row (pending, claimed by a worker under a token, or gone), the workers' rows
(alive, lapsed, seized by a rescuer, none), and results. A token is a number that no other claim
has. Explored are all states that can be reached; each is asked for what must never be true, and
each must still have a way to a state in which the job has its end.

A broken variant leaves out one guard; each must show the failure that the guard is there for.
"""
import collections
import typing

ATTEMPTS = 2

# How far a worker's runner has come with its job, and what the file says: given, then entered ...
NOTHING, GIVEN, ENTERED, SUCCEEDED, FAILED = range(5)
NOBODY = -1


class Guards(typing.NamedTuple):
    """What the design rests on; a broken variant leaves one of them out."""
    token: bool = True           # an end or a return names the attempt and counts its rows
    lease_in_claim: bool = True  # a claim needs its worker's row, in the same transaction
    file_first: bool = True      # the file says "entered" before the job is, and "ended" after
    dead_only: bool = True       # a file is believed only when none of its processes lives
    runner_guard: bool = True    # a runner ends itself when its worker's lease is over
    one_transaction: bool = True  # the retry stands in the transaction that ends the attempt
    doubt_is_lost: bool = True   # without a file, a claimed job counts as entered


class Worker(typing.NamedTuple):
    alive: bool = True
    runs: int = NOTHING    # what its runner has done with the job
    token: int = 0         # the attempt that it has in hand
    suspended: bool = False
    row: str = "alive"     # alive, lapsed, seized, none
    file: int = NOTHING    # what its file says of file_token
    file_token: int = 0
    has_file: bool = True


class State(typing.NamedTuple):
    row: str = "pending"      # pending, claimed, ended
    owner: int = NOBODY
    token: int = 0            # of the claim
    tokens: int = 0           # given out so far
    attempt: int = 1
    results: tuple = ()       # (token, status) as they were written
    entries: tuple = ()       # tokens in the order in which `run` was called
    successors: tuple = ()    # tokens that were continued
    owed: tuple = ()          # without one_transaction: tokens whose retry is still to be made
    workers: tuple = (Worker(), Worker())
    failures: int = 0         # of hosts, processes and patience so far: bounds the search


MAX_FAILURES = 2


def put(s, i, **changes):
    workers = list(s.workers)
    workers[i] = workers[i]._replace(**changes)
    return s._replace(workers=tuple(workers))


def in_entered(w):
    """Its runner is inside run() right now."""
    return w.runs == ENTERED


def end(s, g, token, status, by):
    """Writes an end; the same as a superseded one when the token is not the row's."""
    if g.token and not (s.row == "claimed" and s.token == token):
        return s
    retry = status in ("ERRORED", "LOST") and s.attempt < ATTEMPTS
    s = s._replace(results=s.results + ((token, status),), row="ended", owner=NOBODY)
    if retry and g.one_transaction:
        return s._replace(row="pending", attempt=s.attempt + 1,
                                   successors=s.successors + (token,))
    if retry:
        return s._replace(owed=s.owed + (token,))
    return s


def give_back(s, g, token):
    if g.token and not (s.row == "claimed" and s.token == token):
        return s
    return s._replace(row="pending", owner=NOBODY)


def work_steps(s, g, i, w):
    """What a worker does when nothing goes wrong."""
    if not w.alive or w.suspended:
        return
    may_claim = w.row == "alive" or not g.lease_in_claim
    if s.row == "pending" and w.token == 0 and w.has_file and may_claim:
        token = s.tokens + 1
        claimed = s._replace(row="claimed", owner=i, token=token, tokens=token)
        yield f"w{i} claims", put(claimed, i, token=token, runs=NOTHING)
    if w.token and w.runs == NOTHING and w.row == "alive":
        yield f"w{i} gives", put(s, i, runs=GIVEN, file=GIVEN, file_token=w.token)
    if w.runs in (SUCCEEDED, FAILED):
        status = "SUCCESSFUL" if w.runs == SUCCEEDED else "ERRORED"
        written = end(s, g, w.token, status, i)
        yield f"w{i} records", put(written, i, runs=NOTHING, token=0, file=NOTHING, file_token=0)


def runner_steps(s, g, i, w):
    """A runner goes on while its worker is suspended, until its guard looks."""
    if not w.alive:
        return
    if w.runs == GIVEN:
        if g.file_first and w.file != ENTERED:
            yield f"r{i} notes", put(s, i, file=ENTERED)
        else:
            entered = s._replace(entries=s.entries + (w.token,))
            yield f"r{i} enters", put(entered, i, runs=ENTERED)
    if w.runs == ENTERED:
        for outcome in (SUCCEEDED, FAILED):
            # The file says so first: a success that the worker knows is in it.
            yield f"r{i} ends {outcome}", put(s, i, runs=outcome,
                                              file=outcome if g.file_first else w.file)


def leases(s, g, i, w):
    """Time passes; a worker that lost its lease gives up what it has."""
    if w.row == "alive" and w.suspended and s.failures <= MAX_FAILURES:
        if w.runs in (GIVEN, ENTERED) and g.runner_guard:
            # The guard is earlier than the database: it ends the runner before the row lapses.
            yield f"guard of r{i}", put(s, i, runs=NOTHING, row="lapsed")
        else:
            yield f"lease of w{i} lapses", put(s, i, row="lapsed")
    if w.alive and w.suspended:
        yield f"w{i} goes on", put(s, i, suspended=False)
    if w.alive and not w.suspended and w.row in ("lapsed", "seized", "none"):
        # It kills its runners; what was entered is LOST by token, what was not goes back.
        t = s
        if w.token:
            entered = w.file >= ENTERED
            if w.runs in (SUCCEEDED, FAILED):
                t = end(t, g, w.token, "SUCCESSFUL" if w.runs == SUCCEEDED else "ERRORED", i)
            elif entered:
                t = end(t, g, w.token, "LOST", i)
            else:
                t = give_back(t, g, w.token)
        yield f"w{i} takes a new id", put(t, i, token=0, runs=NOTHING, file=NOTHING, file_token=0,
                                          row="alive")


def failures(s, g, i, w):
    if s.failures >= MAX_FAILURES or not w.alive:
        return
    s = s._replace(failures=s.failures + 1)
    yield f"w{i} is killed", put(s, i, alive=False, runs=NOTHING, token=0)
    if not w.suspended:
        yield f"w{i} is suspended", put(s, i, suspended=True)
    yield f"host of w{i} fails", put(s, i, alive=False, runs=NOTHING, token=0, has_file=False)


def time_for_the_dead(s, i, w):
    if not w.alive and w.row == "alive":
        yield f"lease of dead w{i} lapses", put(s, i, row="lapsed")


def seen_dead(g, w):
    return w.has_file and (not w.alive or not g.dead_only)


def rescue_steps(s, g, i, w):
    """Somebody else (any worker, or the next one to start) settles what w had. Seizing the row and
    settling are steps of their own: the rescuer may be relieved between them."""
    by_file = seen_dead(g, w) and (not w.alive or w.runs != NOTHING)
    if by_file and w.row in ("alive", "lapsed") or w.row == "lapsed":
        yield f"w{i} is seized", put(s, i, row="seized")
    if w.row != "seized":
        return
    if s.row == "claimed" and s.owner == i:
        if seen_dead(g, w):
            verdict = w.file if w.file_token == s.token else NOTHING
            if verdict in (NOTHING, GIVEN):
                yield f"w{i}'s job goes back", give_back(s, g, s.token)
            elif verdict == ENTERED:
                yield f"w{i}'s job is LOST", end(s, g, s.token, "LOST", -1)
            else:
                status = "SUCCESSFUL" if verdict == SUCCEEDED else "ERRORED"
                yield f"w{i}'s end is written", end(s, g, s.token, status, -1)
        elif g.doubt_is_lost:
            yield f"w{i}'s job is LOST in doubt", end(s, g, s.token, "LOST", -1)
        else:
            yield f"w{i}'s job goes back in doubt", give_back(s, g, s.token)
    else:
        yield f"w{i} is forgotten", put(s, i, row="none")


def restarts(s, i, w):
    if not w.alive and w.row == "none":
        left = s._replace(owner=NOBODY) if s.owner == i else s
        yield f"w{i} starts again", put(left, i, **Worker()._asdict())


def sweeps(s, g):
    for token in s.owed:
        made = s._replace(row="pending", attempt=s.attempt + 1,
                                   successors=s.successors + (token,))
        yield f"sweeper continues {token}", made  # and may be read by another before it is noted
        yield f"sweeper notes {token}", made._replace(
            owed=tuple(t for t in s.owed if t != token))


def steps(s, g):
    for i, w in enumerate(s.workers):
        yield from work_steps(s, g, i, w)
        yield from runner_steps(s, g, i, w)
        yield from leases(s, g, i, w)
        yield from failures(s, g, i, w)
        yield from time_for_the_dead(s, i, w)
        yield from rescue_steps(s, g, i, w)
        yield from restarts(s, i, w)
    yield from sweeps(s, g)


def more_than_once(values):
    return any(n > 1 for n in collections.Counter(values).values())


def wrong(s):
    """What must not be true of any state."""
    ended = dict(s.results)
    if more_than_once(token for token, _ in s.results):
        return "two ends of one attempt"
    if more_than_once(s.successors) or len(s.successors) >= ATTEMPTS:
        return "two successors of one attempt"
    if more_than_once(s.entries):
        return "one attempt entered twice"
    if sum(map(in_entered, s.workers)) > 1:
        return "two run at once"
    # An attempt that was entered may be followed by another only when it failed or was LOST.
    for earlier, later in zip(s.entries, s.entries[1:]):
        if earlier != later and ended.get(earlier) not in ("ERRORED", "LOST"):
            return "run again without a cause"
    if len(s.entries) > ATTEMPTS:
        return "entered more often than there are attempts"
    return None


def settled(s):
    return s.row == "ended" and not s.owed


def way_to(s, came_from):
    steps_back = []
    while came_from[s]:
        name, s = came_from[s]
        steps_back.append(name)
    return steps_back[::-1]


def explore(g=Guards()):
    """(number of states, what is wrong or None, the shortest way to it)."""
    first = State()
    came_from, queue = {first: None}, collections.deque([first])
    back = collections.defaultdict(list)
    while queue:
        s = queue.popleft()
        fault = wrong(s)
        if fault:
            return len(came_from), fault, way_to(s, came_from)
        for name, t in steps(s, g):
            back[t].append(s)
            if t not in came_from:
                came_from[t] = (name, s)
                queue.append(t)
    stuck = unreachable(came_from, back)
    if stuck is None:
        return len(came_from), None, []
    return len(came_from), "no way to an end", way_to(stuck, came_from)


def unreachable(states, back):
    """A state from which the job can never get its end; None when there is none."""
    good = [s for s in states if settled(s)]
    reached, queue = set(good), collections.deque(good)
    while queue:
        for before in back[queue.popleft()]:
            if before not in reached:
                reached.add(before)
                queue.append(before)
    return next((s for s in states if s not in reached), None)


BROKEN = {
    "token": "two ends of one attempt",
    "lease_in_claim": "no way to an end",
    "file_first": "run again without a cause",
    "dead_only": "two run at once",
    "runner_guard": "two run at once",
    "one_transaction": "two successors of one attempt",
    "doubt_is_lost": "run again without a cause",
}


def without(name):
    return Guards()._replace(**{name: False})


if __name__ == "__main__":
    for label, guards in [("as designed", Guards()),
                          *((f"without {name}", without(name)) for name in BROKEN)]:
        states, fault, way = explore(guards)
        print(f"{label}: {states} states, {fault or 'nothing wrong'}")
        if fault:
            print("   " + " -> ".join(way))
