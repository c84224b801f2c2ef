"""Does the text say who speaks and how to make it stop?

Example: an offer without "STOP au 36xxx" is blocked; so is one from a name that cannot receive a
STOP and gives no other way out.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import NEEDS_CONSENT, counts_as, found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 130
_NAMES_BRAND = NEEDS_CONSENT | {Kind.opt_in_confirmation}
_SHOWS_WAY_OUT = frozenset({Kind.marketing, Kind.consent_request, Kind.opt_in_confirmation})


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks marketing without identity, without a way out, or without an address where due."""
    kind, content = counts_as(ask), ask.content
    if kind not in _NAMES_BRAND:
        return None
    law = rules.at(facts, now)
    if law.identity.value and not content.identity:
        return found(rules, "content", Reason.content_missing_identity, law.identity)
    address = law.mailing_address
    if address.value and kind is Kind.marketing and not content.mailing_address:
        return found(
            rules,
            "content",
            Reason.content_missing_identity,
            address,
            facts=(("missing", "mailing_address"),),
        )
    deaf = ask.sender.type == "alphanumeric" and not ask.sender.stop_path
    lacking = law.way_out.value and (deaf or not content.stop_instruction)
    if kind in _SHOWS_WAY_OUT and lacking:
        known = (
            ("stop_instruction", str(content.stop_instruction)),
            ("stop_path", ask.sender.stop_path),
        )
        return found(rules, "content", Reason.content_missing_stop, law.way_out, facts=known)
    return None
