"""The provider's calls: verified, parsed, settled in one transaction, answered at once.

403 for what the provider did not sign (nothing is kept of it), 400 that names the field for a form
that cannot be read, 503 when the database is away, so that the provider comes again.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, current_app, request

from bot.channels import Malformed, Request
from bot.sending import gate
from bot.store.turns import Away
from bot.turns.app import App
from bot.turns.brands import NoBrand
from bot.turns.inbound import hear_text
from bot.turns.receipts import note_receipt
from bot.turns.repeats import answer_again

log = structlog.get_logger()
webhooks = Blueprint("webhooks", __name__)


@webhooks.post("/webhooks/<channel>/<kind>")
def receive(channel: str, kind: str) -> Response:
    """A provider's call: `sms` is a customer's text, `status` what became of a text of ours."""
    app: App = current_app.extensions["parley"]
    serve = _KINDS.get(kind)
    provider = app.channels.get(channel)
    if serve is None or provider is None:
        return Response("no such webhook\n", 404, mimetype="text/plain")
    # The form is read before the body is: the other way round werkzeug finds nothing left.
    form = request.form
    asked = Request(
        method=request.method,
        path_and_query=_path_and_query(),
        headers={name.lower(): value for name, value in request.headers.items()},
        form=form,
        body=b"" if form else request.get_data(),
    )
    if not provider.verify(asked, app.hooks["public_urls"]):
        app.hooks["refused"](channel)
        log.warning("signature_refused", channel=channel, kind=kind)
        return Response("wrong signature\n", 403, mimetype="text/plain")
    try:
        return serve(app, channel, asked)
    except Malformed as error:
        return Response(f"{error}\n", 400, mimetype="text/plain")
    except (Away, NoBrand) as error:
        log.error("turn_not_kept", channel=channel, kind=kind, reason=str(error)[:200])
        return Response("try again\n", 503, {"Retry-After": "5"}, mimetype="text/plain")


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
