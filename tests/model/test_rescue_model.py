"""The design of claims and rescue holds in every order of its steps, and each guard is needed."""
import pytest

import rescue_model


def test_as_designed_nothing_goes_wrong():
    states, fault, way = rescue_model.explore()
    assert fault is None, way
    assert states > 5000  # it did look


@pytest.mark.parametrize("guard, fault", rescue_model.BROKEN.items())
def test_without_a_guard_it_fails(guard, fault):
    _, found, way = rescue_model.explore(rescue_model.without(guard))
    assert found == fault, way
