"""Has this person had enough marketing lately?

Example: three offers since nine this morning in Florida; the fourth waits until nine tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from compliance.judging import counts_as, found, within_months
from compliance.openings import next_open
from compliance.rulebook import InForce, Rules, Value
from compliance.types import Ask, Facts, Finding, Kind, Outcome, Reason

ORDER = 160


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Defers marketing beyond a cap to the first allowed hour after the cap has room again."""
    if counts_as(ask) is not Kind.marketing or not facts.history.marketing_sent_at:
        return None
    sent = sorted(facts.history.marketing_sent_at)
    latest: tuple[datetime, Value[Any], str] | None = None
    for most, hours, because in _caps(facts, rules.at(facts, now), now):
        free = _free_at(sent, most, hours, now)
        if free is not None and (latest is None or free > latest[0]):
            latest = (free, because, f"{most} in {hours} h")
    if latest is None:
        return None
    free, because, cap = latest
    openings = rules.openings(facts, now)
    until = next_open(openings, free) if openings else None
    outcome = Outcome.block if until is None else Outcome.defer
    until = until and until.astimezone(now.tzinfo)
    known = (("cap", cap),)
    return found(rules, "frequency", Reason.frequency_cap, because, outcome, known, until)


def _caps(facts: Facts, law: InForce, now: datetime) -> Iterator[tuple[int, int, Value[Any]]]:
    for own in facts.caps:
        yield own.most, own.hours, law.policy
    bought = facts.customer.last_purchase_at
    for cap in law.caps.value:
        months = cap.unless_purchase_months
        if months is not None and bought is not None and within_months(bought, months, now):
            continue
        yield cap.most, cap.hours, law.caps


def _free_at(sent: list[datetime], most: int, hours: int, now: datetime) -> datetime | None:
    """When the cap has room again; None when it has room now."""
    span = timedelta(hours=hours)
    if most <= 0:
        return now + span
    if len(sent) < most or sent[-most] + span <= now:
        return None
    return sent[-most] + span
