"""Is it an hour and a day at which this person may be disturbed with marketing?

Example: 23:00 in Paris waits until 08:00; a Sunday waits for Monday, Christmas for the next working
day. Codes, deliveries and answers do not keep these hours.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import found, keeps_hours
from compliance.openings import next_open, why_closed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Outcome, Reason

ORDER = 170


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Defers marketing to the next allowed hour at the person's place, daylight saving included."""
    if not keeps_hours(ask, facts, now):
        return None
    openings = rules.openings(facts, now)
    if not openings:
        return None
    closed = why_closed(openings, now)
    if closed is None:
        return None
    until = next_open(openings, now)
    outcome = Outcome.block if until is None else Outcome.defer
    until = until and until.astimezone(now.tzinfo)
    law = rules.at(facts, now)
    because = law.hours_strict if facts.profile == "strict" else law.hours
    known = (("zones", " ".join(opening.zone for opening in openings)), ("now", now.isoformat()))
    return found(rules, "hours", Reason(closed), because, outcome, known, until)
