"""Can this number be written to at all, and is it still this person's?

Example: the carrier said 30005 (unknown handset) last time; a sale text is blocked, and so would
a delivery notice be. An answer to a text that just came from that number is not.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import answers_the_person, found, owed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Reason

ORDER = 10
_DEAD = frozenset({21211, 21614, 30005, 30006})


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks numbers that are unreachable, invalid or reassigned."""
    flags, error = facts.contact.flags, facts.provider.last_error
    if not flags and error is None:
        return None
    if answers_the_person(ask, now) or (owed(ask) and ask.in_reply_to_at is not None):
        return None
    if "unreachable" in flags or error in _DEAD:
        known = (("last_error", "" if error is None else str(error)),)
        law = rules.at(facts, now).dead_number
        return found(rules, "number", Reason.number_invalid, law, facts=known)
    if "reassigned" in flags:
        law = rules.at(facts, now).reassigned_number
        return found(rules, "number", Reason.reassigned_number, law)
    return None
