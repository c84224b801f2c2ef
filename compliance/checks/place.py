"""Do we know where the person is, as far as the rules depend on it?

Example: a number whose country nobody can tell; whether a law allows the text cannot be known, so
the text is blocked. An unknown time zone stops what has to keep hours.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import answers_the_person, counts_as, found, keeps_hours, owed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 150


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks unknown countries, and unknown zones where hours have to be kept."""
    contact = facts.contact
    if contact.country is None:
        replies = counts_as(ask) is Kind.conversational_reply or answers_the_person(ask, now)
        known_place = replies or owed(ask)
    else:
        known_place = not keeps_hours(ask, facts, now) or bool(rules.openings(facts, now))
    if known_place:
        return None
    known = (("country", contact.country or ""), ("tz", contact.tz or ""))
    policy = rules.at(facts, now).policy
    return found(rules, "place", Reason.unknown_place, policy, facts=known)
