"""The embedded mode: one process that starts everything, and leaves nothing behind.

It starts a private Valkey, the simulated carrier, web, worker and clock, starts again what ends,
and prints one address when /readyz answers. Each child is tied to it by `bot.lifeline`, so that
`kill -9` leaves no process. It imports little, because a newcomer waits for it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot import valkey
from bot.catalogue import say
from bot.children import Part, bare_environ
from bot.datafolder import held, make_key, private_folder, write_private
from bot.errors import DidNotStart, EndedEarly, ParleyError, PortTaken
from bot.settings import ROOT, Settings, carrier_account, from_env, problems, socket_path

FIRST_PORT = 8000
START_SECONDS = 30.0  # how long a part may take to come up
STOP_SECONDS = 4.0  # how long the parts may take to stop before they are killed
_LONGEST_PAUSE = 10.0  # seconds between two starts of a part that keeps ending
_STEADY_SECONDS = 30.0  # a part that ran this long starts again at once
_LOG_LIMIT = 5_000_000  # bytes of a log that is put aside at the next start
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Someone asked the supervisor to stop."""


@dataclass(slots=True)
class Supervisor:
    """Holds a data folder and the parts that work on it."""

    settings: Settings
    parts: list[Part] = field(default_factory=list)
    listener: socket.socket | None = None

    def run(self) -> None:
        """Start everything, print the address, watch until a signal, stop everything.

        Raises AlreadyRunning, DidNotStart, EndedEarly and PortTaken.
        """
        os.umask(0o077)  # the database and the logs are nobody else's business
        private_folder(self.settings.data)
        with held(self.settings.data):
            for number in _SIGNALS:
                signal.signal(number, _stop)
            try:
                self.start()
                self.watch()
            except Stopped:
                pass
            finally:
                self.stop()

    def start(self) -> None:
        """Bring up all parts, first those that the first answer waits for.

        The web server imports while the database is migrated: it asks nothing before a request.
        Worker and clock come last, since two cores are busy enough until then.
        """
        self._settle()
        self._add("web", *self._web_command(), fds=(self._listener().fileno(),))
        if self.settings.private_queue:
            self._start_queue()
        self._migrate()
        if self.settings.simulated:
            self._start_carrier()
            self._wait_for(self.part("carrier"), self._carrier_listens)
        self._wait_for(self.part("web"), self._is_ready)
        self._add("worker", "-m", "bot.jobs.worker")
        self._add("clock", "-m", "bot.jobs.clock")
        self._write_state()
        self._announce()

    def _settle(self) -> None:
        """Make what the first start makes, and take ports, so that all parts are told the same."""
        make_key(self.settings)
        self.listener = listen(self.settings)
        port = self.listener.getsockname()[1]
        public_url = self.settings.public_url
        carrier_url = self.settings.carrier_url
        if self.settings.simulated:
            public_url = _local_address(self.settings.host, port)
            carrier_url = carrier_url or f"http://127.0.0.1:{free_port()}"
        account, token = carrier_account(self.settings)
        self.settings = replace(
            self.settings,
            port=port,
            public_url=public_url,
            carrier_url=carrier_url,
            twilio_account_sid=account,
            twilio_auth_token=token,
        )

    def _start_queue(self) -> None:
        path = socket_path(self.settings.data)
        private_folder(path.parent)
        folder = self.settings.data / "valkey"
        private_folder(folder)
        command = [str(valkey.binary()), *valkey.arguments(folder, path)]
        part = self._add_part(Part("queue", command, bare_environ(), self._log("queue")))
        self._wait_for(part, lambda: _answers(path, b"PING\r\n", b"+PONG"))

    def _start_carrier(self) -> None:
        settings = self.settings
        port = settings.carrier_url.rpartition(":")[2]
        books = settings.data / "carrier.db"
        arguments = ["--port", port, "--webhook", settings.public_url]
        arguments += ["--account", settings.twilio_account_sid]
        arguments += ["--token", settings.twilio_auth_token, "--books", str(books)]
        self._add("carrier", "-m", "bot.channels.simulator", *arguments, bare=True)

    def _carrier_listens(self) -> bool:
        address = ("127.0.0.1", int(self.settings.carrier_url.rpartition(":")[2]))
        with suppress(OSError), socket.create_connection(address, timeout=1.0):
            return True
        return False

    def _migrate(self) -> None:
        """Migrate in a child, so that what this imports does not stay in memory."""
        line = (
            "import os; from bot.store.migrate import upgrade; upgrade(os.environ['DATABASE_URL'])"
        )
        command = [sys.executable, "-c", line]
        part = Part("migration", command, self._environ(), self._log("migration"))
        self._add_part(part)
        assert part.process is not None
        try:
            if part.process.wait(START_SECONDS):
                raise _did_not_start(part)
        except subprocess.TimeoutExpired as error:
            raise _did_not_start(part) from error
        self.parts.remove(part)

    def _web_command(self) -> list[str]:
        conf = ROOT / "bot" / "web" / "gunicorn_conf.py"
        bind = f"fd://{self._listener().fileno()}"
        return ["-m", "gunicorn", "--config", str(conf), "--bind", bind, "bot.web:create_app()"]

    def _listener(self) -> socket.socket:
        assert self.listener is not None, "listen first"
        return self.listener

    def _add(
        self,
        name: str,
        *arguments: str,
        fds: tuple[int, ...] = (),
        bare: bool = False,
    ) -> Part:
        """Start a Python part; a bare one is not told our secrets."""
        environ = bare_environ() if bare else self._environ()
        command = [sys.executable, *arguments]
        return self._add_part(Part(name, command, environ, self._log(name), fds))

    def _add_part(self, part: Part) -> Part:
        self.parts.append(part)
        part.start()
        return part

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def _log(self, name: str) -> Path:
        folder = self.settings.data / "logs"
        private_folder(folder)
        path = folder / f"{name}.log"
        with suppress(FileNotFoundError):
            if path.stat().st_size > _LOG_LIMIT:
                path.replace(path.with_suffix(".old.log"))
        return path

    def _environ(self) -> dict[str, str]:
        """What every part of ours is told: the environment, with everything settled written in."""
        settings = self.settings
        settled = {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "PARLEY_DATA": str(settings.data),
            "PARLEY_KEY_FILE": str(settings.key_file),
            "PARLEY_CARRIER": settings.carrier.value,
            "PARLEY_CARRIER_URL": settings.carrier_url,
            "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
            "PUBLIC_URL": settings.public_url,
            "HOST": settings.host,
            "PORT": str(settings.port),
        }
        return bare_environ() | dict(os.environ) | settled

    def _write_state(self) -> None:
        """Tell commands in other terminals where things are; `settings.running` reads it."""
        state = {
            "pid": os.getpid(),
            "port": self.settings.port,
            "public_url": self.settings.public_url,
            "carrier_url": self.settings.carrier_url,
            "parts": {part.name: part.process.pid for part in self.parts if part.process},
        }
        write_private(self.settings.data / "running.json", json.dumps(state) + "\n")

    def _is_ready(self) -> bool:
        address = self._listener().getsockname()
        request = b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n"
        return _answers(_reachable(address), request, b"HTTP/1.1 200", b"HTTP/1.0 200")

    def _wait_for(self, part: Part, is_up: Callable[[], bool]) -> None:
        """Wait until a part answers. A part that ends meanwhile will not come up at all."""
        end = time.monotonic() + START_SECONDS
        while not is_up():
            if part.ended() or time.monotonic() > end:
                raise _did_not_start(part)
            time.sleep(0.02)

    def _announce(self) -> None:
        language = self.settings.language
        shown = _local_address(self.settings.host, self.settings.port)
        print(say("run.ready", language, address=shown), flush=True)

    def watch(self) -> None:
        """Start again whatever ends, at once the first time and then with growing pauses."""
        while True:
            time.sleep(0.1)
            for part in self.parts:
                self._look_after(part)

    def _look_after(self, part: Part) -> None:
        now = time.monotonic()
        if part.again_at is None and part.ended():
            steady = now - part.began > _STEADY_SECONDS
            part.pause = 0.1 if steady or not part.pause else min(part.pause * 2, _LONGEST_PAUSE)
            part.again_at = now + part.pause
            self._tell("run.again", name=part.name, seconds=f"{part.pause:g}", log=part.log)
        elif part.again_at is not None and now >= part.again_at:
            part.start()
            self._write_state()

    def _tell(self, code: str, **params: object) -> None:
        print(say(code, self.settings.language, **params), file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Stop all parts, the queue last; kill what has not ended after `STOP_SECONDS`."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        end = time.monotonic() + STOP_SECONDS
        queue = [part for part in self.parts if part.name == "queue"]
        rest = [part for part in self.parts if part.name != "queue"]
        for group, until in ((rest, end - 0.5), (queue, end)):
            for part in reversed(group):
                part.signal(signal.SIGTERM)
            while any(not part.ended() for part in group) and time.monotonic() < until:
                time.sleep(0.02)
            for part in group:
                part.signal(signal.SIGKILL)
                if part.process is not None:
                    part.process.wait()
        (self.settings.data / "running.json").unlink(missing_ok=True)
        if self.listener is not None:
            self.listener.close()


def _did_not_start(part: Part) -> ParleyError:
    print(part.last_lines(), file=sys.stderr)
    if part.ended():
        return EndedEarly(part=part.name, log=part.log)
    return DidNotStart(part=part.name, seconds=f"{START_SECONDS:g}", log=part.log)


def _stop(_number: int, _frame: object) -> None:
    raise Stopped


def listen(settings: Settings) -> socket.socket:
    """Take the web server's port: PORT, or else 8000 or the next free one, or else any.

    The supervisor keeps the socket and hands it to the web server, so that nobody takes the port
    while that starts, or starts again. Raises PortTaken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    ports = [settings.port] if settings.port else [*range(FIRST_PORT, FIRST_PORT + 20), 0]
    for port in ports:
        with suppress(OSError):
            return socket.create_server((settings.host, port), family=family, backlog=512)
    raise PortTaken(host=settings.host, port=settings.port)


def free_port() -> int:
    """A port of this machine that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _local_address(host: str, port: int) -> str:
    """The address a browser on this machine opens."""
    if host in ("0.0.0.0", "::", "", "localhost"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reachable(name: tuple[str, int]) -> tuple[str, int]:
    """Where to reach a socket that listens on `name`: a server on all addresses is also here."""
    return ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name[0], name[0]), name[1])


def _answers(where: Path | tuple[str, int], request: bytes, *expected: bytes) -> bool:
    """Whether a server answers a request with one of the expected beginnings, within a second."""
    try:
        if isinstance(where, Path):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(1.0)
            line.connect(str(where))
        else:
            line = socket.create_connection(where, timeout=1.0)
        with line:
            line.sendall(request)
            return line.recv(64).startswith(expected)
    except OSError:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Start Parley and stay until it is stopped. Exit 0 after a stop, 2 when it cannot start."""
    settings = from_env(os.environ)
    language = settings.language
    parser = argparse.ArgumentParser(prog="parley run", description=say("run.help", language))
    parser.add_argument("--port", type=int, default=settings.port, help=say("run.port", language))
    parser.add_argument("--host", default=settings.host, help=say("run.host", language))
    chosen = parser.parse_args(arguments)
    settings = replace(settings, port=chosen.port, host=chosen.host)
    complaints = problems(settings)
    for problem in complaints:
        print(problem.text(language), file=sys.stderr)
    if any(problem.fatal for problem in complaints):
        return 2
    try:
        Supervisor(settings).run()
    except ParleyError as error:
        print(error.for_reader(language), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
