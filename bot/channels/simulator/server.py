"""The carrier over HTTP: Twilio's addresses, and ours beside them.

Twilio's, with basic authentication as the account:

    POST /2010-04-01/Accounts/AC../Messages.json     GET the same, filtered and in pages
    GET  /2010-04-01/Accounts/AC../Messages/SM...json, and its /Media.json

Ours, for the phone page and the tests (JSON, loopback only):

    POST /customers/texts {from, to, body, media?, opt_out_type?, wait?}   a customer texts
    GET  /customers/<number>/texts?after=N                                  what a phone shows
    GET  /books                      everything, and `pending`: what is still on its way
    GET  /pending                    that count alone
    GET | POST | DELETE /faults      see faults.py
    GET | POST /clock {offset_ms}    the carrier's clock is real time plus this
    POST /settings {webhook?, fallback?, senders?}   an empty fallback is none
    GET  /healthz
"""

from __future__ import annotations

import base64
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from heapq import merge
from itertools import islice
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, request
from marshmallow import ValidationError
from werkzeug.serving import WSGIRequestHandler

from bot.channels.simulator.books import Message, Text
from bot.channels.simulator.faults import Faults
from bot.channels.simulator.network import Network, Refused, Sender
from bot.channels.simulator.postman import LOOPBACK

API = "/2010-04-01"
INBOUND_PATH = "/webhooks/twilio/sms"
OVERRIDES = "#rc=3&rp=all"
LARGEST_PAGE = 1000


class PatientHandler(WSGIRequestHandler):
    """HTTP/1.1, so that the client's connections live on, and small packets leave at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a line a request would be most of the carrier's work."""


@dataclass(slots=True)
class Clock:
    """Real time plus an offset, in ms, as the app's own clock while the carrier is simulated."""

    real_ms: Callable[[], int]
    offset_ms: int = 0

    def now_ms(self) -> int:
        return self.real_ms() + self.offset_ms


def inbound_url(address: str) -> str:
    """Where texts go: an origin gets the webhook's path, and Twilio's overrides where none are."""
    parts = urlsplit(address)
    if parts.hostname not in LOOPBACK:
        raise ValueError("the simulated carrier calls loopback addresses only")
    whole = parts if parts.path.strip("/") else parts._replace(path=INBOUND_PATH)
    return whole.geturl() if whole.fragment else whole.geturl() + OVERRIDES


def make_app(network: Network, clock: Clock) -> Flask:
    """The carrier's Flask app."""
    app = Flask("simulated-carrier")
    app.config["MAX_CONTENT_LENGTH"] = 4 * 1024 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _guard(app)
    _twilio_routes(app, network)
    _customer_routes(app, network)
    _control_routes(app, network, clock)
    return app


def _guard(app: Flask) -> None:
    @app.before_request
    def loopback_only() -> tuple[dict[str, str], int] | None:
        # A page on the internet can make a browser call loopback; it cannot forge this.
        if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
            return {"error": "loopback only"}, 403
        return None

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> tuple[dict[str, Any], int]:
        return {"error": error.messages}, 400

    @app.errorhandler(ValueError)
    @app.errorhandler(KeyError)
    @app.errorhandler(TypeError)
    def wrong(error: Exception) -> tuple[dict[str, Any], int]:
        return {"error": f"{type(error).__name__}: {error}"}, 400


