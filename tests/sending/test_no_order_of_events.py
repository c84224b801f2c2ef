"""No order of submits, releases, stops, crashes and clock jumps sends twice or past a stop.

Past a stop means: handed over in a commit after the one that kept the stop.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import Outgoing, SendError, Sent
from bot.channels.carrier import InProcessCarrier
from bot.store.database import open_database
from tests.sending.conftest import SENDER, World, build_world
from tests.support.clock import Dice, Ids, VirtualClock

PEOPLE = 3
PLANS = ("take", "take", "take", "429", "refuse", "die_before", "die_after", "break_off", "slow")


class Killed(BaseException):
    """A worker dies here."""


class Unsteady(InProcessCarrier):
    """A carrier that follows a plan, one word a call, and takes everything once it ran out."""

    def __init__(self, world: World, plan: list[str]) -> None:
        super().__init__(world.clock)
        self._world, self._plan = world, plan

    def send(self, outgoing: Outgoing) -> Sent:
        does = self._plan.pop(0) if self._plan else "take"
        if does == "429":
            raise SendError("20429", retryable=True)
        if does == "refuse":
            raise SendError("21211", invalid=True)
        if does == "die_before":
            raise Killed
        if does == "slow":
            self._world.clock.forward(seconds=7)
        sent = super().send(outgoing)
        if does == "die_after":
            raise Killed
        if does == "break_off":
            raise SendError("timeout", uncertain=True, retryable=True)
        return sent


who = st.integers(0, PEOPLE - 1)
actions = st.one_of(
    st.tuples(st.just("submit"), who),
    st.tuples(st.just("table"), who),
    st.tuples(st.just("stop"), who),
    st.tuples(st.sampled_from(["drain", "drain", "settle", "night"]), st.just(0)),
    st.tuples(st.just("forward"), st.sampled_from([1, 30, 130, 700, 40_000])),
)


def act(world: World, people: list[str], action: tuple[str, int]) -> None:
    does, which = action
    if does == "submit":
        world.submit(world.draft(people[which]))
    elif does == "table":
        world.submit(world.draft(people[which], "Votre table est prête.", purpose="transactional"))
    elif does == "stop":
        world.stop(people[which])
    elif does == "settle":
        world.settle()
    elif does == "forward":
        world.clock.forward(seconds=which)
    elif does == "night":
        world.clock.to(f"{world.clock.moment:%Y-%m-%d} 23:30")
    else:
        for lane in ("bulk", "reply"):
            try:
                world.drain(f"{SENDER}/{lane}", largest=3)
            except Killed:
                return


@settings(max_examples=60)
@given(
    st.lists(actions, min_size=3, max_size=25),
    st.lists(st.sampled_from(PLANS), max_size=12),
)
def test_nothing_is_sent_twice_or_past_a_stop(
    sqlite_template: Path,
    tmp_path_factory: Any,
    order: list[tuple[str, int]],
    plan: list[str],
) -> None:
    path = tmp_path_factory.mktemp("order") / "parley.db"
    shutil.copy(sqlite_template, path)
    clock = VirtualClock()
    db = open_database(f"sqlite:///{path}", durable=False)
    try:
        world = build_world(db, clock, Ids(clock), Dice())
        carrier = Unsteady(world, list(plan))
        world.use(carrier)
        people = [world.person() for _ in range(PEOPLE)]
        stopped: dict[str, int] = {}
        for action in order:
            if action[0] == "stop":
                number = world.standing(people[action[1]]).number
                stopped.setdefault(number, len(carrier.sent))
            act(world, people, action)
        for _ in range(6):
            clock.forward(seconds=600)
            act(world, people, ("settle", 0))
            act(world, people, ("drain", 0))
        ids = [one.message_id for one in carrier.sent]
        assert len(ids) == len(set(ids))
        for number, before in stopped.items():
            assert number not in [one.to for one in carrier.sent[before:]]
        open_ones = {"claimed", "handed_over", "uncertain"}
        rows = [world.row(one) for one in set(ids)]
        assert not [row.state for row in rows if row.state in open_ones | {"waiting", "failed"}]
    finally:
        db.close()
        shutil.rmtree(path.parent)
