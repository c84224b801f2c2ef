"""Did the person say no, to all of it or to this purpose? And do we still wait to learn which?

Example: a STOP two minutes ago blocks a sale text that was queued before it. A text in answer to
one the person sent *after* the stop is still allowed; nothing that was under way before it is.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import answers_the_person, counts_as, found, owed, proactive, purpose_of
from compliance.rulebook import InForce, Rules, Value
from compliance.types import Ask, Facts, Finding, Kind, Reason, Suppression

ORDER = 30


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks what a live stop covers, what waits for a clarification, and the erased."""
    erased = "erased" in facts.contact.flags
    waits, objected = facts.clarification_pending, facts.consent.objected
    if not (facts.suppressions or erased or waits or objected):
        return None
    if owed(ask) or ask.kind is Kind.opt_out_confirmation:
        return None
    law = rules.at(facts, now)
    if waits and proactive(ask, now):
        return found(rules, "suppression", Reason.awaiting_clarification, law.policy)
    if erased and not answers_the_person(ask, now):
        return _no(rules, law.erasure, ("erased", "yes"))
    if objected and purpose_of(ask, facts) == "marketing" and not answers_the_person(ask, now):
        return _no(rules, law.objection, ("objected", "yes"))
    for record in facts.suppressions:
        if _covers(record, ask, facts, law, now):
            at = "" if record.at is None else record.at.isoformat()
            known = (("scope", record.scope), ("via", record.via), ("at", at))
            wider = record.scope not in ("all", purpose_of(ask, facts))
            return _no(rules, _wider(record, law) if wider else law.objection, *known)
    return None


def _no(rules: Rules, because: Value[bool], *known: tuple[str, str]) -> Finding:
    return found(rules, "suppression", Reason.suppressed, because, facts=known)


def _covers(record: Suppression, ask: Ask, facts: Facts, law: InForce, now: datetime) -> bool:
    if record.channel is not None and record.channel != ask.channel:
        return False
    if record.brand is not None and ask.brand is not None and record.brand != ask.brand:
        return False
    if _answers_since(record, ask, law, now):
        return False
    if record.scope in ("all", purpose_of(ask, facts)):
        return True
    if record.chosen or counts_as(ask) in (Kind.conversational_reply, Kind.emergency):
        return False
    return _wider(record, law).value


def _answers_since(record: Suppression, ask: Ask, law: InForce, now: datetime) -> bool:
    """Whether this answers something that the person wrote after they said no."""
    if not law.reply_after_stop.value or record.at is None or ask.in_reply_to_at is None:
        return False
    return ask.in_reply_to_at > record.at and answers_the_person(ask, now)


def _wider(record: Suppression, law: InForce) -> Value[bool]:
    """The rule by which a stop of one purpose may count for all."""
    informed = record.in_reply_to not in (None, "", Kind.marketing, Kind.conversational_reply)
    if informed and law.stop_to_information_reaches_everything.value:
        return law.stop_to_information_reaches_everything
    return law.stop_reaches_everything
