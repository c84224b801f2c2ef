"""A simulated carrier as a real process, and an app of a few lines that it calls."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from werkzeug.datastructures import MultiDict

from bot.channels import Request
from bot.channels.carrier import ACCOUNT, TOKEN, make_channel
from bot.channels.twilio import TwilioChannel
from bot.lifeline import die_with_parent


@dataclass
class App:
    """The app's side: keeps what it was told and answers as it is told to."""

    channel: TwilioChannel
    url: str = ""
    answer: Callable[[Request], tuple[int, bytes]] = lambda _: (200, b"")
    heard: list[Request] = field(default_factory=list)
    forged: list[Request] = field(default_factory=list)

    def take(self, request: Request) -> tuple[int, bytes]:
        if not self.channel.verify(request, [self.url]):
            self.forged.append(request)
            return 403, b""
        self.heard.append(request)
        return self.answer(request)

    def on(self, path: str) -> list[Request]:
        return [ask for ask in self.heard if ask.path_and_query.startswith(path)]


@pytest.fixture
def app() -> Iterator[App]:
    here = App(TwilioChannel(ACCOUNT, TOKEN))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            form: MultiDict[str, str] = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
            status, answer = here.take(Request("POST", self.path, headers, form, body))
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Carrier:
    """The carrier's process and its addresses."""

    process: subprocess.Popen[str]
    url: str

    @property
    def channel(self) -> TwilioChannel:
        settings = SimpleNamespace(
            carrier_url=self.url, twilio_account_sid="", twilio_auth_token=""
        )
        return make_channel(settings)

    def post(self, path: str, **data: Any) -> dict[str, Any]:
        answer = requests.post(self.url + path, json=data, timeout=20)
        assert answer.ok, answer.text
        return dict(answer.json())

    def customer(self, number: str, to: str, body: str, **more: Any) -> dict[str, Any]:
        return self.post("/customers/texts", **{"from": number, "to": to, "body": body, **more})

    def books(self) -> dict[str, Any]:
        """The books once nothing is on its way any more."""
        until = time.monotonic() + 15
        while time.monotonic() < until:
            books = dict(requests.get(self.url + "/books", timeout=10).json())
            if books["pending"] == 0:
                return books
            time.sleep(0.01)
        raise AssertionError("the carrier does not come to rest")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def start_carrier(webhook: str, *options: str) -> Carrier:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.channels.simulator", "--webhook", webhook, *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        preexec_fn=die_with_parent(),
    )
    assert process.stdout is not None
    return Carrier(process, json.loads(process.stdout.readline())["url"])


@pytest.fixture(scope="module")
def one_carrier() -> Iterator[Carrier]:
    carrier = start_carrier("http://127.0.0.1:9")
    yield carrier
    carrier.stop()


@pytest.fixture
def carrier(one_carrier: Carrier, app: App) -> Carrier:
    """The carrier without faults, its webhook this test's own app."""
    requests.delete(one_carrier.url + "/faults", timeout=5)
    one_carrier.post("/clock", offset_ms=0)
    one_carrier.post("/settings", webhook=app.url, fallback="", senders={})
    return one_carrier
