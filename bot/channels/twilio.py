"""Twilio: signatures, forms, TwiML and the REST client.

    channel = TwilioChannel("AC..", auth_token)
    channel.verify(request, ["https://sms.example.com"])
    channel.parse_inbound(request).body                      # "Stop."
    channel.send(Outgoing("01J..", "36000", "+33639980001", "Bonjour", callback))

One thing to know before changing anything here: a text must never be lost to pedantry. A field
that we can do without is ignored when it is odd; only those without which nobody could answer or
recognise a repeat are insisted on.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode
from xml.sax.saxutils import escape, quoteattr

import requests
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import HMAC_SHA1, RequestValidator
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.channels import (
    CarrierMessage,
    DeliveryState,
    Inbound,
    Malformed,
    Outgoing,
    Reply,
    Request,
    SendError,
    Sent,
    Status,
    _twilio_signature,
)
from bot.channels._twilio_facts import (
    FILTERED,
    ONCE_MORE,
    POSSIBLE_STOPS,
    PRESETS,
    Label,
    carrier_answers,
    judge,
    keyword_label,
)

__all__ = [
    "FILTERED",
    "ONCE_MORE",
    "POSSIBLE_STOPS",
    "PRESETS",
    "TIMEOUTS",
    "Label",
    "TwilioChannel",
    "carrier_answers",
    "judge",
    "keyword_label",
]

TIMEOUTS = (5.0, 10.0)  # seconds: to connect, to read
LONGEST_VALIDITY = 36_000  # seconds; Twilio's queue holds nothing longer
_MOST_MEDIA = 32  # Twilio sends ten at most; a form that claims more is not believed
_FIND_LIMIT = 200

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What XML 1.0 cannot carry at all, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTENT_TYPE = "application/xml; charset=utf-8"

_STATES: Mapping[str, DeliveryState] = {state.value: state for state in DeliveryState} | {
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
        validate=validate.OneOf(_STATES, error="no status that we know"),
    )
    error_code = fields.String(data_key="ErrorCode", load_default="")
    to = fields.String(data_key="To", load_default="")
    done = fields.String(data_key="RawDlrDoneDate", load_default="")


_INBOUND = _InboundForm()
_STATUS = _StatusForm()


class TwilioChannel:
    """One Twilio account as a channel.

    `shared_keys` maps the ids of webhook shared keys to their secrets. `http_client` replaces the
    way out, for the simulated carrier. `region` and `edge` as Twilio names them.
    """

    name = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        shared_keys: Mapping[str, str] | None = None,
        http_client: Callable[[], TwilioHttpClient] | None = None,
        region: str | None = None,
        edge: str | None = None,
    ) -> None:
        self.account_sid = account_sid
        self._auth_token = auth_token
        self._validator = RequestValidator(auth_token)
        self._shared = {key: RequestValidator(text) for key, text in (shared_keys or {}).items()}
        self._http_client = http_client or PatientHttpClient
        self._region = region or None
        self._edge = edge or None
        self._client: Client | None = None
        self._client_pid = 0
        self._lock = threading.Lock()

    # The way in

    def verify(self, request: Request, public_urls: Sequence[str]) -> bool:
        """Whether Twilio signed this request, with the auth token or a shared key we hold."""
        settings = request.headers.get(_twilio_signature.SETTINGS)
        if not settings:
            return _twilio_signature.signed_by(self._validator, request, public_urls, HMAC_SHA1)
        key, algorithm = _twilio_signature.key_and_algorithm(settings)
        validator = self._validator if key is None else self._shared.get(key)
        if validator is None or algorithm is None:
            return False
        return _twilio_signature.signed_by(validator, request, public_urls, algorithm)

    def parse_inbound(self, request: Request) -> Inbound:
        """The customer's text, of any length. Raises Malformed with the field's name."""
        form = _flat(request)
        known = _load(_INBOUND, form)
        kind = known["opt_out_type"].strip().upper()
        media = (form.get(f"MediaUrl{i}") for i in range(min(known["num_media"], _MOST_MEDIA)))
        return Inbound(
            channel=self.name,
            provider_id=known["message_sid"],
            account=known["account"],
            sender=known["sender"],
            from_number=known["from_number"],
            body=known["body"],
            media=tuple(url for url in media if url),
            raw=_raw(request),
            opt_out_type=kind if kind in ("STOP", "START", "HELP") else None,
            from_country=known["from_country"].strip().upper() or None,
            parts=max(1, known["num_segments"]),
            idempotency_token=request.headers.get("i-twilio-idempotency-token") or None,
        )

    def parse_status(self, request: Request) -> Status:
        """What a status callback says. Raises Malformed with the field's name."""
        form = _flat(request)
        if "MessageStatus" not in form and "SmsStatus" in form:
            form["MessageStatus"] = form["SmsStatus"]
        known = _load(_STATUS, form)
        query = parse_qs(request.path_and_query.partition("?")[2])
        return Status(
            provider_id=known["message_sid"],
            message_id=query.get("m", [None])[0],
            state=_STATES[known["status"]],
            error_code=_code(known["error_code"]),
            sent_to=known["to"] or None,
            done_at_ms=_receipt_time(known["done"]),
        )

    # The way out

    def render_reply(
        self, replies: Sequence[Reply], status_callback_for: Callable[[str], str]
    ) -> tuple[bytes, str]:
        """TwiML: one <Message> a reply, each with the address for its own callbacks."""
        messages = "".join(
            f"<Message statusCallback={quoteattr(status_callback_for(reply.message_id))}>"
            f"{escape(_NOT_XML.sub('', reply.body))}</Message>"
            for reply in replies
        )
        inner = f"<Response>{messages}</Response>" if messages else "<Response />"
        answer = f'<?xml version="1.0" encoding="UTF-8"?>{inner}'
        return answer.encode("utf-8"), _CONTENT_TYPE

    def send(self, outgoing: Outgoing) -> Sent:
        """Hand one message to Twilio. Raises SendError; an uncertain one must be asked about."""
        options: dict[str, Any] = {}
        if outgoing.service_sid:
            options["messaging_service_sid"] = outgoing.service_sid
        if outgoing.sender and outgoing.sender != outgoing.service_sid:
            # Named beside a service, so that a STOP to this number keeps meaning this number.
            options["from_"] = outgoing.sender
        if outgoing.validity_seconds is not None:
            options["validity_period"] = min(max(outgoing.validity_seconds, 1), LONGEST_VALIDITY)
        with _as_send_error():
            message = self._messages().create(
                to=outgoing.to,
                body=outgoing.body,
                status_callback=outgoing.status_callback,
                **options,
            )
        if not message.sid:
            raise SendError("no_id", retryable=True, loggable=True, uncertain=True)
        state = _STATES.get(str(message.status), DeliveryState.accepted)
        return Sent(message.sid, state, _parts(message.num_segments))

    def error_for(self, code: str) -> SendError:
        """What one of Twilio's error codes means, in an answer or in a status callback."""
        return judge(code)

    # Asking

    def find_sent(self, sender: str, to: str, since_ms: int, body: str) -> list[CarrierMessage]:
        """Twilio's messages to `to` since then that may be this text, oldest first.

        The list is asked for by recipient only: a message that still waits in Twilio's queue has
        no date of sending, and one through a service may have no sender yet. Texts are compared
        by their letters and digits, because a service's smart encoding changes the rest.
        """
        since = _moment(since_ms).replace(microsecond=0)
        letters = _letters(body)
        found = []
        with _as_send_error():
            for message in self._messages().list(to=to, limit=_FIND_LIMIT, page_size=_FIND_LIMIT):
                if (
                    str(message.direction).startswith("outbound")
                    and (message.date_created is None or message.date_created >= since)
                    and (message.from_ in (None, "", sender) or message.messaging_service_sid)
                    and _letters(message.body or "") == letters
                ):
                    found.append(_carrier_message(message))
        return sorted(found, key=lambda m: (m.created_at_ms or 0, m.provider_id))

    def list_inbound(self, since_ms: int) -> Iterator[Inbound]:
        """The texts Twilio received for us since then, newest first, as webhooks bring them."""
        for message in self._since(since_ms):
            if message.direction == "inbound":
                yield self._inbound(message)

    def list_statuses(self, since_ms: int) -> Iterator[CarrierMessage]:
        """Our messages that Twilio sent since then, newest first, each with its present state."""
        for message in self._since(since_ms):
            if str(message.direction).startswith("outbound"):
                yield _carrier_message(message)

    def _since(self, since_ms: int) -> Iterator[Any]:
        # Whole seconds, and one more: the filter knows no milliseconds.
        since = _moment(since_ms).replace(microsecond=0) - timedelta(seconds=1)
        with _as_send_error():
            yield from self._messages().stream(date_sent_after=since, page_size=500)

    def _inbound(self, message: Any) -> Inbound:
        media: tuple[str, ...] = ()
        if (_parts(message.num_media) or 0) > 0:
            with _as_send_error():
                media = tuple(
                    "https://api.twilio.com" + str(item.uri).removesuffix(".json")
                    for item in message.media.list()
                )
        form = {
            "MessageSid": message.sid,
            "AccountSid": message.account_sid,
            "From": message.from_,
            "To": message.to,
            "Body": message.body or "",
            "NumSegments": message.num_segments or "1",
            "NumMedia": message.num_media or "0",
        }
        return Inbound(
            channel=self.name,
            provider_id=message.sid,
            account=message.account_sid or self.account_sid,
            sender=message.to,
            from_number=message.from_,
            body=_storable(message.body or ""),
            media=media,
            raw=urlencode(form, errors="surrogatepass").encode("ascii"),
            parts=_parts(message.num_segments) or 1,
        )

    def _messages(self) -> Any:
        """The client's messages; a new client in a forked process, whose sockets are not ours."""
        with self._lock:
            if self._client is None or self._client_pid != os.getpid():
                self._client = Client(
                    self.account_sid,
                    self._auth_token,
                    http_client=self._http_client(),
                    region=self._region,
                    edge=self._edge,
                )
                self._client_pid = os.getpid()
            return self._client.messages


class PatientHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own HTTP client with a time limit for connecting and another for reading."""

    def __init__(self, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        super().__init__()
        # Set past the constructor, which takes one number only; requests takes the pair.
        self.timeout: Any = timeouts


class _as_send_error:
    """Turns whatever the client raises into a SendError, and says how sure it is."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (TwilioRestException, TwilioServiceException)):
            detail = getattr(error, "msg", "") or getattr(error, "title", "")
            raise judge(str(error.code), error.status, str(detail)) from error
        if isinstance(error, TwilioException):
            raise _unread_page(error) from error
        if isinstance(error, requests.RequestException):
            raise _broken_call(error) from error
        if isinstance(error, ValueError):
            # An answer that is no JSON, from a proxy perhaps. The request may have passed it.
            raise SendError("unreadable", retryable=True, loggable=True, uncertain=True) from error


def _broken_call(error: requests.RequestException) -> SendError:
    """A call without an answer: certain only where no connection ever stood."""
    cause: Any = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None) or cause
    never_connected = isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, (NewConnectionError, ConnectTimeoutError)
    )
    if never_connected:
        return SendError("unreachable", retryable=True, loggable=True, detail=str(error))
    code = "timeout" if isinstance(error, requests.Timeout) else "broken"
    return SendError(code, retryable=True, loggable=True, uncertain=True, detail=str(error))