def _twilio_routes(app: Flask, network: Network) -> None:
    messages = f"{API}/Accounts/<account>/Messages"

    @app.post(f"{messages}.json")
    def create(account: str) -> Response:
        denied = _denied(network, account)
        if denied:
            return denied
        faults = network.faults
        if faults.strikes("die_before_accept"):
            return _die()
        try:
            message = network.accept(request.form)
        except Refused as refusal:
            return _refusal(refusal)
        delay = faults.within("answer_delay_ms")
        if delay:
            # Real time on purpose: it is the other side's patience that is tried.
            time.sleep(delay / 1000)
        if faults.strikes("die_after_accept"):
            return _die()
        return _json(_as_twilio(network, message, status=message.history[0]), 201)

    @app.get(f"{messages}.json")
    def index(account: str) -> Response:
        return _denied(network, account) or _json(_page(network, request.args), 200)

    @app.get(f"{messages}/<sid>.json")
    def one(account: str, sid: str) -> Response:
        entry = network.books.messages.get(sid) or network.books.texts.get(sid)
        if entry is None:
            return _denied(network, account) or _refusal(Refused(20404))
        return _denied(network, account) or _json(_as_twilio(network, entry), 200)

    @app.get(f"{messages}/<sid>/Media.json")
    def media(account: str, sid: str) -> Response:
        text = network.books.texts.get(sid)
        uris = [
            {"sid": f"ME{sid[2:]}{n}", "parent_sid": sid, "uri": f"{request.path[:-5]}/{n}.json"}
            for n, _ in enumerate(text.media if text else [])
        ]
        return _denied(network, account) or _json({"media_list": uris, "page": 0}, 200)


def _denied(network: Network, account: str) -> Response | None:
    """Twilio's answer to a wrong account or token; None for the right ones."""
    identity = network.identity
    expected = base64.b64encode(f"{identity.account}:{identity.token}".encode()).decode()
    given = request.headers.get("Authorization", "").removeprefix("Basic ")
    if account == identity.account and hmac.compare_digest(given.encode(), expected.encode()):
        return None
    return _refusal(Refused(20003))


def _refusal(refusal: Refused) -> Response:
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return _json(body, refusal.status)


def _json(data: Mapping[str, Any], status: int) -> Response:
    return Response(json.dumps(data), status, content_type="application/json")


def _die() -> Response:
    """Break the connection off without a word, as a dying proxy does."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=204)  # Written into the void; the server is content with that.


def _page(network: Network, args: Mapping[str, str]) -> dict[str, Any]:
    """A page of the account's messages and texts, newest first.

    The next page begins below a number and not after a count, so nothing is shown twice or left
    out while new messages come in.
    """
    size = min(int(args.get("PageSize", 50)), LARGEST_PAGE)
    number = int(args.get("Page", 0))
    below = int(args["PageToken"].removeprefix("PA")) if "PageToken" in args else None
    wanted = list(islice(_found(network, args, below), size + 1))
    shown, more = wanted[:size], len(wanted) > size
    base = f"{API}/Accounts/{network.identity.account}/Messages.json"
    kept = {k: v for k, v in args.items() if k not in ("Page", "PageToken")}
    following = kept | {"Page": str(number + 1), "PageToken": f"PA{shown[-1].n}"} if more else {}
    return {
        "messages": [_as_twilio(network, entry) for entry in shown],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + len(shown) - 1,
        "uri": f"{base}?{urlencode(args)}",
        "first_page_uri": f"{base}?{urlencode(kept | {'Page': '0'})}",
        "previous_page_uri": None,
        "next_page_uri": f"{base}?{urlencode(following)}" if more else None,
    }


def _found(
    network: Network, args: Mapping[str, str], below: int | None
) -> Iterator[Message | Text]:
    """What the filters let through, newest first, looked at no further than the page needs."""
    books = network.books
    messages: list[Message | Text] = [*reversed(books.messages.values())]
    texts: list[Message | Text] = [*reversed(books.texts.values())]
    after, before = _moment(args.get("DateSent>")), _moment(args.get("DateSent<"))
    for entry in merge(messages, texts, key=lambda entry: -entry.n):
        if (below is None or entry.n < below) and _matches(entry, args, after, before):
            yield entry


def _matches(
    entry: Message | Text, args: Mapping[str, str], after: int | None, before: int | None
) -> bool:
    """Twilio's filters. What has no date of sending yet passes none by date."""
    if isinstance(entry, Message):
        if entry.direction == "carrier":
            return False  # Its own answers to STOP are in nobody's log.
        sender, to, sent_ms = entry.sender, entry.to, entry.sent_ms
    else:
        sender, to, sent_ms = entry.from_number, entry.to, entry.created_ms
    if args.get("To", to) != to or args.get("From", sender) != sender:
        return False
    if after is None and before is None:
        return True
    if sent_ms is None:
        return False
    whole_second = sent_ms - sent_ms % 1000
    return (after is None or whole_second >= after) and (before is None or whole_second <= before)


