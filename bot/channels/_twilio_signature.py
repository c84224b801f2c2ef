"""Whether Twilio signed a webhook: the arithmetic behind `TwilioChannel.verify`.

Twilio signs the address it was told to call, followed by every parameter of the form, names and
values sorted. So the address must come from our own settings and never from the Host header:

    signed_by(RequestValidator("12345"), request, ["https://mycompany.com"])

The HMAC itself is the `twilio` package's. What is done here is what makes it quick and sure: the
parameters are strung together once for all the spellings of the address, the comparison takes
constant time, and a JSON body is refused unless its hash is part of the signed address.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import parse_qs, parse_qsl, unquote_to_bytes, urlsplit

from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator

from bot.channels import Request

# The overrides that the README tells an operator to put behind the webhook's address: repeat
# three times, after a failed connection and after a 5xx alike.
OVERRIDES = "#rc=3&rp=all"
SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"
FORM_TYPE = "application/x-www-form-urlencoded"

_HASHES = {HMAC_SHA1: "sha1", HMAC_SHA256: "sha256"}


def key_and_algorithm(settings: str | None) -> tuple[str | None, str | None]:
    """The id of the shared key and the algorithm that the settings header names.

    No header means the account's auth token and HMAC-SHA1. An algorithm that nobody here knows
    is None, and then nothing verifies.
    """
    parts = {
        name.strip(): value.strip()
        for name, _, value in (part.partition("=") for part in (settings or "").split(","))
    }
    algorithm = (parts.get("algorithm") or HMAC_SHA1).upper()
    return parts.get("key") or None, algorithm if algorithm in _HASHES else None


def signed_by(
    validator: RequestValidator,
    request: Request,
    public_urls: Sequence[str],
    algorithm: str = HMAC_SHA1,
) -> bool:
    """Whether the request is signed with `validator`'s secret for one of the addresses."""
    given = request.headers.get(SIGNATURE, "").encode("utf-8", "replace")
    if not given:
        return False
    if not request.body and not len(request.form):
        params = ""
    elif not request.body or _is_form(request):
        params = _params(request)
    elif _body_hash_matches(request):
        params = ""
    else:
        return False
    addresses = list(addresses_of(request.path_and_query, public_urls))
    try:
        for address in addresses:
            computed = validator.compute_signature(address + params, None, algorithm)
            if hmac.compare_digest(computed.encode(), given):
                return True
    except UnicodeEncodeError:
        pass  # Lone surrogates: only the bytes on the wire can tell.
    return bool(params) and _signed_as_bytes(validator, request, addresses, algorithm, given)


def addresses_of(path_and_query: str, public_urls: Sequence[str]) -> Iterator[str]:
    """Every spelling of the called address that Twilio may have signed, likeliest first.

    The port may be written or not (Twilio's own validator tries both), and so may the fragment
    with the overrides of its repeats.
    """
    path, mark, query = path_and_query.partition("?")
    seen: set[str] = set()
    for public_url in public_urls:
        origins, base, fragments = _public(public_url)
        whole = base if base and base.endswith(path) else base + path
        for fragment in fragments:
            for origin in origins:
                address = f"{origin}{whole}{mark}{query}{fragment}"
                if address not in seen:
                    seen.add(address)
                    yield address


@lru_cache(maxsize=64)
def _public(public_url: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """A configured address taken apart: origins with and without port, path, fragments."""
    parts = urlsplit(public_url)
    userinfo, at, _ = parts.netloc.rpartition("@")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or (443 if parts.scheme == "https" else 80)
    bare = f"{parts.scheme}://{userinfo}{at}{host}"
    origins = (f"{parts.scheme}://{parts.netloc}", bare, f"{bare}:{port}")
    fragments = ("", f"#{parts.fragment}" if parts.fragment else OVERRIDES)
    return tuple(dict.fromkeys(origins)), parts.path.rstrip("/"), fragments


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM_TYPE


def _params(request: Request) -> str:
    """Names and values, sorted, repeats of a value once: what follows the address."""
    form = request.form
    return "".join(
        name + value for name in sorted(set(form)) for value in sorted(set(form.getlist(name)))
    )


def _body_hash_matches(request: Request) -> bool:
    """A body that is no form is covered only by the hash that the signed address carries."""
    query = parse_qs(request.path_and_query.partition("?")[2])
    claimed = query.get("bodySHA256", [""])[0].lower().encode("utf-8", "replace")
    return hmac.compare_digest(hashlib.sha256(request.body).hexdigest().encode(), claimed)


def undecodable(body: bytes) -> bool:
    """Whether a form holds bytes that are no UTF-8, such as a lone surrogate."""
    if b"%" not in body:
        return False
    try:
        unquote_to_bytes(body).decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _signed_as_bytes(
    validator: RequestValidator,
    request: Request,
    addresses: Sequence[str],
    algorithm: str,
    given: bytes,
) -> bool:
    """The signature over the form's own bytes, where they do not decode to text.

    A web framework has to change such a form to show it as text, and a changed form no longer
    matches its signature. The text still counts: it may say STOP.
    """
    if not undecodable(request.body):
        return False
    # Latin-1 maps each byte to one character and back, so nothing is changed on the way.
    pairs = parse_qsl(request.body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    params = "".join(name + value for name, value in sorted(set(pairs))).encode("latin-1")
    for address in addresses:
        mac = hmac.digest(validator.token, address.encode() + params, _HASHES[algorithm])
        if hmac.compare_digest(b64encode(mac), given):
            return True
    return False
