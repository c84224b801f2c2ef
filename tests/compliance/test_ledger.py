"""The consent ledger: an unbroken chain, and what its lines add up to."""

from __future__ import annotations

import json
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger import (
    GENESIS,
    Before,
    LedgerEvent,
    LedgerLine,
    Sealed,
    canonical,
    commitment,
    fold,
    seal,
    start_effect,
    verify,
    wording_hash,
)
from tests.support.speed import beats

ANA = LedgerLine(LedgerEvent.request, 1, brand="margot", person_id="ana", purpose="marketing")
TEXTS = st.text(max_size=12)
LINES = st.builds(
    LedgerLine,
    event=st.sampled_from(LedgerEvent),
    occurred_at=st.integers(0, 2**41),
    brand=st.just("margot"),
    person_id=st.sampled_from(["ana", "bea"]),
    purpose=st.sampled_from(["all", "marketing", "service"]),
    wording_hash=st.none() | TEXTS,
    evidence=st.none() | TEXTS,
)


def chained(lines: list[LedgerLine]) -> list[Sealed]:
    rows, previous = [], GENESIS
    for seq, line in enumerate(lines, 1):
        line = replace(line, seq=seq)
        digest = seal(previous, line)
        rows.append(Sealed("margot", seq, previous, digest, canonical(line).decode()))
        previous = digest
    return rows


@given(st.lists(LINES, max_size=8))
def test_a_chain_as_it_was_written_verifies(lines: list[LedgerLine]) -> None:
    rows = chained(lines)
    head = (len(rows), rows[-1].hash if rows else GENESIS)
    assert verify(rows, head) is None


@given(st.lists(LINES, min_size=1, max_size=8), st.data())
def test_the_first_line_that_was_changed_is_named(
    lines: list[LedgerLine], data: st.DataObject
) -> None:
    rows = chained(lines)
    at = data.draw(st.integers(0, len(rows) - 1))
    changed = json.loads(rows[at].line) | {"occurred_at": -1}
    text = json.dumps(changed, sort_keys=True, separators=(",", ":"))
    broken = verify([*rows[:at], replace(rows[at], line=text), *rows[at + 1 :]])
    assert broken is not None
    assert (broken.brand, broken.seq, broken.why) == ("margot", at + 1, "changed")


@given(st.lists(LINES, min_size=2, max_size=8), st.data())
def test_a_line_taken_out_leaves_a_gap(lines: list[LedgerLine], data: st.DataObject) -> None:
    rows = chained(lines)
    at = data.draw(st.integers(0, len(rows) - 2))
    broken = verify([*rows[:at], *rows[at + 1 :]])
    assert broken is not None
    assert (broken.seq, broken.why) == (at + 1, "gap")


def test_lines_cut_off_at_the_end_are_noticed_by_the_head() -> None:
    rows = chained([ANA, ANA, ANA])
    broken = verify(rows[:2], (3, rows[2].hash))
    assert broken is not None
    assert broken.why == "head"


def test_a_line_sealed_again_breaks_the_next_one() -> None:
    rows = chained([ANA, ANA])
    forged = replace(ANA, seq=1, purpose="service")
    first = replace(rows[0], line=canonical(forged).decode(), hash=seal(GENESIS, forged))
    broken = verify([first, rows[1]])
    assert broken is not None
    assert (broken.seq, broken.why) == (2, "chain")


@given(LINES, LINES)
def test_lines_that_differ_have_canonical_forms_that_differ(
    one: LedgerLine, other: LedgerLine
) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_the_hashed_form_leaves_no_field_out() -> None:
    assert set(json.loads(canonical(ANA))) == {field.name for field in fields(LedgerLine)}


def test_a_commitment_tells_nothing_without_its_salt() -> None:
    assert commitment(b"salt", "STOP") == commitment(b"salt", "STOP")
    assert commitment(b"salt", "STOP") != commitment(b"other", "STOP")
    assert wording_hash("OUI ?") != wording_hash("YES?")


def test_double_opt_in_counts_only_when_it_was_answered() -> None:
    key = ("ana", "marketing", "sms")
    asked = fold([ANA])
    assert (asked.consents[key].state, asked.consents[key].double_opt_in) == ("pending", "pending")
    answered = fold([ANA, replace(ANA, event=LedgerEvent.confirm, occurred_at=2)])
    assert (answered.consents[key].state, answered.consents[key].double_opt_in) == (
        "granted",
        "done",
    )


def test_a_stop_of_everything_takes_every_purpose_back() -> None:
    given_both = [
        replace(ANA, event=LedgerEvent.grant, purpose=purpose)
        for purpose in ("marketing", "service")
    ]
    stop = replace(ANA, event=LedgerEvent.withdraw, purpose="all", occurred_at=9)
    folded = fold([*given_both, stop])
    assert {state.state for state in folded.consents.values()} == {"withdrawn"}
    assert folded.stopped == {("ana", "all"): 9}


def test_a_stop_of_one_purpose_leaves_the_other_and_the_other_person() -> None:
    lines = [
        replace(ANA, event=LedgerEvent.grant, purpose="marketing"),
        replace(ANA, event=LedgerEvent.grant, purpose="service"),
        replace(ANA, event=LedgerEvent.grant, person_id="bea"),
        replace(ANA, event=LedgerEvent.withdraw, purpose="marketing"),
    ]
    states = {key[:2]: state.state for key, state in fold(lines).consents.items()}
    assert states == {
        ("ana", "marketing"): "withdrawn",
        ("ana", "service"): "granted",
        ("bea", "marketing"): "granted",
    }


def test_start_lifts_the_stop_and_gives_nothing_by_itself() -> None:
    lines = [
        replace(ANA, event=LedgerEvent.grant),
        replace(ANA, event=LedgerEvent.withdraw, purpose="all"),
        replace(ANA, event=LedgerEvent.start, purpose="all"),
    ]
    folded = fold(lines)
    assert folded.stopped == {}
    assert folded.consents[("ana", "marketing", "sms")].state == "withdrawn"


def test_start_brings_back_only_what_was_confirmed_where_the_country_says_so() -> None:
    before = [
        Before("marketing", "withdrawn", "done"),
        Before("service", "withdrawn"),
        Before("news", "none"),
    ]
    assert start_effect(True, before) == ("marketing",)
    assert start_effect(False, before) == ()


@given(st.lists(LINES, max_size=12))
def test_nothing_stays_granted_after_a_last_withdrawal_of_everything(
    lines: list[LedgerLine],
) -> None:
    stop = replace(ANA, event=LedgerEvent.withdraw, purpose="all", occurred_at=2**42)
    folded = fold([*lines, stop])
    states = [state.state for key, state in folded.consents.items() if key[0] == "ana"]
    assert "granted" not in states
    assert "pending" not in states


def test_a_chain_is_verified_in_one_quick_pass() -> None:
    rows = chained([replace(ANA, occurred_at=at) for at in range(4_000)])
    assert verify(rows) is None
    # A line costs a hash and a comparison: some microseconds, a fraction of a beat.
    few = rows[:50]
    assert beats(lambda: verify(few)) / len(few) < 0.5
