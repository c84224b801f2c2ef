"""The written state machine of an outbox row."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import DeliveryState, furthest
from bot.sending.outbox import BEGINNINGS, CARRIER, CLOSED, READY, State, after_carrier, may_move

told = st.lists(st.sampled_from(list(DeliveryState)), max_size=12)
anything = st.sampled_from(list(State))


def test_nothing_is_sent_from_anywhere_but_a_claim() -> None:
    assert [state for state in State if may_move(state, "handed_over")] == [State.claimed]


def test_nothing_is_claimed_that_may_already_have_left() -> None:
    assert {state for state in State if may_move(state, "claimed")} == READY


def test_an_uncertain_text_waits_again_only_by_way_of_the_carrier_being_asked() -> None:
    ways = {state for state in State if may_move(state, "waiting")}
    assert ways == {State.deferred, State.claimed, State.handed_over, State.uncertain}


@pytest.mark.parametrize("state", sorted(CLOSED))
def test_what_is_closed_is_moved_by_nothing_of_ours(state: State) -> None:
    assert not any(may_move(state, to) for to in State)


def test_every_state_can_be_reached_from_a_beginning() -> None:
    reached = set(BEGINNINGS)
    while True:
        more = {to for one, to in itertools.product(reached, State) if may_move(one, to)}
        more |= {State(after_carrier(one, to)) for one in reached for to in DeliveryState}
        if more <= reached:
            break
        reached |= more
    assert reached == set(State)


@given(anything, told, st.randoms())
def test_callbacks_end_in_the_same_state_in_any_order_and_however_often(
    state: State, reports: list[DeliveryState], chance: object
) -> None:
    def after(order: list[DeliveryState]) -> str:
        now = str(state)
        for one in order:
            now = after_carrier(now, one)
        return now

    shuffled = reports + reports
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(reports) == after(shuffled)
    if reports and state not in CARRIER:
        assert after(reports) == furthest(reports)


@given(anything, st.sampled_from(list(DeliveryState)))
def test_a_carriers_state_never_moves_back(state: State, report: DeliveryState) -> None:
    after = after_carrier(state, report)
    if state in CARRIER:
        assert DeliveryState(after).rank() >= DeliveryState(state).rank()
    else:
        assert after == report


def test_a_late_callback_proves_that_a_text_we_gave_up_was_sent() -> None:
    assert after_carrier("unknown", "delivered") == "delivered"
    assert after_carrier("waiting", "sent") == "sent"
