"""A pytest plugin of `make check`: tests that are marked `in_turn` run on one database each.

Of those that run on both, since they need a database but are not about it, every second one is left
to SQLite and the others to PostgreSQL. `make stress`, and `make check T=...`, run all of them.
"""
import collections

import pytest


def same_but_for_the_store(item):
    others = sorted((k, repr(v)) for k, v in item.callspec.params.items() if k != "store")
    return item.path, item.originalname, tuple(others)


def pytest_collection_modifyitems(items):
    groups = collections.defaultdict(list)
    for item in items:
        parameters = getattr(item, "callspec", None)
        if parameters and "store" in parameters.params and item.get_closest_marker("in_turn"):
            groups[same_but_for_the_store(item)].append(item)
    pairs = [group for group in groups.values() if len(group) > 1]
    for number, group in enumerate(pairs):
        for place, item in enumerate(group):
            if place != number % len(group):
                item.add_marker(pytest.mark.skip(reason="stress: on one database, by turns"))
