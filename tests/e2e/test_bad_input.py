"""Bad input gets a clear answer, and nothing is lost: texts as no handset should write them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from bot.turns import inbound as turns
from tests.e2e.conftest import ANA, PUBLIC, Line, said

BROKE = "Un souci chez nous. Votre message est gardé et une personne le lit."
STOPPED = "Chez Margot : c'est fait, vous ne recevrez plus nos SMS. Pour revenir : START."


# -- who calls ------------------------------------------------------------------------------------


def test_an_unsigned_text_is_refused_and_nothing_is_written(line: Line) -> None:
    before = line.counts()
    assert line.post(line.form("STOP"), signed=False).status_code == 403
    assert line.counts() == before


def test_a_signature_for_another_form_or_another_host_is_refused(line: Line) -> None:
    before = line.counts()
    form = line.form("PIZZA")
    headers = {
        "X-Twilio-Signature": RequestValidator(line.account[1]).compute_signature(
            f"{PUBLIC}/webhooks/twilio/sms", form | {"Body": "STOP"}
        )
    }
    answer = line.client.post("/webhooks/twilio/sms", data=form, headers=headers)
    assert answer.status_code == 403
    assert line.post(form, public="http://evil.example").status_code == 403
    assert line.counts() == before


@pytest.mark.parametrize("field", ["MessageSid", "From", "To"])
@pytest.mark.parametrize("value", [None, "", "two words", "x\x00y", "9" * 200])
def test_a_form_without_a_name_that_we_need_is_told_which(
    line: Line, field: str, value: str | None
) -> None:
    before = line.counts()
    form = line.form("PIZZA")
    if value is None:
        del form[field]
    else:
        form[field] = value
    answer = line.post(form)
    assert answer.status_code == 400
    assert field in answer.text
    assert line.counts() == before


@pytest.mark.parametrize("more", [{"NumMedia": "many"}, {"NumSegments": "-1"}])
def test_a_count_that_is_none_is_told_by_its_name(line: Line, more: dict[str, str]) -> None:
    answer = line.post(line.form("PIZZA", **more))
    assert answer.status_code == 400
    assert next(iter(more)) in answer.text


def test_a_receipt_for_a_message_that_we_never_sent_changes_nothing(line: Line) -> None:
    before = line.counts()
    form = {"MessageSid": "SM" + "e" * 32, "MessageStatus": "delivered", "To": ANA}
    for query in ("", "?m=", "?m=nobody", "?m=%00", "?m=" + "9" * 5000):
        assert line.post(form, f"/webhooks/twilio/status{query}").status_code == 204
    assert line.counts() == before
    form["MessageStatus"] = "teleported"
    answer = line.post(form, "/webhooks/twilio/status")
    assert answer.status_code == 400
    assert "MessageStatus" in answer.text


# -- what is written ------------------------------------------------------------------------------

ODD = {
    "empty": "",
    "spaces": "   \n ",
    "long": "Bonjour ! " * 400,
    "one_long_word": "a" * 10_000,
    "ten_thousand_emoji": "🍕" * 10_000,
    "emoji": "👩‍👩‍👧‍👦🍕",
    "right_to_left": "شكرا، أريد بيتزا",
    "turned_round": "\u202estop\u202c",
    "zalgo": "p\u0300\u0301\u0302\u0303" * 300,
    "looks_like_twiml": "<Response><Message>hi</Message></Response>",
    "placeholder": "{settings.phone} {{ 7*7 }} %s",
    "control": "a\x01b\x1b[31m\x7f",
    "digits": "٣",
}


@pytest.mark.parametrize("name", list(ODD))
def test_an_odd_text_is_kept_as_it_came_and_answered(line: Line, name: str) -> None:
    answers = line.text(ODD[name])
    (row,) = line.rows("in")
    assert line.opened(row).decode() == ODD[name]
    assert answers
    assert all(answers)
    assert said_nothing_of(answers, ("{", "Traceback", "None"))


# Turned round it is still a stop, and an Arabic three is a three.
@pytest.mark.parametrize("name", sorted(set(ODD) - {"turned_round", "digits"}))
def test_an_odd_answer_to_a_question_is_kept_and_the_conversation_goes_on(
    line: Line, name: str
) -> None:
    line.text("PIZZA")
    assert line.text(ODD[name])
    assert line.text("2") == ["Combien ? De 1 à 20."]
    assert line.text("STOP") == [STOPPED]


def test_a_text_without_a_body_field_is_an_empty_one(line: Line) -> None:
    assert line.text(None)
    (row,) = line.rows("in")
    assert line.opened(row) == b""


def test_a_picture_without_words_is_kept_with_its_address_and_answered(line: Line) -> None:
    url = "https://api.twilio.com/media/ME1"
    assert line.text("", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")
    (row,) = line.rows("in")
    assert url.encode() in line.opened(row, "raw").replace(b"%3A", b":").replace(b"%2F", b"/")


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"a%00b", "a\ufffdb"),
        (b"half %ED%A0%BD emoji", "half \ufffd emoji"),
        (b"caf%E9", "caf\ufffd"),
        (b"%FF%FE", "\ufffd\ufffd"),
    ],
)
def test_what_cannot_be_stored_is_replaced_and_the_bytes_are_kept_beside_it(
    line: Line, raw: bytes, kept: str
) -> None:
    form = line.form(None)
    url = f"{PUBLIC}/webhooks/twilio/sms"
    body = urlencode(form).encode() + b"&Body=" + raw
    answer = line.client.post(
        "/webhooks/twilio/sms",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature_of(line, url, body)},
    )
    assert answer.status_code == 200
    assert said(answer)
    (row,) = line.rows("in")
    assert line.opened(row).decode() == kept
    assert line.opened(row, "raw") == body


@pytest.mark.parametrize("number", ["36001", "MARGOT", "36000"])
def test_short_codes_names_and_our_own_numbers_are_kept_and_never_answered(
    line: Line, number: str
) -> None:
    for body in ("PIZZA", "bonjour", "HELP", "STOP", "arrête tes bêtises"):
        assert line.text(body, From=number) == []
    assert len(line.rows("in")) == 5
    assert all(row.state == "blocked" for row in line.rows("out"))


# -- a flow that raises ---------------------------------------------------------------------------


@pytest.fixture
def broken_flow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every turn of the engine raises."""

    def raises(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a bug in a step")

    with monkeypatch.context() as patched:
        patched.setattr(turns, "take_turn", raises)
        yield


@pytest.mark.usefixtures("broken_flow")
def test_a_flow_that_raises_keeps_the_text_tells_a_person_and_says_so(line: Line) -> None:
    assert [BROKE in one for one in line.text("PIZZA")] == [True]
    (row,) = line.rows("in")
    assert line.opened(row) == b"PIZZA"
    assert handed_over(line) == ["flow_failed"]
    assert line.text("Allô ?") == []
    assert line.text("STOP") == [STOPPED]


@pytest.mark.usefixtures("broken_flow")
def test_stop_works_while_every_flow_is_broken(line: Line) -> None:
    assert line.text("STOP") == [STOPPED]
    assert line.text("STOP") == []


def test_stop_works_in_a_conversation_whose_flow_no_longer_compiles(line: Line) -> None:
    line.text("PIZZA")
    spoil_sessions(line, version="gone")
    assert line.text("STOP") == [STOPPED]


@pytest.mark.parametrize("body", ["2", "HELP", "oui", "merci", "START"])
def test_a_session_that_nobody_can_read_goes_to_a_person(line: Line, body: str) -> None:
    line.text("PIZZA")
    spoil_sessions(line, state=b"\x01 what no key opens")
    line.text(body)
    assert len(line.rows("in")) == 2
    assert line.text("STOP") == [STOPPED]


# -- the same and several at once -----------------------------------------------------------------


def test_a_text_that_comes_again_late_gets_the_same_answer(line: Line) -> None:
    form = line.form("OFFRES")
    first = line.post(form)
    line.text("oui")
    before = line.counts()
    again = line.post(form)
    assert again.data == first.data
    assert line.counts() == before


def test_several_replies_of_one_turn_come_again_in_their_order(line: Line) -> None:
    for number in range(20):
        who = f"+336399801{number:02d}"
        line.text("OFFRES", From=who)
        form = line.form("oui", From=who)
        first = line.post(form)
        assert len(said(first)) == 2
        assert line.post(form).data == first.data


def test_the_same_text_eight_times_at_once_is_kept_once_and_answered_alike(line: Line) -> None:
    form = line.form("PIZZA")
    answers = at_once([form] * 8, line)
    assert {one.status_code for one in answers} == {200}
    assert len({one.data for one in answers}) == 1
    assert said(answers[0])
    assert len(line.rows("in")) == 1
    assert len(line.rows("out")) == 1


def test_two_texts_of_one_person_at_once_are_both_kept_once_and_in_turn(line: Line) -> None:
    line.text("PIZZA")
    answers = at_once([line.form("2"), line.form("3")], line)
    assert {one.status_code for one in answers} == {200}
    texts = [text for one in answers for text in said(one)]
    # Whichever was first chose the pizza; the other one was then heard as how many.
    assert "Combien ? De 1 à 20." in texts
    assert any("A quel nom" in text for text in texts)
    assert len(line.rows("in")) == 3


def test_twenty_texts_of_a_new_person_at_once_make_one_person(line: Line) -> None:
    answers = at_once([line.form(f"n° {n}") for n in range(20)], line)
    assert {one.status_code for one in answers} == {200}
    assert line.counts()["person"] == 1
    assert len(line.rows("in")) == 20


# -- helpers --------------------------------------------------------------------------------------


def said_nothing_of(answers: list[str], words: tuple[str, ...]) -> bool:
    return not any(word in answer for answer in answers for word in words)


def signature_of(line: Line, url: str, body: bytes) -> str:
    """Twilio's signature over bytes that are no UTF-8: names and values as they were sent."""
    import base64
    import hmac
    from urllib.parse import unquote_to_bytes

    pairs = sorted(
        tuple(map(unquote_to_bytes, pair.replace(b"+", b" ").split(b"=")))
        for pair in body.split(b"&")
    )
    text = url.encode() + b"".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.digest(line.account[1].encode(), text, "sha1")).decode()


def handed_over(line: Line) -> list[str]:
    from sqlalchemy import select

    from bot.store.tables import event

    wanted = select(event.c.data).where(event.c.kind == "handed_off")
    return [data["reason"] for data in line.db.read(lambda c: list(c.scalars(wanted)))]


def spoil_sessions(line: Line, **values: Any) -> None:
    from sqlalchemy import update

    from bot.store.tables import SealedBytes, session

    if "version" in values:
        values["state"] = b"\x01 nobody reads it"
    values["state"] = SealedBytes(values["state"])
    line.db.write(lambda conn: conn.execute(update(session).values(**values)))


def at_once(forms: list[dict[str, str]], line: Line) -> list[Any]:
    """Post forms from as many threads at the same moment."""
    start = threading.Barrier(len(forms))
    answers: list[Any] = [None] * len(forms)

    def post(place: int) -> None:
        start.wait(10)
        flask = line.client.application
        answers[place] = Line(line.app, flask.test_client(), line.flows).post(forms[place])

    threads = [threading.Thread(target=post, args=(place,)) for place in range(len(forms))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers
