"""A decision is cheap: a reply in microseconds, anything in less than a millisecond."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns

import pytest

from compliance.casefile import all_cases, read_cases
from compliance.decide import decide, load_rules
from compliance.types import Ask, Contact, Facts, Kind, Sender

PUBLIC = Path(__file__).parent / "data" / "decisions_public.yaml"


@pytest.mark.alone
def test_a_reply_takes_forty_microseconds_at_most() -> None:
    now = datetime(2026, 11, 24, 22, tzinfo=UTC)
    facts = Facts(contact=Contact(country="FR", tz="Europe/Paris"))
    sender = Sender("short_code", "36000")
    ask = Ask(Kind.conversational_reply, sender=sender, brand="margot", in_reply_to_at=now)
    times = _times([(ask, facts, now)], 5000)
    assert times[len(times) // 2] <= 40_000


@pytest.mark.alone
def test_ninety_nine_of_a_hundred_decisions_take_a_millisecond_at_most() -> None:
    cases = [(one.ask, one.facts, one.now) for one in [*read_cases(PUBLIC), *all_cases()]]
    times = _times(cases, 30)
    assert times[int(len(times) * 0.99)] <= 1_000_000


def _times(situations: list[tuple[Ask, Facts, datetime]], rounds: int) -> list[int]:
    rules = load_rules()
    times = []
    for _ in range(rounds):
        for ask, facts, now in situations:
            start = perf_counter_ns()
            decide(ask, facts, rules, now)
            times.append(perf_counter_ns() - start)
    return sorted(times)
