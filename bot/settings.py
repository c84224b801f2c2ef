"""What Parley is told from outside: environment variables, read once into one frozen object.

`VARIABLES` is the whole list; the README's table (`table`) is made from it, and
a test refuses a variable that is read anywhere else. An empty variable counts as absent.

>>> from_env({"PORT": "8080"}).port
8080
>>> [p.code for p in problems(from_env({"PARLEY_TOKEN": "short"}))]
['settings.token_short']
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from bot.catalogue import language_of, say
from bot.errors import KeyMissing

ROOT = Path(__file__).resolve().parents[1]
TOKEN_LENGTH = 32  # characters; what PARLEY_TOKEN needs at least
KEY_LENGTH = 32  # bytes
_LONGEST_SOCKET = 100  # bytes; Linux takes 107 for a unix socket's path


_Word = TypeVar("_Word", bound=StrEnum)


class Carrier(StrEnum):
    SIMULATED = "simulated"
    TWILIO = "twilio"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its default as the documentation shows it, and whether to hide it.

    Its meaning is the catalogue's entry `env.<NAME>`.
    """

    name: str
    default: str = ""
    secret: bool = False

    def meaning(self, language: str) -> str:
        return say(f"env.{self.name}", language)


VARIABLES: tuple[Variable, ...] = (
    Variable("DATABASE_URL", "sqlite:///.parley/parley.db", secret=True),
    Variable("REDIS_URL", "unix://.parley/valkey.sock", secret=True),
    Variable("TWILIO_ACCOUNT_SID"),
    Variable("TWILIO_AUTH_TOKEN", secret=True),
    Variable("TWILIO_REGION"),
    Variable("TWILIO_EDGE"),
    Variable("PUBLIC_URL"),
    Variable("PUBLIC_FALLBACK_URL"),
    Variable("PARLEY_TOKEN", secret=True),
    Variable("PARLEY_KEY", secret=True),
    Variable("PARLEY_KEY_FILE", ".parley/key"),
    Variable("PARLEY_CARRIER", "simulated or twilio"),
    Variable("PARLEY_CARRIER_URL"),
    Variable("PARLEY_FLOWS", "flows"),
    Variable("FLOWS_AUTOPUBLISH", "1 or 0"),
    Variable("HOST", "127.0.0.1 or 0.0.0.0"),
    Variable("PORT"),
    Variable("WEB_CONCURRENCY", "1 or 2"),
    Variable("WEB_THREADS", "8 or 4"),
    Variable("PARLEY_DATA", ".parley"),
    Variable("PARLEY_LANGUAGE", "LANG"),
    Variable("LOG_LEVEL", "info"),
)


def table(language: str) -> str:
    """All variables as the Markdown table that the README shows."""
    rows = [f"| `{one.name}` | {one.meaning(language)} | {one.default} |" for one in VARIABLES]
    return "\n".join([say("settings.table", language), "| --- | --- | --- |", *rows])


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings; `fatal` ones keep Parley from starting."""

    code: str
    fatal: bool = True
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        return say(self.code, language, **self.params)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Secrets stay out of `repr`; addresses carry no trailing slash.

    `port` 0 means: the supervisor takes a free one. `unreadable` names the variables whose value
    could not be read, with that value; `problems` turns them into complaints.
    """

    data: Path
    flows: Path
    carrier: Carrier = Carrier.SIMULATED
    carrier_url: str = ""
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    twilio_account_sid: str = ""
    twilio_auth_token: str = field(default="", repr=False)
    twilio_region: str = ""
    twilio_edge: str = ""
    public_url: str = ""
    public_fallback_url: str = ""
    token: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    key_file: Path = Path()
    autopublish: bool = True
    host: str = "127.0.0.1"
    port: int = 0
    processes: int = 1
    threads: int = 8
    language: str = "en"
    log_level: LogLevel = LogLevel.INFO
    private_queue: bool = True
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def simulated(self) -> bool:
        return self.carrier is Carrier.SIMULATED

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


