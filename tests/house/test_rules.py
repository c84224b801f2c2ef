"""The rules about the code of house.md, held against every module and against made-up bad ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.house import exemptions, rules
from tests.house.source import Module, module, modules

Rule = Callable[[Module], Iterator[str]]

RULES: list[tuple[Rule, dict[str, str]]] = [
    (rules.speaks_to_a_channel, {}),
    (rules.speaks_sql, exemptions.SQL),
    (rules.writes_from_a_measure, {}),
    (rules.reads_clock_or_chance, exemptions.CLOCK_AND_CHANCE),
    (rules.has_no_docstring, {}),
    (rules.reads_environment, exemptions.ENVIRONMENT),
]

BAD: list[tuple[Rule, str, str]] = [
    (rules.speaks_to_a_channel, "bot.jobs.deliver", "def f(channel): channel.send(1)"),
    (rules.speaks_to_a_channel, "bot.web.inbound", "answer = channel.render_reply"),
    (rules.speaks_to_a_channel, "bot.turns.hear", "from bot.channels.twilio import send"),
    (rules.speaks_sql, "bot.web.pages.phone", "from sqlalchemy import select"),
    (rules.speaks_sql, "bot.effects.said", "Q = 'SELECT id FROM person'"),
    (rules.speaks_sql, "bot.jobs.sweep", "import sqlite3"),
    (rules.speaks_sql, "bot.jobs.sweep", "Q = f'DELETE FROM person WHERE {x}'"),
    (rules.writes_from_a_measure, "bot.measures.response", "from sqlalchemy import update"),
    (rules.writes_from_a_measure, "bot.measures.response", "Q = 'DELETE FROM event WHERE 1=1'"),
    (rules.writes_from_a_measure, "bot.measures.response", "def f(c): c.commit()"),
    (rules.reads_clock_or_chance, "bot.engine.turn", "import time\nx = time.time()"),
    (rules.reads_clock_or_chance, "bot.engine.turn", "import time\nx = time.monotonic()"),
    (rules.reads_clock_or_chance, "bot.jobs.x", "import datetime\nx = datetime.datetime.now()"),
    (rules.reads_clock_or_chance, "bot.store.x", "from datetime import date\nx = date.today()"),
    (rules.reads_clock_or_chance, "bot.sending.x", "import random"),
    (rules.reads_clock_or_chance, "compliance.x", "import os\nx = os.urandom(4)"),
    (rules.reads_clock_or_chance, "bot.effects.x", "from secrets import token_hex"),
    (rules.has_no_docstring, "bot.engine.steps.say", "x = 1"),
    (rules.has_no_docstring, "compliance.checks.hours", '"""Hours."""'),
    (rules.reads_environment, "bot.web.app", "import os\nx = os.environ['X']"),
    (rules.reads_environment, "bot.web.app", "from os import getenv"),
]


def _name(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("rule", "exempt"), RULES, ids=_name)
def test_every_module_keeps_the_rule(rule: Rule, exempt: dict[str, str]) -> None:
    complaints = [line for one in modules() if not one.within(*exempt) for line in rule(one)]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(("rule", "exempt"), RULES, ids=_name)
def test_every_exemption_is_still_needed(rule: Rule, exempt: dict[str, str]) -> None:
    for name in exempt:
        members = [one for one in modules() if one.within(name)]
        assert any(list(rule(one)) for one in members), f"{name} needs no exemption any more"


@pytest.mark.parametrize(("rule", "name", "text"), BAD, ids=_name)
def test_the_rule_sees_what_it_forbids(rule: Rule, name: str, text: str) -> None:
    assert list(rule(module(name, text)))


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (rules.speaks_to_a_channel, "bot.sending.gate", "def f(channel): channel.send(1)"),
        (rules.speaks_sql, "bot.store.people", "from sqlalchemy import select"),
        (rules.speaks_sql, "bot.turns.x", "from sqlalchemy import Connection"),
        (rules.reads_environment, "bot.cli", "import os\nx = from_env(os.environ)"),
        (rules.speaks_sql, "bot.web.x", '"""SELECT a FROM b is only spoken of."""'),
        (rules.reads_clock_or_chance, "bot.wiring", "import time\nx = time.time()"),
        (rules.reads_clock_or_chance, "bot.jobs.x", "import time\nx = time.monotonic()"),
        (rules.reads_clock_or_chance, "bot.jobs.x", "def f(clock): return clock.now()"),
        (rules.has_no_docstring, "bot.engine.steps._shared", "x = 1"),
    ],
    ids=_name,
)
def test_the_rule_lets_pass_what_is_allowed(rule: Rule, name: str, text: str) -> None:
    assert not list(rule(module(name, text)))


def test_files_and_functions_are_short_or_answer_for_it() -> None:
    found = dict(pair for one in modules() for pair in rules.is_too_long(one))
    complaints = [
        text
        for name, text in found.items()
        if not any(f"{name}.".startswith(f"{exempt}.") for exempt in exemptions.LONG)
    ]
    assert not complaints, "\n" + "\n".join(complaints)
    for exempt in exemptions.LONG:
        assert any(f"{name}.".startswith(f"{exempt}.") for name in found), f"{exempt} is short now"


def test_a_long_file_and_a_long_function_are_seen() -> None:
    long = module("bot.x", "def f():\n" + "    x = 1\n" * 441)
    assert [name for name, _ in rules.is_too_long(long)] == ["bot.x", "bot.x.f"]
    short = module("bot.x", 'def f():\n    """' + "words\n" * 80 + '"""\n')
    assert not list(rules.is_too_long(short))
