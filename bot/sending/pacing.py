"""Parts per second of a sender, kept by all processes together.

A virtual clock per sender says when its next part may leave (the generic cell rate algorithm). One
Lua script in Redis moves it, atomically; when Redis is away each process keeps its own, so texts
still leave, and a little too fast is the worst that happens. Time is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import redis

_BURST_SECONDS = 0.25
_HORIZON = 60_000  # ms; a debt beyond this is a clock that was turned back
_AWAY_FOR = 2_000  # ms; how long a Redis that did not answer is left alone

# KEYS[1] the sender's clock (ms, when its next part may leave); ARGV: now, cost, burst, horizon.
_SCRIPT = """
local now, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
if tat < now or tat > now + tonumber(ARGV[4]) then tat = now end
local wait = tat - tonumber(ARGV[3]) - now
local after = tat + cost
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now) + 60000)
return math.ceil(math.max(0, wait))
"""


class Pace(Protocol):
    """Something that says how long to wait before so many parts of a sender may leave."""

    def take(self, sender: str, parts: int, rate: float, now_ms: int) -> int:
        """Book `parts` at `rate` parts per second; gives the ms to wait first."""


class LocalPace:
    """The pace of one process alone."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    def take(self, sender: str, parts: int, rate: float, now_ms: int) -> int:
        """Book `parts`; gives the ms to wait first. A rate of 0 or infinity has no limit."""
        if not limited(rate):
            return 0
        cost, burst = _cost_and_burst(parts, rate)
        free_at = self._free_at.get(sender, now_ms)
        if free_at < now_ms or free_at > now_ms + _HORIZON:
            free_at = now_ms
        self._free_at[sender] = free_at + cost
        return max(0, math.ceil(free_at - burst - now_ms))


class RedisPace:
    """The pace that all processes share; falls back to this process's own when Redis is away."""

    def __init__(self, client: redis.Redis, steady_ms: Callable[[], int] | None = None) -> None:
        self._script = client.register_script(_SCRIPT)
        self._local = LocalPace()
        self._away_until = 0
        self._steady = steady_ms

    def take(self, sender: str, parts: int, rate: float, now_ms: int) -> int:
        """Book `parts`; gives the ms to wait first. A rate of 0 or infinity has no limit."""
        if not limited(rate):
            return 0
        steady = self._steady() if self._steady else now_ms
        if steady < self._away_until <= steady + _AWAY_FOR:
            return self._local.take(sender, parts, rate, now_ms)
        cost, burst = _cost_and_burst(parts, rate)
        try:
            wait: Any = self._script(
                keys=[f"parley:pace:{sender}"], args=[now_ms, cost, burst, _HORIZON]
            )
        except (redis.RedisError, OSError):
            self._away_until = steady + _AWAY_FOR
            return self._local.take(sender, parts, rate, now_ms)
        return int(wait)


def limited(rate: float) -> bool:
    """Whether a rate limits anything."""
    return 0 < rate < math.inf


def _cost_and_burst(parts: int, rate: float) -> tuple[float, float]:
    """What the parts cost in ms of the sender's clock, and how far it may be overdrawn."""
    return 1000 * parts / rate, 1000 * _BURST_SECONDS
