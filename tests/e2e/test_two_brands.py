"""Two brands beside each other: a refusal reaches what it names, and never less than was said."""

from __future__ import annotations

from sqlalchemy import select

from bot.store.tables import suppression
from tests.e2e.conftest import ANA, Line

WORKSHOP = "36111"


def refused(line: Line) -> set[tuple[str | None, str | None]]:
    """(sender, brand) of the standing refusals of Ana's number."""
    wanted = select(suppression.c.sender, suppression.c.brand).where(
        suppression.c.number_hmac == line.app.vault.number_hmac(ANA),
        suppression.c.lifted_at.is_(None),
    )
    return {(row.sender, row.brand) for row in line.db.read(lambda c: c.execute(wanted).all())}


def test_a_stop_to_one_brand_does_not_swallow_the_stop_to_the_next(line: Line) -> None:
    assert len(line.text("STOP")) == 1
    assert len(line.text("STOP", To=WORKSHOP)) == 1
    assert refused(line) == {
        ("36000", None), (None, "margot"), (WORKSHOP, None), (None, "atelier")
    }  # fmt: skip


def test_a_start_lifts_what_was_said_to_this_brand_and_nothing_else(line: Line) -> None:
    line.text("STOP")
    line.text("STOP", To=WORKSHOP)
    line.text("START")
    assert refused(line) == {(WORKSHOP, None), (None, "atelier")}


def test_a_stop_to_one_brand_leaves_the_other_in_talk(line: Line) -> None:
    line.text("STOP")
    assert line.text("VELO", To=WORKSHOP)
    assert refused(line) == {("36000", None), (None, "margot")}


def test_what_the_carrier_stopped_is_completed_by_the_persons_own_stop(line: Line) -> None:
    line.text("PIZZA")
    reply = line.rows("out")[-1]
    form = {
        "MessageSid": "SM" + "f" * 32, "AccountSid": "AC" + "5" * 32, "To": ANA,
        "MessageStatus": "failed", "ErrorCode": "21610",
    }  # fmt: skip
    assert line.post(form, f"/webhooks/twilio/status?m={reply.id}").status_code == 204
    assert refused(line) == {("36000", None)}
    line.text("STOP")
    assert refused(line) == {("36000", None), (None, "margot")}
