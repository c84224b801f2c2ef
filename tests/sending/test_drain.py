"""Draining a lane on both databases: order, fresh facts, epochs, failures, crashes."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.channels import Outgoing, SendError, Sent
from bot.channels.carrier import InProcessCarrier
from bot.engine.brand import Sender
from bot.sending.deliver import LEASE
from bot.sending.gate import FACTS_LAST
from bot.store import lanes
from bot.store.markers import put_marker
from bot.store.tables import event, person, person_key, spend
from tests.sending.conftest import BRAND, OFFER, SENDER, World

BULK = f"{SENDER}/bulk"


class Killed(BaseException):
    """Ends a process in a test, as a kill would: nothing of ours catches it."""


class Carrier(InProcessCarrier):
    """A carrier that does something at a given message: `at` counts from 0 over all calls."""

    def __init__(self, world: World, does: Any, at: int = 0, *, after: bool = False) -> None:
        super().__init__(world.clock)
        self.calls, self._does, self._at, self._after = 0, does, at, after

    def send(self, outgoing: Outgoing) -> Sent:
        mine = self.calls == self._at
        self.calls += 1
        if mine and not self._after:
            self._does()
        sent = super().send(outgoing)
        if mine and self._after:
            self._does()
        return sent


def raises(error: BaseException) -> Any:
    def does() -> None:
        raise error

    return does


def sent_ids(world: World) -> list[str]:
    return [one.message_id for one in world.carrier.sent]


def offers(world: World, count: int) -> list[str]:
    return [world.submit(world.draft(world.person()))[0] for _ in range(count)]


# -- what goes well -------------------------------------------------------------------------------


def test_a_lane_is_drained_in_order_and_each_text_once(world: World) -> None:
    ids = offers(world, 12)
    done = world.drain(largest=5)
    assert (done.sent, done.more, sent_ids(world)) == (12, False, ids)
    assert set(world.states(*ids)) == {"queued"}
    assert world.drain().sent == 0


def test_a_text_reaches_the_carrier_with_number_callback_and_the_carriers_id_is_kept(
    world: World,
) -> None:
    (one,) = offers(world, 1)
    world.drain()
    outgoing, row = world.carrier.sent[0], world.row(one)
    assert (outgoing.to, outgoing.sender, outgoing.body) == ("+33639980000", SENDER, OFFER)
    assert outgoing.status_callback.endswith(f"?m={one}")
    assert row.provider_id in world.carrier.books
    assert row.handed_over_at == world.clock()


def test_nothing_due_later_leaves_now(world: World) -> None:
    later = world.clock() + 60_000
    (one,) = world.submit(world.draft(world.person(), due_at=later))
    assert world.drain().sent == 0
    world.clock.forward(minutes=1)
    world.drain()
    assert sent_ids(world) == [one]


def test_the_row_says_why_and_names_nobody(world: World, no_clear_text: Any) -> None:
    (one,) = offers(world, 1)
    world.drain()
    decision = world.row(one).decision
    assert decision["outcome"] == "allow"
    assert decision["findings"]
    assert not no_clear_text(decision)


# -- fresh facts ----------------------------------------------------------------------------------


def test_a_stop_between_submit_and_release_wins(world: World) -> None:
    stays, leaves = world.person(), world.person()
    ids = world.submit(world.draft(leaves), world.draft(stays))
    world.stop(leaves)
    world.drain()
    assert sent_ids(world) == [ids[1]]
    row = world.row(ids[0])
    assert (row.state, row.decision["reason"]) == ("blocked", "suppressed")
    assert [one.data["reason"] for one in world.events("decided")] == ["suppressed"]


def test_a_stop_while_a_batch_is_on_its_way_stops_the_next_batch(world: World) -> None:
    people = [world.person() for _ in range(4)]
    ids = world.submit(*[world.draft(one) for one in people])
    carrier = Carrier(world, lambda: [world.stop(one) for one in people], at=1)
    world.use(carrier)
    world.drain(largest=2)
    assert [one.message_id for one in carrier.sent] == ids[:2]
    assert world.states(*ids[2:]) == ["blocked", "blocked"]


def test_a_text_submitted_at_night_waits_for_the_morning(world: World) -> None:
    world.clock.to("2026-03-03 23:10")
    (one,) = offers(world, 1)
    row = world.row(one)
    assert (row.state, row.decision["reason"]) == ("deferred", "quiet_hours")
    assert world.drain().sent == 0
    world.clock.to("2026-03-04 08:00")
    assert world.drain().sent == 1


def test_a_text_that_waited_into_the_night_is_deferred_at_its_release(world: World) -> None:
    world.clock.to("2026-03-03 21:59")
    (one,) = offers(world, 1)
    world.clock.to("2026-03-03 22:00")
    world.drain()
    assert (world.states(one), world.carrier.sent) == (["deferred"], [])
    world.clock.to("2026-03-04 08:00")
    world.drain()
    assert sent_ids(world) == [one]


def test_the_cap_counts_what_left_a_moment_ago_in_the_same_batch(world: World) -> None:
    world.brands[BRAND.name] = replace(BRAND, cap_per_day=1)
    who = world.person()
    ids = world.submit(world.draft(who), world.draft(who))
    world.drain()
    assert sent_ids(world) == ids[:1]
    assert world.row(ids[1]).decision["reason"] == "frequency_cap"
    assert world.guard(who)["marketing"] == [world.clock()]


def test_facts_that_grew_old_while_waiting_are_read_again_before_anything_leaves(
    world: World,
) -> None:
    first, second = world.person(), world.person()
    ids = world.submit(world.draft(first), world.draft(second))

    def slow() -> None:
        world.clock.forward(milliseconds=FACTS_LAST + 1)
        world.stop(second)

    carrier = Carrier(world, slow)
    world.use(carrier)
    world.drain()
    assert world.states(*ids) == ["queued", "waiting"]
    world.drain()
    assert [one.message_id for one in carrier.sent] == ids[:1]
    assert world.states(*ids) == ["queued", "blocked"]


def test_what_expired_is_closed_and_what_would_come_too_late_ends_when_it_expires(
    world: World,
) -> None:
    world.clock.to("2026-03-03 21:00")
    who, end = world.person(), world.clock() + 2 * 3600 * 1000
    (one,) = world.submit(world.draft(who, expires_at=end))
    world.clock.to("2026-03-03 22:30")
    world.drain()
    assert world.row(one).state == "deferred"
    assert world.row(one).due_at == end
    world.clock.to("2026-03-03 23:00")
    world.drain()
    assert (world.states(one), world.carrier.sent) == (["expired"], [])


def test_a_person_who_was_erased_is_not_written_to(world: World) -> None:
    who = world.person()
    (one,) = world.submit(world.draft(who))
    world.db.write(
        lambda conn: conn.execute(person_key.delete().where(person_key.c.person_id == who))
    )
    world.drain()
    assert (world.states(one), world.carrier.sent) == (["cancelled"], [])


def test_a_brand_that_lost_its_sender_sends_nothing_from_it(world: World) -> None:
    (one,) = offers(world, 1)
    world.brands[BRAND.name] = replace(BRAND, senders=BRAND.senders[1:])
    world.drain()
    assert (world.states(one), world.row(one).error) == (["cancelled"], "no_sender")


def test_the_ceiling_of_the_day_holds_within_a_batch(world: World) -> None:
    world.brands[BRAND.name] = replace(BRAND, ceiling_micros=150_000)
    ids = offers(world, 4)
    world.drain()
    assert sent_ids(world) == ids[:2]
    assert world.row(ids[2]).decision["reason"] == "budget_reached"
    assert world.db.read(lambda conn: conn.scalar(select(spend.c.micros))) == 140_000


def test_marketing_is_valid_only_for_what_is_left_of_the_day(world: World) -> None:
    world.clock.to("2026-03-03 21:40")
    offers(world, 1)
    world.drain()
    assert world.carrier.sent[0].validity_seconds == 20 * 60


def test_a_text_with_an_end_is_valid_until_then_and_a_plain_one_for_good(world: World) -> None:
    who, end = world.person(), world.clock() + 90_000
    world.submit(
        world.draft(who, "Votre table est prête.", purpose="transactional", expires_at=end),
        world.draft(who, "Votre commande part.", purpose="transactional"),
    )
    world.drain(f"{SENDER}/reply")
    assert [one.validity_seconds for one in world.carrier.sent] == [90, None]


# -- leases and epochs ----------------------------------------------------------------------------


def test_a_drain_with_an_old_epoch_sends_nothing(world: World) -> None:
    ids = offers(world, 2)
    old = world.raise_epoch(BULK)
    new = world.raise_epoch(BULK)
    assert world.drain(epoch=old).lost
    assert world.carrier.sent == []
    assert world.states(*ids) == ["waiting", "waiting"]
    assert world.drain(epoch=new).sent == 2


def test_a_drain_that_loses_its_lane_stops_and_the_next_one_goes_on(world: World) -> None:
    ids = offers(world, 6)
    carrier = Carrier(world, lambda: world.raise_epoch(BULK), at=1)
    world.use(carrier)
    done = world.drain(largest=2)
    assert (done.lost, done.sent) == (True, 2)
    world.drain()
    assert [one.message_id for one in carrier.sent] == ids


def test_two_drains_of_one_epoch_do_not_work_side_by_side(world: World) -> None:
    ids = offers(world, 4)
    epoch = world.raise_epoch(BULK)
    seen = []

    def second() -> None:
        from bot.sending.deliver import drain

        seen.append(drain(world.way, BULK, epoch, owner="another"))

    carrier = Carrier(world, second)
    world.use(carrier)
    world.drain(epoch=epoch, largest=2)
    assert seen[0].lost
    assert [one.message_id for one in carrier.sent] == ids


def test_a_drain_ends_after_its_slice_and_says_that_there_is_more(world: World) -> None:
    offers(world, 6)
    carrier = Carrier(world, lambda: world.clock.forward(seconds=4), at=1)
    world.use(carrier)
    done = world.drain(largest=2)
    assert (done.sent, done.more) == (2, True)
    assert world.drain().sent == 4


def test_the_sweepers_view_names_lanes_that_are_due_and_free(world: World) -> None:
    offers(world, 1)
    world.submit(world.draft(world.person(), sender="36001", due_at=world.clock() + 1000))
    ready = world.db.read(lambda conn: lanes.ready_lanes(conn, world.clock()))
    assert ready == [BULK]
    world.clock.forward(seconds=1)
    ready = world.db.read(lambda conn: lanes.ready_lanes(conn, world.clock()))
    assert ready == [BULK, "36001/bulk"]
    epoch = world.raise_epoch(BULK)
    now = world.clock()
    world.db.write(lambda conn: lanes.hold(conn, BULK, epoch, "me", now + LEASE))
    take = {"names": [BULK], "until": now + 5}
    assert world.db.write(lambda conn: lanes.raise_epochs(conn, now_ms=now + 1, **take)) == []
    later = now + LEASE
    raised = world.db.write(lambda conn: lanes.raise_epochs(conn, now_ms=later, **take))
    assert raised == [(BULK, epoch + 1)]


def test_nothing_is_released_before_the_books_were_compared(world: World) -> None:
    ids = offers(world, 1)
    world.db.write(lambda conn: put_marker(conn, "started_at", 7))
    assert world.drain().held_back
    world.db.write(lambda conn: put_marker(conn, "reconciled_for", 7))
    assert world.drain().sent == 1
    world.db.write(lambda conn: put_marker(conn, "started_at", 8))
    assert world.drain().held_back
    assert world.states(*ids) == ["queued"]


# -- what goes wrong ------------------------------------------------------------------------------


def test_after_a_429_everything_waits_and_leaves_in_order(world: World) -> None:
    ids = offers(world, 5)
    carrier = Carrier(world, raises(SendError("20429", retryable=True)), at=2)
    world.use(carrier)
    done = world.drain(slice_ms=0)
    assert (done.sent, done.put_back) == (2, 3)
    row = world.row(ids[2])
    assert (row.state, row.error, row.attempts) == ("waiting", "20429", 1)
    assert row.due_at == world.clock() + 1000
    assert [world.row(one).attempts for one in ids[3:]] == [0, 0]
    world.clock.forward(seconds=1)
    world.drain()
    assert sorted(one.message_id for one in carrier.sent) == ids
    assert set(world.states(*ids)) == {"queued"}


def test_texts_of_one_person_stay_in_order_over_a_failure(world: World) -> None:
    who = world.person()
    ids = [world.submit(world.draft(who))[0] for _ in range(3)]
    carrier = Carrier(world, raises(SendError("20429", retryable=True)))
    world.use(carrier)
    for _ in range(4):
        world.drain()
        world.clock.forward(seconds=1)
    assert [one.message_id for one in carrier.sent] == ids


def test_a_second_try_is_not_refused_by_the_cap_and_costs_once(world: World) -> None:
    world.brands[BRAND.name] = replace(BRAND, cap_per_day=1)
    (one,) = offers(world, 1)
    world.use(Carrier(world, raises(SendError("20429", retryable=True))))
    world.drain()
    world.clock.forward(seconds=2)
    world.drain()
    assert world.states(one) == ["queued"]
    shards = world.db.read(lambda conn: conn.scalars(select(spend.c.micros)).all())
    assert sum(shards) == 70_000


def test_a_carrier_that_refuses_for_good_ends_the_text_and_not_the_lane(world: World) -> None:
    ids = offers(world, 3)
    carrier = Carrier(world, raises(SendError("21211", invalid=True)), at=1)
    world.use(carrier)
    world.drain()
    assert world.states(*ids) == ["queued", "failed", "queued"]
    assert world.row(ids[1]).error == "21211"
    assert [one.message_id for one in world.events("failed")] == [ids[1]]


def test_a_stop_that_only_the_carrier_knew_of_is_recorded(world: World) -> None:
    ids = offers(world, 2)
    world.carrier.blocked.add(("+33639980000", SENDER))
    world.drain()
    assert world.states(*ids) == ["failed", "queued"]
    assert (world.stopped, world.row(ids[0]).error) == ([ids[0]], "21610")


def test_a_lane_rests_after_three_failures_in_a_row(world: World) -> None:
    offers(world, 3)
    world.use(InProcessCarrier(world.clock, refuse=lambda _one: "20429"))
    before = world.clock()
    done = world.drain()
    assert done.sent == 0
    assert world.clock() - before < 3000
    ready = world.db.read(lambda conn: lanes.ready_lanes(conn, world.clock()))
    take = {"names": ready, "until": 1}
    now = world.clock()
    assert world.db.write(lambda conn: lanes.raise_epochs(conn, now_ms=now, **take)) == []


def test_tries_end_and_each_waits_longer_than_the_one_before(world: World) -> None:
    (one,) = offers(world, 1)
    world.use(InProcessCarrier(world.clock, refuse=lambda _one: "30022"))
    waits = []
    for _ in range(40):
        row = world.row(one)
        if row.state != "waiting":
            break
        world.clock.forward(milliseconds=max(0, row.due_at - world.clock()))
        world.drain(slice_ms=0)
        waits.append(world.row(one).due_at - world.clock())
    assert world.states(one) == ["failed"]
    assert waits[:5] == [1000, 2000, 4000, 8000, 16000]
    assert max(waits) <= 600_000


def test_a_call_that_broke_off_is_uncertain_and_not_sent_again(world: World) -> None:
    ids = offers(world, 2)
    carrier = Carrier(world, raises(SendError("timeout", retryable=True, uncertain=True)))
    world.use(carrier)
    world.drain()
    world.clock.forward(seconds=10)
    world.drain()
    assert world.states(*ids) == ["uncertain", "queued"]
    assert [one.message_id for one in carrier.sent] == ids[1:]


def test_a_bug_in_a_channel_makes_a_text_uncertain(world: World) -> None:
    (one,) = offers(world, 1)
    world.use(Carrier(world, raises(ZeroDivisionError())))
    world.drain()
    assert (world.states(one), world.row(one).error) == (["uncertain"], "ZeroDivisionErro")


# -- crashes, and what is settled after them ------------------------------------------------------


def test_a_worker_killed_before_the_call_leaves_nothing_unsent_and_nothing_twice(
    world: World,
) -> None:
    ids = offers(world, 3)
    carrier = Carrier(world, raises(Killed()), at=1)
    world.use(carrier)
    with pytest.raises(Killed):
        world.drain()
    assert world.states(*ids) == ["queued", "handed_over", "handed_over"]
    world.clock.forward(minutes=1)
    assert world.settle().later == 2
    world.clock.forward(minutes=1)
    assert world.settle().again == 2
    world.drain()
    assert [one.message_id for one in carrier.sent] == ids


def test_a_worker_killed_after_the_carrier_took_the_text_does_not_send_it_again(
    world: World,
) -> None:
    ids = offers(world, 2)
    carrier = Carrier(world, raises(Killed()), after=True)
    world.use(carrier)
    with pytest.raises(Killed):
        world.drain()
    world.clock.forward(minutes=2)
    done = world.settle()
    assert (done.found, done.again) == (1, 1)
    assert world.states(*ids) == ["queued", "waiting"]
    world.drain()
    assert [one.message_id for one in carrier.sent] == ids


def test_two_uncertain_texts_of_the_same_words_are_each_found_once(world: World) -> None:
    who = world.person()
    ids = world.submit(world.draft(who), world.draft(who))
    carrier = Carrier(world, raises(Killed()), at=1, after=True)
    world.use(carrier)
    with pytest.raises(Killed):
        world.drain(largest=1)
    world.db.write(
        lambda conn: conn.execute(
            update(event.metadata.tables["message"]).values(
                state="handed_over", provider_id=None, lease_until=1
            )
        )
    )
    world.clock.forward(minutes=3)
    assert world.settle().found == 2
    assert len({world.row(one).provider_id for one in ids}) == 2


def test_a_reply_in_an_answer_that_never_arrived_is_asked_about_and_sent_again(
    world: World,
) -> None:
    from bot.sending.gate import Caps, settle_replies
    from tests.sending.conftest import RULES

    who = world.person()
    draft = world.draft(who, "Bonjour", proactive=False, in_reply_to="x", replies_at=world.clock())
    replies = settle_replies(
        [draft], world.standing(who), BRAND, BRAND.senders[0], Caps("twilio"), RULES, world.clock()
    )
    world.insert(replies.rows)
    assert world.states(draft.message_id) == ["handed_over"]
    assert world.settle().later == 0
    world.clock.forward(minutes=2)
    assert world.settle().again == 1
    world.drain(f"{SENDER}/reply")
    assert sent_ids(world) == [draft.message_id]


def test_a_carrier_that_cannot_be_asked_is_no_answer(world: World) -> None:
    market, service = world.person(), world.person()
    ids = world.submit(world.draft(market))
    ids += world.submit(world.draft(service, "Votre table est prête.", purpose="transactional"))

    class Away(InProcessCarrier):
        def send(self, outgoing: Outgoing) -> Sent:  # noqa: ARG002
            raise SendError("timeout", uncertain=True)

        def find_sent(self, *_: Any) -> Any:
            raise SendError("away", retryable=True)

    world.use(Away(world.clock))
    world.drain()
    world.drain(f"{SENDER}/reply")
    world.clock.forward(minutes=5)
    assert world.settle().later == 2
    assert world.states(*ids) == ["uncertain", "uncertain"]
    world.clock.forward(hours=1)
    assert world.settle().unknown == 2
    assert world.states(*ids) == ["unknown", "unknown"]
    assert [one.message_id for one in world.events("uncertain")] == [ids[1]]


def test_settling_twice_at_once_puts_a_text_back_once(world: World) -> None:
    (one,) = offers(world, 1)
    world.use(Carrier(world, raises(Killed())))
    with pytest.raises(Killed):
        world.drain()
    world.clock.forward(minutes=2)
    stale = world.row(one)
    world.settle()
    world.drain()
    assert world.states(one) == ["queued"]
    from bot.sending import settle as settling

    settling._send_again(world.way, stale._mapping, world.clock())
    assert world.states(one) == ["queued"]
    assert len(world.way.channel("twilio").sent) == 1  # type: ignore[attr-defined]


# -- PostgreSQL: locks ----------------------------------------------------------------------------


def test_a_stop_that_commits_while_a_release_waits_for_the_person_is_seen(
    postgres_url: str, clock: Any, make_id: Any, dice: Any
) -> None:
    from bot.store.database import open_database
    from tests.sending.conftest import build_world

    db = open_database(postgres_url)
    world = build_world(db, clock, make_id, dice)
    who = world.person()
    (one,) = world.submit(world.draft(who))
    standing = world.standing(who)
    locked, done = threading.Event(), threading.Event()

    def stop() -> None:
        from sqlalchemy import insert

        from bot.store.tables import suppression

        def work(conn: Any) -> None:
            conn.execute(select(person.c.id).where(person.c.id == who).with_for_update())
            locked.set()
            done.wait(0.3)
            row = {"id": "S", "number_hmac": standing.number_hmac, "at": clock(), "via": "keyword"}
            conn.execute(insert(suppression), {**row, "brand": BRAND.name, "chosen": False})

        db.write(work)

    thread = threading.Thread(target=stop)
    thread.start()
    assert locked.wait(5)
    world.drain()
    thread.join()
    assert world.states(one) == ["blocked"]
    db.close()


def test_a_paced_sender_claims_no_more_than_leaves_while_facts_are_fresh(world: World) -> None:
    sender = Sender("36001", parts_per_second=2, fictional=True)
    world.brands[BRAND.name] = replace(BRAND, senders=(sender,))
    ids = [world.submit(world.draft(world.person(), sender="36001"))[0] for _ in range(10)]
    began = world.clock()
    done = world.drain("36001/bulk", slice_ms=60_000)
    assert done.sent == len(ids)
    assert max(done.ages_ms) <= 1000
    assert 3500 <= world.clock() - began <= 5000
