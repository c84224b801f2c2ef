"""Signed webhooks, with Twilio's time limits, repeats and overrides.

    postman = Postman("the auth token", "http://127.0.0.1:8000", fresh_token)
    postman.post("http://127.0.0.1:8000/webhooks/twilio/sms#rc=3&rp=all", form)

The address that is signed is the one the app gave, without its fragment. The address that is
called is always on loopback: where the app names a public host, the host of `--webhook` is called
in its place, so that a simulated carrier never leaves the machine.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from twilio.request_validator import RequestValidator

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """How often and after what Twilio repeats; times in ms."""

    repeats: int = 1
    policies: frozenset[str] = frozenset({"ct"})
    connect_ms: int = 5000
    read_ms: int = 15000

    @classmethod
    def of(cls, url: str) -> Overrides:
        given = {name: values[0] for name, values in parse_qs(urlsplit(url).fragment).items()}
        return cls(
            repeats=min(5, max(0, int(given.get("rc", 1)))),
            policies=frozenset(given.get("rp", "ct").split(",")),
            connect_ms=int(given.get("ct", 5000)),
            read_ms=int(given.get("rt", 15000)),
        )

    def repeat_after(self, outcome: str) -> bool:
        kind = f"{outcome[0]}xx" if outcome.isdigit() else outcome
        return "all" in self.policies or kind in self.policies


@dataclass(slots=True)
class Delivery:
    """What became of a webhook: every attempt, and the answer of the last one if it was good."""

    attempts: list[dict[str, Any]] = field(default_factory=list)
    answer: str | None = None

    @property
    def outcome(self) -> str:
        return str(self.attempts[-1]["outcome"]) if self.attempts else "never"


class Postman:
    """Posts forms. `fresh_token` makes the token that tells repeats of one event apart."""

    def __init__(self, token: str, webhook: str, fresh_token: Callable[[], str]) -> None:
        self._validator = RequestValidator(token)
        self._fresh_token = fresh_token
        self.webhook = webhook

    def post(self, url: str, form: Mapping[str, str], fallbacks: Sequence[str] = ()) -> Delivery:
        """Post with repeats; then to each fallback address, told why. Never raises."""
        delivery = Delivery()
        idempotency_token = self._fresh_token()
        for number, address in enumerate((url, *fallbacks)):
            told = dict(form)
            if number:
                told |= {"ErrorCode": "11200", "ErrorUrl": url}
            self._post_to(address, told, idempotency_token, delivery)
            if delivery.answer is not None:
                break
        return delivery

    def _post_to(
        self, url: str, form: Mapping[str, str], idempotency_token: str, delivery: Delivery
    ) -> None:
        overrides = Overrides.of(url)
        signed = url.partition("#")[0]
        headers = {
            "X-Twilio-Signature": self._signature(signed, form),
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "I-Twilio-Idempotency-Token": idempotency_token,
            "User-Agent": "TwilioProxy/1.1",
            # A new connection each time: an idle one that dies would look like the app's fault.
            "Connection": "close",
        }
        for _ in range(1 + overrides.repeats):
            outcome, answer = self._try(signed, form, headers, overrides)
            delivery.attempts.append({"url": url, "outcome": outcome})
            if answer is not None:
                delivery.answer = answer
                return
            if not overrides.repeat_after(outcome):
                return

    def _signature(self, url: str, form: Mapping[str, str]) -> str:
        try:
            return str(self._validator.compute_signature(url, form))
        except UnicodeEncodeError:
            # Half an emoji, as some handsets send it: the signature covers the bytes that leave.
            text = url + "".join(name + form[name] for name in sorted(form))
            mac = hmac.digest(self._validator.token, text.encode("utf-8", "surrogatepass"), "sha1")
            return b64encode(mac).decode()

    def _try(
        self,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        overrides: Overrides,
    ) -> tuple[str, str | None]:
        """The outcome of one attempt ("200", "503", "ct", "rt") and a good answer's text."""
        session = requests.Session()
        session.trust_env = False
        try:
            response = session.post(
                self._on_loopback(url),
                data=urlencode(form, errors="surrogatepass"),
                headers=dict(headers),
                timeout=(overrides.connect_ms / 1000, overrides.read_ms / 1000),
                allow_redirects=False,
            )
        except requests.ReadTimeout:
            return "rt", None
        except requests.RequestException:
            return "ct", None
        finally:
            session.close()
        good = 200 <= response.status_code < 300
        return str(response.status_code), response.content.decode(
            "utf-8", "replace"
        ) if good else None

    def _on_loopback(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.hostname in LOOPBACK:
            return url
        ours = urlsplit(self.webhook)
        if ours.hostname not in LOOPBACK:
            raise ValueError("the simulated carrier calls loopback addresses only")
        return parts._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
