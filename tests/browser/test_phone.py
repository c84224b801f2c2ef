"""The phone in a real browser, against everything that runs: from a first text to a STOP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, Visitor
from tests.support.stack import Stack

Visit = Callable[..., Visitor]
STOPPED = "vous ne recevrez plus nos SMS"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_conversation_from_the_first_text_to_a_stop(visit: Visit, size: tuple[int, int]) -> None:
    me = visit(*size)
    me.texts("Offres")
    me.sees("Ici le robot de Chez Margot.")
    me.texts("oui")
    me.sees("C'est noté, merci.")
    me.texts("S T O P")
    me.sees(STOPPED)
    said = me.bubbles()
    me.texts("encore une chose")
    expect(me.page.locator(".line.us")).to_have_count(4)
    assert sum(STOPPED in text for text in said) == 1
    expect(me.page.locator(".fate", has_text="delivered").first).to_be_visible()
    assert me.width() == size[0]


def test_the_panel_explains_the_line_that_is_pressed(visit: Visit) -> None:
    me = visit()
    me.texts("Offres")
    me.sees("répondez OUI")
    me.texts("oui")
    me.sees("C'est noté, merci.")
    me.page.locator(".line.us .sms", has_text="Offres").click()
    why = me.page.locator("#why")
    expect(why.locator(".quote")).to_contain_text("Offres")
    expect(why.locator("tr.won")).to_contain_text(re.compile("OFFRES", re.IGNORECASE))
    expect(why).to_contain_text("Allowed by")
    expect(why).to_contain_text("GSM-7")
    expect(why.locator(".ledger").first).to_contain_text("consent asked")
    me.page.locator(".line.us .sms", has_text="oui").click()
    expect(why.locator(".quote")).to_contain_text("oui")
    expect(why.locator(".ledger").first).to_contain_text("confirm")
    pressed = me.page.locator(".sms[aria-current]")
    expect(pressed).to_have_count(1)


def test_on_a_phone_a_pressed_line_leads_to_its_why_and_back(visit: Visit) -> None:
    me = visit(*NARROW)
    me.texts("pizza")
    me.sees("Quelle pizza ?")
    me.page.locator(".line.us .sms", has_text="pizza").click()
    expect(me.page.locator("#why-title")).to_be_in_viewport()
    me.page.get_by_role("link", name="Back to the phone").click()
    expect(me.page.locator("#text")).to_be_in_viewport()


def test_the_clock_jumps_and_silence_is_answered(visit: Visit) -> None:
    me = visit()
    me.texts("pizza")
    me.sees("Quelle pizza ?")
    me.page.get_by_role("button", name="+20 min").click()
    me.sees("Toujours là ?")
    expect(me.page.locator(".set")).to_contain_text("ahead of the wall clock")
    me.page.get_by_role("button", name="Back to real time").click()
    expect(me.page.locator(".set")).to_contain_text("real time")


def test_texts_appear_by_themselves_and_disturb_nobody(visit: Visit, parley: Stack) -> None:
    me = visit()
    me.texts("pizza")
    me.sees("Quelle pizza ?")
    for count, word in enumerate(("hein", "quoi", "pardon"), start=2):
        me.texts(word)
        expect(me.page.locator(".line.us")).to_have_count(count)
        expect(me.page.locator(".line.bot")).to_have_count(count)
    expect(me.page.locator(".fate", has_text="delivered")).to_have_count(4)
    me.page.fill("#text", "half a thought")
    me.page.locator(".scroll").evaluate("node => { node.scrollTop = -150 }")
    top = me.page.locator(".sms").first.bounding_box()
    number = me.page.locator("#room").inner_text().split(", ")[-1].replace(" ", "")
    body = {"from": "+33" + number[1:], "to": "36000", "body": "d'ailleurs"}
    assert requests.post(parley.carrier_url + "/customers/texts", json=body, timeout=10).ok
    me.page.locator(".line.us .sms", has_text="d'ailleurs").wait_for(state="attached")
    assert me.page.locator("#text").input_value() == "half a thought"
    expect(me.page.locator("#text")).to_be_focused()
    after = me.page.locator(".sms").first.bounding_box()
    assert top is not None
    assert after is not None
    assert abs(top["y"] - after["y"]) < 2


def test_the_page_rests_while_nobody_looks(visit: Visit) -> None:
    me = visit()
    asked: list[str] = []
    me.page.on("request", lambda request: asked.append(request.url))
    me.page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    me.page.wait_for_load_state("networkidle")  # what was asked just before is answered
    asked.clear()
    me.page.wait_for_timeout(2500)
    assert asked == []
    me.page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => false, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    me.page.wait_for_timeout(500)
    assert asked


def test_the_meter_counts_while_one_types(visit: Visit) -> None:
    me = visit()
    for text, told in [
        ("", "1 part · 160 left · GSM-7"),
        ("déjà été", "1 part · 152 left · GSM-7"),
        ("prête", "1 part · 65 left · UCS-2"),
        ("a" * 161, "2 parts · 145 left · GSM-7"),
        ("€" * 81, "2 parts · 143 left · GSM-7"),
    ]:
        me.page.fill("#text", text)
        expect(me.page.locator("#room")).to_contain_text(told)


def test_everything_can_be_done_with_the_keyboard_alone(visit: Visit) -> None:
    me = visit()
    page = me.page
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#text").focus()
    page.keyboard.type("pizza")
    page.keyboard.press("Enter")
    me.sees("Quelle pizza ?")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".line.bot .sms").last).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".line.us .sms[aria-current]")).to_have_count(1)
    expect(page.locator(".line.us .sms").last).to_be_focused()


def test_it_works_without_javascript(visit: Visit) -> None:
    me = visit(javascript=False)
    me.texts("pizza")
    me.sees("Quelle pizza ?")
    me.page.locator(".line.us .sms").last.click()
    expect(me.page.locator("#why tr.won")).to_contain_text(re.compile("pizza", re.IGNORECASE))
    me.texts("stop")
    me.sees(STOPPED)


@pytest.mark.parametrize("path", ["/", "/measures", "/measures/response", "/nowhere"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_scrolls_sideways_at_320(visit: Visit, path: str, language: str) -> None:
    me = visit(320, 640)
    me.texts("Une très longue phrase sans espaceaumilieudesmots" + "o" * 80)
    me.page.locator(".line.us").first.wait_for()
    me.page.goto(f"{me.url}{path}?lang={language}")
    assert me.width() == 320
    me.troubles[:] = [one for one in me.troubles if "404" not in one or path != "/nowhere"]


def test_the_numbers_of_the_conversation_stand_on_the_measures(visit: Visit) -> None:
    me = visit()
    me.texts("pizza")
    me.sees("Quelle pizza ?")
    me.page.locator(".fate", has_text="delivered").first.wait_for()
    me.texts("1")
    me.sees("Combien ?")
    me.page.get_by_role("link", name="Measures").click()
    expect(me.page.locator(".score")).to_contain_text("conversation")
    expect(me.page.locator(".sheet")).to_contain_text("commande")


def test_light_and_dark_are_kept(visit: Visit) -> None:
    me = visit()
    button = me.page.locator("[data-theme-switch]")
    expect(button).to_contain_text("System")
    button.click()
    button.click()
    expect(button).to_contain_text("Dark")
    me.page.reload()
    expect(button).to_contain_text("Dark")
    paper = me.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(20, 24, 29)"
