"""Is this topic forbidden by text, whatever the person agreed to?

Example: an offer of home insulation by text in France, without a running contract.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import NEEDS_CONSENT, counts_as, found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Reason

ORDER = 110


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks forbidden topics; consent does not lift a ban, a running contract may."""
    topic = ask.topic
    if topic is None or counts_as(ask) not in NEEDS_CONSENT:
        return None
    law = rules.at(facts, now)
    known = (("topic", topic),)
    if topic in law.forbidden_topics.value:
        return found(rules, "sector", Reason.sector_prohibited, law.forbidden_topics, facts=known)
    if topic in law.contract_topics.value and not facts.customer.running_contract:
        return found(rules, "sector", Reason.sector_prohibited, law.contract_topics, facts=known)
    return None
