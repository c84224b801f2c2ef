"""What lies in the tree: no real telephone numbers, no addresses in locks, examples that run."""

from __future__ import annotations

import doctest
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import exemptions
from tests.house.source import ROOT, files, modules

ENDINGS = (".py", ".yml", ".yaml", ".md", ".html", ".js", ".mjs", ".json", ".jsonl", ".tsv", ".txt")

# Numbers that no person has. Sources: Arcep decision 2018-0881 (France), Ofcom's numbers for use in
# drama (United Kingdom), NANPA 555-0100 to 555-0199 and the area code 555, which nobody has (United
# States and Canada), Twilio's magic test numbers +1 500 555 00xx.
FICTION = re.compile(
    r"""\+(
        33(19900|26191|35301|46571|53649|63998)\d{4}
      | 44(7700900\d{0,3} | 1632960\d{3} | 2079460\d{3} | 8081570\d{3} | 1134960\d{3})
      | 1\d{3}55501\d{0,2} | 1555\d{4,7} | 15005550\d{3}
    )$""",
    re.VERBOSE,
)
INTERNATIONAL = re.compile(r"(?<![\w+/.=-])\+(?:\d[ .()-]{0,2}){8,15}(?![\w{])")
FRENCH = re.compile(r"(?<![\w.+-])0[1-7](?:[ .]\d\d){4}(?![\w])|(?<![\w.+-])0[67]\d{8}(?![\w])")
BRITISH = re.compile(r"(?<![\w.+-])07\d{3} ?\d{6}(?![\w])")
AMERICAN = re.compile(r"(?<![\w.+-])\(?[2-9]\d\d\)?[ -][2-9]\d\d-\d{4}(?![\w])")


def real_numbers(text: str) -> Iterator[str]:
    """Telephone numbers of a text, as E.164, that may be somebody's."""
    found = [("+", match.group()) for match in INTERNATIONAL.finditer(text)]
    british = [match.group() for match in BRITISH.finditer(text)]
    found += [("+44", number[1:]) for number in british]
    french = [match.group() for match in FRENCH.finditer(text)]
    found += [("+33", number[1:]) for number in french if number not in british]
    found += [("+1", match.group()) for match in AMERICAN.finditer(text)]
    for prefix, number in found:
        whole = prefix + re.sub(r"\D", "", number)
        if not FICTION.match(whole) and whole not in exemptions.NUMBERS:
            yield whole


def test_no_number_in_the_tree_may_be_somebodys() -> None:
    complaints = []
    for path in files(*ENDINGS):
        short = path.relative_to(ROOT)
        if short.parts[:2] == ("tests", "house") or short.name.startswith("requirements"):
            continue
        for count, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            complaints += [f"{short}:{count}: {number}" for number in real_numbers(line)]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    "text",
    [
        "+33612345678",
        "06 12 34 56 78",
        "07911 123456",
        "(212) 736-5000",
        "+1 212 736 5000",
        "+447911123456",
    ],
)
def test_a_number_that_may_be_somebodys_is_seen(text: str) -> None:
    assert list(real_numbers(f"Call {text}."))


@pytest.mark.parametrize(
    "text",
    [
        "+33639980012",
        "06 39 98 00 12",
        "01 99 00 12 34",
        "07700 900123",
        "+44 7700 900123",
        "(415) 555-0123",
        "+1 415 555 0123",
        "36000",
        "2026-03-02",
        "1+12345678",
        "12:30+01:00",
    ],
)
def test_a_number_of_fiction_passes(text: str) -> None:
    assert not list(real_numbers(f"Call {text}."))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_pins_every_file_and_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for word in ("://", "--index", "--find-links", "--extra-index", "file:", "@ "):
        assert word not in text, f"{name} holds {word!r}"
    for block in re.split(r"\n(?=[a-z0-9])", text):
        assert "==" in block
        assert "--hash=sha256:" in block, block


def test_the_locks_hold_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    base, dev = (_locked(ROOT / name) for name in ("requirements.txt", "requirements-dev.txt"))
    asked = {_plain(line) for line in project["dependencies"]}
    assert asked <= set(base)
    assert asked | {_plain(line) for line in project["optional-dependencies"]["dev"]} <= set(dev)
    assert all(dev[name] == versions for name, versions in base.items())


def _plain(requirement: str) -> str:
    name = re.split(r"[\[<>=~! ;]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def _locked(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text("utf-8"), re.M):
        found.setdefault(_plain(name), set()).add(version)
    return found


def test_the_procfile_starts_what_exists() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    started = dict(line.split(": ", 1) for line in lines)
    assert list(started) == ["release", "web", "worker", "clock"]
    for command in started.values():
        name = command.split()[2]
        assert command.startswith("python -m ")
        assert importlib.util.find_spec(name) is not None, name


def _with_examples() -> list[str]:
    return [one.name for one in modules() if ">>> " in one.text]


@pytest.mark.parametrize("name", _with_examples())
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert tried
    assert not failed
