"""The phone page: the thread and its fates, the panel why, the clock, who you are, complaints."""

from __future__ import annotations

from typing import Any

import pytest

from bot.store.markers import read_marker
from tests.support.clock import VirtualClock
from tests.web.conftest import Pages
from tests.web.stand import Life
from tests.web.whole import said


def bubbles(shown: Any) -> list[str]:
    return [said(node) for node in shown.all("a", class_="sms")]


def fates(shown: Any) -> list[str]:
    return [said(node) for node in shown.all("p", class_="fate")]


def why(shown: Any) -> str:
    return said(next(node for node in shown.all("div") if node.get("data-live") == "why"))


# -- the frame ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/phone"])
@pytest.mark.parametrize(
    ("language", "title"), [("en", "Text Chez Margot"), ("fr", "Écrire à Chez Margot")]
)
def test_the_page_speaks_the_language_of_the_browser(
    page: Pages, path: str, language: str, title: str
) -> None:
    shown = page(path, language=language)
    assert shown.h1 == title
    assert shown.tree.get("lang") == language


def test_the_other_language_is_one_link_away_and_is_remembered(page: Pages) -> None:
    link = next(node for node in page("/").all("a") if said(node) == "Français")
    assert page(str(link.get("href"))).h1 == "Écrire à Chez Margot"
    assert page("/measures", language="en").h1.startswith("Mesures")


def test_an_empty_phone_tells_what_to_text(page: Pages) -> None:
    shown = page("/")
    assert "No text yet." in shown.text
    words = [said(node) for node in shown.all("button") if node.get("name") == "text"]
    assert "PIZZA" in words


def test_without_a_brand_the_page_says_how_to_make_one(app: Any, page: Pages) -> None:
    app.library._shelves = type(app.library._shelves)(serial=0)
    app.library.current = app.library.known
    assert page("/").h1 == "No brand is published yet"


# -- texting --------------------------------------------------------------------------------------


def test_a_text_goes_to_the_carrier_as_the_person_one_is(app: Any, page: Pages) -> None:
    answer = page.post(page("/"), "/phone/text", text="PIZZA")
    assert answer.headers["Location"] == "/phone"
    assert app.customer.texts == [("+33639984107", "36000", "PIZZA")]


def test_an_empty_text_is_not_sent(app: Any, page: Pages) -> None:
    page.post(page("/"), "/phone/text", text="   ")
    assert app.customer.texts == []


def test_when_the_carrier_is_away_the_text_stays_in_the_field(app: Any, page: Pages) -> None:
    app.customer.fails = True
    answer = page.post(page("/"), "/phone/text", text="PIZZA", status=422)
    assert "does not answer" in answer.text
    assert 'value="PIZZA"' in answer.text


def test_a_text_that_is_too_long_is_not_sent(app: Any, page: Pages) -> None:
    answer = page.post(page("/"), "/phone/text", text="a" * 1601, status=422)
    assert "1600 characters at most" in answer.text
    assert app.customer.texts == []


def test_the_meter_counts_what_stands_in_the_field(app: Any, page: Pages) -> None:
    app.customer.fails = True
    answer = page.post(page("/"), "/phone/text", text="ê" * 71, status=422)
    assert "2 parts · 63 left · UCS-2" in answer.text


# -- the thread -----------------------------------------------------------------------------------


def test_each_text_shows_what_became_of_it(page: Pages, life: Life, clock: VirtualClock) -> None:
    came = life.text("Pizza")
    tomorrow = clock() + 20 * 3_600_000
    no = {"outcome": "block", "reason": "suppressed", "findings": []}
    for number, (state, more) in enumerate(
        [
            ("delivered", {}),
            ("sent", {}),
            ("deferred", {"due_at": tomorrow}),
            ("blocked", {"decision": no}),
            ("failed", {"error": "30003"}),
            ("uncertain", {}),
            ("cancelled", {}),
        ]
    ):
        life.reply(f"text {number}", to=came, state=state, **more)
    shown = page("/")
    assert fates(shown)[:2] == ["✓ delivered", "→ on its way"]
    assert set(fates(shown)[2:]) == {
        "◷ waits until Tue 3 Mar, 07:58", "⊘ not sent: said STOP", "⚠ failed (30003)",
        "⚠ nobody knows yet", "⊘ not sent: cancelled",
    }  # fmt: skip


