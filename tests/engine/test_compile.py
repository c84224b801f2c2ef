"""From data to flows: everything wrong at once, with its path and the nearest right name."""

from __future__ import annotations

import pytest

from bot.catalogue import say
from bot.engine.compile import schema_of_flow, step_keys
from bot.engine.flow import Purpose
from bot.engine.moment import question_of
from bot.understanding.answers import kinds
from tests.engine.play import compiled, problems_of

GOOD = """
flow: lunch_club
purpose: marketing
goal: order_placed
start: {keywords: [LUNCH, LUNCH CLUB], needs_consent: marketing}
steps:
  - ask: Which box today?
    save: box
    answer: {choice: {veg: ["1", veg], chicken: ["2", chicken]}}
    wrong: ["Sorry, reply 1 or 2.", {hand_over: orders}]
    silent: {after: 20 min, say: "Still hungry?", then: {after: 2 h, end: no_answer}}
  - ask: How many? (1-9)
    save: qty
    answer: {integer: {min: 1, max: 9}}
  - confirm: "{qty} x {box}. YES to order."
    change: [box, qty]
    yes: place
    no: {end: changed_mind}
  - id: place
    convert: order_placed
"""


def found(source: str) -> dict[str, str]:
    """The codes of a source's problems, by path."""
    return {problem.path: problem.code for problem in problems_of(source)}


def test_nested_endings_become_steps_of_their_own() -> None:
    flow = compiled(GOOD)
    assert flow.first == "start.consent"
    assert flow.steps["s1"].body.targets() == (("wrong", "s1.wrong"), ("silent", "s1.silent.1"))
    assert flow.steps["s1.wrong"].kind == "hand_over"
    assert flow.steps["s1.silent.1"].path == "steps.0.silent.then"
    assert dict(flow.steps["s3"].body.targets())["no"] == "s3.no"
    assert flow.saves == {"box": "s1", "qty": "s2"}
    assert flow.purpose is Purpose.marketing


def test_a_block_goes_on_after_its_parent_unless_it_ends() -> None:
    flow = compiled(
        """
flow: f
purpose: service
steps:
  - confirm: Sure?
    yes: [{say: One.}, {say: Two.}]
    no: [{say: Bye.}, {end: no}]
  - say: After.
"""
    )
    assert flow.steps["s1.yes.1"].next == "s1.yes.2"
    assert flow.steps["s1.yes.2"].next == "s2"
    assert flow.steps["s1.no.2"].next is None


def test_a_question_without_its_own_ways_takes_the_brands() -> None:
    question = question_of(compiled(GOOD).steps["s2"])
    assert question is not None
    assert question.ladder.inherited
    assert [text.in_language("fr") for text in question.ladder.texts] == [
        "Pardon ?",
        "Toujours pas.",
    ]


def test_every_mistake_is_told_at_once_with_the_nearest_name() -> None:
    bad = (
        GOOD.replace("purpose: marketing\n", "purpos: marketing\n")
        .replace("hand_over: orders", "hand_over: order")
        .replace("yes: place", "yes: plce")
        .replace("{box}", "{bix}")
        .replace("2 h", "2 hours and more")
    )
    problems = {problem.path: problem for problem in problems_of(bad)}
    codes = {path: problem.code for path, problem in problems.items()}
    assert codes == {
        "purpose": "F031",
        "purpos": "F001",
        "steps.0.silent.then.after": "F019",
        "steps.2.yes": "F021",
        "steps.2.confirm": "F025",
    }
    assert problems["purpos"].params["meant"] == "purpose"
    assert problems["steps.2.yes"].params["meant"] == "place"
    assert problems["steps.2.confirm"].params["meant"] == "box"
    assert problems["purpose"].params["allowed"] == "marketing, transactional, service"


def test_a_name_that_a_broken_step_saves_is_not_called_unknown() -> None:
    assert found(GOOD.replace("save: qty\n", "save: qty\n    wrongs: [a]\n")) == {
        "steps.1.wrongs": "F001"
    }


