"""For any text, in any order, at any time, a turn ends in a known state and raises nothing."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events
from bot.engine.turn_types import TimerRang, Turn
from tests.engine.play import Stage, compiled, flows_of

FLOW = compiled(
    """
flow: lunch
purpose: marketing
goal: ordered
start: {keywords: [LUNCH, LUNCH CLUB], needs_consent: marketing}
steps:
  - ask: Which box?
    save: box
    answer: {choice: {veg: ["1", veg, végé], fish: ["2", fish, poisson]}}
    go: {fish: salty}
    silent: {after: 20 min, say: "Still there?", then: {after: 2 h, hand_over: orders}}
  - id: how_many
    ask: How many?
    save: qty
    answer: {integer: {min: 1, max: 9}}
    wrong: [No., Still no., {go: salty}]
  - confirm: "{qty|0} x {box}?"
    change: [box, qty]
    no: [{say: Bye.}, {end: changed_mind}]
  - coupon: welcome
  - convert: ordered
    value: "{qty}"
  - wait: 2 h
  - branch: [{if: "qty > 5", go: how_many}, {else: {hand_over: team}}]
  - id: salty
    ask: Your name?
    save: name
    answer: {text: {min: 1, max: 20}}
    takes: everything
    then: how_many
""",
    version="v1",
)
OTHER = compiled(
    """
flow: other
purpose: service
start: {keywords: [HOURS], catch_all: true, opt_in: true}
steps: [{ask: "Distance?", answer: {decimal: {}}}, {say: Fine.}]
""",
    version="v2",
)
FLOWS = flows_of(FLOW, OTHER)

LIKELY = st.sampled_from(
    re.split(
        r"\|",
        "lunch|LUNCH CLUB|hours|1|2|veg|fisch|yes|no|oui|non merci|oui mais non|change|changer qty"
        "|3|trois|12|2,5|human|annuler|start over|repeat|stop|help|🍕|👍||?|...|lunhc|Ana|yes no"
        "|\x00|{qty}|a b c d e f g h|نعم|３",
    )
)
TEXTS = st.one_of(LIKELY, LIKELY, st.text(max_size=40), st.text("0123456789 .,-", max_size=12))
CAUSES = st.one_of(
    st.tuples(st.just("text"), TEXTS),
    st.tuples(st.just("text"), TEXTS),
    st.tuples(st.just("opt_in"), TEXTS),
    st.tuples(st.just("later"), st.integers(1, 3 * 86_400_000)),
    st.tuples(st.just("stale"), st.integers(0, 40)),
    st.tuples(st.just("back"), st.booleans()),
)


def play(stage: Stage, cause: tuple[str, object]) -> list[Turn]:
    match cause:
        case ("text", str(words)):
            return [stage.text(words)]
        case ("opt_in", str(words)):
            return [stage.text(words, opt_in=True)]
        case ("later", int(ms)):
            return stage.later(ms)
        case ("stale", int(visit)):
            return [stage.turn(TimerRang("silence", visit))]
        case _:
            return [stage.give_back(bool(cause[1]))]


def check(stage: Stage, turn: Turn) -> None:
    session = turn.session
    spoken = [event for event in turn.events if isinstance(event, events.Said)]
    assert len(spoken) <= 3
    assert all(event.text.strip() for event in spoken)
    if session is not None and not session.owned_by_person:
        flow = stage.flows.by_version.get(session.version)
        assert session.version.startswith("built_in:") or flow is not None
        assert session.step is not None
        assert flow is None or session.step in flow.steps
    if session is not None and session.owned_by_person:
        assert session.step is None


def check_that_time_leads_on(stage: Stage) -> None:
    """Whoever waits has a timer of this very visit: nothing waits for ever."""
    session = stage.session
    if session is not None and not session.owned_by_person:
        assert any(visit == session.visit for _, visit in stage.timers.values())


@settings(max_examples=300, deadline=None)
@given(st.lists(CAUSES, max_size=25))
def test_any_order_of_causes_ends_in_known_states(causes: list[tuple[str, object]]) -> None:
    stage = Stage(FLOWS)
    began: list[str] = []
    ended: list[str] = []
    goals = 0
    for cause in causes:
        for turn in play(stage, cause):
            check(stage, turn)
            began += [one.conversation for one in turn.events if isinstance(one, events.Began)]
            ended += [one.conversation for one in turn.events if isinstance(one, events.Ended)]
            goals += sum(isinstance(one, events.Converted) for one in turn.events)
        check_that_time_leads_on(stage)
    assert len(set(ended)) == len(ended)
    running = [] if stage.session is None else [stage.session.conversation]
    assert sorted(began) == sorted(ended + running)
    assert goals <= len(began)


def test_a_long_walk_of_texts_and_silences_never_gets_stuck() -> None:
    chance = random.Random(7)
    words = [
        "lunch",
        "hours",
        "1",
        "2",
        "veg",
        "fish",
        "yes",
        "no",
        "oui",
        "3",
        "12",
        "human",
        "never",
        "mind",
        "change",
        "Ana",
        "xyzzy",
        "👍",
    ]
    stage = Stage(FLOWS)
    for _ in range(3000):
        text = " ".join(chance.choices(words, k=chance.randint(1, 3)))
        cause: tuple[str, object] = ("text", text)
        if chance.random() < 0.2:
            cause = ("later", chance.randint(1, 86_400_000))
        elif stage.session is not None and stage.session.owned_by_person:
            cause = ("back", False)
        for turn in play(stage, cause):
            check(stage, turn)
            assert not any(isinstance(event, events.Tripped) for event in turn.events)
            heard = any(line.won for line in turn.trace)
            assert heard or all(line.verdict == "stale" for line in turn.trace)
