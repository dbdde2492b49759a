"""Decorators that tests share."""
import pytest

from program import STRESS

# A test that asks for `db` or `plain` runs on both databases, unless it says where it belongs.
on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("store", ["postgres"], indirect=True)

# Needs a database, and is not about it: tests/harness/in_turn.py leaves one of the two to `make
# stress`. `pytestmark = in_turn` says so of a whole file.
in_turn = pytest.mark.in_turn

# Its tables are not to be sound at its end, or it has none: see the fixture `plain`.
spoils_tables = pytest.mark.spoils_tables

# What is loaded or read before any database is opened needs no second one.
on_one_store = on_sqlite


def only_at_full_size(why):
    return pytest.mark.skipif(not STRESS, reason=f"stress: {why}")
