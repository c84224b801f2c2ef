"""How long the carrier may hold a text before it gives up: no offer is to ring at night.

A carrier queues for up to ten hours. A marketing text that was released at 21:50 must not be
delivered at 23:00, so it is valid only for what is left of the allowed hours; a text that expires
is valid only until then. A carrier whose default is shorter does no harm.
"""

from __future__ import annotations

from bot.sending.facts import moment
from compliance.decide import Rules, decide
from compliance.types import Ask, Facts, Outcome

LONGEST = 10 * 3600 * 1000  # ms; no carrier queue holds anything longer
_QUARTER = 15 * 60 * 1000  # ms; every window of every country begins and ends on one
_KEPT = 4096
_closes: dict[tuple[object, ...], int] = {}


def validity_seconds(
    markets: bool, ask: Ask, facts: Facts, expires_at: int | None, rules: Rules, now_ms: int
) -> int | None:
    """For how many seconds a text that may leave now stays welcome; None when nothing ends that."""
    ends = [] if expires_at is None else [expires_at]
    if markets:
        ends.append(closes_at(ask, facts, rules, now_ms))
    return max(1, (min(ends) - now_ms) // 1000) if ends else None


def closes_at(ask: Ask, facts: Facts, rules: Rules, now_ms: int) -> int:
    """When this text stops being allowed (ms), at most `LONGEST` from now.

    The gate's own rules are asked about each quarter of an hour to come, so there is no second
    place that knows hours and holidays. The answer is the same for everybody in a zone, and kept.
    """
    contact = facts.contact
    quarter = now_ms // _QUARTER
    where = (contact.country, contact.region, contact.tz, contact.extra_tz, facts.profile)
    key = (rules.version, quarter, *where)
    found = _closes.get(key)
    if found is None:
        if len(_closes) >= _KEPT:
            _closes.clear()
        found = _closes[key] = _look_ahead(ask, facts, rules, quarter)
    return min(found, now_ms + LONGEST)


def _look_ahead(ask: Ask, facts: Facts, rules: Rules, quarter: int) -> int:
    for later in range(quarter + 1, quarter + 1 + LONGEST // _QUARTER):
        if decide(ask, facts, rules, moment(later * _QUARTER)).outcome is not Outcome.allow:
            return later * _QUARTER
    return (quarter + 1) * _QUARTER + LONGEST
