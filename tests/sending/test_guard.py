"""The loop guard: two machines that answer each other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sending.guard import (
    AUTOMATIC_WINDOW,
    EXCHANGE_WINDOW,
    MARKETING_WINDOW,
    loop_suspected,
    next_guard,
    unanswerable,
)

NOW = 1_800_000_000_000


def test_ten_automatic_replies_in_five_minutes_pass_and_the_eleventh_does_not() -> None:
    guard: dict[str, object] = {}
    for count in range(10):
        assert not loop_suspected(guard, NOW + count, automatic=1)
        guard = next_guard(guard, NOW + count, automatic=1)
    assert loop_suspected(guard, NOW + 10, automatic=1)
    assert not loop_suspected(guard, NOW + AUTOMATIC_WINDOW, automatic=1)


def test_two_replies_to_one_text_count_twice() -> None:
    guard = next_guard({}, NOW, automatic=9)
    assert loop_suspected(guard, NOW, automatic=2)
    assert not loop_suspected(guard, NOW, automatic=1)


def test_the_same_exchange_for_the_third_time_in_a_row_is_a_loop() -> None:
    guard = next_guard(next_guard({}, NOW, exchange="a"), NOW + 1, exchange="a")
    assert loop_suspected(guard, NOW + 2, exchange="a")
    assert not loop_suspected(guard, NOW + 2, exchange="b")
    between = next_guard(guard, NOW + 2, exchange="b")
    assert not loop_suspected(between, NOW + 3, exchange="a")


def test_the_same_exchange_on_another_evening_is_no_loop() -> None:
    guard = next_guard(next_guard({}, NOW, exchange="a"), NOW + 1, exchange="a")
    assert not loop_suspected(guard, NOW + EXCHANGE_WINDOW + 2, exchange="a")


def test_a_guard_keeps_what_others_keep_in_it_and_forgets_what_is_old() -> None:
    guard = {"stopped_at": 5, "clarify": 7, "auto": [1], "marketing": [1, NOW - MARKETING_WINDOW]}
    assert next_guard(guard, NOW) == {"stopped_at": 5, "clarify": 7}


@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 24 * 3600), st.integers(0, 3), st.booleans()), max_size=60
    )
)
def test_a_guard_stays_small_and_survives_json(steps: list[tuple[int, int, bool]]) -> None:
    guard: dict[str, object] = {}
    now = NOW
    for seconds, automatic, markets in steps:
        now += seconds * 1000
        if loop_suspected(guard, now, automatic=automatic):
            automatic = 0
        guard = json.loads(json.dumps(next_guard(guard, now, automatic=automatic)))
        guard = next_guard(guard, now, marketing=int(markets))
        assert len(guard.get("auto", ())) <= 10  # type: ignore[arg-type]
        assert all(at > now - MARKETING_WINDOW for at in guard.get("marketing", ()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", ["36000", "Chez Margot", "", "+33639980001"])
def test_short_codes_names_and_our_own_senders_are_never_answered(number: str) -> None:
    assert unanswerable(number, ["+33639980001"])


def test_a_persons_number_is_answered() -> None:
    assert not unanswerable("+33639980002", ["36000"])
