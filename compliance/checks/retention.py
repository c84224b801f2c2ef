"""Has the person been silent for so long that their data should be gone?

Example: a prospect in France last wrote three years and a day ago; no offer leaves any more.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import NEEDS_CONSENT, answers_the_person, counts_as, found, within_months
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Reason

ORDER = 90


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks what needs consent after the country's months without a sign from the person."""
    if counts_as(ask) not in NEEDS_CONSENT or answers_the_person(ask, now):
        return None
    law = rules.at(facts, now).retention_months
    signs = (
        facts.contact.last_contact_from_person_at,
        facts.consent.granted_at,
        facts.consent.inquiry_at,
        facts.customer.last_purchase_at,
    )
    last = max((sign for sign in signs if sign is not None and sign <= now), default=None)
    if law.value is None or last is None or within_months(last, law.value, now):
        return None
    known = (("last_sign", last.isoformat()),)
    return found(rules, "retention", Reason.retention_expired, law, facts=known)
