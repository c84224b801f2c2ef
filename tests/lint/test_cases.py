"""Each code of `parley check` has a small brand that earns it, and nothing else, and its words.

A case is a folder `cases/<code>/` with a brand in it, as a marketer would have written it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.catalogue import entries
from bot.engine.lint import lints
from bot.loading.check import Options, check, run_check
from bot.loading.complaints import Severity
from bot.loading.explain import codes, explain
from bot.sending.parts import measure

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[2]
#: Codes of other rooms, of what cannot be put in a folder, and of what only tells of a bug in ours.
ELSEWHERE = {
    "B020": "no folder to read: test_a_folder_that_is_not_there_could_not_be_run",
    "F000": "a marshmallow sentence that has no code of its own yet",
    "F038": "deeper than the loader reads: Y012 comes first",
}
NAMES = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def own_codes() -> list[str]:
    """The codes of this room; transcripts (T...) have their cases with their reader."""
    return [code for code in codes() if not code.startswith("T")]


@pytest.mark.parametrize("code", NAMES)
def test_the_case_earns_exactly_its_code(code):
    found = check(CASES / code, measure=measure, real_carrier=code == "C006")
    assert {one.code for one in found} == {code}, [one.render("en") for one in found]


def test_every_code_has_a_case():
    assert set(own_codes()) - set(NAMES) - set(ELSEWHERE) == set()
    assert set(NAMES) - set(own_codes()) == set()


def test_every_code_that_is_raised_has_its_words_in_both_languages():
    rooms = [ROOT / "bot" / room for room in ("engine", "loading", "understanding")]
    written = set()
    for path in (path for room in rooms for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                written |= {node.value} & set(re.findall(r"^[A-Z]\d{3}$", node.value))
    assert written
    for language in ("en", "fr"):
        words = entries(language)
        missing = [
            code
            for code in sorted(written)
            if f"check.{code}" not in words or f"check.{code}.explain" not in words
        ]
        assert missing == [], language


def test_both_languages_say_the_same_params():
    params = re.compile(r"(?<!\{)\{(\w+)\}|\{\{\{(\w+)\}\}\}")
    for code, text in entries("en").items():
        if code.startswith("check.") and not code.endswith(".explain"):
            twin = entries("fr")[code]
            assert set(params.findall(text)) == set(params.findall(twin)), code


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("code", NAMES)
def test_no_param_is_left_open_in_a_complaint(code, language):
    for one in check(CASES / code, measure=measure, real_carrier=code == "C006"):
        message = one.message(language)
        template = entries(language)[f"check.{one.code}"].replace("{{", "").replace("}}", "")
        for param in re.findall(r"\{(\w+)\}", template):
            wanted = "language" if param == "lang" else param
            assert wanted in one.params, (param, message)
        assert not message.rstrip().endswith(("Write", "Écrivez"))


@pytest.mark.parametrize("lint", lints().values(), ids=lambda lint: lint.name)
def test_the_example_of_a_lint_earns_its_code(lint, tmp_path):
    """What `explain` shows is true: put into a brand, the example gets the complaint."""
    base = (CASES / "P008" / "corner" / "brand.yml").read_text("utf-8")
    flows = lint.example.split("\n---\n")
    if not lint.example.startswith("flow:"):
        keys = {line.split(":")[0] for line in lint.example.splitlines() if line[:1].isalpha()}
        kept = re.split(r"^(?=\w)", base, flags=re.MULTILINE)
        base = "".join(part for part in kept if part.split(":")[0] not in keys) + lint.example
        flows = []
    if lint.name in ("wrong_without_a_way", "silence_without_a_way"):
        key = lint.name.partition("_")[0].replace("silence", "silent")
        kept = re.split(r"^(?=\w)", base, flags=re.MULTILINE)
        base = "".join(part for part in kept if part.split(":")[0] != key)
    if "languages: [fr, en]" in lint.example:
        base = base.replace("languages: [en]", "languages: [fr, en]")
    brand = tmp_path / "corner"
    (brand / "flows").mkdir(parents=True)
    (brand / "brand.yml").write_text(base, "utf-8")
    for flow in flows:
        name = flow.split("\n")[0].removeprefix("flow: ").strip()
        (brand / "flows" / f"{name}.yml").write_text(flow, "utf-8")
    found = check(tmp_path, measure=measure, real_carrier=lint.name == "fictional_sender")
    assert lint.code in {one.code for one in found}, [one.render("en") for one in found]


def test_lints_have_codes_of_their_own_and_a_docstring():
    found = list(lints().values())
    assert len({lint.code for lint in found}) == len(found)
    for lint in found:
        assert len(lint.doc) > 40
        assert lint.severity in tuple(Severity)


def test_explain_knows_every_code_in_both_languages_and_nothing_else():
    for code in codes():
        for language in ("en", "fr"):
            lesson = explain(code.lower(), language)
            assert lesson is not None
            assert lesson.startswith(code)
    assert "flow: hours" in str(explain("step-out-of-reach", "fr"))
    assert explain("Z999", "en") is None


def test_the_sample_brand_has_no_errors():
    found = check(ROOT / "flows", measure=measure)
    assert [one.render("en") for one in found if one.severity is Severity.error] == []


def test_a_folder_that_is_not_there_could_not_be_run(tmp_path):
    output, exit_code = run_check(Options(tmp_path / "nowhere"))
    assert exit_code == 2
    assert "B020" in output
