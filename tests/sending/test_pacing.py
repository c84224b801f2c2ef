"""Parts per second of a sender, shared by all processes, on a clock that is handed in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from bot.sending.pacing import LocalPace, Pace, RedisPace
from tests.support.valkey import Valkey

NOW = 1_800_000_000_000


@pytest.fixture(params=["local", "redis"])
def pace(request: pytest.FixtureRequest) -> Iterator[Pace]:
    if request.param == "local":
        yield LocalPace()
        return
    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as client:
        yield RedisPace(client)


def parts_in(pace: Pace, seconds: int, rate: float, parts: int = 1) -> int:
    """How many parts leave in so many seconds when each waits as long as it is told."""
    now, sent = NOW, 0
    while True:
        now += pace.take("36000", parts, rate, now)
        if now >= NOW + seconds * 1000:
            return sent
        sent += parts


@pytest.mark.parametrize(("rate", "parts"), [(1, 1), (10, 1), (10, 3), (100, 2), (2.5, 1)])
def test_a_sender_keeps_its_parts_per_second(pace: Pace, rate: float, parts: int) -> None:
    sent = parts_in(pace, 20, rate, parts)
    # The start may overdraw by a quarter of a second and by the text at hand.
    assert 20 * rate - parts <= sent <= 20 * rate + rate / 4 + 2 * parts


def test_a_long_text_costs_all_its_parts(pace: Pace) -> None:
    pace.take("36000", 10, 10, NOW)
    assert pace.take("36000", 1, 10, NOW) == 750


def test_senders_do_not_wait_for_each_other(pace: Pace) -> None:
    pace.take("36000", 100, 1, NOW)
    assert pace.take("36001", 1, 1, NOW) == 0


@pytest.mark.parametrize("rate", [0, -1, math.inf])
def test_a_sender_without_a_limit_never_waits(pace: Pace, rate: float) -> None:
    assert [pace.take("36000", 50, rate, NOW) for _ in range(3)] == [0, 0, 0]


def test_asking_without_parts_books_nothing(pace: Pace) -> None:
    assert [pace.take("36000", 0, 1, NOW) for _ in range(5)] == [0] * 5


def test_a_clock_that_was_turned_back_does_not_stop_a_sender(pace: Pace) -> None:
    pace.take("36000", 1, 1, NOW + 24 * 3600 * 1000)
    assert pace.take("36000", 1, 1, NOW) == 0


def test_two_processes_share_one_pace(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as one, redis.Redis.from_url(redis_url) as other:
        paces: list[Any] = [RedisPace(one), RedisPace(other)]
        waits = [paces[turn % 2].take("36000", 1, 10, NOW) for turn in range(6)]
    assert waits == [0, 0, 0, 50, 150, 250]


def test_with_redis_away_a_process_keeps_its_own_pace() -> None:
    with Valkey() as server:
        pace = RedisPace(redis.Redis.from_url(server.url))
        assert pace.take("36000", 1, 1, NOW) == 0
        server.kill()
        waits = [pace.take("36000", 1, 1, NOW + 1) for _ in range(3)]
        assert waits == [0, 750, 1750]
        server.start()
        assert pace.take("36000", 1, 1, NOW + 60_000) == 0
