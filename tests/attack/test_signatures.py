"""Somebody who is not the carrier posts texts and receipts."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import MultiDict

from bot import wiring
from bot.channels import Request
from bot.channels.twilio import TwilioChannel
from bot.errors import SettingsRefused

PUBLIC = "https://sms.example.com"
PATH = "/webhooks/twilio/sms"
FORM = {
    "MessageSid": "SM" + "1" * 32, "AccountSid": "AC" + "5" * 32, "From": "+33639984107",
    "To": "36000", "Body": "START",
}  # fmt: skip


def signed_with(secret: bytes, algorithm: str = "sha1") -> str:
    text = PUBLIC + PATH + "".join(name + FORM[name] for name in sorted(FORM))
    return base64.b64encode(hmac.digest(secret, text.encode(), algorithm)).decode()


def ask(**headers: str) -> Request:
    named = {"content-type": "application/x-www-form-urlencoded"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", PATH, named, MultiDict(FORM), urlencode(FORM).encode())


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_without_a_secret_nothing_verifies_whatever_the_signature(algorithm: str) -> None:
    channel = TwilioChannel("AC" + "5" * 32, "", shared_keys={"key_1": ""})
    forged = signed_with(b"", algorithm)
    assert not channel.verify(ask(x_twilio_signature=forged), [PUBLIC])
    for settings in ("algorithm=HMAC-SHA256", "key=key_1,algorithm=HMAC-SHA256", "key=key_1", ""):
        headers = {
            "x_twilio_signature": forged,
            "x_twilio_webhooks_signature_settings": settings,
        }
        assert not channel.verify(ask(**headers), [PUBLIC]), settings


def test_the_same_signature_with_the_secret_verifies() -> None:
    """Else the test above would prove nothing."""
    channel = TwilioChannel("AC" + "5" * 32, "secret")
    assert channel.verify(ask(x_twilio_signature=signed_with(b"secret")), [PUBLIC])
    assert not channel.verify(ask(x_twilio_signature=signed_with(b"secret")), [])
    assert not channel.verify(ask(x_twilio_signature=hashlib.sha1(b"").hexdigest()), [PUBLIC])


@pytest.mark.parametrize(
    "missing", ["TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "PUBLIC_URL", "PARLEY_TOKEN"]
)
def test_no_process_starts_with_a_real_carrier_and_half_of_its_settings(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gunicorn is started by the Procfile itself: no supervisor has looked at anything before."""
    told = {
        "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
        "TWILIO_AUTH_TOKEN": "t" * 32,
        "PUBLIC_URL": PUBLIC,
        "PARLEY_TOKEN": "p" * 40,
        "PARLEY_KEY": base64.b64encode(bytes(32)).decode(),
        "PARLEY_DATA": str(tmp_path),
        "PARLEY_CARRIER": "twilio",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    wiring.from_environment.cache_clear()
    with pytest.raises(SettingsRefused):
        wiring.from_environment()
