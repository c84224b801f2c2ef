"""What a channel is: the words that the rest of the house and a provider's module share.

A provider is one file in this folder that gives a `Channel`. It knows the provider's forms,
signatures, error codes and addresses; nobody else does. It knows nothing of people, consent or
flows, and it never decides whether a text may leave: `bot/sending/gate.py` alone calls `send`
and `render_reply`.

    channel.verify(request, ["https://sms.example.com"])   # was it really the provider?
    inbound = channel.parse_inbound(request)               # what did the customer write?
    answer, content_type = channel.render_reply([Reply("01J..", "Bonjour")], callback_for)

Numbers are E.164 strings ("+33639980001"); short codes are digits only ("36000"). Times are int
milliseconds since the Unix epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

__all__ = [
    "CarrierMessage",
    "Channel",
    "DeliveryState",
    "Form",
    "Inbound",
    "Malformed",
    "Outgoing",
    "Reply",
    "Request",
    "SendError",
    "Sent",
    "Status",
    "furthest",
]


class Form(Protocol):
    """The parameters of a form with their repeats; werkzeug's MultiDict is one."""

    def __contains__(self, name: object, /) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int: ...

    def getlist(self, name: str, /) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a channel needs of an HTTP request, whatever the web framework.

    `path_and_query` is as received ("/webhooks/twilio/status?m=01J.."), `headers` has lower-case
    names, `form` holds every parameter of the body with its repeats, `body` the body's own bytes.
    The name of the host is left out on purpose: whoever calls can write anything there.
    """

    method: str
    path_and_query: str
    headers: Mapping[str, str]
    form: Form
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text from a customer.

    `sender` is our number or short code that it was sent to, `from_number` the customer's.
    `body` is fit to be stored (NUL and lone surrogates are U+FFFD) and may be empty or longer
    than the provider promises; `raw` is the form as it came. `parts` is the number of SMS
    segments as the provider counted them. `opt_out_type` is STOP, START or HELP where the
    provider has already answered such a word and says so.
    """

    channel: str
    provider_id: str
    account: str
    sender: str
    from_number: str
    body: str
    media: tuple[str, ...] = ()
    raw: bytes = b""
    opt_out_type: str | None = None
    from_country: str | None = None
    parts: int = 1
    idempotency_token: str | None = None


class DeliveryState(StrEnum):
    """Where a message of ours stands with the carrier."""

    accepted = "accepted"
    queued = "queued"
    sending = "sending"
    sent = "sent"
    canceled = "canceled"
    failed = "failed"
    undelivered = "undelivered"
    delivered = "delivered"
    read = "read"

    def rank(self) -> int:
        """How far along this is; a message only moves to a higher rank, whatever comes when.

        The order is total, so any shuffling and repeating of the same callbacks ends in the same
        state. A proof of delivery outweighs a failure: carriers correct themselves that way
        round, and saying "not delivered" of a text that somebody holds is the worse mistake.
        """
        return _RANKS[self]

    @property
    def terminal(self) -> bool:
        """Whether the carrier has nothing more to tell but a correction or that it was read."""
        return _RANKS[self] >= _RANKS[DeliveryState.canceled]


_RANKS = {state: rank for rank, state in enumerate(DeliveryState)}


def furthest(states: Iterable[DeliveryState]) -> DeliveryState:
    """The state of a message that has been reported as all of these, in any order.

    Raises ValueError for no state at all.
    """
    return max(states, key=DeliveryState.rank)


@dataclass(frozen=True, slots=True)
class Status:
    """One status callback: what became of a message of ours.

    `message_id` is our own id, from the address that we gave for this message's callbacks
    (`?m=01J..`); it is None when the callback came to an address without it.
    """

    provider_id: str
    message_id: str | None
    state: DeliveryState
    error_code: str | None = None
    sent_to: str | None = None
    done_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that travels in the webhook's own answer."""

    message_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text that leaves through the provider's API.

    `status_callback` is the address for this message's callbacks, our id in it.
    `validity_seconds` is how long the provider may hold it before giving up (None: its default).
    """

    message_id: str
    sender: str
    to: str
    body: str
    status_callback: str
    validity_seconds: int | None = None
    service_sid: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message; `provider_id` is its name for it."""

    provider_id: str
    state: DeliveryState
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class CarrierMessage:
    """A message of ours as the carrier's own books show it."""

    provider_id: str
    sender: str | None
    to: str
    body: str
    state: DeliveryState
    error_code: str | None = None
    created_at_ms: int | None = None
    sent_at_ms: int | None = None
    parts: int | None = None


class SendError(Exception):
    """The provider did not take a message, or may not have.

    retryable: the same message may succeed later. loggable: somebody on our side must look
    (settings, content, credentials); a fact of one recipient is not loggable. stopped: the
    recipient opted out with the provider, an opt-out we missed. uncertain: the call broke off
    after the request may have arrived, so it may have been accepted: ask, never send again
    unasked. invalid: the number can never receive a text.
    """

    def __init__(
        self,
        code: str,
        *,
        retryable: bool = False,
        loggable: bool = False,
        stopped: bool = False,
        uncertain: bool = False,
        invalid: bool = False,
        detail: str = "",
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.retryable = retryable
        self.loggable = loggable
        self.stopped = stopped
        self.uncertain = uncertain
        self.invalid = invalid
        self.detail = detail


class Malformed(Exception):
    """A webhook's form has a field that is missing or wrong; `field` is its name on the wire."""

    def __init__(self, field: str, problem: str = "") -> None:
        super().__init__(f"{field}: {problem}" if problem else field)
        self.field = field
        self.problem = problem


@runtime_checkable
class Channel(Protocol):
    """A provider, as the rest of the house sees it."""

    @property
    def name(self) -> str:
        """The word in the webhook's address: /webhooks/<name>/<kind>."""

    def verify(self, request: Request, public_urls: Sequence[str]) -> bool:
        """Whether the provider signed this request for one of our public addresses.

        Each of `public_urls` is an origin ("https://sms.example.com"), or a whole address of a
        webhook; either may end in a fragment of overrides ("#rc=3&rp=all"). Never raises.
        """

    def parse_inbound(self, request: Request) -> Inbound:
        """The customer's text. Raises Malformed with the name of the field."""

    def parse_status(self, request: Request) -> Status:
        """What a status callback says. Raises Malformed with the name of the field."""

    def render_reply(
        self, replies: Sequence[Reply], status_callback_for: Callable[[str], str]
    ) -> tuple[bytes, str]:
        """The webhook's answer that says these texts, and its content type. Empty is silence."""

    def send(self, outgoing: Outgoing) -> Sent:
        """Hand one message over. Raises SendError."""

    def error_for(self, code: str) -> SendError:
        """What an error code means, as it stands in a status callback or in an answer."""

    def find_sent(self, sender: str, to: str, since_ms: int, body: str) -> list[CarrierMessage]:
        """The carrier's messages that may be the one we sent, to settle an uncertain send.

        Everything to `to` since `since_ms` with this text, oldest first. Whoever calls leaves out
        those whose provider id already belongs to another message of ours. Raises SendError when
        the carrier could not be asked: that is no answer, and never "not found".
        """

    def list_inbound(self, since_ms: int) -> Iterator[Inbound]:
        """The texts that the carrier received for us since then. Raises SendError."""

    def list_statuses(self, since_ms: int) -> Iterator[CarrierMessage]:
        """The messages of ours that the carrier holds since then. Raises SendError."""
