"""The database or the queue is away: an honest answer in time, and nothing lost or half-written."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from tests.e2e.conftest import Line, said
from tests.support.postgres import Cluster

IN_TIME = 2.6  # seconds; two, and what a busy test machine adds


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server that a test may stop, freeze and start again."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def own_line(own_cluster: Cluster, make_line: Callable[..., Line]) -> Line:
    from bot.store import migrate

    url = own_cluster.url(own_cluster.create())
    migrate.upgrade(url)
    return make_line(url)


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Somebody else writes in the file and does not end."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def refused_in_time(line: Line, form: dict[str, str], path: str = "/webhooks/twilio/sms") -> None:
    began = time.monotonic()
    answer = line.post(form, path)
    took = time.monotonic() - began
    assert answer.status_code == 503, answer.text
    assert took < IN_TIME, f"{took:.1f} s"


def receipt(line: Line) -> tuple[dict[str, str], str]:
    row = line.rows("out")[-1]
    form = {"MessageSid": "SM" + "d" * 32, "MessageStatus": "delivered", "To": row.sender}
    return form, f"/webhooks/twilio/status?m={row.id}"


def test_a_locked_file_is_told_in_time_and_the_text_is_heard_when_it_comes_again(
    sqlite_url: str, make_line: Callable[..., Line]
) -> None:
    line = make_line(sqlite_url)
    line.text("PIZZA")
    form, told = line.form("2"), receipt(line)
    before = line.counts()
    with locked(str(make_url(sqlite_url).database)):
        refused_in_time(line, form)
        refused_in_time(line, *told)
        assert line.counts() == before
    assert said(line.post(form)) == ["Combien ? De 1 à 20."]
    assert line.post(*told).status_code == 204
    assert line.counts()["message"] == before["message"] + 2


def test_many_who_wait_for_a_locked_file_are_all_told_in_time(
    sqlite_url: str, make_line: Callable[..., Line]
) -> None:
    line = make_line(sqlite_url)
    line.text("PIZZA")
    took: list[float] = []

    def post(number: int) -> None:
        time.sleep(number * 0.1)
        own = Line(line.app, line.client.application.test_client(), line.flows)
        form = line.form("2", From=f"+336399802{number:02d}")
        began = time.monotonic()
        assert own.post(form).status_code == 503
        took.append(time.monotonic() - began)

    with locked(str(make_url(sqlite_url).database)):
        threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(took) == 8
    assert max(took) < IN_TIME
    assert line.text("2") == ["Combien ? De 1 à 20."]


def test_a_file_that_cannot_be_opened_is_an_answer_and_not_a_silence(
    sqlite_url: str, make_line: Callable[..., Line]
) -> None:
    line = make_line(sqlite_url, publish=False)
    path = Path(str(make_url(sqlite_url).database))
    aside = path.with_suffix(".aside")
    path.rename(aside)
    path.mkdir()
    answer = line.post(line.form("PIZZA"))
    assert answer.status_code == 503
    path.rmdir()
    aside.rename(path)
    assert line.post(line.form("PIZZA")).status_code in (200, 503)


def test_a_stopped_server_is_told_in_time_and_all_is_well_when_it_is_back(
    own_cluster: Cluster, own_line: Line
) -> None:
    own_line.text("PIZZA")
    form, told = own_line.form("2"), receipt(own_line)
    before = own_line.counts()
    own_cluster.stop()
    refused_in_time(own_line, form)
    refused_in_time(own_line, *told)
    own_cluster.start()
    assert own_line.counts() == before
    assert said(own_line.post(form)) == ["Combien ? De 1 à 20."]
    assert own_line.post(*told).status_code == 204


def test_a_frozen_server_is_told_in_time_and_a_text_is_kept_once(
    own_cluster: Cluster, own_line: Line
) -> None:
    own_line.text("PIZZA")
    form, told = own_line.form("2"), receipt(own_line)
    before = own_line.counts()
    with frozen(own_cluster):
        refused_in_time(own_line, form)
        refused_in_time(own_line, *told)
        # A newcomer's text takes another road, and a thread of its own a new connection.
        refused_in_time(own_line, own_line.form("PIZZA", From="+33639980042"))
    time.sleep(1.1)
    assert said(own_line.post(form)) == ["Combien ? De 1 à 20."]
    assert own_line.post(*told).status_code == 204
    assert own_line.counts()["message"] == before["message"] + 2


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """Every process of the server stands still, and its sockets stay open."""
    from tests.support.processes import tree

    process: Any = cluster._process
    pids = tree(process.pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def test_without_a_queue_a_text_is_answered(line: Line) -> None:
    # The queue's address leads nowhere in all tests of this folder.
    with pytest.raises(Exception):  # noqa: B017
        line.app.redis().ping()
    assert line.text("PIZZA")
    assert line.text("2") == ["Combien ? De 1 à 20."]
