from __future__ import annotations

import random

import pytest

from gateway.tools.trend import Trend

TIMES = [5.0 * n for n in range(720)]


def seen(an_hour: float, noise: float) -> list[float]:
    """A figure that grows by so much in an hour, and goes up and down by up to so much."""
    dice = random.Random(7)  # noqa: S311 - no secrets
    return [100 + an_hour * at_s / 3600 + dice.uniform(-noise, noise) for at_s in TIMES]


@pytest.mark.parametrize("noise", [0, 1, 30])
def test_what_only_goes_up_and_down_has_not_surely_grown(noise: float) -> None:
    trend = Trend.of(TIMES, seen(0, noise))
    assert trend.sure_growth <= 0
    assert trend.begin == pytest.approx(100, abs=5)


def test_a_leak_is_found_under_noise_of_its_own_size() -> None:
    trend = Trend.of(TIMES, seen(20, 20))
    assert 0 < trend.sure_growth < trend.end - trend.begin == pytest.approx(15, abs=4)


def test_what_grows_while_it_warms_up_does_not_count() -> None:
    trend = Trend.of(TIMES, [min(n, 180) for n in range(720)])
    assert (trend.begin, trend.end, trend.sure_growth) == pytest.approx((180, 180, 0))


@pytest.mark.parametrize("times", [[1.0], [0.0, 5.0, 10.0]])
def test_too_little_was_seen_to_tell(times: list[float]) -> None:
    assert Trend.of(times, [100 * (n + 1) for n, _ in enumerate(times)]).sure_growth == 0
