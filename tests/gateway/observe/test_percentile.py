from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.observe.percentile import percentile


@pytest.mark.parametrize(
    ("share", "rank"), [(0.5, 10), (0.95, 19), (0.99, 20), (1.0, 20), (0.05, 1), (0.0, 1)]
)
def test_it_is_the_value_of_the_nearest_rank(share: float, rank: int) -> None:
    values = list(range(1, 21))
    random.shuffle(values)
    assert percentile(values, share) == rank


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_so_many_values_do_not_exceed_it_and_it_is_one_of_them(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_there_is_none_of_nothing() -> None:
    with pytest.raises(IndexError):
        percentile([], 0.5)
