"""The one door: what a text is, what is decided, what its row and its record hold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.channels.carrier import InProcessCarrier
from bot.engine.brand import ReplyBy
from bot.sending import gate
from bot.sending.drafts import Draft, from_row, kind_of
from bot.sending.gate import (
    FACTS_LAST,
    Caps,
    Stale,
    budget,
    lane_of,
    release,
    render,
    rule,
    send,
    settle_replies,
    submit,
)
from bot.store.standing import ConsentRow, Standing, SuppressionRow
from bot.store.tables import message
from compliance.types import Kind
from tests.sending.conftest import BRAND, OFFER, RULES, SENDER
from tests.support.clock import START
from tests.support.speed import beats

NOW = round(START.timestamp() * 1000)
CAPS = Caps("twilio")
AGREED = (ConsentRow("marketing", "sms", "granted", "consent", NOW - 10_000, 1),)
STANDING = Standing(
    person_id="P",
    brand=BRAND.name,
    number="+33639980001",
    number_hmac=b"n" * 16,
    language="fr",
    country="FR",
    zone="Europe/Paris",
    version=1,
    consents=AGREED,
    last_heard_at=NOW,
)
REPLY = Draft(
    message_id="M1",
    brand=BRAND.name,
    person_id="P",
    sender=SENDER,
    body="Votre table est prête à 20 h.",
    language="fr",
    purpose="service",
    in_reply_to="I1",
    replies_at=NOW,
)


def proactive(**more: Any) -> Draft:
    given = {"proactive": True, "purpose": "marketing", "body": OFFER, "in_reply_to": None}
    return replace(REPLY, **{**given, "replies_at": None, **more})


def replies(*drafts: Draft, standing: Standing = STANDING, **more: Any) -> gate.Replies:
    brand = more.pop("brand", BRAND)
    sender = more.pop("sender", brand.senders[0])
    return settle_replies(drafts, standing, brand, sender, CAPS, RULES, NOW, **more)


# -- the kind follows from how a text came about ---------------------------------------------------


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        (REPLY, Kind.conversational_reply),
        (replace(REPLY, purpose="marketing"), Kind.conversational_reply),
        (replace(REPLY, replies_at=None), Kind.transactional),  # it answers nothing
        (replace(REPLY, replies_at=None, purpose="marketing"), Kind.marketing),
        (proactive(), Kind.marketing),
        (proactive(purpose="transactional"), Kind.transactional),
        (proactive(purpose="service"), Kind.transactional),
        (proactive(replies_at=NOW), Kind.marketing),  # a nudge, however recent the text before it
        (replace(REPLY, confirmation="opt_in"), Kind.opt_in_confirmation),
        (replace(REPLY, confirmation="opt_out"), Kind.opt_out_confirmation),
        (replace(REPLY, confirmation="help"), Kind.help_reply),
        (replace(REPLY, confirmation="consent_request"), Kind.consent_request),
    ],
)
def test_a_kind_is_derived_and_never_chosen(draft: Draft, kind: Kind) -> None:
    assert kind_of(draft) is kind


drafts = st.builds(
    replace,
    st.just(REPLY),
    purpose=st.sampled_from(["marketing", "transactional", "service"]),
    promotes=st.booleans(),
    asks=st.booleans(),
    proactive=st.booleans(),
    replies_at=st.none() | st.just(NOW),
    by_person=st.booleans(),
    carrier_answered=st.booleans(),
    confirmation=st.none() | st.sampled_from(["opt_in", "opt_out", "help", "consent_request"]),
    body=st.text(max_size=200),
    expires_at=st.none() | st.just(NOW + 5000),
)


@given(drafts)
def test_a_draft_comes_back_from_its_row_with_the_same_kind(draft: Draft) -> None:
    (row,) = submit([draft], STANDING, BRAND, CAPS, RULES, NOW)
    row["decision"] = json.loads(json.dumps(row["decision"]))
    again = from_row(row, row["clear"])
    assert kind_of(again) is kind_of(draft)
    assert (again.body, again.promotes, again.by_person) == (
        draft.body,
        draft.promotes,
        draft.by_person,
    )
    assert again.carrier_answered == draft.carrier_answered


# -- rows and records -----------------------------------------------------------------------------


@given(drafts)
def test_every_draft_becomes_a_row_whose_clear_text_stands_in_one_place(draft: Draft) -> None:
    (row,) = submit([draft], STANDING, BRAND, CAPS, RULES, NOW)
    columns = {column.name for column in message.columns}
    assert set(row) - columns == {"clear"}
    assert row["state"] in ("waiting", "deferred", "blocked")
    assert (row["lane"] is None) == (row["state"] == "blocked") == (row["due_at"] is None)
    needed = {c.name for c in message.columns if not c.nullable} - {"body"}
    assert needed <= set(row)
    rest = json.dumps({name: value for name, value in row.items() if name != "clear"})
    assert STANDING.number not in rest


def test_a_record_holds_codes_and_no_words(no_clear_text: Any) -> None:
    record = rule(proactive(), STANDING, BRAND, RULES, NOW).record
    assert record["reason"] == "ok_consent"
    assert {"check", "outcome", "reason", "rule", "version"} <= set(record["findings"][0])
    assert (record["parts"], record["encoding"]) == (1, "GSM-7")
    assert not no_clear_text(record)


def test_a_refusal_is_a_row_with_its_reason() -> None:
    (row,) = submit([proactive()], replace(STANDING, consents=()), BRAND, CAPS, RULES, NOW)
    assert (row["state"], row["decision"]["reason"]) == ("blocked", "no_consent")
    assert row["cost_micros"] == 0


def test_the_price_is_that_of_the_country_times_the_parts() -> None:
    brand = replace(BRAND, price_micros={"FR": 50_000, "default": 90_000})
    ruling = rule(proactive(body=OFFER + "ê" * 60), STANDING, brand, RULES, NOW)
    assert (ruling.parts.parts, ruling.cost_micros) == (2, 100_000)


def test_what_somebody_waits_for_has_its_own_lane() -> None:
    assert lane_of("36000", Kind.conversational_reply) == "36000/reply"
    assert lane_of("36000", Kind.transactional) == "36000/reply"
    assert lane_of("36000", Kind.marketing) == "36000/bulk"
    assert lane_of("36000", Kind.reminder) == "36000/bulk"


# -- replies --------------------------------------------------------------------------------------


def test_a_reply_in_the_answer_is_handed_over_in_the_turns_own_transaction() -> None:
    done = replies(REPLY, replace(REPLY, message_id="M2", body="Autre chose ?"))
    assert done.to_render == [("M1", REPLY.body), ("M2", "Autre chose ?")]
    assert [row["state"] for row in done.rows] == ["handed_over"] * 2
    assert {row["handed_over_at"] for row in done.rows} == {NOW}
    assert (done.automatic, done.wakes, done.parts) == (2, None, 2)


def test_a_reply_by_api_waits_in_the_first_lane_in_its_order() -> None:
    sender = replace(BRAND.senders[0], reply=ReplyBy.api)
    done = replies(REPLY, replace(REPLY, message_id="M2"), sender=sender)
    assert done.to_render == []
    assert [row["state"] for row in done.rows] == ["waiting"] * 2
    assert [row["due_at"] for row in done.rows] == [NOW, NOW + 1]
    assert done.wakes == f"{SENDER}/reply"


def test_a_channel_without_answers_sends_replies_by_api() -> None:
    sender = BRAND.senders[0]
    done = settle_replies(
        [REPLY], STANDING, BRAND, sender, Caps("mail", response=False), RULES, NOW
    )
    assert done.rows[0]["state"] == "waiting"


def test_a_refused_reply_is_kept_and_not_rendered() -> None:
    refused = replace(
        STANDING, suppressions=(SuppressionRow(None, None, None, None, NOW + 1, "x"),)
    )
    done = replies(REPLY, standing=refused)
    assert (done.to_render, done.automatic) == ([], 0)
    assert done.rows[0]["state"] == "blocked"


def test_a_refusal_of_another_sender_does_not_reach_this_one() -> None:
    other = SuppressionRow("36001", None, None, None, NOW + 1, "keyword")
    assert replies(REPLY, standing=replace(STANDING, suppressions=(other,))).to_render
    pool = SuppressionRow("second", None, None, None, NOW + 1, "keyword")
    second = replace(REPLY, sender="36001")
    done = replies(
        second, standing=replace(STANDING, suppressions=(pool,)), sender=BRAND.senders[1]
    )
    assert done.to_render == []


def test_an_offer_in_a_reply_is_marketing_and_counts_for_the_caps() -> None:
    done = replies(replace(REPLY, promotes=True, body=OFFER))
    assert (len(done.to_render), done.marketing) == (1, 1)
    assert not replies(
        replace(REPLY, promotes=True, body=OFFER), standing=replace(STANDING, consents=())
    ).to_render


@pytest.mark.parametrize(("oldest", "leaves"), [(30, 0), (32, 1)])
def test_four_a_month_holds_in_the_longest_month(oldest: int, leaves: int) -> None:
    day = 24 * 3600 * 1000
    had = replace(STANDING, guard={"marketing": [NOW - n * day for n in (oldest, 24, 17, 10)]})
    offer = replace(REPLY, promotes=True, body=OFFER)
    done = replies(offer, standing=had, brand=replace(BRAND, cap_per_month=4))
    assert len(done.to_render) == leaves
    if not leaves:
        assert done.rows[0]["decision"]["reason"] == "frequency_cap"


def test_a_loop_silences_the_bot_and_says_so() -> None:
    busy = replace(STANDING, guard={"auto": [NOW - 1000] * 10})
    done = replies(REPLY, standing=busy)
    assert (done.loop, done.to_render) == (True, [])
    assert done.rows[0]["decision"]["reason"] == "loop_suspected"
    same = replace(STANDING, guard={"exchange": ["e", 2, NOW - 1000]})
    assert replies(REPLY, standing=same, exchange="e").loop
    assert not replies(REPLY, standing=same, exchange="f").loop


def test_a_person_who_answers_is_no_loop() -> None:
    busy = replace(STANDING, guard={"auto": [NOW - 1000] * 10})
    assert replies(replace(REPLY, by_person=True), standing=busy).to_render


@pytest.mark.parametrize("number", ["36000", "36789", "INFO", "36001"])
def test_short_codes_names_and_our_own_senders_get_no_answer(number: str) -> None:
    assert replies(REPLY, standing=replace(STANDING, number=number)).to_render == []


def test_a_country_that_is_not_served_gets_stop_and_help_and_nothing_else() -> None:
    abroad = replace(STANDING, country="GB", zone="Europe/London")
    confirms = replace(REPLY, confirmation="opt_out", body="Chez Margot : c'est fait.")
    helps = replace(REPLY, confirmation="help", body="Chez Margot. STOP pour arrêter.")
    done = replies(REPLY, confirms, helps, standing=abroad)
    assert [text for _id, text in done.to_render] == [confirms.body, helps.body]
    assert done.rows[0]["decision"]["reason"] == "country_not_served"


def test_over_the_ceiling_only_stop_and_help_are_answered() -> None:
    brand = replace(BRAND, ceiling_micros=1_000_000)
    spent = replace(STANDING, spent_micros=980_000)
    helps = replace(REPLY, confirmation="help", body="Chez Margot. STOP pour arrêter.")
    done = replies(REPLY, helps, standing=spent, brand=brand)
    assert [text for _id, text in done.to_render] == [helps.body]
    assert done.rows[0]["decision"]["reason"] == "budget_reached"


def test_the_ceiling_warns_once_at_four_fifths() -> None:
    brand = replace(BRAND, ceiling_micros=1_000_000)
    assert budget(brand, 700_000, 50_000) is None
    assert budget(brand, 750_000, 50_000) == "warn"
    assert budget(brand, 800_000, 50_000) is None
    assert budget(brand, 960_000, 40_000) == "reached"
    assert budget(BRAND, 10**9, 1) is None


def test_what_the_carrier_confirmed_is_not_confirmed_twice() -> None:
    draft = replace(REPLY, confirmation="opt_out", carrier_answered=True, body="C'est fait.")
    done = replies(draft)
    assert done.to_render == []
    assert done.rows[0]["decision"]["reason"] == "provider_already_confirmed"


@pytest.mark.parametrize("word", ["opt_in", "help"])
def test_the_carriers_own_answer_to_start_and_help_counts_as_well(word: str) -> None:
    draft = replace(REPLY, confirmation=word, carrier_answered=True, body="Chez Margot : oui.")
    assert replies(draft).rows[0]["decision"]["reason"] == "provider_already_confirmed"


def test_a_stop_is_confirmed_once_also_where_confirmations_wait_for_their_release() -> None:
    confirms = replace(REPLY, confirmation="opt_out", body="Chez Margot : c'est fait.")
    stopped = (SuppressionRow(None, BRAND.name, None, None, NOW, "keyword"),)
    # What the turn noted in the same moment, as the release of the waiting text finds it.
    noted = replace(
        STANDING, suppressions=stopped, guard={"stopped_at": NOW, "confirmed_stop_at": NOW}
    )
    assert rule(confirms, noted, BRAND, RULES, NOW + 3000).allowed
    again = replace(confirms, replies_at=NOW + 1000)
    ruling = rule(again, noted, BRAND, RULES, NOW + 1000)
    assert ruling.decision.reason == "duplicate_confirmation"


# -- the door itself ------------------------------------------------------------------------------


def test_only_a_ruling_that_allows_opens_the_door() -> None:
    refused = rule(proactive(), replace(STANDING, consents=()), BRAND, RULES, NOW)
    with pytest.raises(ValueError, match="not allowed"):
        release(refused, proactive(), BRAND.senders[0], STANDING.number, "", RULES, NOW)


def test_a_release_that_waited_too_long_opens_nothing() -> None:
    carrier = InProcessCarrier(lambda: NOW)
    ruling = rule(proactive(), STANDING, BRAND, RULES, NOW)
    token = release(ruling, proactive(), BRAND.senders[0], STANDING.number, "", RULES, NOW)
    with pytest.raises(Stale):
        send(carrier, token, NOW + FACTS_LAST + 1)
    assert carrier.sent == []
    send(carrier, token, NOW + FACTS_LAST)
    assert [one.to for one in carrier.sent] == [STANDING.number]


def test_replies_are_rendered_with_their_callbacks() -> None:
    carrier = InProcessCarrier(lambda: NOW)
    done = replies(REPLY)
    answer, kind = render(carrier, done.to_render, lambda one: f"https://x.example/s?m={one}")
    assert "xml" in kind
    assert b"m=M1" in answer
    assert "prête" in answer.decode()


@given(
    st.lists(st.sampled_from(["marketing", "service", None]), max_size=3),
    drafts,
    st.booleans(),
)
def test_one_more_refusal_never_lets_a_text_through(
    purposes: list[str | None], draft: Draft, late: bool
) -> None:
    at = NOW + 1 if late else NOW - 1
    refusals = tuple(SuppressionRow(None, None, one, None, at, "keyword") for one in purposes)
    assume(draft.confirmation != "opt_out")  # a refusal is just what this one confirms
    before = rule(draft, STANDING, BRAND, RULES, NOW)
    after = rule(draft, replace(STANDING, suppressions=refusals), BRAND, RULES, NOW)
    assert before.allowed or not after.allowed


@pytest.mark.alone
def test_settling_a_reply_costs_little() -> None:
    assert beats(lambda: replies(REPLY), times=50) < 2.5  # about 0.8 measured
