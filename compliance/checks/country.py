"""Does the brand serve the country that the person is in?

Example: a pizzeria in Lille that serves four countries hears from a number in Japan; the text is
kept, STOP and HELP are answered, and nothing else is sent.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import found, owed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 60


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks all but what is owed, where the brand does not serve the country."""
    if facts.country_served or owed(ask) or ask.kind is Kind.opt_out_confirmation:
        return None
    known = (("country", facts.contact.country or ""),)
    policy = rules.at(facts, now).policy
    return found(rules, "country", Reason.country_not_served, policy, facts=known)