def test_an_answer_stands_under_what_it_answers(page: Pages, life: Life) -> None:
    first = life.text("one")
    life.reply("two", to=first)
    assert bubbles(page("/")) == ["one", "two"]


def test_days_and_hours_of_silence_cut_the_thread(
    page: Pages, life: Life, clock: VirtualClock
) -> None:
    life.text("a")
    clock.forward(hours=2)
    life.text("b")
    clock.forward(days=1)
    life.text("c")
    cuts = [said(node) for node in page("/").all("p", class_="cut")]
    assert cuts == ["Monday 2 March", "13:58", "Tuesday 3 March"]


def test_another_persons_texts_and_another_brands_never_show(
    app: Any, page: Pages, life: Life
) -> None:
    life.text("mine")
    Life(app, number="+33639981280").text("karim's secret")
    Life(app, brand="other").text("another brand's secret")
    shown = page("/")
    assert bubbles(shown) == ["mine"]
    assert "secret" not in shown.html


def test_words_that_look_like_html_are_words(page: Pages, life: Life) -> None:
    life.text("<script>alert(1)</script><b>")
    assert bubbles(page("/")) == ["<script>alert(1)</script><b>"]


def test_a_person_whose_key_is_gone_shows_as_erased(app: Any, page: Pages, life: Life) -> None:
    from sqlalchemy import delete

    from bot.store.tables import person_key

    life.text("mine")
    app.db.write(lambda conn: conn.execute(delete(person_key)))
    assert bubbles(page("/")) == ["erased"]


# -- why ------------------------------------------------------------------------------------------

RACE = [
    {"who": "compliance", "what": "", "verdict": "none", "won": False},
    {"who": "open_question", "what": "commande", "verdict": "no", "won": False},
    {"who": "keyword", "what": "PIZZA", "verdict": "exact", "won": True},
]


def test_the_panel_tells_who_heard_the_latest_text_and_who_lost(page: Pages, life: Life) -> None:
    came = life.text("pizza", trace=RACE)
    life.reply("Quelle pizza ?", to=came)
    shown = page("/")
    rows = [said(node) for node in shown.all("tr")]
    assert rows == [
        "Compliance words –",
        "Open question commande no",
        "Keyword, whole message PIZZA exact",
    ]
    won = [said(node) for node in shown.all("tr", class_="won")]
    assert won == ["Keyword, whole message PIZZA exact"]
    assert "Allowed by" in why(shown)
    assert "1 part, GSM-7, 14 of 160 characters" in why(shown)
    assert "Nothing written: no consent changed." in why(shown)


def test_a_line_that_is_pressed_is_explained_and_marked(page: Pages, life: Life) -> None:
    first = life.text("pizza", trace=RACE)
    life.text("autre")
    shown = page(f"/phone?line={first}")
    marked = [node for node in shown.all("a", class_="sms") if node.get("aria-current")]
    assert [said(node) for node in marked] == ["pizza"]
    assert "“pizza”" in why(shown)


def test_a_refusal_names_its_reason_and_its_rule(page: Pages, life: Life) -> None:
    finding = {"check": "suppression", "outcome": "block", "reason": "suppressed",
               "rule": "FR-CPCE-L34-5", "certainty": "law"}  # fmt: skip
    life.reply(
        "Ce soir, la 3e pizza est offerte", state="blocked", campaign="mardi",
        decision={"outcome": "block", "reason": "suppressed", "findings": [finding]},
    )  # fmt: skip
    panel = why(page("/"))
    assert "Began by Campaign mardi" in panel
    assert "Blocked by" in panel
    assert "FR-CPCE-L34-5" in panel
    assert "Would take 1 part" in panel
    assert "⊘ not sent: said STOP" in panel


def test_the_ledger_lines_of_a_text_stand_in_its_panel(page: Pages, life: Life) -> None:
    came = life.text("oui")
    life.ledger("confirm", came, '{"purpose": "marketing", "channel": "sms"}')
    other = life.text("autre")
    life.ledger("withdraw", other)
    panel = why(page(f"/phone?line={came}"))
    assert "0001 consent confirmed: offers" in panel
    assert "withdrawn" not in panel