class _Reader:
    """Takes typed values out of an environment and remembers those it could not read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.unreadable: list[tuple[str, str]] = []

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if value.isascii() and value.isdigit() and low <= int(value) <= high:
            return int(value)
        self.unreadable.append((name, value))
        return default

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            return value in ("1", "true", "yes", "on")
        if value:
            self.unreadable.append((name, value))
        return default

    def word(self, name: str, default: _Word) -> _Word:
        value = self.text(name).lower()
        if not value:
            return default
        try:
            return type(default)(value)
        except ValueError:
            self.unreadable.append((name, value))
            return default

    def folder(self, name: str, default: Path) -> Path:
        return (ROOT / Path(self.text(name, str(default))).expanduser()).resolve()


def from_env(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`. Never raises: `problems` says what cannot be used."""
    read = _Reader(environ)
    data = read.folder("PARLEY_DATA", ROOT / ".parley")
    has_twilio = bool(read.text("TWILIO_ACCOUNT_SID") or read.text("TWILIO_AUTH_TOKEN"))
    carrier = read.word("PARLEY_CARRIER", Carrier.TWILIO if has_twilio else Carrier.SIMULATED)
    simulated = carrier is Carrier.SIMULATED
    database_url = _database_url(read.text("DATABASE_URL"), data)
    sqlite = database_url.startswith("sqlite")
    return Settings(
        data=data,
        flows=read.folder("PARLEY_FLOWS", ROOT / "flows"),
        carrier=carrier,
        carrier_url=read.text("PARLEY_CARRIER_URL").rstrip("/"),
        database_url=database_url,
        redis_url=read.text("REDIS_URL", f"unix://{socket_path(data)}"),
        twilio_account_sid=read.text("TWILIO_ACCOUNT_SID"),
        twilio_auth_token=read.text("TWILIO_AUTH_TOKEN"),
        twilio_region=read.text("TWILIO_REGION"),
        twilio_edge=read.text("TWILIO_EDGE"),
        public_url=read.text("PUBLIC_URL").rstrip("/"),
        public_fallback_url=read.text("PUBLIC_FALLBACK_URL").rstrip("/"),
        token=read.text("PARLEY_TOKEN"),
        key=read.text("PARLEY_KEY"),
        key_file=read.folder("PARLEY_KEY_FILE", data / "key"),
        autopublish=read.flag("FLOWS_AUTOPUBLISH", default=simulated),
        host=read.text("HOST", "127.0.0.1" if simulated else "0.0.0.0"),
        port=read.number("PORT", 0, 1, 65535),
        processes=read.number("WEB_CONCURRENCY", 1 if sqlite else 2, 1, 64),
        threads=read.number("WEB_THREADS", 8 if sqlite else 4, 1, 256),
        language=language_of(read.text("PARLEY_LANGUAGE") or _locale(environ)),
        log_level=read.word("LOG_LEVEL", LogLevel.INFO),
        private_queue=not read.text("REDIS_URL"),
        unreadable=tuple(read.unreadable),
    )


def _database_url(given: str, data: Path) -> str:
    """SQLAlchemy's form of a database address; the short PostgreSQL forms get their driver."""
    if not given:
        return f"sqlite:///{data / 'parley.db'}"
    scheme, mark, rest = given.partition("://")
    if mark and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    return given


def _locale(environ: Mapping[str, str]) -> str:
    """The language of a terminal, by the usual variables in their usual order."""
    return next((environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(n)), "en")


def socket_path(data: Path) -> Path:
    """Where the private Valkey listens: in the data folder, or under /tmp where that is too long.

    A unix socket's path may take 107 bytes; a deep clone would not start at all.
    """
    path = data / "valkey.sock"
    if len(bytes(path)) <= _LONGEST_SOCKET:
        return path
    return Path("/tmp") / f"parley-{hashlib.sha256(bytes(data)).hexdigest()[:16]}" / "valkey.sock"


