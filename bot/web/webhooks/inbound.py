"""The provider's calls: verified, parsed, settled in one transaction, answered at once.

403 for what the provider did not sign (nothing is kept of it), 400 that names the field for a form
that cannot be read, 503 when the database is away, so that the provider comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, request
from werkzeug.datastructures import Headers

from bot.channels import Malformed, Request
from bot.sending import gate
from bot.store.line import hurry
from bot.store.turns import Away
from bot.turns.app import App
from bot.turns.brands import NoBrand
from bot.turns.inbound import hear_text
from bot.turns.receipts import note_receipt
from bot.turns.repeats import answer_again

log = structlog.get_logger()
webhooks = Blueprint("webhooks", __name__)

#: What anybody may have us read before we know who it is: ten thousand characters of the widest
#: kind, percent-encoded, fit twice; a carrier's form has about twenty fields.
LARGEST = 1 << 18  # bytes
MOST_FIELDS = 1_000


@webhooks.post("/webhooks/<channel>/<kind>")
def receive(channel: str, kind: str) -> Response:
    """A provider's call: `sms` is a customer's text, `status` what became of a text of ours."""
    app: App = current_app.extensions["parley"]
    serve = _KINDS.get(kind)
    provider = app.channels.get(channel)
    if serve is None or provider is None:
        return Response("no such webhook\n", 404, mimetype="text/plain")
    # The body is taken first and kept: the form is then read from the same bytes, and a form
    # whose bytes are no UTF-8 can still be verified and kept as it came.
    body = request.get_data()
    if body.count(b"&") >= MOST_FIELDS:
        return Response("too many fields\n", 413, mimetype="text/plain")
    asked = Request(
        method=request.method,
        path_and_query=_path_and_query(),
        headers=_Headers(request.headers),
        form=request.form,
        body=body,
    )
    if not provider.verify(asked, app.hooks["public_urls"]):
        app.hooks["refused"](channel)
        log.warning("signature_refused", channel=channel, kind=kind)
        return Response("wrong signature\n", 403, mimetype="text/plain")
    try:
        with hurry():
            return serve(app, channel, asked)
    except Malformed as error:
        return Response(f"{error}\n", 400, mimetype="text/plain")
    except (Away, NoBrand) as error:
        log.error("turn_not_kept", channel=channel, kind=kind, reason=str(error)[:200])
        return Response("try again\n", 503, {"Retry-After": "5"}, mimetype="text/plain")


class _Headers(Mapping[str, str]):
    """The request's headers by lower-case name, looked up without copying them all."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._headers.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return (name.lower() for name, _value in self._headers)

    def __len__(self) -> int:
        return len(self._headers)


def _sms(app: App, channel: str, asked: Request) -> Response:
    provider = app.channels[channel]
    inbound = provider.parse_inbound(asked)
    settled = hear_text(app, inbound)
    replies = settled.replies
    if settled.duplicate_of is not None:
        replies = answer_again(app, settled.duplicate_of)
    body, content_type = gate.render(provider, replies, app.hooks["callback_for"])
    return Response(body, 200, content_type=content_type)


def _status(app: App, channel: str, asked: Request) -> Response:
    note_receipt(app, app.channels[channel].parse_status(asked))
    return Response("", 204)


_KINDS: dict[str, Callable[[App, str, Request], Response]] = {"sms": _sms, "status": _status}


def _path_and_query() -> str:
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path
