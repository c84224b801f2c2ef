"""What the carrier tells later: receipts in any order, and the stops and texts that we missed."""

from __future__ import annotations

from itertools import permutations

import pytest

from bot.channels import DeliveryState, SendError, Status
from bot.store import tables
from bot.store.markers import read_marker
from bot.turns import reconcile
from bot.turns.receipts import note_receipt
from tests.turns.conftest import ANA, House

ORDERS = list(permutations(["queued", "sent", "delivered"]))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_receipts_move_a_text_on_whatever_their_order(house: House, order: tuple[str, ...]) -> None:
    house.says("PIZZA")
    (row,) = house.outbox("handed_over")
    for state in (*order, *order):
        assert house.receipt(row, state)
    (now,) = house.rows(tables.message, id=row.id)
    assert (now.state, now.lease_until) == ("delivered", None)
    assert now.settled_at == house.clock()
    assert len(house.events("delivered")) == 1


def test_a_proof_of_delivery_outweighs_a_failure(house: House) -> None:
    house.says("PIZZA")
    (row,) = house.outbox("handed_over")
    house.receipt(row, "undelivered", "30003")
    house.receipt(row, "delivered")
    house.receipt(row, "read")
    assert house.rows(tables.message, id=row.id)[0].state == "read"
    assert [len(house.events(kind)) for kind in ("undelivered", "delivered")] == [1, 1]


def test_a_receipt_for_nobodys_text_is_refused_and_writes_nothing(house: House) -> None:
    assert not note_receipt(house.app, Status("SM" + "9" * 32, "0" * 26, DeliveryState.sent))
    assert house.rows(tables.event) == []


# -- 21610 ----------------------------------------------------------------------------------------


def test_a_text_that_the_carrier_refused_after_a_stop_is_a_stop_for_every_brand_on_the_sender(
    house: House,
) -> None:
    house.says("ZINC")
    house.agree()
    house.says("VELO", ANA, "36111")
    versions = {b: house.person(brand=b).version for b in ("margot", "zinc", "atelier")}
    row = house.outbox("handed_over")[0]
    house.receipt(row, "failed", "21610")
    assert house.refusals() == [("36000", None, None)]
    assert house.consents() == {"marketing": "withdrawn"}
    for brand in ("margot", "zinc"):
        line = house.lines(brand)[-1]
        assert (line["event"], line["actor"], line["method"]) == ("withdraw", "carrier", "carrier")
        assert line["person_id"] == house.person(brand=brand).id
        assert house.person(brand=brand).version > versions[brand]
    assert house.lines("atelier") == []
    (proof,) = house.rows(tables.consent, person_id=house.person().id)
    assert proof.ledger_seq == house.lines()[-1]["seq"]


def test_the_same_refusal_again_changes_nothing(house: House) -> None:
    house.agree()
    row = house.outbox("handed_over")[0]
    house.receipt(row, "failed", "21610")
    lines, version = house.lines(), house.person().version
    house.receipt(row, "failed", "21610")
    house.receipt(house.outbox("handed_over")[0], "failed", "21610")
    assert house.lines() == lines
    assert len(house.refusals()) == 1
    assert len(house.events("opted_out")) == 1
    assert house.person().version >= version


def test_what_waits_is_cancelled_when_the_carrier_tells_of_a_stop(house: House) -> None:
    house.agree()
    house.clock.to("2026-03-02 21:45")
    house.says("JEU")
    house.wait(minutes=30)
    (nudge,) = house.outbox("deferred")
    house.receipt(house.outbox("handed_over")[0], "failed", "21610")
    assert house.rows(tables.message, id=nudge.id)[0].state == "cancelled"


