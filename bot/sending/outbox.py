"""The life of an outbox row, as a written state machine.

A row is `handed_over` *before* the carrier is called, in a commit of its own. What happens to the
process after that can therefore never make it leave twice: a row found in `handed_over` after its
lease, or whose call broke off while reading, is `uncertain`, and the carrier is asked first.

>>> may_move("waiting", "claimed"), may_move("uncertain", "claimed")
(True, False)
>>> after_carrier("delivered", "sent")
'delivered'
"""

from __future__ import annotations

from enum import StrEnum

from bot.channels import DeliveryState


class State(StrEnum):
    """Ours first, in the order of a life; then the carrier's, as its callbacks tell them."""

    waiting = "waiting"
    deferred = "deferred"
    claimed = "claimed"
    handed_over = "handed_over"
    uncertain = "uncertain"
    accepted = "accepted"
    queued = "queued"
    sending = "sending"
    sent = "sent"
    canceled = "canceled"
    failed = "failed"
    undelivered = "undelivered"
    delivered = "delivered"
    read = "read"
    blocked = "blocked"
    cancelled = "cancelled"
    expired = "expired"
    unknown = "unknown"


CARRIER = frozenset(State(state) for state in DeliveryState)
READY = frozenset({State.waiting, State.deferred})
#: Nothing of ours moves these any more; only a carrier that proves us wrong does.
CLOSED = frozenset({State.blocked, State.cancelled, State.expired, State.unknown, State.failed})
BEGINNINGS = frozenset({State.waiting, State.deferred, State.blocked, State.handed_over})

_ENDS = {State.blocked, State.cancelled, State.expired}
# Our own moves. `claimed` is passed through inside the transaction that decides, so nobody outside
# ever sees it; a claim that commits on its own may be given back.
_MOVES: dict[State, frozenset[State]] = {
    State.waiting: frozenset({State.claimed, State.deferred, *_ENDS}),
    State.deferred: frozenset({State.claimed, State.waiting, *_ENDS}),
    State.claimed: frozenset({State.handed_over, State.waiting, State.deferred, *_ENDS}),
    # Back to waiting only when it is certain that nothing left: a refused connection, a 429.
    State.handed_over: frozenset(
        {State.accepted, State.uncertain, State.waiting, State.expired, State.failed}
    ),
    # Back to waiting only when the carrier was asked and certainly has it not.
    State.uncertain: frozenset(
        {State.accepted, State.waiting, State.expired, State.failed, State.unknown}
    ),
}


def may_move(state: str, to: str) -> bool:
    """Whether we may move a row from one state to another; what the carrier says is apart."""
    return State(to) in _MOVES.get(State(state), frozenset())


def after_carrier(state: str, told: str) -> str:
    """The state of a row once the carrier has reported `told`, in whatever order reports come.

    A report is proof that the carrier has the message, so it also moves a row that we had given up
    or were about to send again. Among the carrier's own states only a later one counts.
    """
    if State(state) not in CARRIER:
        return str(DeliveryState(told))
    return str(max(DeliveryState(state), DeliveryState(told), key=DeliveryState.rank))
