"""Is the person's data restricted, so that it may be stored and nothing else?

Example: somebody disputes what we hold about them; until it is settled no sale text and no delivery
notice leaves. An answer to their own text still does.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import answers_the_person, found, owed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Reason

ORDER = 50


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks everything to a restricted person but what they asked for themselves."""
    if "restricted" not in facts.contact.flags or owed(ask) or answers_the_person(ask, now):
        return None
    return found(rules, "restriction", Reason.restricted, rules.at(facts, now).restriction)