def test_the_ledger_line_says_when_it_was_asked_and_answered_and_in_which_words(
    page: Pages, life: Life
) -> None:
    came = life.text("oui")
    life.ledger(
        "confirm",
        came,
        '{"purpose": "marketing", "method": "keyword", "sender": "36000", '
        '"asked_at": 1763375700000, "answered_at": 1763375760000, '
        '"wording_code": "opt_in_asked", "wording_hash": "064056dc86bcc6ce"}',
    )
    panel = why(page(f"/phone?line={came}", language="fr"))
    assert "0001 accord confirmé\u00a0: offres" in panel
    assert "par SMS · 36000 · formulation opt_in_asked 064056dc" in panel
    assert "demandé lun. 17 nov., 11:35, répondu lun. 17 nov., 11:36" in panel


def test_a_reason_is_a_whole_sentence_with_its_date_and_its_rule_once(
    page: Pages, life: Life
) -> None:
    finding = {"check": "hours", "outcome": "defer", "reason": "quiet_hours",
               "rule": "FR-AF2M-HOURS"}  # fmt: skip
    decision = {"outcome": "defer", "reason": "quiet_hours", "findings": [finding],
                "until": 1763449200000}  # fmt: skip
    life.reply("Ce soir, la 3e pizza est offerte", state="deferred", decision=decision)
    panel = why(page("/"))
    assert "{" not in panel
    assert "Waits until Tue 18 Nov, 08:00" in panel
    assert panel.count("FR-AF2M-HOURS") == 1
    assert "()" not in panel


def test_a_second_stop_is_told_to_be_confirmed_before(page: Pages, life: Life) -> None:
    life.text("STOP", trace=[{"who": "compliance", "what": "stop", "verdict": "keyword",
                              "won": True}])  # fmt: skip
    assert "a stop is confirmed once" in why(page("/"))


def test_what_the_product_calls_a_stage_has_words(page: Pages, life: Life) -> None:
    trace = [{"who": "repair", "what": "person", "verdict": "exact", "won": True}]
    life.text("humain", trace=trace)
    assert "une personne" in why(page("/", language="fr"))


def test_a_line_of_somebody_else_explains_nothing(app: Any, page: Pages, life: Life) -> None:
    life.text("mine")
    theirs = Life(app, number="+33639981280").text("secret")
    assert "secret" not in page(f"/phone?line={theirs}").html


# -- clock, person, hand-back ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jump", "shows"),
    [("20m", "Mon 2 Mar, 12:18"), ("3h", "Mon 2 Mar, 14:58"), ("quiet", "Tue 3 Mar, 07:59")],
)
def test_the_clock_jumps_for_all_processes(
    app: Any, page: Pages, clock: VirtualClock, jump: str, shows: str
) -> None:
    page.post(page("/"), "/phone/clock", jump=jump)
    shown = page("/")
    assert shows in shown.text
    assert "ahead of the wall clock" in shown.text
    assert app.clock() == clock() + (read_marker(app.db, "clock_offset") or 0)
    page.post(shown, "/phone/clock", jump="0")
    assert "Paris, real time" in page("/").text


def test_jumps_add_up(app: Any, page: Pages, clock: VirtualClock) -> None:
    for _ in range(3):
        page.post(page("/"), "/phone/clock", jump="20m")
    assert app.clock() - clock() == 3_600_000


def test_a_jump_that_is_none_is_refused(page: Pages) -> None:
    page.post(page("/"), "/phone/clock", jump="-1", status=400)


def test_one_can_become_somebody_else(app: Any, page: Pages) -> None:
    page.post(page("/"), "/phone/person", do="become", person="james")
    page.post(page("/"), "/phone/text", text="PIZZA")
    assert app.customer.texts[0][0] == "+12125550142"


def test_a_new_person_has_a_number_of_fiction_that_nobody_has(app: Any, page: Pages) -> None:
    numbers = set()
    for _ in range(3):
        page.post(page("/"), "/phone/person", do="become", person="new")
        page.post(page("/"), "/phone/text", text="PIZZA")
        numbers.add(app.customer.texts[-1][0])
    assert len(numbers) == 3
    assert all(number.startswith("+3363998") and len(number) == 12 for number in numbers)


