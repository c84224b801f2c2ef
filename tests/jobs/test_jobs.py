"""Jobs: shallow, repeatable, and no text depends on the queue."""

from __future__ import annotations

import json
import re

import pytest
from rq.exceptions import DuplicateJobError
from rq.job import Job, validate_job_id
from rq.serializers import JSONSerializer

from bot.channels import Inbound
from bot.jobs import clock as ticking
from bot.jobs import deliver, reconcile, settle, sweep, timers
from bot.jobs.queue import PICK_UP, ask, ask_drain, job_id, queue, wake
from bot.sending.deliver import LEASE
from bot.store import lanes
from bot.store.markers import read_marker
from tests.jobs.conftest import BULK, SENDER, Office
from tests.support.valkey import Valkey


@pytest.mark.parametrize(
    "lane", ["36000/reply", "+33199000001/bulk", "Chez Margot/bulk", "a_b/c-d"]
)
def test_the_id_of_a_drain_is_one_that_rq_takes_and_names_one_lane_only(lane: str) -> None:
    validate_job_id(job_id(lane, 3))
    others = {"36000/reply", "36000_reply", "36000-reply", "36000 reply", lane}
    assert len({job_id(one, 3) for one in others}) == len(others)


def test_waking_a_lane_has_it_drained_once(office: Office) -> None:
    one = office.offer()
    wake(office.app, BULK)
    wake(office.app, BULK)
    assert office.jobs() == [job_id(BULK, 1)]
    office.work()
    assert office.states(one) == ["queued"]
    assert [sent.message_id for sent in office.carrier.sent] == [one]


def test_a_job_holds_ids_and_lanes_and_nobodys_number_or_words(office: Office) -> None:
    office.offer()
    wake(office.app, BULK)
    waiting = queue(office.app)
    (job,) = [waiting.fetch_job(one) for one in waiting.job_ids]
    assert isinstance(job, Job)
    told = json.dumps([job.func_name, job.args, job.kwargs])
    assert job.serializer is JSONSerializer
    assert "+33" not in told
    assert "Margot" not in told
    assert list(job.args) == [BULK, 1]


def test_a_drain_that_was_killed_inside_keeps_its_id_and_stops_nobody(office: Office) -> None:
    office.offer()
    wake(office.app, BULK)
    waiting = queue(office.app)
    # The worker takes the job and dies: RQ keeps the hash, and with it the id.
    waiting.connection.delete(waiting.key)
    assert not ask_drain(office.app, BULK, 1)
    office.clock.forward(milliseconds=PICK_UP)
    assert sweep.sweep(office.app) == 1
    office.work()
    assert len(office.carrier.sent) == 1


def test_a_finished_or_failed_job_leaves_nothing_behind_in_the_queue(office: Office) -> None:
    ask(office.app, "bot.jobs.nothing.run", "fails-1")
    ask(office.app, "bot.jobs.sweep.run", "sweep-1")
    office.work()
    assert ask(office.app, "bot.jobs.sweep.run", "sweep-1")
    assert ask(office.app, "bot.jobs.nothing.run", "fails-1")


def test_rq_itself_refuses_an_id_that_it_knows(office: Office) -> None:
    ask(office.app, "bot.jobs.sweep.run", "sweep-1")
    with pytest.raises(DuplicateJobError):
        queue(office.app).enqueue_call("bot.jobs.sweep.run", job_id="sweep-1", unique=True)


def test_with_the_queue_away_waking_is_silent_and_the_sweeper_finds_the_text(
    office: Office,
) -> None:
    import redis

    with Valkey() as server:
        office.app.redis = lambda: redis.Redis.from_url(server.url, socket_timeout=1)
        server.kill()
        one = office.offer()
        wake(office.app, BULK)
        office.clock.forward(milliseconds=PICK_UP)
        server.start()
        assert sweep.sweep(office.app) == 1
        office.work()
        assert office.states(one) == ["queued"]


def test_a_queue_that_was_emptied_loses_no_text(office: Office) -> None:
    ids = [office.offer() for _ in range(20)]
    wake(office.app, BULK)
    queue(office.app).connection.flushall()
    assert sweep.sweep(office.app) == 0
    office.clock.forward(milliseconds=PICK_UP)
    sweep.sweep(office.app)
    office.work()
    assert [one.message_id for one in office.carrier.sent] == ids


def test_the_sweeper_leaves_alone_what_is_drained_waits_or_is_not_due(office: Office) -> None:
    assert sweep.sweep(office.app) == 0
    office.offer(due_at=office.clock() + 60_000)
    assert sweep.sweep(office.app) == 0
    office.clock.forward(minutes=1)
    assert sweep.sweep(office.app) == 1
    epoch, now = office.lane().epoch, office.clock()
    office.db.write(lambda conn: lanes.hold(conn, BULK, epoch, "somebody", now + LEASE))
    office.clock.forward(milliseconds=LEASE - 1)
    assert sweep.sweep(office.app) == 0
    office.clock.forward(milliseconds=1)
    assert sweep.sweep(office.app) == 1


