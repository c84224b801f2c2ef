"""Who may post to the webhooks: Twilio's published vectors, and everything that is not Twilio."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from bot.channels import Request
from bot.channels.twilio import TwilioChannel
from tests.channels.forms import ACCOUNT, INBOUND, INBOUND_PATH, PUBLIC, TOKEN, request
from tests.support.speed import beats

CHANNEL = TwilioChannel(ACCOUNT, TOKEN, shared_keys={"webhooks_sharedkey_1": "a shared secret"})
VECTOR_PATH = "/myapp.php?foo=1&bar=2"
VECTOR_PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SETTINGS = "x-twilio-webhooks-signature-settings"


def test_the_published_vector_is_accepted() -> None:
    ask = request(
        VECTOR_PARAMS,
        path=VECTOR_PATH,
        headers={"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
    )
    assert CHANNEL.verify(ask, ["https://mycompany.com"])


def test_the_published_vector_with_repeats_is_accepted() -> None:
    pairs = [("Sid", "CA123"), ("SidAccount", "AC123")]
    pairs += [("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    headers = {"x-twilio-signature": "IK+Dwps556ElfBT0I3Rgjkr1wJU="}
    ask = request(pairs, path=VECTOR_PATH, headers=headers)
    assert CHANNEL.verify(ask, ["https://mycompany.com"])
    without_a_repeat = request(pairs[:-2], path=VECTOR_PATH, headers=headers)
    assert not CHANNEL.verify(without_a_repeat, ["https://mycompany.com"])


def json_request(body: bytes, query: str, signature: str) -> Request:
    return Request(
        "POST",
        VECTOR_PATH + query,
        {"content-type": "application/json", "x-twilio-signature": signature},
        MultiDict(),
        body,
    )


def test_the_published_vector_with_a_body_hash_is_accepted_and_another_body_is_not() -> None:
    body = b'{"property": "value", "boolean": true}'
    query = f"&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = "a9nBmqA0ju/hNViExpshrM61xv4="
    assert CHANNEL.verify(json_request(body, query, signature), ["https://mycompany.com"])
    other = json_request(body + b" ", query, signature)
    assert not CHANNEL.verify(other, ["https://mycompany.com"])


def test_a_json_body_that_the_signature_does_not_cover_is_refused() -> None:
    signature = RequestValidator(TOKEN).compute_signature("https://mycompany.com" + VECTOR_PATH, {})
    assert not CHANNEL.verify(json_request(b"{}", "", signature), ["https://mycompany.com"])
    # Nor does it help to call it something else, or nothing.
    for kind in ("text/plain", "", "application/x-www-form-urlencoded-not", "multipart/form-data"):
        ask = Request(
            "POST",
            VECTOR_PATH,
            {"content-type": kind, "x-twilio-signature": signature},
            MultiDict(),
            b"Body=STOP",
        )
        assert not CHANNEL.verify(ask, ["https://mycompany.com"]), kind


@pytest.mark.parametrize(
    ("public", "signed_for"),
    [
        (PUBLIC, PUBLIC + INBOUND_PATH),
        (PUBLIC, PUBLIC + INBOUND_PATH + "#rc=3&rp=all"),
        (PUBLIC, PUBLIC + ":443" + INBOUND_PATH),
        (PUBLIC, PUBLIC + ":443" + INBOUND_PATH + "#rc=3&rp=all"),
        (PUBLIC + "#rc=5", PUBLIC + INBOUND_PATH + "#rc=5"),
        (PUBLIC + "/", PUBLIC + INBOUND_PATH),
        (PUBLIC + INBOUND_PATH, PUBLIC + INBOUND_PATH),
        (PUBLIC + INBOUND_PATH + "#rc=3&rp=all", PUBLIC + INBOUND_PATH),
        (PUBLIC + "/parley", PUBLIC + "/parley" + INBOUND_PATH),
        ("https://sms.example.com:8443", "https://sms.example.com:8443" + INBOUND_PATH),
        ("https://sms.example.com:8443", "https://sms.example.com" + INBOUND_PATH),
        ("https://user:pass@sms.example.com", "https://user:pass@sms.example.com" + INBOUND_PATH),
        ("http://[::1]:5000", "http://[::1]:5000" + INBOUND_PATH),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000" + INBOUND_PATH),
    ],
)
def test_every_spelling_of_our_own_address_is_accepted(public: str, signed_for: str) -> None:
    assert CHANNEL.verify(request(INBOUND, signed_for=signed_for), [public])


def test_the_second_configured_address_counts_as_well() -> None:
    ask = request(INBOUND, signed_for="https://fallback.example.com" + INBOUND_PATH)
    assert CHANNEL.verify(ask, [PUBLIC, "https://fallback.example.com"])
    assert not CHANNEL.verify(ask, [PUBLIC])


def test_the_query_of_a_callback_is_part_of_the_signature() -> None:
    path = "/webhooks/twilio/status?m=01J00000000000000000000000"
    signed = request(INBOUND, path=path, signed_for=PUBLIC + path)
    assert CHANNEL.verify(signed, [PUBLIC])
    moved = request(INBOUND, path=path.replace("01J", "01K"), signed_for=PUBLIC + path)
    assert not CHANNEL.verify(moved, [PUBLIC])


@pytest.mark.parametrize(
    "signature", [None, "", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "é", "\udcff"]
)
def test_an_absent_or_foreign_signature_is_refused(signature: str | None) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    assert not CHANNEL.verify(request(INBOUND, headers=headers), [PUBLIC])


def test_what_the_caller_says_of_its_host_counts_for_nothing() -> None:
    ask = request(
        INBOUND,
        signed_for="https://evil.example.net" + INBOUND_PATH,
        headers={"host": "evil.example.net", "x-forwarded-host": "evil.example.net"},
    )
    assert not CHANNEL.verify(ask, [PUBLIC])


def test_another_account_s_token_is_refused() -> None:
    ask = request(INBOUND, signed_for=PUBLIC + INBOUND_PATH, token="54321")
    assert not CHANNEL.verify(ask, [PUBLIC])


@pytest.mark.parametrize(
    ("settings", "token", "algorithm", "accepted"),
    [
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", "a shared secret", "HMAC_SHA256", True),
        (
            "key = webhooks_sharedkey_1 , algorithm = hmac_sha256",
            "a shared secret",
            "HMAC_SHA256",
            True,
        ),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", "a shared secret", "HMAC_SHA1", False),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", TOKEN, "HMAC_SHA256", False),
        ("key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", TOKEN, "HMAC_SHA256", False),
        ("key=webhooks_sharedkey_1,algorithm=MD5", "a shared secret", "HMAC_SHA256", False),
        ("algorithm=HMAC_SHA256", TOKEN, "HMAC_SHA256", True),
        ("", TOKEN, "HMAC_SHA1", True),
        ("nonsense", TOKEN, "HMAC_SHA1", True),
    ],
)
def test_the_settings_header_chooses_key_and_algorithm_and_no_other_passes(
    settings: str, token: str, algorithm: str, accepted: bool
) -> None:
    ask = request(
        INBOUND,
        signed_for=PUBLIC + INBOUND_PATH,
        token=token,
        algorithm=algorithm,
        headers={SETTINGS: settings},
    )
    assert CHANNEL.verify(ask, [PUBLIC]) is accepted


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=8))
def test_any_form_that_twilio_s_own_validator_signs_is_accepted(
    pairs: list[tuple[str, str]],
) -> None:
    ask = request(pairs, signed_for=PUBLIC + INBOUND_PATH)
    assert CHANNEL.verify(ask, [PUBLIC])
    changed = request([*pairs, ("Body", "another")], headers=ask.headers)
    assert not CHANNEL.verify(changed, [PUBLIC])


def test_a_form_with_a_lone_surrogate_is_verified_by_its_bytes() -> None:
    raw = "Non \ud83d STOP".encode("utf-8", "surrogatepass")
    signed = (PUBLIC + INBOUND_PATH).encode() + b"Body" + raw
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed, "sha1")).decode()
    body = b"Body=" + quote_from_bytes(raw).encode()
    # The framework shows such a value percent-encoded or with the surrogate in it.
    for shown in ("Non %ED%A0%BD STOP", "Non \ud83d STOP"):
        headers = {"x-twilio-signature": signature}
        assert CHANNEL.verify(request({"Body": shown}, headers=headers, body=body), [PUBLIC])
        forged = request({"Body": shown}, headers=headers, body=body + b"x")
        assert not CHANNEL.verify(forged, [PUBLIC])


@pytest.mark.alone
def test_verifying_a_signature_costs_little() -> None:
    ask = request(INBOUND, signed_for=PUBLIC + INBOUND_PATH)
    assert beats(lambda: CHANNEL.verify(ask, [PUBLIC]), times=100) < 1
