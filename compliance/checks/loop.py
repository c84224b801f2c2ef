"""Are two machines talking to each other?

Example: eleven automatic replies to one number in five minutes; the bot falls silent, while an
agent may still write, and a STOP is still confirmed.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 5


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks automatic texts while a loop is suspected, and every text to our own senders."""
    if not facts.own_sender and not facts.loop_suspected:
        return None
    policy = rules.at(facts, now).policy
    if facts.own_sender:
        known = (("own_sender", "yes"),)
        return found(rules, "loop", Reason.loop_suspected, policy, facts=known)
    if ask.by_person or ask.kind is Kind.opt_out_confirmation:
        return None
    return found(rules, "loop", Reason.loop_suspected, policy)
