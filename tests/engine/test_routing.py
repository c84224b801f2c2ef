"""Who hears a text, in which order, and what the trace says of those who did not."""

from __future__ import annotations

from bot.engine.events import Began, Ended, HandedOff
from bot.engine.routing import ROUTE
from bot.engine.turn import accepts, waiting_for
from bot.engine.turn_types import TextCame, Turn
from tests.engine.play import RESERVED, Stage, compiled, flows_of, said

LUNCH = compiled(
    """
flow: lunch
purpose: service
start: {keywords: [LUNCH, LUNCH CLUB]}
steps:
  - ask: Which box? 1 Veg 2 Fish
    save: box
    answer: {choice: {veg: [veg], fish: [fish]}}
  - ask: Your name?
    save: name
    answer: {text: {max: 30}}
    takes: everything
  - confirm: "{box} for {name}?"
    change: [box]
    no: {end: no}
""",
    version="v1",
)
HOURS = compiled(
    """
flow: hours
purpose: service
start: {keywords: [HOURS, OPENING HOURS, "🕐"]}
steps: [{say: We open at noon.}]
""",
    version="v2",
)
BAKERY = compiled(
    """
flow: bakery
purpose: service
start: {keywords: [BAKERY, SHOPS]}
steps: [{say: Bread.}]
""",
    version="v3",
)
ANYTHING = compiled(
    """
flow: anything
purpose: service
start: {catch_all: true}
steps: [{ask: "Is it about lunch?", answer: {yes_no: true}}]
""",
    version="v4",
)


def stage(*more: object) -> Stage:
    return Stage(flows_of(LUNCH, HOURS, BAKERY, *more))  # type: ignore[arg-type]


def winner(turn: Turn) -> tuple[str, str]:
    return next(((line.who, line.verdict) for line in turn.trace if line.won), ("", ""))


def test_every_stage_leaves_a_line_and_one_of_them_wins() -> None:
    here = stage()
    for words in ("lunch", "hm", "fish", "human"):
        turn = here.text(words)
        asked = [line.who for line in turn.trace]
        assert {name for name, _ in ROUTE} - {"opt_in"} <= set(asked)
        assert sum(line.won for line in turn.trace) == 1


def test_keywords_are_heard_whole_first_several_and_misspelt() -> None:
    for words, expected in {
        "Lunch!": ("keyword", "exact"),
        "LUNCH  club": ("keyword", "exact"),
        "lunch for two please": ("keyword_within", "first_word"),
        "what are your opening hours": ("keyword_within", "several_words"),
        "lunhc": ("keyword_within", "near"),
        "🕐": ("keyword", "exact"),
        "I had lunch": ("catch_all", "said"),
    }.items():
        assert winner(stage().text(words)) == expected, words


def test_the_longest_keyword_wins_and_the_shorter_one_is_in_the_trace() -> None:
    turn = stage().text("lunch club and opening hours")
    assert [(line.what, line.verdict) for line in turn.trace if line.who == "keyword_within"][
        :1
    ] == [("lunch (LUNCH CLUB)", "several_words")]
    assert any(line.verdict == "shorter" for line in turn.trace)


def test_no_slip_leads_out_of_a_reserved_word() -> None:
    # STOPS is one letter from STOP as well as from SHOPS.
    turn = stage().text("stops")
    assert ("keyword_within", "reserved") in {(line.who, line.verdict) for line in turn.trace}
    assert not any(isinstance(event, Began) for event in turn.events)


def test_a_narrow_answer_is_heard_before_a_keyword() -> None:
    here = stage()
    here.text("lunch")
    assert winner(here.text("the fish please")) == ("open_question", "fish")


def test_a_keyword_as_the_whole_message_leaves_the_open_question() -> None:
    here = stage()
    here.text("lunch")
    turn = here.text("hours")
    began = next(event for event in turn.events if isinstance(event, Began))
    assert began.origin.flow == "hours"
    assert [event.outcome for event in turn.events if isinstance(event, Ended)] == [
        "left_for:hours",
        "done",
    ]
    assert said(turn) == ["We open at noon."]  # the robot has been introduced already


def test_a_keyword_of_the_running_flow_among_other_words_starts_nothing_over() -> None:
    here = stage()
    here.text("lunch")
    turn = here.text("lunch for me")
    assert winner(turn) == ("wrong_answer", "wrong")
    assert ("keyword_within", "already_here") in {(one.who, one.verdict) for one in turn.trace}


def test_a_question_that_takes_everything_lets_only_repair_pass() -> None:
    here = stage()
    here.text("lunch")
    here.text("fish")
    assert winner(here.text("hours")) == ("broad_answer", "text")
    here = stage()
    here.text("lunch")
    here.text("fish")
    assert winner(here.text("human")) == ("repair", "exact")


def test_words_of_repair_do_what_they_say() -> None:
    here = stage()
    here.text("lunch")
    assert said(here.text("répéter")) == ["Which box? 1 Veg 2 Fish"]
    assert said(here.text("start over")) == ["Which box? 1 Veg 2 Fish"]
    turn = here.text("never mind")
    assert said(turn) == ["Cancelled."]
    assert here.session is None
    assert winner(here.text("annuler")) == ("catch_all", "said")


def test_the_wish_for_a_person_is_heard_when_nothing_runs() -> None:
    here = stage()
    turn = here.text("un humain svp")
    assert said(turn) == ["This is Margot's robot. A person takes over."]
    handed = next(event for event in turn.events if isinstance(event, HandedOff))
    assert (handed.team, handed.reason) == ("team", "wants_person")
    assert here.session is not None
    assert here.session.owned_by_person
    assert here.text("lunch").events == ()


def test_a_reserved_word_that_answers_the_open_question_is_its_answer() -> None:
    here = stage()
    for words in ("lunch", "fish", "Ana"):
        here.text(words)
    assert accepts(here.flows, here.session, "YES", "en", RESERVED.__contains__)
    assert not accepts(here.flows, here.session, "JOIN", "en", RESERVED.__contains__)
    assert waiting_for(here.flows, None) is None
    assert winner(here.text("YES", opt_in=True)) == ("open_question", "yes")


def test_an_opt_in_begins_the_built_in_question_when_no_flow_hears_it() -> None:
    here = stage()
    turn = here.text("JOIN", opt_in=True)
    assert said(turn) == ["This is Margot's robot. Reply YES for offers."]
    assert said(here.text("YES", opt_in=True)) == ["You are in."]
    assert here.session is None


def test_what_nobody_hears_begins_the_catch_all_flow_or_is_told_so() -> None:
    assert said(stage().text("blah")) == [
        "This is Margot's robot. I did not get that. PIZZA to order."
    ]
    here = stage(ANYTHING)
    assert said(here.text("blah")) == ["This is Margot's robot. Is it about lunch?"]
    assert winner(here.text("purple")) == ("wrong_answer", "wrong")


def test_a_sure_intent_begins_its_flow_and_an_unsure_one_is_only_noted() -> None:
    intents = (("hours", 0.9), ("lunch", 0.4))
    turn = stage().turn(TextCame("when are you there", intents=intents))
    assert winner(turn) == ("intent", "sure")
    unsure = stage().turn(TextCame("when are you there", intents=(("hours", 0.4),)))
    assert winner(unsure) == ("catch_all", "said")


def test_the_first_text_shows_the_language() -> None:
    here = stage()
    assert said(here.text("bonjour, je voudrais une pizza")) == [
        "Ici le robot de Margot. Je n'ai pas compris."
    ]
    assert here.person.language == "fr"
