"""Is the person old enough to consent for themselves, and for this topic?

Example: a wine offer to somebody in New York whose age nobody has verified is blocked, and to a
fourteen-year-old in France every offer is.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import NEEDS_CONSENT, counts_as, found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Reason

ORDER = 70


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks children below the country's age, and gated topics without a verified age."""
    age, topic = facts.contact.age, ask.topic
    if (age is None and topic is None) or counts_as(ask) not in NEEDS_CONSENT:
        return None
    law = rules.at(facts, now)
    known = (("age", "" if age is None else str(age)), ("topic", topic or ""))
    if age is not None and age < law.child_age.value:
        return found(rules, "age", Reason.underage, law.child_age, facts=known)
    needed = law.age_gates.value.get(topic or "")
    if needed is None:
        return None
    if age is None or not facts.contact.age_verified:
        return found(rules, "age", Reason.age_unverified, law.age_gates, facts=known)
    if age < needed:
        return found(rules, "age", Reason.underage, law.age_gates, facts=known)
    return None
