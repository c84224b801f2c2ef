"""Requests as Twilio sends them, signed with the `twilio` package's own arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from bot.channels import Request

TOKEN = "12345"
ACCOUNT = "AC" + "0" * 32
PUBLIC = "https://sms.example.com"
INBOUND_PATH = "/webhooks/twilio/sms"
CUSTOMER = "+33639980001"
SENDER = "36000"

INBOUND: Mapping[str, str] = {
    "MessageSid": "SM" + "a" * 32,
    "AccountSid": ACCOUNT,
    "From": CUSTOMER,
    "To": SENDER,
    "Body": "Bonjour",
    "NumMedia": "0",
    "NumSegments": "1",
    "FromCountry": "FR",
}


def request(
    pairs: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    *,
    path: str = INBOUND_PATH,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    signed_for: str | None = None,
    token: str = TOKEN,
    algorithm: str | None = None,
    content_type: str = "application/x-www-form-urlencoded",
) -> Request:
    """A POST with this form; `signed_for` is the whole address Twilio believes it calls."""
    form: MultiDict[str, str] = MultiDict(pairs)
    every = {"content-type": content_type, **(headers or {})}
    if signed_for is not None:
        signature = RequestValidator(token).compute_signature(signed_for, form, algorithm)
        every["x-twilio-signature"] = signature
    if body is None:
        body = urlencode(list(form.items(multi=True)), errors="surrogatepass").encode()
    return Request("POST", path, every, form, body)
