"""Confirmations: one, at once, without promotion, and not when the carrier has answered already.

Example: somebody texted STOP and the carrier's own answer went out; ours is blocked, so that the
person gets one text and not two.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.judging import found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Outcome, Reason

ORDER = 20
_ANSWERED = {
    Kind.opt_out_confirmation: "STOP",
    Kind.opt_in_confirmation: "START",
    Kind.help_reply: "HELP",
}


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Judges the confirmation of a stop; of the others only whether the carrier answered."""
    answered = _ANSWERED.get(ask.kind)
    if answered is None:
        return None
    law = rules.at(facts, now)
    if facts.provider.opt_out_type == answered:
        reason = Reason.provider_already_confirmed
        return found(rules, "confirmation", reason, law.carrier_block)
    if ask.kind is not Kind.opt_out_confirmation:
        return None
    once = law.confirmation_minutes
    if ask.content.promotional:
        return found(rules, "confirmation", Reason.content_promo_in_confirmation, once)
    sent = facts.history.confirmations_since_opt_out
    if sent > 0:
        known = (("confirmations_since_opt_out", str(sent)),)
        return found(rules, "confirmation", Reason.duplicate_confirmation, once, facts=known)
    stopped = _stopped_at(ask, facts, now)
    if stopped is None or now - stopped > timedelta(minutes=once.value):
        known = (("stopped_at", "" if stopped is None else stopped.isoformat()),)
        return found(rules, "confirmation", Reason.confirmation_too_late, once, facts=known)
    return found(rules, "confirmation", Reason.ok_confirmation_once, once, Outcome.allow)


def _stopped_at(ask: Ask, facts: Facts, now: datetime) -> datetime | None:
    """When the newest stop came: as recorded, or as the text that this answers."""
    times = [record.at for record in facts.suppressions] + [ask.in_reply_to_at]
    return max((at for at in times if at is not None and at <= now), default=None)
