"""Draining a lane: claim, decide again, commit `handed_over`, call the carrier, write receipts.

    drained = drain(way, "36000/bulk", epoch, owner="worker-1")

One batch is two transactions with the calls between them. The first locks the persons, reads their
facts, asks the gate again and commits what may leave as `handed_over`, *before* anything is called;
it commits only while the lane's lease is still ours at this epoch. No transaction is open during a
call. A process that dies anywhere leaves rows that `bot/sending/settle.py` asks the carrier about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels import SendError
from bot.engine.brand import Brand
from bot.sending.deciding import Batch, Held, decide_batch
from bot.sending.gate import Stale, send
from bot.sending.pacing import limited
from bot.sending.receipts import Receipts
from bot.sending.retry import pause_ms
from bot.sending.way import Way, sender_of
from bot.store import lanes, outbox
from bot.store.lanes import LaneLost
from bot.store.outbox import Connection

LEASE = 10_000  # ms; a lane moves again this long after its worker was killed
SLICE = 3_000  # ms; a drain lets others have its worker after this
FACTS_AGE = 1_000  # ms; a batch is only as large as can leave in this time ...
_AIM = 500  # ms; ... and unpaced ones aim lower, since calls take longer now and then
LARGEST = 500  # rows a batch
FIRST_BATCH = 50
_FAILURES = 3  # in a row, after which the lane rests without a worker


@dataclass(slots=True)
class Drained:
    """What a drain did. `more`: rows are due, so wake the lane. `lost`: somebody else has it.

    `held_back`: nothing may be released before the books were compared with the carrier's.
    """

    sent: int = 0
    refused: int = 0
    put_back: int = 0
    more: bool = False
    lost: bool = False
    held_back: bool = False
    ages_ms: list[int] = field(default_factory=list)
    """How old the facts of each sent text were when its call began."""


def drain(
    way: Way, lane: str, epoch: int, owner: str, *, slice_ms: int = SLICE, largest: int = LARGEST
) -> Drained:
    """Deliver what is due in a lane for about `slice_ms`, while we hold it at this epoch."""
    done = Drained()
    if not way.db.read(outbox.may_release):
        done.held_back = True
        return done
    brands = way.brands()
    sender = lane.rpartition("/")[0]
    known = sender_of(brands, sender)
    rate = known.parts_per_second if known is not None else 0.0
    parts = max(1, int(rate * FACTS_AGE / 1000)) if limited(rate) else 1_000_000
    size, failures, rest = min(FIRST_BATCH, largest), 0, 0
    began = way.steady()
    try:
        while True:
            _pay_debt(way, sender, rate)
            batch = _claim(way, brands, lane, epoch, owner, size, parts)
            if batch.empty:
                break
            done.refused += len(batch.refused)
            started = way.steady()
            failed = _call_all(way, batch, sender, rate, done)
            took = max(1, way.steady() - started)
            if batch.held:
                size = max(1, min(largest, len(batch.held) * _AIM // took, size * 4))
            failures = failures + 1 if failed else 0
            rest = pause_ms(failures) if failed else 0
            if failures >= _FAILURES or way.steady() - began >= slice_ms:
                break
            if rest:
                way.wait(rest)
    except LaneLost:
        done.lost = True
        return done
    now = way.clock()

    def end(conn: Connection) -> bool:
        lanes.let_go(conn, lane, epoch, owner, now + rest)
        return outbox.has_ready(conn, lane, now)

    # What came in after the last claim, while we still held the lane, woke nobody.
    done.more = way.db.write(end) and not rest
    return done


def _pay_debt(way: Way, sender: str, rate: float) -> None:
    """Wait until the sender's pace lets a part leave, before any facts are read for it."""
    wait = way.pace.take(sender, 0, rate, way.clock()) if limited(rate) else 0
    if wait:
        way.wait(wait)


def _claim(
    way: Way, brands: Mapping[str, Brand], lane: str, epoch: int, owner: str, size: int, parts: int
) -> Batch:
    """One transaction: rows that are due are decided on again and handed over, or refused."""
    now = way.clock()

    def work(conn: Connection) -> Batch:
        began = way.steady()
        rows = outbox.claim(conn, lane, now, size, parts)
        batch = decide_batch(way, conn, brands, rows, epoch, now)
        batch.decided_at = began
        lanes.hold(conn, lane, epoch, owner, now + LEASE)
        return batch

    return way.db.write(work)


def _call_all(way: Way, batch: Batch, sender: str, rate: float, done: Drained) -> bool:
    """Call the channel for each text in order, then write what came of it; true when one failed.

    After a failure the rest goes back to its lane untried: what failed may be the carrier's
    pace or our line to it, and whatever is behind should not arrive before.
    """
    receipts = Receipts(way)
    failed = False
    try:
        for place, held in enumerate(batch.held):
            try:
                _call(way, batch, held, sender, rate, done, receipts)
            except SendError as error:
                receipts.refused(held, error)
                failed = error.retryable or error.uncertain
            except Stale:
                failed = True
                receipts.untried(held)
            except Exception as error:
                # Nobody knows how far it came, so it is asked about and never simply sent again.
                failed = True
                receipts.broke_off(held, error)
            if failed:
                for later in batch.held[place + 1 :]:
                    receipts.untried(later)
                break
    finally:
        receipts.write()
    done.put_back += receipts.put_back
    return failed


def _call(
    way: Way,
    batch: Batch,
    held: Held,
    sender: str,
    rate: float,
    done: Drained,
    receipts: Receipts,
) -> None:
    if limited(rate):
        now = held.released.decided_at + way.steady() - batch.decided_at
        wait = way.pace.take(sender, held.row["parts"], rate, now)
        if wait:
            way.wait(wait)
    age = way.steady() - batch.decided_at
    sent = send(held.channel, held.released, held.released.decided_at + age)
    done.sent += 1
    done.ages_ms.append(age)
    receipts.accepted(held, sent)
