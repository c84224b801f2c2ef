"""Does the consent cover this channel, this brand and this purpose?

Example: somebody agreed to e-mails; a text is not covered, however good the proof.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import counts_as, found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 100
_COVERED_BY = {
    Kind.marketing: frozenset({"marketing", "all"}),
    Kind.reminder: frozenset({"marketing", "service", "reminder", "all"}),
}


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks what the consent at hand does not reach."""
    covered_by = _COVERED_BY.get(counts_as(ask))
    if covered_by is None:
        return None
    consent = facts.consent
    other_brand = ask.brand is not None and consent.brand not in (None, ask.brand)
    declared = consent.state == "granted" and consent.basis in (None, "consent")
    narrow = declared and covered_by.isdisjoint(consent.scope)
    if not (other_brand or narrow or consent.channel != ask.channel):
        return None
    known = (
        ("channel", consent.channel),
        ("scope", " ".join(consent.scope)),
        ("brand", consent.brand or ""),
    )
    law = rules.at(facts, now).scope
    return found(rules, "scope", Reason.scope_mismatch, law, facts=known)
