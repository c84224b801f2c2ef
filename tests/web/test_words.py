"""Every code that a page, the panel or the status names has its words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.catalogue import LANGUAGES, entries
from bot.store.health import LIMITS

ROOT = Path(__file__).resolve().parents[2]
_IN_TEMPLATES = re.compile(r"""\bt\(\s*['"]([a-z_0-9.]+)['"]""")
_ROOMS = "pages|phone|why|fate|held|measures|status|sign_in|bar"
_IN_PYTHON = re.compile(rf"""["']((?:{_ROOMS})\.[a-z_0-9.]+)["']""")
_ENDPOINTS = {"phone.show", "measures.show", "measures.rows", "sign_in.show", "sign_in.enter"}


def named() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "bot" / "web" / "templates").glob("*.html"):
        found.update(_IN_TEMPLATES.findall(path.read_text("utf-8")))
    for folder in ("web", "store", "measures"):
        for path in (ROOT / "bot" / folder).rglob("*.py"):
            found.update(_IN_PYTHON.findall(path.read_text("utf-8")))
    whole = {code for code in found if not code.endswith((".", "_", ".html"))}
    return whole - _ENDPOINTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    there = entries(language)
    assert not {code for code in named() if code not in there}
    assert len(named()) > 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_of_the_status_has_a_name_and_advice(language: str) -> None:
    for name in LIMITS:
        assert f"status.{name}" in entries(language)
        assert f"status.{name}.do" in entries(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_fills_in_by_itself_has_words(language: str) -> None:
    there = entries(language)
    for code in (400, 401, 403, 404, 405, 413, 421, "other", "away", "broke"):
        assert f"refused.{code}.title" in there
        assert f"refused.{code}.do" in there
    for outcome in ("allow", "defer", "block"):
        assert f"why.outcome_{outcome}" in there
    assert len(there["pages.weekdays"].split()) == 7
    assert len(there["pages.weekdays_short"].split()) == 7
    assert len(there["pages.months_short"].split()) == 12
    assert len(there["measures.months"].split()) == 12


def test_french_pages_keep_their_signs_on_the_line() -> None:
    for name in ("pages", "measures"):
        words = (ROOT / "bot" / "catalogue" / "fr" / f"{name}.yml").read_text("utf-8")
        assert not re.search(r"[^:] [;:!?»]", re.sub(r"(?m)^[\w.]+: ", "", words))


def test_the_panel_has_words_for_every_stage_of_the_route() -> None:
    from bot.engine.routing import ROUTE

    for language in LANGUAGES:
        for name in [*(stage for stage, _ in ROUTE), "compliance", "person", "staff", "brand"]:
            assert f"heard.{name}" in entries(language), name


def test_the_panel_has_words_for_whatever_a_ledger_line_can_say() -> None:
    from compliance.ledger import LedgerEvent

    purposes = ("all", "marketing", "transactional", "service")
    methods = ("keyword", "web", "paper", "voice", "import", "api", "carrier")
    for language in LANGUAGES:
        there = entries(language)
        assert not [one for one in LedgerEvent if f"ledger.event.{one}" not in there]
        assert not [one for one in purposes if f"ledger.purpose.{one}" not in there]
        assert not [one for one in methods if f"ledger.method.{one}" not in there]


def test_no_sentence_of_a_decision_asks_for_more_than_its_date_and_its_rule() -> None:
    for language in LANGUAGES:
        for code, text in entries(language).items():
            if code.startswith("decide."):
                assert set(re.findall(r"{(\w+)}", text)) <= {"date", "rule"}, code