def problems(settings: Settings) -> tuple[Problem, ...]:
    """All complaints about the settings at once, the fatal ones first."""
    found = [
        Problem("settings.unreadable", params={"name": name, "value": value})
        for name, value in settings.unreadable
    ]
    found += _token_problems(settings)
    found += _address_problems(settings)
    if not settings.simulated:
        found += _production_problems(settings)
    elif not _is_loopback(settings.host):
        found.append(Problem("settings.open_simulation", fatal=False))
    return tuple(sorted(found, key=lambda problem: not problem.fatal))


def _token_problems(settings: Settings) -> list[Problem]:
    if settings.token and len(settings.token) < TOKEN_LENGTH:
        return [Problem("settings.token_short", params={"length": TOKEN_LENGTH})]
    if not settings.token and not settings.simulated:
        return [Problem("settings.token_missing", params={"length": TOKEN_LENGTH})]
    return []


def _address_problems(settings: Settings) -> list[Problem]:
    """Complaints about public addresses: the carrier signs them, so they have to be exact."""
    found = []
    schemes = ("http", "https") if settings.simulated else ("https",)
    for name, address in (
        ("PUBLIC_URL", settings.public_url),
        ("PUBLIC_FALLBACK_URL", settings.public_fallback_url),
    ):
        if not address:
            continue
        parts = urlsplit(address)
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
            found.append(Problem("settings.address", params={"name": name, "value": address}))
    return found


def _production_problems(settings: Settings) -> list[Problem]:
    """What a real carrier needs, and what is allowed beside it but ought to be said."""
    found = []
    for name, value in (
        ("TWILIO_ACCOUNT_SID", settings.twilio_account_sid),
        ("TWILIO_AUTH_TOKEN", settings.twilio_auth_token),
        ("PUBLIC_URL", settings.public_url),
    ):
        if not value:
            found.append(Problem("settings.needed", params={"name": name}))
    if not settings.key and not settings.key_file.exists():
        found.append(Problem("settings.key_missing"))
    if settings.carrier_url:
        found.append(Problem("settings.carrier_url", fatal=False))
    if settings.sqlite:
        found.append(Problem("settings.sqlite", fatal=False))
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def master_key(settings: Settings) -> bytes:
    """The 32 bytes all other keys come from. Raises KeyMissing when absent or malformed."""
    text = settings.key
    if not text:
        try:
            text = settings.key_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyMissing(why=f"{settings.key_file}: {type(error).__name__}") from error
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyMissing(why="not base64") from error
    if len(key) != KEY_LENGTH:
        raise KeyMissing(why=f"{len(key)} bytes instead of {KEY_LENGTH}")
    return key


def subkey(master: bytes, purpose: str, length: int = 32) -> bytes:
    """A key of `length` bytes for one purpose ("lookup", "ledger", ...), by HKDF-SHA256 (RFC 5869).

    Two purposes never share a key, and no purpose's key tells the master key.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    hkdf = HKDF(algorithm=SHA256(), length=length, salt=None, info=f"parley:{purpose}".encode())
    return hkdf.derive(master)


def carrier_account(settings: Settings) -> tuple[str, str]:
    """Account and token that requests are signed with.

    The simulated carrier's come from the master key where none are given, so that every process
    of one data folder agrees on them and no two folders share them.
    """
    if settings.twilio_account_sid or not settings.simulated:
        return settings.twilio_account_sid, settings.twilio_auth_token
    made = subkey(master_key(settings), "simulated carrier", 32).hex()
    return "AC" + made[:32], made[32:]


def running(settings: Settings) -> Settings:
    """The settings with the addresses of the Parley that runs on this data folder filled in.

    The supervisor takes free ports and writes them to `running.json`; a command in another
    terminal finds them there. What the environment says goes first.
    """
    try:
        state = json.loads((settings.data / "running.json").read_text("utf-8"))
    except (OSError, ValueError):
        return settings
    return replace(
        settings,
        carrier_url=settings.carrier_url or str(state.get("carrier_url", "")),
        public_url=settings.public_url or str(state.get("public_url", "")),
        port=settings.port or int(state.get("port", 0)),
    )
