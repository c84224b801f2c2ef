"""The simulated carrier, as a channel: Twilio's own client, pointed at loopback.

    channel = make_channel(settings)          # over HTTP, to python -m bot.channels.simulator
    carrier = InProcessCarrier(now_ms)        # no HTTP, no threads: benches and transcripts

Both are Twilio channels in all that concerns forms, signatures and answers, so what is tested
with them is what runs with Twilio. Only the way out differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

from bot.channels import CarrierMessage, DeliveryState, Inbound, Outgoing, Sent
from bot.channels._twilio_client import TIMEOUTS, PatientHttpClient
from bot.channels.simulator import ACCOUNT, TOKEN
from bot.channels.twilio import TwilioChannel, judge

__all__ = [
    "ACCOUNT",
    "TOKEN",
    "InProcessCarrier",
    "SimulatedHttpClient",
    "make_channel",
]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class CarrierSettings(Protocol):
    """What `make_channel` reads of the settings."""

    @property
    def carrier_url(self) -> str: ...

    @property
    def twilio_account_sid(self) -> str: ...

    @property
    def twilio_auth_token(self) -> str: ...


def make_channel(settings: CarrierSettings) -> TwilioChannel:
    """The channel to the simulated carrier at `settings.carrier_url`.

    Raises ValueError for an address that is not on loopback: real numbers must not travel to a
    machine that somebody calls a simulation.
    """
    url = settings.carrier_url
    if urlsplit(url).hostname not in _LOOPBACK:
        raise ValueError(f"the simulated carrier is on loopback only, not at {url!r}")
    return TwilioChannel(
        settings.twilio_account_sid or ACCOUNT,
        settings.twilio_auth_token or TOKEN,
        http_client=lambda: SimulatedHttpClient(url),
    )


class SimulatedHttpClient(PatientHttpClient):
    """Twilio's HTTP client that calls `carrier_url` wherever Twilio would be called."""

    def __init__(self, carrier_url: str, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        super().__init__(timeouts)
        parts = urlsplit(carrier_url)
        self._scheme, self._netloc = parts.scheme, parts.netloc
        if self.session is not None:
            # No proxy and no .netrc of this machine has a say in what stays on this machine.
            self.session.trust_env = False
            self.session.mount("http://", HTTPAdapter(pool_maxsize=32))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        here = urlsplit(url)._replace(scheme=self._scheme, netloc=self._netloc).geturl()
        return super().request(method, here, *args, **kwargs)


class InProcessCarrier(TwilioChannel):
    """A carrier that is a list: every message is accepted at once and kept in order.

    `now_ms` stamps the books. `blocked` holds (customer, sender) pairs that get 21610;
    `refuse` may name an error code for a message instead of taking it. `sent` is what was taken,
    in order, as it was handed over; `books` the same as a carrier would list it.
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        *,
        account_sid: str = ACCOUNT,
        auth_token: str = TOKEN,
        refuse: Callable[[Outgoing], str | None] | None = None,
    ) -> None:
        super().__init__(account_sid, auth_token)
        self._now_ms = now_ms
        self._refuse = refuse
        self.blocked: set[tuple[str, str]] = set()
        self.sent: list[Outgoing] = []
        self.books: dict[str, CarrierMessage] = {}
        self.texts: list[tuple[int, Inbound]] = []

    def send(self, outgoing: Outgoing) -> Sent:
        """Take the message, or raise the SendError that the books or `refuse` ask for."""
        if (outgoing.to, outgoing.sender) in self.blocked:
            raise judge("21610", 400)
        code = self._refuse(outgoing) if self._refuse else None
        if code is not None:
            raise judge(code)
        provider_id = f"SM{len(self.sent) + 1:032x}"
        self.sent.append(outgoing)
        now = self._now_ms()
        self.books[provider_id] = CarrierMessage(
            provider_id=provider_id,
            sender=outgoing.sender,
            to=outgoing.to,
            body=outgoing.body,
            state=DeliveryState.queued,
            created_at_ms=now,
            sent_at_ms=now,
        )
        return Sent(provider_id, DeliveryState.queued)

    def find_sent(self, sender: str, to: str, since_ms: int, body: str) -> list[CarrierMessage]:
        return [
            message
            for message in self.list_statuses(since_ms)
            if (message.sender, message.to, message.body) == (sender, to, body)
        ]

    def list_inbound(self, since_ms: int) -> Iterator[Inbound]:
        return (text for at_ms, text in self.texts if at_ms >= since_ms)

    def list_statuses(self, since_ms: int) -> Iterator[CarrierMessage]:
        return (m for m in self.books.values() if (m.created_at_ms or 0) >= since_ms)
