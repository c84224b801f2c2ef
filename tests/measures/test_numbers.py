"""The four numbers, each against a small log whose answer can be counted on fingers."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.measures import HOUR_MS, Scope, measures
from bot.measures.report import Result, report, rows
from tests.measures.conftest import T0, Log

DAY = 24


def number(
    conn: Connection, name: str, *, hours: float = DAY, flow: str | None = None, since: float = -1
) -> tuple[int, int, int]:
    """Numerator, denominator and unconfirmed of one measure, from `since` to `hours`."""
    since_ms, until_ms = T0 + round(since * HOUR_MS), T0 + round(hours * HOUR_MS)
    found = {r.measure.name: r for r in report(conn, "margot", flow, since_ms, until_ms)}[name]
    return found.numerator, found.denominator, found.unconfirmed


# -- response -------------------------------------------------------------------------------------


def test_a_person_who_writes_back_within_72_hours_of_a_question_has_replied(
    conn: Connection, log: Log
) -> None:
    log.text("ana", asks=True)
    log.hears("ana", 71.9)
    log.text("karim", asks=True)
    log.hears("karim", 72.5)
    log.text("james", proactive=True)
    assert number(conn, "response") == (1, 3, 0)


def test_a_text_that_neither_asks_nor_comes_unasked_is_in_no_response(
    conn: Connection, log: Log
) -> None:
    log.text("ana")
    log.hears("ana", 1)
    assert number(conn, "response") == (0, 0, 0)


def test_stop_help_and_start_words_are_no_replies(conn: Connection, log: Log) -> None:
    for person, label in (("a", "opt_out"), ("b", "help"), ("c", "opt_in"), ("d", "none")):
        log.text(person, asks=True)
        log.hears(person, 1, label)
    assert number(conn, "response") == (1, 4, 0)


def test_a_yes_that_answered_the_open_question_is_a_reply_although_it_is_a_start_word(
    conn: Connection, log: Log
) -> None:
    log.text("ana", asks=True)
    log.hears("ana", 1, "opt_in", answers=True)
    assert number(conn, "response") == (1, 1, 0)


def test_somebody_who_answers_before_the_receipt_comes_has_replied(
    conn: Connection, log: Log
) -> None:
    log.text("ana", asks=True, after=2)
    log.hears("ana", 1)
    assert number(conn, "response") == (1, 1, 0)


def test_a_text_that_came_before_the_question_is_no_reply_to_it(conn: Connection, log: Log) -> None:
    log.hears("ana", 0)
    log.text("ana", 1, asks=True)
    assert number(conn, "response") == (0, 1, 0)


def test_a_person_is_counted_once_however_often_they_were_asked_and_wrote(
    conn: Connection, log: Log
) -> None:
    for hour in (0, 2, 4):
        log.text("ana", hour, asks=True)
        log.hears("ana", hour + 1)
        log.hears("ana", hour + 1.5)
    assert number(conn, "response") == (1, 1, 0)


# -- what was not confirmed -----------------------------------------------------------------------


def test_an_unconfirmed_delivery_stands_apart_and_is_never_counted_as_delivered(
    conn: Connection, log: Log
) -> None:
    log.text("ana", asks=True)
    for person, state in (("b", "sent"), ("c", "handed_over"), ("d", "unknown"), ("e", "accepted")):
        log.text(person, asks=True, state=state)
        log.hears(person, 1)
    assert number(conn, "response") == (0, 1, 4)
    assert number(conn, "opt_out") == (0, 1, 4)


def test_a_person_with_one_confirmed_text_does_not_stand_apart(conn: Connection, log: Log) -> None:
    log.text("ana", asks=True)
    log.text("ana", 1, asks=True, state="sent")
    assert number(conn, "response") == (0, 1, 0)


def test_a_reply_to_an_unconfirmed_text_does_not_count_for_a_confirmed_one(
    conn: Connection, log: Log
) -> None:
    log.text("ana", -200, asks=True)
    log.text("ana", 0, asks=True, state="sent")
    log.hears("ana", 1)
    assert number(conn, "response", since=-300) == (0, 1, 0)


def test_texts_that_never_left_or_failed_are_in_no_number(conn: Connection, log: Log) -> None:
    for person, state in (
        ("a", "blocked"), ("b", "waiting"), ("c", "deferred"), ("d", "failed"),
        ("e", "undelivered"), ("f", "cancelled"), ("g", "expired"),
    ):  # fmt: skip
        log.text(person, asks=True, state=state)
    assert number(conn, "response") == (0, 0, 0)


# -- opt-out --------------------------------------------------------------------------------------


def test_an_opt_out_counts_within_24_hours_of_a_text_and_not_later(
    conn: Connection, log: Log
) -> None:
    for person, hour in (("ana", 23.9), ("karim", 24.5)):
        log.text(person)
        log.event("opted_out", person, hour, data={"scope": "all"})
    assert number(conn, "opt_out") == (1, 2, 0)


def test_the_window_of_an_opt_out_begins_anew_with_each_text(conn: Connection, log: Log) -> None:
    log.text("ana", 0)
    log.text("ana", 20)
    log.event("opted_out", "ana", 30)
    assert number(conn, "opt_out") == (1, 1, 0)


# -- conversion -----------------------------------------------------------------------------------


def test_a_conversation_counts_once_it_reached_its_flows_goal(conn: Connection, log: Log) -> None:
    for talk in ("t1", "t2", "t3"):
        log.event("began", "ana", conversation_id=talk, data={"by": "keyword"})
    goal = {"name": "order_placed", "value": 2850, "goal": True}
    log.event("converted", "ana", 40, conversation_id="t1", data=goal)
    log.event("converted", "ana", 41, conversation_id="t1", data=goal)
    other = {"name": "signed_up", "value": None, "goal": False}
    log.event("converted", "ana", 1, conversation_id="t2", data=other)
    assert number(conn, "conversion") == (1, 3, 0)


def test_a_conversation_belongs_to_the_period_in_which_it_began(conn: Connection, log: Log) -> None:
    log.event("began", "ana", -2, conversation_id="t1")
    log.event("converted", "ana", 1, conversation_id="t1", data={"goal": True})
    assert number(conn, "conversion") == (0, 0, 0)
    assert number(conn, "conversion", since=-3, hours=-1) == (1, 1, 0)


# -- redemption -----------------------------------------------------------------------------------


def test_a_code_is_delivered_with_its_text_and_redeemed_when_it_was_used(
    conn: Connection, log: Log
) -> None:
    log.coupon("ana", log.text("ana"), used=True)
    log.coupon("karim", log.text("karim"))
    log.coupon("james", log.text("james", state="sent"), used=True)
    log.coupon("lost", log.text("lost", state="undelivered"))
    assert number(conn, "redemption") == (1, 2, 1)


def test_a_code_whose_event_names_no_text_travels_in_the_next_one_that_is_said(
    conn: Connection, log: Log
) -> None:
    log.coupon("ana", None, 1, used=True, conversation="t1")
    log.text("ana", 0, "undelivered", conversation="t1")
    log.text("ana", 1, conversation="t1")
    assert number(conn, "redemption") == (1, 1, 0)


# -- scope ----------------------------------------------------------------------------------------


def test_a_flows_number_knows_only_the_texts_of_that_flow(conn: Connection, log: Log) -> None:
    log.text("ana", asks=True, flow="lunch")
    log.hears("ana", 1)
    log.text("karim", asks=True, flow="dinner")
    assert number(conn, "response", flow="lunch") == (1, 1, 0)
    assert number(conn, "response", flow="dinner") == (0, 1, 0)
    assert number(conn, "response") == (1, 2, 0)


def test_a_second_brand_beside_it_changes_no_number(conn: Connection, log: Log) -> None:
    log.text("ana", asks=True)
    log.text("zoe", asks=True, brand="other")
    log.event("heard", "ana", 1, brand="other", data={"label": "none"})
    log.event("opted_out", "ana", 1, brand="other")
    log.event("began", "zoe", brand="other", conversation_id="t9")
    assert number(conn, "response") == (0, 1, 0)
    assert number(conn, "opt_out") == (0, 1, 0)
    assert number(conn, "conversion") == (0, 0, 0)


def test_the_end_of_a_period_is_outside_it_and_its_start_inside(conn: Connection, log: Log) -> None:
    log.text("ana", 0, asks=True)
    assert number(conn, "response", since=0, hours=1) == (0, 1, 0)
    assert number(conn, "response", since=-1, hours=0) == (0, 0, 0)


def test_a_text_that_waited_belongs_to_the_day_it_left(conn: Connection, log: Log) -> None:
    from sqlalchemy import update

    from bot.store.tables import message

    made = log.text("ana", 0, proactive=True)
    conn.execute(update(message).where(message.c.id == made)
                 .values(handed_over_at=T0 + 30 * HOUR_MS))  # fmt: skip
    assert number(conn, "response", hours=24) == (0, 0, 0)
    assert number(conn, "response", since=24, hours=48) == (0, 1, 0)


def test_the_rows_behind_a_number_add_up_to_it(conn: Connection, log: Log) -> None:
    for person in ("ana", "karim", "james"):
        log.text(person, asks=True, state="sent" if person == "james" else "delivered")
    log.hears("ana", 1)
    scope = Scope("margot", T0 - 1, T0 + HOUR_MS)
    found = rows(conn, measures()["response"], scope)
    assert {row.person_id: (row.confirmed, row.counted) for row in found} == {
        "ana": (True, True), "karim": (True, False), "james": (False, False),
    }  # fmt: skip


def test_the_period_before_is_just_as_long_and_ends_where_this_one_starts(
    conn: Connection, log: Log
) -> None:
    log.text("ana", 0, asks=True)
    log.text("karim", -1, asks=True)
    log.hears("karim", -0.5)
    since, until = T0, T0 + 2 * HOUR_MS
    result: Result = report(conn, "margot", None, since, until, compare=True)[0]
    assert (result.denominator, result.before) == (1, (1, 1))
