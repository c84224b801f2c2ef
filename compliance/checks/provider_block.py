"""Would the carrier refuse this text even though the person's own choice allows it?

Example: STOP ended the offers, the delivery notice is still wanted, but it would leave from the
very sender that the carrier has closed for this number.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import NEEDS_CONSENT, answers_the_person, counts_as, found, owed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 40
_STOPPED, _MAYBE_STOPPED = 21610, 30004


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks a sender that the carrier has closed, and marketing after a carrier's block."""
    error, closed = facts.provider.last_error, ask.sender.same_as_stopped
    if error is None and not closed:
        return None
    if owed(ask) or ask.kind is Kind.opt_out_confirmation:
        return None
    stopped = error == _STOPPED and not answers_the_person(ask, now)
    maybe = error == _MAYBE_STOPPED and counts_as(ask) in NEEDS_CONSENT
    if not (closed or stopped or maybe):
        return None
    known = (("last_error", "" if error is None else str(error)), ("same_as_stopped", str(closed)))
    law = rules.at(facts, now).carrier_block
    return found(rules, "provider_block", Reason.provider_block, law, facts=known)
