"""The measures as a page: sentences, denominators, what stands apart, and the list behind each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Pages
from tests.web.stand import Life
from tests.web.whole import said


def figures(shown: Any) -> list[str]:
    score = shown.all("ul", class_="score")[0]
    return [said(node) for node in score.iter() if "figure" in (node.get("class") or "")]


def asked(app: Any, count: int, *, replied: int = 0, unconfirmed: int = 0) -> None:
    """So many people were asked a question, and so many of them wrote back."""
    for number in range(count + unconfirmed):
        life = Life(app, number=f"+3363998{number:04d}")
        state = "sent" if number >= count else "delivered"
        made = life.reply("Quelle pizza ?", state=state, flow="commande")
        life.event("said", message_id=made, flow="commande",
                   data={"asks": True, "proactive": False})  # fmt: skip
        if number < replied:
            life.event("heard", message_id="m", data={"label": "none"})


def test_with_nothing_to_count_each_number_is_a_dash_and_says_why(page: Pages) -> None:
    shown = page("/measures")
    assert figures(shown) == ["—"] * 4
    assert "The number begins with the first receipt." in shown.text
    assert "No flow began or spoke in this period." in shown.text


def test_a_number_stands_with_numerator_denominator_and_formula(app: Any, page: Pages) -> None:
    asked(app, 40, replied=10, unconfirmed=3)
    shown = page("/measures")
    assert figures(shown)[0] == "25.0%"
    assert "10 replied of 40 people a question or a proactive text was delivered to" in shown.text
    assert "Apart: 3 to whom a text left without a receipt so far." in shown.text
    assert "72 h" in shown.text
    assert "10 ÷ 40" in shown.text


def test_few_people_are_counts_and_an_interval(app: Any, page: Pages) -> None:
    asked(app, 4, replied=1)
    assert figures(page("/measures", language="fr"))[0] == "1 sur 4"


def test_a_number_leads_to_the_rows_behind_it(app: Any, page: Pages) -> None:
    asked(app, 3, replied=1, unconfirmed=1)
    link = page("/measures?days=30").all("a", class_="figure")[0].get("href")
    shown = page(str(link))
    rows = [said(node) for node in shown.all("tr")][1:]
    assert len(rows) == 4
    assert sum("no receipt, apart" in row for row in rows) == 1
    assert "+33" not in shown.html
    assert "0639" not in shown.html


def test_a_flow_has_its_own_numbers(app: Any, page: Pages) -> None:
    asked(app, 3)
    assert figures(page("/measures?flow=quiz"))[0] == "—"
    assert figures(page("/measures?flow=commande"))[0] == "0 of 3"
    rows = [said(node) for node in page("/measures").all("th") if node.get("scope") == "row"]
    assert rows == ["commande"]


def test_the_period_is_in_the_title_in_both_languages(page: Pages) -> None:
    address = "/measures?from=2026-02-01&to=2026-03-01"
    assert page(address).h1 == "Measures, 1 February to 1 March"
    assert page(address, language="fr").h1 == "Mesures, du 1er février au 1er mars"
    assert page("/measures?days=1", language="fr").h1 == "Mesures, 2 mars"


@pytest.mark.parametrize(
    "query", ["from=x&to=y", "from=2026-02-30&to=2026-03-01", "days=0", "days=999",
              "from=2020-01-01&to=2026-01-01", "from=0001-01-01&to=0001-01-02"]
)  # fmt: skip
def test_a_period_that_is_none_is_refused(page: Pages, query: str) -> None:
    page(f"/measures?{query}", status=400)


def test_a_period_the_wrong_way_round_is_turned(page: Pages) -> None:
    shown = page("/measures?from=2026-03-01&to=2026-02-01")
    assert shown.h1 == "Measures, 1 February to 1 March"


def test_a_script_gets_the_numbers_as_json(app: Any, page: Pages) -> None:
    asked(app, 3, replied=1)
    answer = page.browser.get("/measures", headers={"Accept": "application/json"}).get_json()
    first = answer["measures"][0]
    assert (first["name"], first["numerator"], first["denominator"]) == ("response", 1, 3)


def test_a_second_brands_people_are_in_no_number(app: Any, page: Pages) -> None:
    other = Life(app, number="+33639980001", brand="other")
    made = other.reply("x", flow="commande")
    other.event("said", message_id=made, flow="commande", data={"asks": True})
    assert figures(page("/measures")) == ["—"] * 4
    assert other.person_id not in page("/measures/response").html