def test_starting_afresh_is_another_number_and_takes_no_refusal_back(
    app: Any, page: Pages, life: Life
) -> None:
    life.text("stop")
    life.stop()
    assert "Said STOP" in page("/").text
    page.post(page("/"), "/phone/person", do="afresh", person="ana")
    shown = page("/")
    assert "Never wrote before." in shown.text
    page.post(shown, "/phone/text", text="PIZZA")
    assert app.customer.texts[0][0] not in ("+33639984107", "+12125550142")
    from bot.store.thread import read_thread

    before = app.db.read(lambda conn: read_thread(conn, app.vault, "margot", "+33639984107"))
    assert before.stopped_at is not None


def test_the_staff_can_redeem_a_code_from_their_own_phone(app: Any, page: Pages) -> None:
    page.post(page("/"), "/phone/person", do="become", person="staff0")
    assert "Luc (staff)" in page("/").text
    page.post(page("/"), "/phone/text", text="USED X 4817")
    assert app.customer.texts[0][0] == "+33639980199"


def test_a_conversation_that_a_person_owns_can_be_given_back(
    app: Any, page: Pages, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Give it back" not in page("/").text
    life.text("humain")
    life.owned("orders")
    shown = page("/")
    assert "A person has this conversation (orders). The robot is silent." in shown.text
    given: list[tuple[str, str]] = []

    def give_back(_app: Any, brand: str, person_id: str, *, by: str) -> bool:
        given.append((brand, f"{person_id} {by}"))
        return True

    monkeypatch.setattr(type(app), "give_back", give_back)
    page.post(shown, "/phone/give-back")
    assert given == [("margot", f"{life.person_id} phone")]


# -- live -----------------------------------------------------------------------------------------


def test_the_live_parts_answer_304_until_something_changes(page: Pages, life: Life) -> None:
    page("/")
    first = page.browser.get("/phone/live")
    assert first.status_code == 200
    again = page.browser.get("/phone/live", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    life.text("coucou")
    fresh = page.browser.get("/phone/live", headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200
    assert "coucou" in fresh.text


def test_the_live_parts_are_the_parts_of_the_page(page: Pages, life: Life) -> None:
    life.text("coucou")
    shown = page("/")
    parts = {node.get("data-live") for node in shown.tree.iter() if node.get("data-live")}
    for part in parts:
        assert f'data-live="{part}"' in page.browser.get("/phone/live").text


# -- complaints -----------------------------------------------------------------------------------


def test_a_broken_file_is_named_with_line_and_column_while_the_old_version_runs(
    app: Any, page: Pages, tmp_path: Any
) -> None:
    import shutil

    from bot.turns.publishing import Watch
    from tests.web.stand import SAMPLE

    folder = tmp_path / "flows"
    shutil.copytree(SAMPLE, folder)
    app.hooks["watch"] = Watch(folder)
    assert "A file has a mistake" not in page("/").text
    quiz = folder / "margot" / "flows" / "quiz.yml"
    quiz.write_text(quiz.read_text("utf-8") + "\nnonsense: 1\n", "utf-8")
    shown = page("/")
    assert "A file has a mistake" in shown.text
    lines = len(quiz.read_text("utf-8").splitlines())
    assert f"quiz.yml:{lines}:1" in shown.text
    assert "quiz" in app.library.current().brands["margot"].flows.current


def test_a_text_that_waited_and_was_taken_back_by_a_stop_says_so(page: Pages, life: Life) -> None:
    finding = {"check": "hours", "outcome": "defer", "reason": "quiet_day",
               "rule": "FR-AF2M-HOURS"}  # fmt: skip
    decision = {"outcome": "defer", "reason": "quiet_day", "findings": [finding],
                "until": 1763449200000}  # fmt: skip
    life.reply("Ce soir", state="cancelled", error="stopped", decision=decision)
    panel = why(page("/"))
    assert "Blocked by ⊘ Not sent: this person said stop." in panel
    assert "⊘ not sent: said STOP" in panel


def test_where_the_clock_stands_still_the_texts_keep_their_order(page: Pages, life: Life) -> None:
    first = life.text("oui")
    life.reply("C'est noté.", to=first)
    second = life.text("stop")
    life.reply("C'est fait.", to=second)
    said_in_order = [said(node) for node in page("/").all("a", class_="sms")]
    assert said_in_order == ["oui", "C'est noté.", "stop", "C'est fait."]
