"""What holds for every message, person and moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.checks import all_checks
from compliance.decide import decide, load_rules
from compliance.openings import why_closed
from compliance.types import Ask, Facts, Finding, Kind, Outcome, Reason, Suppression
from tests.compliance.asks import offers, situations, stops

RULES = load_rules()
Situation = tuple[Ask, Facts, datetime]
FLAGS = ["restricted", "unreachable", "reassigned", "erased", "loop", "budget", "own", "abroad"]
FLAGS += ["clarify", "objected", "21610"]


@given(situations())
def test_every_situation_is_decided_with_a_reason_that_fits(one: Situation) -> None:
    decided = decide(*one[:2], RULES, one[2])
    assert decided.reason.startswith("ok_") == (decided.outcome is Outcome.allow)
    assert (decided.defer_until is not None) == (decided.outcome is Outcome.defer)
    assert not any(fact[0] == "broken_check" for found in decided.findings for fact in found.facts)
    for found in decided.findings:
        assert found.rule
        assert found.source
        assert found.certainty
        assert found.version == RULES.version


@given(offers())
def test_a_deferral_is_later_and_inside_an_allowed_hour(one: Situation) -> None:
    ask, facts, now = one
    decided = decide(ask, facts, RULES, now)
    if decided.defer_until is None:
        assert decided.outcome is Outcome.allow
        return
    assert decided.defer_until > now
    there = decided.defer_until
    assert why_closed(RULES.openings(facts, there), there) is None
    assert decide(ask, facts, RULES, there).outcome is Outcome.allow


@given(situations(), st.data())
def test_a_further_stop_never_opens_the_door(one: Situation, data: st.DataObject) -> None:
    ask, facts, now = one
    before = decide(ask, facts, RULES, now)
    if ask.kind is Kind.opt_out_confirmation:
        return  # A stop is what its confirmation rests on.
    more = replace(facts, suppressions=(*facts.suppressions, data.draw(stops(now))))
    assert _no_looser(before.outcome, decide(ask, more, RULES, now).outcome)


@given(
    situations(),
    st.sampled_from(FLAGS),
)
def test_a_further_flag_never_opens_the_door(one: Situation, flag: str) -> None:
    ask, facts, now = one
    before = decide(ask, facts, RULES, now)
    assert _no_looser(before.outcome, decide(ask, _flagged(facts, flag), RULES, now).outcome)


@given(situations(), st.sampled_from(Outcome))
def test_a_further_check_never_turns_a_block_into_an_allow(
    one: Situation, outcome: Outcome
) -> None:
    ask, facts, now = one
    further = Finding("further", outcome, Reason.quiet_hours, defer_until=now)
    checks = (("further", lambda *_: further), *all_checks())
    before = decide(ask, facts, RULES, now)
    assert _no_looser(before.outcome, decide(ask, facts, RULES, now, checks=checks).outcome)


@given(situations(), st.booleans())
def test_nothing_that_nobody_asked_for_passes_a_stop_to_everything(
    one: Situation, chosen: bool
) -> None:
    ask, facts, now = one
    if ask.kind in (Kind.opt_out_confirmation, Kind.help_reply) and not ask.content.promotional:
        return
    stop = Suppression("all", at=now, chosen=chosen)
    decided = decide(ask, replace(facts, suppressions=(stop,)), RULES, now)
    assert decided.outcome is Outcome.block


@given(offers())
def test_an_offer_never_passes_a_stop_to_offers(one: Situation) -> None:
    ask, facts, now = one
    stopped = replace(facts, suppressions=(Suppression("marketing"),))
    assert decide(ask, stopped, RULES, now).reason is Reason.suppressed


@settings(max_examples=300)
@given(situations())
def test_marketing_is_never_allowed_without_a_consent_or_an_exception(one: Situation) -> None:
    ask, facts, now = one
    decided = decide(ask, facts, RULES, now)
    promotes = ask.kind is Kind.marketing or ask.content.promotional
    if promotes and decided.outcome is Outcome.allow:
        exception = facts.consent.basis in ("soft_opt_in", "implied_purchase")
        assert facts.consent.state == "granted" or exception
        assert ask.content.identity
        assert ask.content.stop_instruction


@pytest.mark.parametrize("kind", list(Kind))
def test_a_naive_moment_is_refused(kind: Kind) -> None:
    with pytest.raises(ValueError, match="aware"):
        decide(Ask(kind), Facts(), RULES, datetime(2026, 11, 24, 12))  # noqa: DTZ001


def test_facts_that_are_not_known_allow_nothing_proactive() -> None:
    now = datetime.fromisoformat("2026-11-24T12:00:00+01:00")
    replies = {Kind.conversational_reply, Kind.help_reply}
    for kind in set(Kind) - replies:
        assert decide(Ask(kind), Facts(), RULES, now).outcome is Outcome.block


def _no_looser(before: Outcome, after: Outcome) -> bool:
    """Whether a block stayed one, and nothing that waited now leaves."""
    order = (Outcome.allow, Outcome.defer, Outcome.block)
    return order.index(after) >= order.index(before)


def _flagged(facts: Facts, flag: str) -> Facts:
    match flag:
        case "loop":
            return replace(facts, loop_suspected=True)
        case "budget":
            return replace(facts, budget_reached=True)
        case "own":
            return replace(facts, own_sender=True)
        case "abroad":
            return replace(facts, country_served=False)
        case "clarify":
            return replace(facts, clarification_pending=True)
        case "objected":
            return replace(facts, consent=replace(facts.consent, objected=True))
        case "21610":
            if facts.provider.last_error is not None:
                return facts  # One error takes the place of another.
            return replace(facts, provider=replace(facts.provider, last_error=21610))
    flags = (*facts.contact.flags, flag)
    return replace(facts, contact=replace(facts.contact, flags=flags))
