"""The servers that tests stand on are real, fresh and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import redis
from playwright.sync_api import Page

from tests.support.postgres import Cluster
from tests.support.processes import is_alive, pss_mb, tree, wait_until
from tests.support.valkey import Valkey


def test_every_test_gets_a_database_of_its_own(postgres: Cluster) -> None:
    with postgres.database() as one, postgres.database() as two:
        assert one != two
        for url in (one, two):
            address = url.replace("postgresql+psycopg", "postgresql")
            with psycopg.connect(address) as connection:
                connection.execute("CREATE TABLE only_here (id int)")


def test_a_database_is_reached_over_tcp_with_a_password(postgres: Cluster) -> None:
    address = postgres.tcp_url("postgres").replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address) as connection:
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_valkey_keeps_what_it_was_told_a_second_before_it_was_killed(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("appendfsync", "always")
        client.set("kept", "yes")
    valkey.kill(signal.SIGKILL)
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"yes"


def test_nobody_else_may_open_the_socket(valkey: Valkey) -> None:
    assert valkey.socket.stat().st_mode & 0o077 == 0


def test_servers_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = """
        import pathlib, sys, time
        from tests.support.valkey import Valkey
        with Valkey(pathlib.Path(sys.argv[1])) as server:
            print(server._process.pid, flush=True)
            time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        server = int(starter.stdout.readline())
        assert server in tree(starter.pid)
        starter.kill()
        wait_until(lambda: not is_alive(server), 5, "the server's end")


def test_memory_of_a_tree_is_counted() -> None:
    assert pss_mb(os.getpid()) > 10


def test_chromium_opens_a_page(page: Page) -> None:
    page.set_content("<h1>Bonjour</h1>")
    assert page.get_by_role("heading").inner_text() == "Bonjour"
