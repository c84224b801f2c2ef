"""What each complaint is about, and what it lets pass."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.brand import Brand
from bot.engine.compile import compile_flow
from bot.engine.lint import LintContext, lints
from bot.engine.lint._graph import may_end, reachable, ways
from bot.engine.lint._texts import longest
from bot.loading.brand import read_brand
from bot.loading.check import is_reserved
from bot.loading.publication import read_flow
from bot.loading.tree import read
from bot.sending.parts import measure
from compliance.hearing import near_reserved

BRAND = """brand: corner
title: Corner Shop
country: FR
zone: Europe/Paris
languages: [LANGUAGES]
senders: [{number: "36001", kind: short_code, carrier_answers: short_code}]
settings: {phone: "01 99 00 12 34", empty: ""}
wrong: [{en: "Sorry?", fr: "Pardon ?"}, {hand_over: team}]
silent:
  after: 20 min
  say: {en: "Corner Shop: 1 or 2? STOP to stop.", fr: "Corner Shop : 1 ou 2 ? STOP pour finir."}
  then: {after: 2 h, end: no_answer}
"""


def brand(languages: str = "en") -> Brand:
    source = BRAND.replace("LANGUAGES", languages)
    if languages == "en":
        source = source.replace(', fr: "Pardon ?"', "").replace(
            ', fr: "Corner Shop : 1 ou 2 ? STOP pour finir."', ""
        )
    found = read_brand(source, "brand.yml")
    assert found.brand is not None
    assert found.complaints == ()
    return found.brand


def codes(*sources: str, languages: str = "en", only: str = "") -> list[tuple[str, str, str]]:
    """(code, path, fragment) of all that is found in flows of the corner shop."""
    here = brand(languages)
    flows = {}
    for source in sources:
        read_back = read_flow(source, "f.yml", here)
        assert read_back.flow is not None, [one.render("en") for one in read_back.complaints]
        flows[read_back.flow.name] = read_back.flow
    context = LintContext(here, flows, is_reserved, near_reserved, measure)
    return [
        (lint.code, found.path, found.fragment)
        for lint in lints().values()
        for found in lint.look(context)
        if lint.code.startswith(only)
    ]


def flow(steps: str, head: str = "purpose: service\nstart: {keywords: [HELLO]}") -> str:
    return f"flow: hello\n{head}\nsteps:\n{steps}"


def said(text: str) -> str:
    return flow(f"  - say: '{text.replace(chr(39), chr(39) * 2)}'\n")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("YES to order, reply CANCEL to change.", "CANCEL"),
        ("YES to order or CANCEL.", "CANCEL"),
        ("OUI pour commander, STOP pour annuler la commande.", "STOP"),
        ("Send END when you are ready.", "END"),
        ("Reply QUIT if the pizza is cold.", "QUIT"),
        ("HELP to order a pizza.", "HELP"),
        ("START to play the quiz.", "START"),
        ("Envoyez ARRET pour passer votre tour.", "ARRET"),
    ],
)
def test_a_reserved_word_for_something_else_is_told(text, word):
    assert codes(said(text), only="C004") == [("C004", "steps.0.say.en", word)]


@pytest.mark.parametrize(
    "text",
    [
        "Two for one. STOP for no more texts.",
        "Reply STOP to unsubscribe, HELP for help.",
        "Ne plus rien recevoir : STOP.",
        "STOP pour ne plus rien recevoir, AIDE pour en savoir plus.",
        "STOP at any time. To come back: START.",
        "To leave our offers: CANCEL. No more texts after that.",
        "YES to order, CHANGE to edit.",
        "OUI pour commander, CHANGER pour modifier.",
        "A person: HUMAN. To order: PIZZA.",
        "At the end we stop. Info inside.",
        "Chez Margot : STOP SMS pour ne plus recevoir nos offres.",
    ],
)
def test_a_reserved_word_for_what_it_is_passes(text):
    assert codes(said(text), only="C004") == []


@pytest.mark.parametrize("text", ["12.50 EUR", "12€", "$5", "3 March", "mardi 3 mars", "03/07"])
def test_prices_and_dates_by_hand_are_told(text):
    assert [code for code, _, _ in codes(said(f"Only {text} today."), only="C007")] == ["C007"]


@pytest.mark.parametrize("text", ["24/7", "03 53 01 00 00", "12h30", "2 or 3", "1/2 bottle", "May"])
def test_other_numbers_are_not_taken_for_prices_or_dates(text):
    assert codes(said(f"Only {text} today."), only="C007") == []


QTY = "  - ask: How many?\n    id: ask\n    save: qty\n    answer: {integer: {min: 1, max: 9}}\n"


def test_a_saved_answer_is_known_behind_its_question_only():
    assert codes(flow(QTY + '  - say: "{qty}"\n'), only="C003") == []
    before = '  - say: "{qty}"\n' + QTY
    assert [path for _, path, _ in codes(flow(before), only="C003")] == ["steps.0.say.en"]


def test_a_way_round_the_question_leaves_the_name_empty():
    round_it = (
        "  - branch:\n      - if: \"language == 'fr'\"\n        go: tell\n      - else: ask\n"
        + QTY
        + '  - id: tell\n    say: "{qty}"\n'
    )
    assert [path for _, path, _ in codes(flow(round_it), only="C003")] == ["steps.2.say.en"]


def test_the_way_on_after_wrong_answers_does_not_know_the_answer():
    steps = (
        QTY + "    wrong: [Sorry?, {go: tell}]\n  - end: done\n  - id: tell\n    say: 'No {qty}?'\n"
    )
    assert [path for _, path, _ in codes(flow(steps), only="C003")] == ["steps.2.say.en"]


def test_fallbacks_settings_coupons_and_remembered_fields_are_never_empty():
    steps = (
        "  - coupon: hi\n"
        + QTY
        + "  - remember: {size: '{qty}'}\n"
        + "  - say: '{person.name|you} {settings.phone} {coupon.hi} {person.size} {brand.title}'\n"
    )
    assert codes(flow(steps), only="C003") == []
    assert len(codes(said("{settings.empty} {person.name}"), only="C003")) == 2


def test_a_loop_through_a_question_is_no_loop_without_a_wait():
    asks = QTY + "  - say: Again.\n    then: ask\n"
    assert [code for code, _, _ in codes(flow(asks), only="P")] == []
    spins = "  - id: a\n    say: One.\n  - say: Two.\n    then: a\n"
    assert [code for code, _, _ in codes(flow(spins), only="P")] == ["P003", "P002"]


def test_consent_that_was_given_does_not_wait():
    steps = "  - id: a\n    consent: marketing\n  - say: Thanks.\n    then: a\n"
    assert ("P002", "steps.0", "") in codes(flow(steps), only="P")


def test_every_category_that_jumps_leaves_the_next_step_out_of_reach():
    choice = (
        "  - ask: 1 Veg 2 Fish?\n    answer: {choice: {veg: [veg], fish: [fish]}}\n"
        "    go: {veg: {end: veg}, fish: {end: fish}}\n  - say: Never.\n"
    )
    assert codes(flow(choice), only="P001") == [("P001", "steps.1", "")]
    one_left = choice.replace(", fish: {end: fish}", "")
    assert codes(flow(one_left), only="P001") == []


MARKETING = "purpose: marketing\nstart: {keywords: [HELLO]}"


def test_a_reply_in_a_marketing_flow_is_no_advert_but_what_follows_a_wait_is():
    assert codes(flow("  - say: Hello.\n", MARKETING), only="C00") == []
    waits = "  - say: Hello.\n  - wait: 2 h\n  - convert: came_back\n  - say: Still hungry?\n"
    assert codes(flow(waits, MARKETING), only="C00") == [
        ("C001", "steps.3.say.en", ""),
        ("C002", "steps.3.say.en", ""),
    ]
    asks = "  - say: Hello.\n  - wait: 2 h\n" + QTY + "  - say: Noted.\n"
    assert [path for _, path, _ in codes(flow(asks, MARKETING), only="C001")] == ["steps.2.ask.en"]


def test_a_service_text_after_a_wait_is_no_advert_unless_it_promotes():
    waits = "  - wait: 2 h\n  - say: Your table is ready.\n"
    assert codes(flow(waits), only="C00") == []
    promotes = waits + "    promotes: true\n"
    assert [code for code, _, _ in codes(flow(promotes), only="C00")] == ["C001", "C002"]


def test_nudges_of_marketing_flows_are_adverts():
    steps = QTY + "    silent: {after: 5 min, say: Hello?, then: {after: 1 h, end: gone}}\n"
    found = codes(flow(steps, MARKETING), only="C00")
    assert {path for _, path, _ in found} == {"steps.0.silent.say.en"}
    assert codes(flow(QTY, MARKETING), only="C00") == []  # the brand's nudge has name and STOP


def test_a_text_without_words_serves_all_languages():
    assert (
        codes(flow(QTY.replace("How many?", '"1, 2, 3?"')), languages="en, fr", only="N004") == []
    )
    found = codes(flow(QTY), languages="en, fr", only="N004")
    assert [path for _, path, _ in found] == ["steps.0.ask"]


def test_keywords_are_compared_without_case_and_accents():
    one = flow("  - say: A.\n", "purpose: service\nstart: {keywords: [Crêpe]}")
    other = one.replace("flow: hello", "flow: zwei").replace("Crêpe", "CREPE")
    assert codes(one, other, only="N002") == [("N002", "start.keywords", "CREPE")]
    asks = "  - ask: 1 Crepe 2 Tarte?\n    answer: {choice: {crepe: [crepe], tarte: [tarte]}}\n"
    third = flow(asks).replace("flow: hello", "flow: third")
    assert codes(one, third, only="N005") == [("N005", "start.keywords", "Crêpe")]


@pytest.mark.parametrize("word", ["STOP", "arrêt", "Cancel", "AIDE", "join", "désinscription"])
def test_no_keyword_of_any_language_may_be_reserved(word):
    source = flow("  - say: A.\n", f"purpose: service\nstart: {{keywords: [{word}]}}")
    assert ("N001", "start.keywords", word) in codes(source)


def test_yes_and_no_are_answers_and_no_reserved_words():
    steps = "  - ask: Fish?\n    answer: {yes_no: true}\n  - confirm: Sure?\n    no: {end: no}\n"
    assert codes(flow(steps), only="N001") == []


def test_the_longest_answer_and_the_greeting_are_counted():
    here = brand()
    steps = (
        "  - ask: 1 or 2?\n    save: box\n"
        "    answer: {choice: {veg: [vegetarian delight], fish: [fish]}}\n"
        "  - ask: Name?\n    save: name\n    answer: {text: {max: 30}}\n"
        "  - say: '{box} {name} {person.city} {settings.phone}'\n"
    )
    compiled = read_flow(flow(steps), "f.yml", here).flow
    assert compiled is not None
    shown = longest("{name} {settings.phone} {nobody|you}", "en", compiled, here)
    assert shown == "x" * 30 + " 01 99 00 12 34 " + "x" * 20
    exact = "a" * (160 - len("This is Corner Shop's robot. "))
    assert codes(said(exact), only="L") == []
    assert [code for code, _, _ in codes(said(exact + "a"), only="L")] == ["L001"]
    second = flow(f"  - say: Hi.\n  - say: {'a' * 160}\n")
    assert codes(second, only="L") == []


def test_the_dear_character_is_named_only_where_it_costs():
    assert codes(said("Bon appétit, à bientôt."), only="L") == []
    found = codes(said("Merci de votre visite, " + "à très vite " * 3 + "et bientôt."), only="L")
    assert found == [("L002", "steps.0.say.en", "ô")]


def test_nothing_is_measured_without_a_measure():
    context = LintContext(brand(), {}, is_reserved, near_reserved)
    assert [lint.code for lint in lints().values() if list(lint.look(context))] == []


IDS = st.sampled_from(["a", "b", "c", "d", "e"])
TARGET = st.one_of(IDS, st.just({"end": "done"}), st.just({"hand_over": "team"}))


@st.composite
def random_flows(draw):
    """Flows whose five steps lead anywhere."""
    steps = []
    for name in "abcde":
        kind = draw(st.sampled_from(["say", "ask", "confirm", "branch", "wait", "end", "consent"]))
        step = {"id": name}
        match kind:
            case "say":
                step |= {"say": "Hello {person.name|you}"}
            case "ask":
                step |= {"ask": "How many?", "save": "qty", "answer": {"integer": {}}}
                step |= {"wrong": ["Sorry?", {"go": draw(IDS)}]}
                step |= {"silent": {"after": "5 min", "go": draw(IDS)}}
            case "confirm":
                step |= {"confirm": "Sure?", "no": draw(TARGET), "yes": draw(TARGET)}
            case "branch":
                ways_on = [{"if": "language == 'fr'", "go": draw(TARGET)}, {"else": draw(TARGET)}]
                step |= {"branch": ways_on}
            case "wait":
                step |= {"wait": "5 min"}
            case "consent":
                step |= {"consent": "marketing"}
            case "end":
                step |= {"end": "done"}
        if kind != "end" and draw(st.booleans()):
            step["then"] = draw(IDS)
        steps.append(step)
    return {"flow": "hello", "purpose": "service", "steps": steps}


HERE = brand()


@settings(max_examples=200, deadline=None)
@given(random_flows())
def test_no_lint_raises_and_what_passes_the_proof_can_always_end(data):
    compiled, problems = compile_flow(data, HERE, "v1", read("", "f.yml").marks)
    assert compiled is not None, problems
    context = LintContext(HERE, {"hello": compiled}, is_reserved, near_reserved, measure)
    found = {lint.code for lint in lints().values() for _ in lint.look(context)}
    live = reachable(compiled, [compiled.first])
    assert ("P001" in found) == (live != set(compiled.steps))
    ends = {step for step in live if may_end(compiled.steps[step])}
    stuck = {step for step in live if not reachable(compiled, [step]) & ends}
    assert ("P003" in found) == bool(stuck)
    if "P002" not in found:
        # Without asking or waiting nobody takes more steps than there are.
        at_once = [
            step for step in live if compiled.steps[step].kind not in ("ask", "confirm", "wait")
        ]
        depth = dict.fromkeys(at_once, 0)
        for _ in range(len(live) + 1):
            for step in at_once:
                for to in ways(compiled.steps[step]):
                    if to in depth and compiled.steps[step].kind != "consent":
                        depth[to] = max(depth[to], min(depth[step] + 1, 99))
        assert max(depth.values(), default=0) <= len(live)
