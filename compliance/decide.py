"""May we? `decide(ask, facts, rules, now)`: allow, defer until, or block, with every reason.

A first, strict minimum that the rest of this room grows into.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from compliance.types import Ask, Decision, Facts, Finding, Kind, Outcome, Reason

_ANSWERS = frozenset({Kind.conversational_reply, Kind.opt_in_confirmation, Kind.consent_request})
_ALWAYS = frozenset({Kind.help_reply, Kind.opt_out_confirmation})


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force."""

    version: str = "0"
    start: dict[str, bool] = field(default_factory=lambda: {"US": True, "CA": True})

    def start_is_consent(self, country: str | None, on: date | None = None) -> bool:
        """Whether START after STOP is a fresh consent in that country."""
        return self.start.get(country or "", False)


@cache
def load_rules() -> Rules:
    """The rules of this installation."""
    return Rules()


def decide(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Decision:
    """Decide on one message with the facts of this moment; `now` is an aware time."""
    outcome, reason, until = _decide(ask, facts, now)
    found = Finding("minimum", outcome, reason, version=rules.version, defer_until=until)
    return Decision(outcome, reason, until, (found,))


def _decide(ask: Ask, facts: Facts, now: datetime) -> tuple[Outcome, Reason, datetime | None]:
    block, allow = Outcome.block, Outcome.allow
    kind = ask.kind
    if facts.own_sender:
        return block, Reason.loop_suspected, None
    if kind is Kind.opt_out_confirmation:
        if facts.provider.opt_out_type:
            return block, Reason.provider_already_confirmed, None
        if facts.history.confirmations_since_opt_out:
            return block, Reason.duplicate_confirmation, None
        return allow, Reason.ok_confirmation_once, None
    if facts.loop_suspected and not ask.by_person:
        return block, Reason.loop_suspected, None
    if kind is Kind.help_reply:
        return allow, Reason.ok_help_reply, None
    answers = kind in _ANSWERS and ask.in_reply_to_at is not None
    purpose = "marketing" if kind is Kind.marketing or ask.content.promotional else "transactional"
    if facts.clarification_pending and not answers:
        return block, Reason.awaiting_clarification, None
    for one in facts.suppressions:
        if one.scope not in ("all", purpose):
            continue
        if not answers or one.at is None or (ask.in_reply_to_at or one.at) <= one.at:
            return block, Reason.suppressed, None
    if not facts.country_served:
        return block, Reason.country_not_served, None
    if facts.budget_reached:
        return block, Reason.budget_reached, None
    if purpose == "marketing":
        if facts.consent.state == "pending":
            return block, Reason.consent_pending, None
        if facts.consent.state != "granted" or not facts.consent.proof:
            return block, Reason.no_consent, None
        if facts.contact.tz is None:
            return block, Reason.unknown_place, None
        local = now.astimezone(ZoneInfo(facts.contact.tz))
        if not 8 <= local.hour < 20:
            day = local if local.hour < 8 else local + timedelta(days=1)
            opens = day.replace(hour=8, minute=0, second=0, microsecond=0)
            return Outcome.defer, Reason.quiet_hours, opens
        return allow, Reason.ok_consent, None
    if kind is Kind.consent_request and not answers:
        return block, Reason.consent_request_needs_consent, None
    if answers or kind is Kind.conversational_reply:
        return allow, Reason.ok_user_initiated, None
    return allow, Reason.ok_transactional, None
