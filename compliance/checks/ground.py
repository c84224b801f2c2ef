"""What allows a text that needs no consent: an answer, a code, news of an order, an emergency.

Example: "what time do you close?" at midnight is answered at midnight. A message with no ground at
all is blocked: silence of the rules is not a yes.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import answers_the_person, counts_as, found
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Outcome, Reason

ORDER = 180
_INFORMS = frozenset({Kind.transactional, Kind.otp, Kind.emergency})


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Allows the kinds that rest on no consent, and the confirmation of one."""
    kind, law = counts_as(ask), rules.at(facts, now)
    if kind is Kind.conversational_reply:
        return found(rules, "ground", Reason.ok_user_initiated, law.information, Outcome.allow)
    if kind in _INFORMS:
        return found(rules, "ground", Reason.ok_transactional, law.information, Outcome.allow)
    if kind is Kind.help_reply:
        return found(rules, "ground", Reason.ok_help_reply, law.help, Outcome.allow)
    if kind is Kind.opt_in_confirmation:
        reason = _confirms(ask, facts, now)
        outcome = Outcome.block if reason is Reason.no_consent else Outcome.allow
        return found(rules, "ground", reason, law.scope, outcome)
    return None


def _confirms(ask: Ask, facts: Facts, now: datetime) -> Reason:
    """An opt-in is confirmed where there is one: given, just texted, or about to be confirmed."""
    if facts.consent.state == "granted":
        return Reason.ok_consent
    if answers_the_person(ask, now):
        return Reason.ok_user_initiated
    return Reason.ok_transactional if facts.consent.state == "pending" else Reason.no_consent
