"""Twilio's forms: what a webhook says, made fit for the house.

    read_inbound(request, "twilio").body      # "Stop."
    read_status(request).state                # DeliveryState.delivered

A text must never be lost to pedantry. A field that we can do without is ignored when it is odd;
only those without which nobody could answer, or recognise a repeat, are insisted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from bot.channels import DeliveryState, Inbound, Malformed, Request, Status
from bot.channels._twilio_signature import undecodable

_MOST_MEDIA = 32  # Twilio sends ten at most; a form that claims more is not believed
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

STATES: Mapping[str, DeliveryState] = {state.value: state for state in DeliveryState} | {
    "scheduled": DeliveryState.accepted,
    # Some parts arrived. Unconfirmed deliveries are never counted as delivered.
    "partially_delivered": DeliveryState.sent,
}


def _name(key: str, error: str) -> fields.String:
    return fields.String(
        required=True,
        data_key=key,
        validate=validate.Regexp(r"^[^\s\x00-\x1f\x7f\ufffd]{1,64}\Z", error=error),
    )


class _InboundForm(Schema):
    class Meta:
        unknown = EXCLUDE

    message_sid = fields.String(
        required=True,
        data_key="MessageSid",
        validate=validate.Regexp(r"^[A-Za-z0-9]{2,64}\Z", error="no message id"),
    )
    account = _name("AccountSid", "no account id")
    sender = _name("To", "no number")
    from_number = _name("From", "no number")
    body = fields.String(data_key="Body", load_default="")
    opt_out_type = fields.String(data_key="OptOutType", load_default="")
    from_country = fields.String(data_key="FromCountry", load_default="")
    num_media = fields.Integer(
        data_key="NumMedia", load_default=0, validate=validate.Range(min=0, error="below zero")
    )
    num_segments = fields.Integer(
        data_key="NumSegments", load_default=1, validate=validate.Range(min=0, error="below zero")
    )


class _StatusForm(Schema):
    class Meta:
        unknown = EXCLUDE

    message_sid = fields.String(
        required=True,
        data_key="MessageSid",
        validate=validate.Regexp(r"^[A-Za-z0-9]{2,64}\Z", error="no message id"),
    )
    status = fields.String(
        required=True,
        data_key="MessageStatus",
        validate=validate.OneOf(STATES, error="no status that we know"),
    )
    error_code = fields.String(data_key="ErrorCode", load_default="")
    to = fields.String(data_key="To", load_default="")
    done = fields.String(data_key="RawDlrDoneDate", load_default="")


_INBOUND = _InboundForm()
_STATUS = _StatusForm()


def read_inbound(request: Request, channel: str) -> Inbound:
    """The customer's text, of any length. Raises Malformed with the field's name."""
    form = _flat(request)
    known = _load(_INBOUND, form)
    kind = known["opt_out_type"].strip().upper()
    media = (form.get(f"MediaUrl{i}") for i in range(min(known["num_media"], _MOST_MEDIA)))
    return Inbound(
        channel=channel,
        provider_id=known["message_sid"],
        account=known["account"],
        sender=known["sender"],
        from_number=known["from_number"],
        body=known["body"],
        media=tuple(url for url in media if url),
        raw=_raw_form(request),
        opt_out_type=kind if kind in ("STOP", "START", "HELP") else None,
        from_country=known["from_country"].strip().upper() or None,
        parts=max(1, known["num_segments"]),
        idempotency_token=request.headers.get("i-twilio-idempotency-token") or None,
    )


def read_status(request: Request) -> Status:
    """What a status callback says. Raises Malformed with the field's name."""
    form = _flat(request)
    if "MessageStatus" not in form and "SmsStatus" in form:
        form["MessageStatus"] = form["SmsStatus"]
    known = _load(_STATUS, form)
    query = parse_qs(request.path_and_query.partition("?")[2])
    return Status(
        provider_id=known["message_sid"],
        message_id=storable(query["m"][0]) if "m" in query else None,
        state=STATES[known["status"]],
        error_code=error_code(known["error_code"]),
        sent_to=known["to"] or None,
        done_at_ms=_receipt_time(known["done"]),
    )


def _flat(request: Request) -> dict[str, str]:
    """The form with the first value of each name, fit to be stored."""
    form = request.form
    if undecodable(request.body):
        pairs: Iterable[tuple[str, str]] = parse_qsl(
            request.body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"
        )
        flat: dict[str, str] = {}
        for name, value in pairs:
            flat.setdefault(name, _decoded(value.encode("latin-1")))
    else:
        flat = {name: form.getlist(name)[0] for name in form}
    return {name: storable(value) for name, value in flat.items()}


def _decoded(value: bytes) -> str:
    """UTF-8, with lone surrogates left to `_storable` and anything else replaced here."""
    try:
        return value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace")


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, each of them U+FFFD; pairs are joined."""
    if not _UNSTORABLE.search(text):
        return text
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined.replace("\x00", "\ufffd")


def _raw_form(request: Request) -> bytes:
    """The form as it came; where only the parsed form is at hand, its canonical spelling."""
    if request.body:
        return request.body
    pairs = [(name, value) for name in sorted(request.form) for value in request.form.getlist(name)]
    return urlencode(pairs, errors="surrogatepass").encode("ascii")


def _load(schema: Schema, form: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the schema knows. Raises Malformed for the first that is wrong."""
    try:
        loaded: dict[str, Any] = schema.load(form)
    except ValidationError as error:
        messages = error.messages_dict
        wire = [str(item.data_key or name) for name, item in schema.fields.items()]
        field = next((name for name in wire if name in messages), next(iter(messages)))
        raise Malformed(field, "; ".join(map(str, messages[field]))) from error
    return loaded


def error_code(text: str) -> str | None:
    code = text.strip()
    return code if code and code not in ("0", "None", "null") else None


def _receipt_time(text: str) -> int | None:
    """The receipt's own time, YYMMDDhhmm in UTC, in ms; None where it is absent or odd."""
    try:
        moment = datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)


def part_count(text: object) -> int | None:
    """A count that Twilio writes as text; a service says 0 while no sender is chosen."""
    try:
        return int(str(text)) or None
    except ValueError:
        return None
