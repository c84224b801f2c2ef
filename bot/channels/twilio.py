"""Twilio: signatures, forms, TwiML and the REST client.

    channel = TwilioChannel("AC..", auth_token)
    channel.verify(request, ["https://sms.example.com"])
    channel.parse_inbound(request).body                      # "Stop."
    channel.send(Outgoing("01J..", "36000", "+33639980001", "Bonjour", callback))

What is known of its forms, errors and signatures stands in the files `_twilio_*.py` beside it.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import HMAC_SHA1, RequestValidator
from twilio.rest import Client

from bot.channels import (
    CarrierMessage,
    DeliveryState,
    Inbound,
    Outgoing,
    Reply,
    Request,
    SendError,
    Sent,
    Status,
    _twilio_signature,
)
from bot.channels._twilio_client import (
    TIMEOUTS,
    PatientHttpClient,
    as_send_error,
    carrier_message,
    letters_of,
    moment_of,
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
from bot.channels._twilio_forms import STATES, part_count, read_inbound, read_status, storable

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
    "make_channel",
]

LONGEST_VALIDITY = 36_000  # seconds; Twilio's queue holds nothing longer
_PLAIN = (None, HMAC_SHA1)  # key and algorithm where no header names them
CLOCKS_DIFFER_MS = 300_000  # how far Twilio's clock and ours may be apart
_PAGE = 200
_FIND_LIMIT = 5_000

# What XML 1.0 cannot carry at all, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTENT_TYPE = "application/xml; charset=utf-8"


class TwilioSettings(Protocol):
    """What `make_channel` reads of the settings; an empty region or edge is Twilio's default."""

    @property
    def twilio_account_sid(self) -> str: ...

    @property
    def twilio_auth_token(self) -> str: ...

    @property
    def twilio_region(self) -> str: ...

    @property
    def twilio_edge(self) -> str: ...


def make_channel(settings: TwilioSettings) -> TwilioChannel:
    """The channel to Twilio itself, for the account of the settings."""
    return TwilioChannel(
        settings.twilio_account_sid,
        settings.twilio_auth_token,
        region=settings.twilio_region,
        edge=settings.twilio_edge,
    )


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
        """Whether Twilio signed this request, with the auth token or a shared key we hold.

        Anybody can sign with an empty secret, so without one nothing verifies.
        """
        settings = request.headers.get(_twilio_signature.SETTINGS)
        key, algorithm = _twilio_signature.key_and_algorithm(settings) if settings else _PLAIN
        validator = self._validator if key is None else self._shared.get(key)
        if validator is None or algorithm is None or not validator.token:
            return False
        return _twilio_signature.signed_by(validator, request, public_urls, algorithm)

    def parse_inbound(self, request: Request) -> Inbound:
        """The customer's text, of any length. Raises Malformed with the field's name."""
        return read_inbound(request, self.name)

    def parse_status(self, request: Request) -> Status:
        """What a status callback says. Raises Malformed with the field's name."""
        return read_status(request)

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
        with as_send_error():
            message = self._messages().create(
                to=outgoing.to,
                body=outgoing.body,
                status_callback=outgoing.status_callback,
                **options,
            )
        if not message.sid:
            raise SendError("no_id", retryable=True, loggable=True, uncertain=True)
        state = STATES.get(str(message.status), DeliveryState.accepted)
        return Sent(message.sid, state, part_count(message.num_segments))

    def error_for(self, code: str) -> SendError:
        """What one of Twilio's error codes means, in an answer or in a status callback."""
        return judge(code)

    # Asking

    def find_sent(self, sender: str, to: str, since_ms: int, body: str) -> list[CarrierMessage]:
        """Twilio's messages to `to` since then that may be this text, oldest first.

        The list is asked for by recipient only: a message that still waits in Twilio's queue has
        no date of sending, and one through a service may have no sender yet. Texts are compared
        by their letters and digits, because a service's smart encoding changes the rest. The
        clocks of two companies may differ, so the search begins a little earlier.
        """
        since = moment_of(since_ms - CLOCKS_DIFFER_MS).replace(microsecond=0)
        letters = letters_of(body)
        found = []
        for message in self._to(to, since):
            if (
                str(message.direction).startswith("outbound")
                and (message.from_ in (None, "", sender) or message.messaging_service_sid)
                and letters_of(message.body or "") == letters
            ):
                found.append(carrier_message(message))
        return sorted(found, key=lambda m: (m.created_at_ms or 0, m.provider_id))

    def _to(self, to: str, since: datetime) -> Iterator[Any]:
        """The messages to one recipient that were created since then. Raises SendError.

        Twilio lists the newest first without promising it, so a whole page of older ones has to
        go by before we stop. A list that never ends is no proof that a message is not in it.
        """
        older = 0
        with as_send_error():
            listed = self._messages().stream(to=to, page_size=_PAGE, limit=_FIND_LIMIT)
            for count, message in enumerate(listed, start=1):
                if message.date_created is not None and message.date_created < since:
                    older += 1
                    if older == _PAGE:
                        return
                    continue
                if count == _FIND_LIMIT:
                    raise SendError("too_many", retryable=True, loggable=True)
                older = 0
                yield message

    def list_inbound(self, since_ms: int) -> Iterator[Inbound]:
        """The texts Twilio received for us since then, newest first, as webhooks bring them."""
        for message in self._since(since_ms):
            if message.direction == "inbound":
                yield self._inbound(message)

    def list_statuses(self, since_ms: int) -> Iterator[CarrierMessage]:
        """Our messages that Twilio sent since then, newest first, each with its present state.

        What still waits in Twilio's queue has no date yet and is not among them.
        """
        for message in self._since(since_ms):
            if str(message.direction).startswith("outbound"):
                yield carrier_message(message)

    def _since(self, since_ms: int) -> Iterator[Any]:
        # Whole seconds, and one more: the filter knows no milliseconds.
        since = moment_of(since_ms).replace(microsecond=0) - timedelta(seconds=1)
        with as_send_error():
            yield from self._messages().stream(date_sent_after=since, page_size=500)

    def _inbound(self, message: Any) -> Inbound:
        media: tuple[str, ...] = ()
        if (part_count(message.num_media) or 0) > 0:
            with as_send_error():
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
            body=storable(message.body or ""),
            media=media,
            raw=urlencode(form, errors="surrogatepass").encode("ascii"),
            parts=part_count(message.num_segments) or 1,
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
