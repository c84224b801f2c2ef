"""What the webhooks never brought is found in the carrier's books: a STOP first of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels import CarrierMessage, Inbound
from bot.channels.carrier import InProcessCarrier
from bot.turns.reconcile import run
from tests.e2e.conftest import ANA, SENDER, Line

BOB = "+33639980002"


class Carrier(InProcessCarrier):
    """Lists the newest first, as Twilio does, and notes nothing itself."""

    def list_inbound(self, since_ms: int) -> Iterator[Inbound]:
        return iter([text for at_ms, text in reversed(self.texts) if at_ms >= since_ms])


@pytest.fixture
def carrier(line: Line) -> Carrier:
    account, token = line.account
    made = Carrier(line.app.clock, account_sid=account, auth_token=token)
    line.app.channels = {"twilio": made}
    return made


def missed(line: Line, carrier: Carrier, body: str, number: str = ANA) -> dict[str, str]:
    """A text that reached the carrier and never us."""
    form = line.form(body, From=number)
    text = Inbound("twilio", form["MessageSid"], form["AccountSid"], SENDER, number, body)
    carrier.texts.append((line.app.clock(), text))
    return form


def heard(line: Line) -> list[tuple[str, str]]:
    """Texts in the order in which they were heard, each with who heard it."""
    return [
        (line.opened(row).decode(), next((one["who"] for one in row.trace if one["won"]), ""))
        for row in line.rows("in")
    ]


def bodies(line: Line, state: str) -> list[str]:
    return [line.opened(row).decode() for row in line.rows("out") if row.state == state]


def test_stops_are_heard_first_and_the_rest_as_it_was_written(line: Line, carrier: Carrier) -> None:
    for body in ("PIZZA", "2", "3"):
        missed(line, carrier, body)
    missed(line, carrier, "STOP", BOB)
    report = run(line.app)
    assert (report.texts, report.stops) == (4, 1)
    assert [body for body, _ in heard(line)] == ["STOP", "PIZZA", "2", "3"]
    assert bodies(line, "waiting")[-1] == "A quel nom ?"


def test_what_was_written_before_a_stop_never_undoes_it(line: Line, carrier: Carrier) -> None:
    line.text("STOP")
    for body in ("START", "JOIN", "oui", "STOP"):
        missed(line, carrier, body)
    run(line.app)
    assert dict(heard(line)[1:]) == {
        "STOP": "compliance", "START": "reconcile", "JOIN": "reconcile", "oui": "reconcile"
    }  # fmt: skip
    assert line.text("bonjour") == []


def test_a_late_start_is_overtaken_by_a_stop_that_was_heard_in_time(
    line: Line, carrier: Carrier
) -> None:
    line.text("STOP")
    missed(line, carrier, "START")
    form = missed(line, carrier, "STOP")
    line.post(form)
    run(line.app)
    assert heard(line)[-1] == ("START", "reconcile")
    refused = [row for row in line.rows("out") if row.kind == "consent_request"]
    assert refused == []


def test_a_start_after_the_stop_counts(line: Line, carrier: Carrier) -> None:
    missed(line, carrier, "STOP")
    missed(line, carrier, "START")
    run(line.app)
    assert [who for _, who in heard(line)] != ["compliance", "reconcile"]
    assert any(row.kind == "consent_request" for row in line.rows("out"))


def test_a_second_run_finds_nothing_and_a_webhook_that_comes_after_it_changes_nothing(
    line: Line, carrier: Carrier
) -> None:
    form = missed(line, carrier, "PIZZA")
    assert run(line.app).texts == 1
    assert run(line.app).texts == 0
    before = line.counts()
    answer = line.post(form)
    assert answer.status_code == 200
    # What nobody waited for went to the outbox; saying it here as well would say it twice.
    assert b"<Message" not in answer.data
    assert line.counts() == before


def test_statuses_that_never_came_are_caught_up_with(line: Line, carrier: Carrier) -> None:
    line.text("PIZZA")
    (row,) = line.rows("out")
    sid = "SM" + "c" * 32
    form = {"MessageSid": sid, "MessageStatus": "queued", "To": ANA}
    line.post(form, f"/webhooks/twilio/status?m={row.id}")
    carrier.books[sid] = theirs(sid, "delivered", line.app.clock())
    assert run(line.app).receipts == 1
    assert [row.state for row in line.rows("out")] == ["delivered"]


def test_the_carriers_word_gives_the_right_message_its_id_back(line: Line) -> None:
    line.text("HELP")
    line.text("HELP")
    first, second = line.rows("out")
    form = {"MessageSid": "SM" + "a" * 32, "MessageStatus": "sent", "To": ANA}
    # Asked about two texts with the same words, we took the first one's id for the second's.
    line.post(form, f"/webhooks/twilio/status?m={second.id}")
    assert line.post(form, f"/webhooks/twilio/status?m={first.id}").status_code == 204
    rows = {row.id: row for row in line.rows("out")}
    assert (rows[first.id].state, rows[first.id].provider_id) == ("sent", form["MessageSid"])
    assert (rows[second.id].state, rows[second.id].provider_id) == ("uncertain", None)


def theirs(sid: str, state: str, now: int) -> Any:
    from bot.channels import DeliveryState

    return CarrierMessage(
        sid, SENDER, ANA, "", DeliveryState(state), created_at_ms=now, sent_at_ms=now
    )


def test_the_fallback_address_is_served_by_the_same_code(database_url: str, make_line: Any) -> None:
    fallback = "https://fallback.example.org"
    line = make_line(database_url, public_fallback_url=fallback)
    told = {"ErrorCode": "11200", "ErrorUrl": "http://127.0.0.1:8000/webhooks/twilio/sms"}
    form = line.form("PIZZA", **told)
    assert line.post(form, public=fallback).status_code == 200
    assert line.post(form).status_code == 200
    assert len(line.rows("in")) == 1