def _moment(text: str | None) -> int | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _as_twilio(
    network: Network, entry: Message | Text, status: str | None = None
) -> dict[str, Any]:
    """The message resource as the API shows it."""
    account = network.identity.account
    uri = f"{API}/Accounts/{account}/Messages/{entry.sid}"
    base: dict[str, Any] = {
        "sid": entry.sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "to": entry.to,
        "body": entry.body,
        "date_created": _rfc2822(entry.created_ms),
        "num_segments": str(entry.parts),
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_message": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }
    if isinstance(entry, Text):
        sent = _rfc2822(entry.created_ms)
        return base | {
            "from": entry.from_number,
            "direction": "inbound",
            "status": "received",
            "date_sent": sent,
            "date_updated": sent,
            "error_code": None,
            "num_media": str(len(entry.media)),
            "messaging_service_sid": None,
        }
    return base | {
        "from": entry.sender,
        "direction": entry.direction,
        "status": status or entry.status,
        "date_sent": _rfc2822(entry.sent_ms),
        "date_updated": _rfc2822(entry.updated_ms),
        "error_code": entry.error_code,
        "messaging_service_sid": entry.service_sid,
    }


def _rfc2822(ms: int | None) -> str | None:
    return None if ms is None else format_datetime(datetime.fromtimestamp(ms // 1000, UTC))


def _customer_routes(app: Flask, network: Network) -> None:
    @app.post("/customers/texts")
    def text() -> tuple[dict[str, Any], int]:
        said = request.get_json()
        media, kind = said.get("media", []), said.get("opt_out_type")
        call = (said["from"], said["to"], said.get("body", ""), media, kind)
        if said.get("wait") is False:
            network.agenda.later(0, network.receive, *call)
            return {"accepted": True}, 202
        received = network.receive(*call)
        replies = [network.books.messages[sid].body for sid in received.replies]
        return {"sid": received.sid, "attempts": received.attempts, "replies": replies}, 201

    @app.get("/customers/<number>/texts")
    def thread(number: str) -> dict[str, Any]:
        return {"texts": network.books.thread(number, int(request.args.get("after", 0)))}


def _control_routes(app: Flask, network: Network, clock: Clock) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        return {"ok": True}

    @app.get("/books")
    def books() -> dict[str, Any]:
        pending = network.agenda.pending
        return {**network.books.as_json(), "pending": pending, "now_ms": clock.now_ms()}

    @app.get("/pending")
    def pending() -> dict[str, int]:
        return {"pending": network.agenda.pending}

    @app.route("/faults", methods=["GET", "POST", "DELETE"])
    def faults() -> dict[str, Any]:
        if request.method == "DELETE":
            network.faults = Faults()
        elif request.method == "POST":
            network.faults.update(request.get_json())
        return network.faults.as_json()

    @app.route("/clock", methods=["GET", "POST"])
    def set_clock() -> dict[str, Any]:
        if request.method == "POST":
            clock.offset_ms = int(request.get_json()["offset_ms"])
            network.books.set_offset(clock.offset_ms)
            network.agenda.wake()
        return {"offset_ms": clock.offset_ms, "now_ms": clock.now_ms()}

    @app.post("/settings")
    def settings() -> dict[str, Any]:
        given, identity = request.get_json(), network.identity
        if "senders" in given:
            identity.senders = {number: Sender(**one) for number, one in given["senders"].items()}
        if "webhook" in given:
            identity.inbound_url = inbound_url(given["webhook"])
            network.postman.webhook = given["webhook"]
        if "fallback" in given:
            fallback = given["fallback"]
            identity.fallback_urls = (inbound_url(fallback),) if fallback else ()
        return {"webhook": identity.inbound_url, "fallback": list(identity.fallback_urls)}