def test_a_drain_with_more_to_do_queues_up_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [office.offer() for _ in range(3)]
    real = deliver.drain
    monkeypatch.setattr(deliver, "drain", lambda *a, **k: real(*a, **k, slice_ms=0, largest=1))
    wake(office.app, BULK)
    office.work()
    assert office.states(*ids) == ["queued"] * 3
    assert office.lane().epoch >= 3


def test_replies_are_asked_for_before_campaigns(office: Office) -> None:
    ask_drain(office.app, BULK, 1)
    ask_drain(office.app, f"{SENDER}/reply", 1)
    assert office.jobs() == [job_id(f"{SENDER}/reply", 1), job_id(BULK, 1)]


# -- reconciling before releasing -----------------------------------------------------------------


def test_after_a_start_nothing_leaves_before_the_carrier_was_asked(office: Office) -> None:
    one = office.offer()
    reconcile.note_start(office.app)
    deliver.run(BULK, lanes_epoch(office))
    assert office.states(one) == ["waiting"]
    assert reconcile.reconcile(office.app)
    office.clock.forward(milliseconds=PICK_UP)
    deliver.run(BULK, lanes_epoch(office))
    assert office.states(one) == ["queued"]
    reconcile.note_start(office.app)
    assert read_marker(office.db, "started_at") > read_marker(office.db, "reconciled_for")  # type: ignore[operator]


def test_a_stop_that_came_while_we_were_away_is_heard_before_anything_leaves(
    office: Office,
) -> None:
    one = office.offer()
    account = office.carrier.account_sid if hasattr(office.carrier, "account_sid") else "AC"
    text = Inbound("twilio", "SM" + "9" * 32, account, SENDER, "+33639981000", "STOP")
    office.carrier.texts.append((office.clock(), text))
    reconcile.note_start(office.app)
    reconcile.run()
    office.clock.forward(milliseconds=PICK_UP)
    deliver.run(BULK, lanes_epoch(office))
    assert office.states(one)[0] in ("cancelled", "blocked")
    assert one not in [sent.message_id for sent in office.carrier.sent]


def lanes_epoch(office: Office) -> int:
    now = office.clock()
    raised = office.db.write(lambda c: lanes.raise_epochs(c, [BULK], now, now + PICK_UP))
    return raised[0][1]


@pytest.mark.usefixtures("office")
def test_settling_and_ringing_with_nothing_to_do_does_nothing() -> None:
    settle.run()
    assert timers.run() == 0


# -- the clock ------------------------------------------------------------------------------------


def test_the_clock_asks_each_second_and_never_twice_for_one(office: Office) -> None:
    clock = ticking.Clock(office.app, "a")
    assert clock.tick() == ["sweep", "timers", "settle", "reconcile"]
    assert clock.tick() == []
    office.clock.forward(seconds=1)
    assert set(clock.tick()) >= {"sweep", "timers"}
    assert all(re.fullmatch(r"[a-z]+-\d+-\d+", one) for one in office.jobs())


def test_what_the_clock_asks_for_can_be_done(office: Office) -> None:
    one = office.offer()
    clock = ticking.Clock(office.app, "a")
    for _ in range(4):
        clock.tick()
        office.work()
        office.clock.forward(seconds=2)
    assert office.states(one) == ["queued"]
    assert len(office.carrier.sent) == 1


def test_only_one_clock_ticks_and_the_next_takes_over_within_a_lease(office: Office) -> None:
    first, second = ticking.Clock(office.app, "a"), ticking.Clock(office.app, "b")
    assert first.tick()
    assert second.tick() == []
    office.clock.forward(seconds=1)
    assert first.tick()
    assert second.tick() == []
    office.clock.forward(milliseconds=ticking.LEASE)
    assert second.tick()
    assert first.tick() == []


def test_a_clock_that_stops_lets_the_next_begin_at_once(office: Office) -> None:
    first, second = ticking.Clock(office.app, "a"), ticking.Clock(office.app, "b")
    first.tick()
    first.stop()
    assert second.tick()


def test_a_clock_outlives_a_queue_that_is_away(office: Office) -> None:
    import redis

    with Valkey() as server:
        office.app.redis = lambda: redis.Redis.from_url(server.url, socket_timeout=1)
        clock = ticking.Clock(office.app, "a")
        server.kill()
        assert clock.tick() == []
        server.start()
        assert clock.tick()


def test_reconciling_is_asked_for_often_until_something_may_be_released(office: Office) -> None:
    clock = ticking.Clock(office.app, "a")
    assert "reconcile" in clock.tick()
    for _ in range(2):
        office.clock.forward(seconds=3)
        assert "reconcile" in clock.tick()
    reconcile.reconcile(office.app)
    office.clock.forward(seconds=3)
    clock.tick()
    office.clock.forward(seconds=3)
    assert "reconcile" not in clock.tick()