@pytest.mark.parametrize(
    ("step", "path", "code"),
    [
        ("{say: Hi., ask: Ho}", "steps.0.ask", "F004"),
        ("{sey: Hi.}", "steps.0", "F003"),
        ("Hello", "steps.0", "F005"),
        ("{say: {Reply: YES}}", "steps.0.say.Reply", "F023"),
        ("{say: [a]}", "steps.0.say", "F011"),
        ('{say: ""}', "steps.0.say", "F010"),
        ('{say: "Hi {name"}', "steps.0.say", "F027"),
        ('{say: "Hi {nobody}"}', "steps.0.say", "F025"),
        ("{say: Hi., promotes: maybe}", "steps.0.promotes", "F015"),
        ("{say: Hi., then: nowhere}", "steps.0.then", "F021"),
        ("{say: Hi., id: Big One}", "steps.0.id", "F018"),
        ("{ask: Hi, answer: {chois: {a: [b]}}}", "steps.0.answer", "F030"),
        ("{ask: Hi, answer: {integer: {min: 9, max: 1}}}", "steps.0.answer.integer", "F042"),
        ("{ask: Hi, answer: {integer: {min: x}}}", "steps.0.answer.integer.min", "F012"),
        ("{ask: Hi, answer: {choice: {a: [x], b: [X]}}}", "steps.0.answer.choice.b", "F034"),
        ("{ask: Hi, answer: {yes_no: true}, go: {yep: s1}}", "steps.0.go.yep", "F029"),
        ("{ask: Hi, answer: {yes_no: true}, save: person}", "steps.0.save", "F039"),
        ("{ask: Hi, answer: {yes_no: true}, wrong: [{end: a}, b]}", "steps.0.wrong.0", "F040"),
        ("{ask: Hi, answer: {yes_no: true}, takes: all}", "steps.0.takes", "F016"),
        ("{ask: Hi}", "steps.0.answer", "F002"),
        ("{confirm: Hi, no: s1, change: [box]}", "steps.0.change.0", "F033"),
        ("{confirm: Hi, no: {stop: it}}", "steps.0.no", "F020"),
        ("{branch: [{if: 'qty > 3', go: s1}]}", "steps.0.branch.0.if", "F024"),
        ("{branch: [{if: 'language = 3', go: s1}]}", "steps.0.branch.0.if", "F026"),
        ("{branch: [{if: language}]}", "steps.0.branch.0", "F044"),
        ("{branch: [{else: s1}, {if: language, go: s1}]}", "steps.0.branch.0.else", "F045"),
        ("{remember: much}", "steps.0.remember", "F005"),
        ("{remember: {language: de}}", "steps.0.remember.language", "F023"),
        ("{consent: newsletters}", "steps.0.consent", "F016"),
        ("{coupon: welcome, prefix: 'ÉTÉ!'}", "steps.0.prefix", "F036"),
        ("{hand_over: nobody}", "steps.0.hand_over", "F028"),
        ("{wait: soon}", "steps.0.wait", "F019"),
        ("{end: The End}", "steps.0.end", "F018"),
    ],
)
def test_a_mistake_in_a_step_is_found_where_it_stands(step: str, path: str, code: str) -> None:
    codes = found(f"flow: f\npurpose: service\nsteps:\n  - {step}\n")
    assert codes.get(path) == code, codes
    for language in ("en", "fr"):
        assert say(f"check.{code}", language) != f"check.{code}"


def test_two_steps_cannot_have_one_id() -> None:
    source = "flow: f\npurpose: service\nsteps: [{say: A, id: x}, {say: B, id: x}]"
    assert found(source) == {"steps.1.id": "F022"}


def test_a_goal_that_no_step_reaches_is_an_error() -> None:
    assert found("flow: f\npurpose: service\ngoal: sold\nsteps: [{say: A}]") == {"goal": "F032"}


def test_a_flow_that_is_no_mapping_or_has_no_steps_is_told_so() -> None:
    assert found("[a]") == {"": "F005"}
    assert found("flow: f\npurpose: service\nsteps: []") == {"steps": "F043"}
    assert found("flow: f\npurpose: service") == {"steps": "F002"}


def test_every_key_is_documented_in_both_languages_with_an_example() -> None:
    schemas = [schema_of_flow(), *(schema() for schema in step_keys().values())]
    schemas += [schemas[0].fields["start"].schema]  # type: ignore[attr-defined]
    for schema in schemas:
        for name, field in schema.fields.items():
            doc = field.metadata.get("doc", {})
            assert doc.get("en"), (schema, name)
            assert doc.get("fr"), (schema, name)
            assert field.metadata.get("example"), (schema, name)
    for kind in kinds().values():
        assert kind.options.metadata.get("example"), kind.kind
