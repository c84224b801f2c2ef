"""The loop guard: two machines that answer each other stop here.

Everything it needs stands in `Standing.guard`, a few times and keyed hashes, so it is a pure
function of what was read with the person. `next_guard` gives what to write back.

>>> loop_suspected({"auto": [0] * 10}, now_ms=1000, automatic=1)
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

AUTOMATIC_WINDOW = 5 * 60 * 1000  # ms
AUTOMATIC_LIMIT = 10
EXCHANGE_LIMIT = 3
# Asking the same thing on three evenings is no loop: exchanges in a row have to follow closely.
EXCHANGE_WINDOW = 15 * 60 * 1000  # ms
MARKETING_WINDOW = 31 * 24 * 3600 * 1000  # ms; the longest span that a cap looks back

Guard = Mapping[str, Any]


def loop_suspected(
    guard: Guard, now_ms: int, *, automatic: int = 0, exchange: str | None = None
) -> bool:
    """Whether sending `automatic` more replies would look like two bots in talk.

    More than 10 automatic replies to one person in 5 minutes, or the same `exchange` (a keyed mark
    of what was heard and what would be said) for the third time in a row.
    """
    if automatic:
        since = now_ms - AUTOMATIC_WINDOW
        recent = sum(at > since for at in guard.get("auto", ()))
        if recent + automatic > AUTOMATIC_LIMIT:
            return True
    return exchange is not None and _in_a_row(guard, exchange, now_ms) >= EXCHANGE_LIMIT


def next_guard(
    guard: Guard,
    now_ms: int,
    *,
    automatic: int = 0,
    exchange: str | None = None,
    marketing: int = 0,
) -> dict[str, Any]:
    """The guard after `automatic` replies and `marketing` texts of this moment, pruned.

    Keys that are not its own (`stopped_at`, `clarify`, `greeted`, ...) stay as they are.
    """
    after = dict(guard)
    _keep(after, "auto", now_ms - AUTOMATIC_WINDOW, [now_ms] * automatic)
    _keep(after, "marketing", now_ms - MARKETING_WINDOW, [now_ms] * marketing)
    if exchange is not None:
        after["exchange"] = [exchange, _in_a_row(guard, exchange, now_ms), now_ms]
    return after


def unanswerable(number: str, ours: Iterable[str] = ()) -> bool:
    """Whether a number is never answered: short codes, names, and our own senders."""
    return not number.startswith("+") or number in ours


def _in_a_row(guard: Guard, exchange: str, now_ms: int) -> int:
    """How often this exchange has come in a row, this time included."""
    last = guard.get("exchange")
    if not last or last[0] != exchange or (len(last) > 2 and now_ms - last[2] > EXCHANGE_WINDOW):
        return 1
    return int(last[1]) + 1


def _keep(guard: dict[str, Any], name: str, since: int, more: list[int]) -> None:
    times = [at for at in guard.get(name, ()) if at > since] + more
    if times:
        guard[name] = times
    else:
        guard.pop(name, None)
