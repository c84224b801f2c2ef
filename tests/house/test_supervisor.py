"""One supervisor starts everything on one machine, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.support.processes import is_alive, wait_until
from tests.support.speed import bare_start
from tests.support.stack import PARTS, ROOT, Stack

TOKEN = "o" * 32
Start = Callable[..., Stack]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One Parley for all tests that leave it running."""
    with Stack(tmp_path_factory.mktemp("shared") / "data", environ={"PARLEY_TOKEN": TOKEN}) as one:
        yield one


def test_one_address_is_printed_and_it_answers(stack: Stack) -> None:
    assert requests.get(stack.url + "/readyz", timeout=5).status_code == 200
    stack.stop()
    assert re.findall(r"https?://\S+", stack.output) == [stack.url]


def test_it_also_runs_on_postgresql(start_stack: Start, empty_postgres_url: str) -> None:
    stack = start_stack(database_url=empty_postgres_url)
    assert requests.get(stack.url + "/readyz", timeout=5).status_code == 200


def test_the_data_folder_is_for_one_user(shared: Stack) -> None:
    assert stat.S_IMODE(shared.data.stat().st_mode) == 0o700
    for name in ("key", "running.json", "parley.db", "valkey.sock", "logs/web.log"):
        assert stat.S_IMODE((shared.data / name).stat().st_mode) & 0o077 == 0, name


def test_the_key_is_made_once(start_stack: Start) -> None:
    first = start_stack()
    key = (first.data / "key").read_text()
    first.stop()
    with Stack(first.data) as again:
        assert (again.data / "key").read_text() == key


def test_nothing_listens_beyond_this_machine(shared: Stack) -> None:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, port = line.split()[1].split(":")
        if int(port, 16) in (shared.state["port"], int(shared.carrier_url.rpartition(":")[2])):
            assert address in ("0100007F", "00000000") or line.split()[3] != "0A"
            assert not (address == "00000000" and line.split()[3] == "0A")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_five_seconds(stack: Stack, how: int) -> None:
    everything = stack.processes()
    assert len(everything) > len(PARTS)
    began = time.monotonic()
    assert stack.stop(how) == 0
    assert time.monotonic() - began < 5
    assert not [pid for pid in everything if is_alive(pid)]
    assert not (stack.data / "running.json").exists()


def test_every_part_stops_by_itself_when_asked(stack: Stack) -> None:
    parts = {name: stack.part(name) for name in PARTS}
    os.kill(stack.pid, signal.SIGSTOP)  # or else it would start them again
    try:
        for name in reversed(PARTS):
            os.kill(parts[name], signal.SIGTERM)
            wait_until(partial(_has_ended, parts[name]), 8, f"the end of {name}")
    finally:
        os.kill(stack.pid, signal.SIGCONT)


def test_killing_the_supervisor_leaves_no_process(stack: Stack) -> None:
    everything = stack.processes()
    stack.stop(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, everything)), 3, "the end of every process")


def test_killing_the_web_server_leaves_none_of_its_workers(shared: Stack) -> None:
    arbiter = shared.part("web")
    workers = [pid for pid in shared.processes() if _parent(pid) == arbiter]
    assert workers
    shared.kill("web")
    wait_until(lambda: not any(map(is_alive, workers)), 3, "the end of the web workers")
    wait_until(lambda: _is_ready(shared), 15, "readiness")


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_dies_is_started_again(shared: Stack, name: str) -> None:
    before = shared.part(name)
    shared.kill(name)
    assert is_alive(shared.wait_for_part(name, before))
    wait_until(lambda: _is_ready(shared), 15, "readiness")


def test_a_second_supervisor_on_the_same_folder_refuses(shared: Stack) -> None:
    with pytest.raises(RuntimeError, match="already runs on the data folder"):
        Stack(shared.data).start()
    assert requests.get(shared.url + "/readyz", timeout=5).status_code == 200


def test_two_folders_run_side_by_side(start_stack: Start) -> None:
    one, two = start_stack(), start_stack()
    assert one.url != two.url
    assert one.account != two.account


def test_a_taken_port_is_named(start_stack: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"listens on 127.0.0.1:{port}"):
            start_stack(environ={"PORT": str(port)})


def test_wrong_settings_are_all_named_and_nothing_starts(start_stack: Start) -> None:
    environ = {"PARLEY_TOKEN": "short", "PORT": "eighty", "PARLEY_CARRIER": "twilio"}
    with pytest.raises(RuntimeError) as refused:
        start_stack(environ=environ)
    for name in ("PARLEY_TOKEN", "PORT", "PUBLIC_URL", "TWILIO_AUTH_TOKEN", "PARLEY_KEY"):
        assert name in str(refused.value)


def test_an_unreachable_database_is_a_clear_end(start_stack: Start) -> None:
    with pytest.raises(RuntimeError, match="migration ended while it was starting"):
        start_stack(database_url="postgresql://parley@127.0.0.1:1/none?connect_timeout=1")


def test_our_secrets_are_not_told_to_the_queue_and_the_carrier(shared: Stack) -> None:
    assert TOKEN.encode() in Path(f"/proc/{shared.part('worker')}/environ").read_bytes()
    for name in ("queue", "carrier"):
        told = Path(f"/proc/{shared.part(name)}/environ").read_bytes()
        assert b"PARLEY_TOKEN" not in told
        assert b"PARLEY_KEY" not in told


@pytest.mark.alone
def test_run_answers_soon_after_its_libraries_are_there(tmp_path: Path) -> None:
    took = []
    for _ in range(4):  # the first start makes the data folder, and is not counted
        began = time.monotonic()
        with Stack(tmp_path / "data", command=[str(ROOT / "run")]):
            took.append(time.monotonic() - began)
    bare = bare_start()
    print(f"\n./run to first answer: {min(took[1:]):.1f} s; bare imports: {bare:.2f} s")
    assert min(took[1:]) < 9 * bare, (took, bare)


@pytest.mark.alone
def test_everything_fits_in_five_hundred_megabytes(stack: Stack) -> None:
    for _ in range(50):
        requests.get(stack.url + "/readyz", timeout=5)
    parts = {name: round(stack.memory_mb(name)) for name in PARTS}
    assert sum(mb for name, mb in parts.items() if name != "carrier") <= 500, parts


def test_run_is_a_script_for_any_posix_shell() -> None:
    for name in ("run", ".ci/run"):
        subprocess.run(["dash", "-n", str(ROOT / name)], check=True)
        assert os.access(ROOT / name, os.X_OK)


def test_the_state_names_every_part(shared: Stack) -> None:
    assert set(shared.state["parts"]) == set(PARTS)
    assert json.dumps(shared.state).count(shared.account[1]) == 0


def _has_ended(pid: int) -> bool:
    return not is_alive(pid)


def _is_ready(stack: Stack) -> bool:
    with suppress(requests.RequestException):
        return requests.get(stack.url + "/readyz", timeout=15).status_code == 200
    return False


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