def test_a_refusal_on_a_sender_of_a_pool_holds_for_the_pool(house: House) -> None:
    text = (house.flows / "zinc/brand.yml").read_text("utf-8")
    pooled = text.replace("    fictional: true", "    fictional: true\n    pool: bar")
    house.save("zinc/brand.yml", pooled)
    assert not house.publish().errors
    house.says("ZINC", ANA, "36001")
    house.receipt(house.outbox("handed_over", brand="zinc")[0], "failed", "21610")
    assert house.refusals() == [("bar", None, None)]
    assert house.wait(hours=2) == []


def test_every_brand_of_a_pool_gets_its_line(house: House) -> None:
    for brand in ("zinc", "atelier"):
        text = (house.flows / f"{brand}/brand.yml").read_text("utf-8")
        pooled = text.replace("    fictional: true", "    fictional: true\n    pool: bar")
        house.save(f"{brand}/brand.yml", pooled)
    assert not house.publish().errors
    house.says("VELO", ANA, "36111")
    house.says("ZINC", ANA, "36001")
    house.receipt(house.outbox("handed_over", brand="zinc")[0], "failed", "21610")
    assert [len(house.lines(brand)) for brand in ("zinc", "atelier", "margot")] == [1, 1, 0]


# -- reconcile ------------------------------------------------------------------------------------


def missed(house: House, *bodies: str) -> None:
    house.clock.forward(seconds=1)
    house.carrier.texts.extend((house.clock(), house.inbound(body)) for body in bodies)


def test_reconcile_hears_what_was_missed_a_stop_before_all(house: House) -> None:
    house.agree()
    missed(house, "PIZZA", "STOP")
    report = reconcile.run(house.app)
    assert (report.texts, report.stops, report.answered) == (2, 1, True)
    heard = house.rows(tables.message, direction="in")[-2:]
    assert [house.clear(row) for row in heard] == ["STOP", "PIZZA"]
    assert (None, "margot", None) in house.refusals()
    assert house.consents()["marketing"] == "withdrawn"


def test_reconcile_again_finds_nothing_new(house: House) -> None:
    missed(house, "PIZZA")
    reconcile.run(house.app)
    before = house.rows(tables.message)
    house.clock.forward(minutes=10)
    again = reconcile.run(house.app)
    assert (again.texts, again.receipts) == (0, 0)
    assert house.rows(tables.message) == before
    assert read_marker(house.db, "last_reconcile") == house.clock()


def test_reconcile_does_not_answer_in_the_webhook_of_nobody(house: House) -> None:
    """What is heard late is answered by the API, or not at all: no webhook waits for it."""
    missed(house, "PIZZA")
    reconcile.run(house.app)
    assert house.outbox("handed_over") == []
    assert "Quelle pizza" in house.wait(minutes=1)[0]


def test_reconcile_catches_up_with_what_became_of_our_texts(house: House) -> None:
    house.says("HUMAIN")
    house.app.give_back("margot", house.person().id)
    house.wait(minutes=1)
    (row,) = [row for row in house.outbox() if row.in_reply_to is None]
    told = house.carrier.books[row.provider_id]
    from dataclasses import replace

    house.carrier.books[row.provider_id] = replace(told, state=DeliveryState.delivered)
    assert reconcile.run(house.app).receipts == 1
    assert house.rows(tables.message, id=row.id)[0].state == "delivered"
    assert reconcile.run(house.app).receipts == 0


def test_reconcile_that_gets_no_answer_says_so_and_notes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_since: int) -> None:
        raise SendError("20500", retryable=True)

    monkeypatch.setattr(house.carrier, "list_inbound", away)
    assert not reconcile.run(house.app).answered
    assert read_marker(house.db, "last_reconcile") is None


def test_a_text_that_came_before_a_start_is_not_heard_as_new_after_it(house: House) -> None:
    """The margin looks back over what we have; nothing of it is heard twice."""
    house.says("STOP")
    inbound = house.inbound("ignored")
    house.carrier.texts.append((house.clock(), inbound))
    reconcile.run(house.app)
    house.says("START")
    house.clock.forward(minutes=5)
    assert reconcile.run(house.app).texts == 0
    assert house.refusals() == []
