"""Turns: versions, timers, limits, people who take over."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from bot.engine.events import Ended, HandedOff, Said, TimerSet, Tripped
from bot.engine.session import Session
from bot.engine.turn_types import TimerRang
from tests.engine.play import BRAND, Stage, compiled, flows_of, said
from tests.support.speed import beats

ASKS = """
flow: asks
purpose: service
start: {keywords: [ASK]}
steps:
  - ask: One?
    answer: {integer: {}}
    silent: {after: 10 min, say: "Still there?", then: {after: 1 h, end: no_answer}}
  - ask: Two?
    answer: {integer: {}}
"""


def test_a_conversation_stays_on_the_version_it_began_with() -> None:
    old, new = compiled(ASKS, version="v1"), compiled(ASKS.replace("Two?", "Second?"), version="v2")
    here = Stage(flows_of(old))
    here.text("ask")
    here.flows = replace(here.flows, current={"asks": new}, by_version={"v1": old, "v2": new})
    assert said(here.text("1")) == ["Two?"]


def test_a_version_that_is_gone_is_told_honestly_and_a_person_reads() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    here.text("ask")
    here.flows = replace(here.flows, by_version={})
    turn = here.text("1")
    assert said(turn) == ["Something broke. A person reads it."]
    assert any(isinstance(event, HandedOff) for event in turn.events)


def test_a_timer_of_a_version_that_is_gone_ends_without_a_word() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    here.text("ask")
    here.flows = replace(here.flows, by_version={})
    (turn,) = here.later(10 * 60_000)
    assert [type(event) for event in turn.events] == [Ended]


def test_a_stale_timer_does_nothing() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    here.text("ask")
    assert here.session is not None
    before = here.session
    here.text("1")
    after = here.session
    for kind in ("silence", "wait", "expiry", "nonsense"):
        turn = here.turn(TimerRang(kind, before.visit))
        assert turn.events == ()
        assert turn.session == after
        assert [line.verdict for line in turn.trace] == ["stale"]


def test_a_wrong_answer_sets_the_silence_anew() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    here.text("ask")
    here.later(9 * 60_000)
    here.text("purple")
    assert here.later(9 * 60_000) == []
    (turn,) = here.later(60_000)
    assert said(turn) == ["Still there?"]


def test_a_nudge_rings_once_even_when_its_timer_rings_twice() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    here.text("ask")
    assert here.session is not None
    visit = here.session.visit
    assert said(here.turn(TimerRang("silence", visit))) == ["Still there?"]
    assert here.turn(TimerRang("silence", visit)).events == ()


def test_an_expiry_is_set_only_where_silence_does_not_end_sooner() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    kinds = {event.kind for event in here.text("ask").events if isinstance(event, TimerSet)}
    assert kinds == {"silence"}
    kinds = {event.kind for event in here.text("1").events if isinstance(event, TimerSet)}
    assert kinds == {"expiry"}


LOOP = """
flow: loop
purpose: service
start: {keywords: [LOOP]}
steps:
  - id: round
    remember: {a: b}
    then: round
"""
LONG = "flow: long\npurpose: service\nstart: {keywords: [LONG]}\nsteps:\n" + "".join(
    "  - remember: {a: b}\n" for _ in range(60)
)
CHATTY = """
flow: chatty
purpose: service
start: {keywords: [CHAT]}
steps: [{say: One.}, {say: Two.}, {say: Three.}, {say: Four.}]
"""


@pytest.mark.parametrize(
    ("source", "word", "limit"),
    [(LOOP, "loop", "same_step"), (LONG, "long", "steps"), (CHATTY, "chat", "messages")],
)
def test_a_limit_hands_over_to_a_person_and_is_never_silent(
    source: str, word: str, limit: str
) -> None:
    here = Stage(flows_of(compiled(source)))
    turn = here.text(word)
    assert [event.limit for event in turn.events if isinstance(event, Tripped)] == [limit]
    assert sum(isinstance(event, HandedOff) for event in turn.events) == 1
    assert 1 <= len(said(turn)) <= 3
    assert said(turn)[-1].endswith("A person takes over.")
    assert ("limit", limit) in {(line.who, line.what) for line in turn.trace}
    assert here.session is not None
    assert here.session.owned_by_person


def test_fifty_steps_and_three_messages_are_within_the_limits() -> None:
    most = LONG.replace("LONG", "MOST").rsplit("\n", 12)[0] + "\n"
    assert most.count("remember") == 49
    turn = Stage(flows_of(compiled(most + "  - say: Done.\n"))).text("most")
    assert said(turn)[-1].endswith("Done.")
    three = Stage(flows_of(compiled(CHATTY.replace(", {say: Four.}", "")))).text("chat")
    assert len(said(three)) == 3


def test_a_hand_back_may_be_silent_and_only_follows_a_handoff() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    assert here.give_back().events == ()
    here.text("human")
    turn = here.give_back(silently=True)
    assert said(turn) == []
    assert [event.outcome for event in turn.events if isinstance(event, Ended)] == ["given_back"]
    assert here.session is None


def test_somebody_who_was_greeted_is_not_greeted_again() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    here.person = replace(here.person, greeted=True)
    assert said(here.text("ask")) == ["One?"]


def test_a_brand_may_go_on_after_wrong_answers() -> None:
    brand = replace(BRAND, wrong=BRAND.wrong[:1], wrong_then="go_on")
    here = Stage(flows_of(compiled(ASKS, brand), brand=brand))
    here.text("ask")
    here.text("purple")
    assert said(here.text("green")) == ["Two?"]


def test_every_event_names_flow_version_and_step() -> None:
    here = Stage(flows_of(compiled(ASKS)))
    for words in ("ask", "1", "purple", "human"):
        for event in here.text(words).events:
            assert (event.origin.flow, event.origin.version) == ("asks", "v1")
            assert event.origin.step in ("s1", "s2")


def test_a_session_of_a_newer_build_is_still_read() -> None:
    session = Session("c", "f", "v", step="s1", visit=3)
    assert Session.from_json({**session.to_json(), "mood": "sunny"}) == session


_ANSWERS = ("2", "chicken please", "xyzzy", "chikcen")


@pytest.mark.alone
def test_a_turn_in_a_flow_of_forty_steps_costs_little() -> None:
    steps = "".join(
        f"""
  - ask: "Question {number}, {{a0|you}}? 1 Veg 2 Chicken"
    id: q{number}
    save: a{number}
    answer: {{choice: {{veg: [veg], chicken: [chicken]}}}}
  - branch: [{{if: "a{number} == 'veg'", go: q0}}]
"""
        for number in range(20)
    )
    flow = compiled(f"flow: big\npurpose: service\nstart: {{keywords: [BIG]}}\nsteps:{steps}")
    here = Stage(flows_of(flow))
    here.text("big")
    waiting = here.session
    assert waiting is not None

    def one(words: str) -> None:
        here.session = waiting
        turn = here.text(words)
        assert any(isinstance(event, Said) for event in turn.events)

    costs = [beats(lambda words=words: one(words), times=10) for words in _ANSWERS]
    assert statistics.median(costs) < 4
