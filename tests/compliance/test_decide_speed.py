"""A decision is cheap, measured against a fixed piece of work in the same run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.casefile import all_cases, read_cases
from compliance.decide import decide, load_rules
from compliance.types import Ask, Contact, Facts, Kind, Sender
from tests.support.speed import beats

PUBLIC = Path(__file__).parent / "data" / "decisions_public.yaml"


@pytest.mark.alone
def test_deciding_on_a_reply_costs_little() -> None:
    now = datetime(2026, 11, 24, 22, tzinfo=UTC)
    facts = Facts(contact=Contact(country="FR", tz="Europe/Paris"))
    sender = Sender("short_code", "36000")
    ask = Ask(Kind.conversational_reply, sender=sender, brand="margot", in_reply_to_at=now)
    rules = load_rules()
    assert beats(lambda: decide(ask, facts, rules, now), times=200) < 0.5


@pytest.mark.alone
def test_ninety_nine_of_a_hundred_decisions_cost_little() -> None:
    cases = [(one.ask, one.facts, one.now) for one in [*read_cases(PUBLIC), *all_cases()]]
    rules = load_rules()
    costs = sorted(
        beats(lambda case=case: decide(*case[:2], rules, case[2]), rounds=8) for case in cases
    )
    assert costs[int(len(costs) * 0.99)] < 10