def _unread_page(error: TwilioException) -> SendError:
    """A list that could not be read; the client keeps the answer among the error's arguments."""
    answer = error.args[1] if len(error.args) > 1 else None
    status = getattr(answer, "status_code", None)
    try:
        code = str(json.loads(answer.text)["code"]) if answer is not None else "unreadable"
    except (ValueError, KeyError, TypeError):
        code = str(status)
    return judge(code, status, str(error.args[0]) if error.args else "")


def _flat(request: Request) -> dict[str, str]:
    """The form with the first value of each name, fit to be stored."""
    form = request.form
    if _twilio_signature.undecodable(request.body):
        pairs: Iterable[tuple[str, str]] = parse_qsl(
            request.body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"
        )
        flat: dict[str, str] = {}
        for name, value in pairs:
            flat.setdefault(name, _decoded(value.encode("latin-1")))
    else:
        flat = {name: form.getlist(name)[0] for name in form}
    return {name: _storable(value) for name, value in flat.items()}


def _decoded(value: bytes) -> str:
    """UTF-8, with lone surrogates left to `_storable` and anything else replaced here."""
    try:
        return value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace")


def _storable(text: str) -> str:
    """The text without NUL and lone surrogates, each of them U+FFFD; pairs are joined."""
    if not _UNSTORABLE.search(text):
        return text
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined.replace("\x00", "\ufffd")


def _raw(request: Request) -> bytes:
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


def _code(text: str) -> str | None:
    code = text.strip()
    return code if code and code not in ("0", "None", "null") else None


def _receipt_time(text: str) -> int | None:
    """The receipt's own time, YYMMDDhhmm in UTC, in ms; None where it is absent or odd."""
    try:
        moment = datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _parts(text: object) -> int | None:
    """A count that Twilio writes as text; a service says 0 while no sender is chosen."""
    try:
        return int(str(text)) or None
    except ValueError:
        return None


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _carrier_message(message: Any) -> CarrierMessage:
    return CarrierMessage(
        provider_id=message.sid,
        sender=message.from_ or None,
        to=message.to or "",
        body=message.body or "",
        state=_STATES.get(str(message.status), DeliveryState.accepted),
        error_code=_code(str(message.error_code or "")),
        created_at_ms=_ms(message.date_created),
        sent_at_ms=_ms(message.date_sent),
        parts=_parts(message.num_segments),
    )
