"""What the checks share: what a message counts as, when it answers, how a finding is written."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from compliance.rulebook import Rules, Value
from compliance.types import Ask, Facts, Finding, Kind, Outcome, Reason

#: They rest on a consent, or on an exception to it that the law names.
NEEDS_CONSENT = frozenset({Kind.marketing, Kind.reminder, Kind.consent_request})
#: They lead back to something the person did at this moment, or cannot wait for an answer.
_NOT_PROACTIVE = frozenset(
    {Kind.otp, Kind.emergency, Kind.conversational_reply, Kind.help_reply}
    | {Kind.opt_out_confirmation}
)
_OWED = frozenset({Kind.opt_out_confirmation, Kind.help_reply})
_ANSWERS = frozenset({Kind.conversational_reply, Kind.consent_request, Kind.opt_in_confirmation})
#: What is sent later than this is no answer to a text any more (POLICY).
ANSWERED_WITHIN = timedelta(hours=24)
_PURPOSES = {
    Kind.consent_request: "marketing",
    Kind.opt_in_confirmation: "marketing",
    Kind.reminder: "service",
    Kind.otp: "transactional",
    Kind.transactional: "transactional",
}


def counts_as(ask: Ask) -> Kind:
    """The kind a message is judged as: whatever promotes is marketing.

    The one exception is the confirmation of a stop, where promotion is refused by name.
    """
    if ask.content.promotional and ask.kind is not Kind.opt_out_confirmation:
        return Kind.marketing
    return ask.kind


def owed(ask: Ask) -> bool:
    """Whether this is owed to everybody who says STOP or HELP, whatever else holds."""
    return ask.kind in _OWED and not ask.content.promotional


def proactive(ask: Ask, now: datetime) -> bool:
    """Whether nobody asked for this at this moment."""
    return counts_as(ask) not in _NOT_PROACTIVE and not answers_the_person(ask, now)


def answers_the_person(ask: Ask, now: datetime) -> bool:
    """Whether this answers a text of the person's own, in time and without promoting anything."""
    heard = ask.in_reply_to_at
    if heard is None or ask.kind not in _ANSWERS or ask.content.promotional:
        return False
    return heard <= now <= heard + ANSWERED_WITHIN


def keeps_hours(ask: Ask, facts: Facts, now: datetime) -> bool:
    """Whether this waits for an allowed hour. The question a form leads to is not kept waiting."""
    kind = counts_as(ask)
    if kind is not Kind.consent_request:
        return kind is Kind.marketing
    return facts.consent.state != "pending" and not answers_the_person(ask, now)


def purpose_of(ask: Ask, facts: Facts) -> str:
    """The purpose that a scoped stop is compared with.

    A reminder is service where the consent covers service, and marketing where it does not.
    """
    kind = counts_as(ask)
    if kind is Kind.marketing:
        return "marketing"
    if kind is Kind.reminder and "service" not in facts.consent.scope:
        return "marketing"
    return ask.purpose or _PURPOSES.get(kind, str(kind))


def months_after(day: date, months: int) -> date:
    """The same day `months` later; the month's last day where it is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def within_months(since: datetime, months: int, now: datetime) -> bool:
    """Whether `now` is no later than the day `months` after `since`, in the clock of `now`."""
    return since <= now and now.date() <= months_after(since.astimezone(now.tzinfo).date(), months)


def found(
    rules: Rules,
    check: str,
    reason: Reason,
    law: Value[Any],
    outcome: Outcome = Outcome.block,
    facts: tuple[tuple[str, str], ...] = (),
    until: datetime | None = None,
) -> Finding:
    """A finding with the source and certainty of the value it rests on."""
    return Finding(
        check, outcome, reason, law.rule, law.source, law.certainty, rules.version, facts, until
    )
