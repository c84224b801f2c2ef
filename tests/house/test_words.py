"""Whatever a person reads is there in French and in English, says the same, and takes the same."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot import errors
from bot.catalogue import LANGUAGES, entries, say
from tests.house.source import ROOT, Module, dotted, module, modules

FOLDER = ROOT / "bot" / "catalogue"


def params(text: str) -> set[str]:
    """The names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def repeated_keys(text: str) -> list[str]:
    """Keys that a YAML mapping holds twice; PyYAML keeps the last and says nothing."""
    node = yaml.compose(text, yaml.CSafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return []
    keys = [key.value for key, _ in node.value]
    return sorted({key for key in keys if keys.count(key) > 1})


def missing_codes(one: Module, known: set[str]) -> Iterator[str]:
    """Codes that a module says literally, `say("a.b", ...)`, and the catalogue does not have."""
    for node in ast.walk(one.tree):
        is_say = isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "say"
        if is_say and isinstance(node, ast.Call) and node.args:
            code = node.args[0]
            is_text = isinstance(code, ast.Constant) and isinstance(code.value, str)
            if is_text and isinstance(code, ast.Constant) and code.value not in known:
                yield f"{one.at(node)}: the catalogue has no {code.value!r}"


def test_both_languages_have_the_same_files() -> None:
    names = [sorted(path.name for path in (FOLDER / one).glob("*.yml")) for one in LANGUAGES]
    assert names[0] == names[1]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("en/*.yml")), ids=lambda path: path.stem)
def test_no_translation_is_missing(path: Path) -> None:
    english = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) or {}
    other = FOLDER / "fr" / path.name
    french = yaml.load(other.read_text("utf-8"), yaml.CSafeLoader) or {}
    assert set(english) - set(french) == set(), f"{other.name} lacks these"
    assert set(french) - set(english) == set(), f"{path.name} lacks these"
    for code, text in english.items():
        assert params(str(text)) == params(str(french[code])), f"{code} takes different params"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.yml")), ids=lambda path: path.stem)
def test_no_code_is_said_twice_and_no_text_is_empty(path: Path) -> None:
    text = path.read_text("utf-8")
    assert repeated_keys(text) == []
    for code, words in (yaml.load(text, yaml.CSafeLoader) or {}).items():
        assert isinstance(words, str), f"{code} is not a text"
        assert words.strip(), f"{code} is empty"


def test_french_is_not_english_left_in_place() -> None:
    english, french = entries("en"), entries("fr")
    same = [c for c, text in english.items() if french.get(c) == text and len(text.split()) > 4]
    assert not same


def test_every_code_that_is_said_exists() -> None:
    known = set(entries("en"))
    complaints = [line for one in modules() for line in missing_codes(one, known)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_error_has_its_words() -> None:
    found = [errors.ParleyError]
    for kind in found:
        found.extend(kind.__subclasses__())
    for kind in found:
        for language in LANGUAGES:
            assert say(kind.code, language) != kind.code, f"{kind.__name__} has no words"


def test_what_these_rules_forbid_is_seen() -> None:
    assert repeated_keys("a.b: x\na.b: y") == ["a.b"]
    assert params("{count} {name}") == {"count", "name"}
    assert list(missing_codes(module("bot.x", "say('no.such', 'fr')"), {"a.b"}))
    assert not list(missing_codes(module("bot.x", "say('a.b', 'fr')"), {"a.b"}))
