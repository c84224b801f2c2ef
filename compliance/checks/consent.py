"""Did the person agree, can we prove it, or does an exception hold that the law names?

Example: shoes were bought in Lille, the form said that similar offers may follow, nobody objected:
an offer of shoes is allowed (soft opt-in). After an account without a purchase it is not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from compliance.judging import (
    NEEDS_CONSENT,
    answers_the_person,
    counts_as,
    found,
    within_months,
)
from compliance.rulebook import InForce, Rules, Value
from compliance.types import Ask, Consent, Facts, Finding, Kind, Outcome, Reason

ORDER = 80
_Ground = tuple[Reason, Value[Any]]


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Allows marketing, reminders and requests for consent on a ground that the law knows."""
    kind = counts_as(ask)
    if kind not in NEEDS_CONSENT:
        return None
    law = rules.at(facts, now)
    reason, because = _ground(ask, kind, facts, law, now)
    if kind is Kind.consent_request and not reason.startswith("ok_"):
        reason, because = _may_ask(ask, facts.consent, law, now)
    consent = facts.consent
    known = (
        ("state", consent.state),
        ("basis", consent.basis or ""),
        ("proof", str(consent.proof)),
    )
    outcome = Outcome.allow if reason.startswith("ok_") else Outcome.block
    return found(rules, "consent", reason, because, outcome, known)


def _may_ask(ask: Ask, consent: Consent, law: InForce, now: datetime) -> _Ground:
    """Who has no consent may be asked for it in an answer, or to confirm a form just filled in."""
    if answers_the_person(ask, now) and law.consent_request_in_reply.value:
        return Reason.ok_user_initiated, law.consent_request_in_reply
    form = consent.state == "pending" and consent.double_opt_in == "pending"
    if form and law.form_may_be_confirmed.value:
        return Reason.ok_user_initiated, law.form_may_be_confirmed
    return Reason.consent_request_needs_consent, law.form_may_be_confirmed


def _ground(ask: Ask, kind: Kind, facts: Facts, law: InForce, now: datetime) -> _Ground:
    consent = facts.consent
    if consent.state == "withdrawn":
        return Reason.no_consent, law.consent
    if consent.state == "pending":
        return Reason.consent_pending, law.proof
    match consent.basis:
        case "soft_opt_in":
            return _soft(ask, facts, law), law.soft_opt_in
        case "implied_purchase":
            since = facts.customer.last_purchase_at if facts.customer.purchased else None
            return _implied(since, law.implied_purchase_months, now)
        case "implied_inquiry":
            return _implied(consent.inquiry_at, law.implied_inquiry_months, now)
    return _declared(consent, kind, law, now)


def _declared(consent: Consent, kind: Kind, law: InForce, now: datetime) -> _Ground:
    """A consent that was said in so many words, and what is left of it when it has to be shown."""
    if consent.state != "granted":
        return Reason.no_consent, law.consent
    if consent.double_opt_in == "pending":
        return Reason.consent_pending, law.proof
    written = law.written_consent.value and kind is not Kind.reminder
    if written and consent.form != "written":
        return Reason.no_consent, law.written_consent
    if not consent.proof or (consent.granted_at is not None and consent.granted_at > now):
        return Reason.consent_unproven, law.proof
    if consent.double_opt_in == "email_only" and not law.email_proves_number.value:
        return Reason.consent_unproven, law.email_proves_number
    return Reason.ok_consent, law.consent


def _soft(ask: Ask, facts: Facts, law: InForce) -> Reason:
    """The exception for customers: a real sale, told at collection, similar goods of our own."""
    consent, after = facts.consent, law.soft_opt_in.value
    sale = facts.customer.purchased and after != "no"
    talks = consent.context == "negotiation" and after == "sale_or_negotiation"
    if not (sale or talks) or not consent.informed_at_collection:
        return Reason.soft_opt_in_not_available
    if ask.seller is not None or ask.product_family != facts.customer.product_family:
        return Reason.not_similar_product
    return Reason.ok_soft_opt_in


def _implied(since: datetime | None, months: Value[int | None], now: datetime) -> _Ground:
    if since is None or months.value is None or not within_months(since, months.value, now):
        return Reason.no_consent, months
    return Reason.ok_implied_consent, months
