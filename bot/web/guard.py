"""Who may open a page, and what a browser may do with one.

With a real carrier every route asks for the operator's token but those of `OPEN`; a script sends it
as `Authorization: Bearer ...`, a person signs in once with a form. With the simulated carrier the
pages are open to this machine alone. Every form carries a token of its own, and whatever page it
was posted from has to be one of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from bot.settings import Settings, master_key, subkey
from bot.web import page

if TYPE_CHECKING:
    from bot.turns.app import App

#: Routes that need no token with a real carrier, and why. An entry that ends in a dot is a whole
#: blueprint. This list is short on purpose; a test walks every route that is not on it.
OPEN: Mapping[str, str] = {
    "webhooks.": "the carrier signs each request, and that signature is checked instead",
    "health.healthz": "tells only that the process runs",
    "health.readyz": "tells only whether the parts answer",
    "sign_in.show": "where the token is asked for",
    "sign_in.enter": "where the token is given",
    "static": "the style sheet and scripts, the same for everybody",
}
SIGNED_IN_FOR_MS = 12 * 3_600_000
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # no backslash, no blank: browsers bend both
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def protect(flask: Flask, app: App) -> None:
    """Put the guard before every request of this application, and the headers on every answer."""
    settings = app.settings
    key = subkey(master_key(settings), "web sessions")
    flask.secret_key = key
    flask.config.update(
        SESSION_COOKIE_NAME="parley",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=1 << 20,
        MAX_FORM_MEMORY_SIZE=1 << 20,
        PARLEY_GUARD_KEY=key,
    )
    flask.before_request(_check)
    flask.after_request(_headers)
    flask.jinja_env.globals.update(csrf_field=csrf_field, nonce=nonce, signed_in=signed_in)


# -- before a request -----------------------------------------------------------------------------


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # nothing is there; 404 and 405 tell nobody anything
    if _is_of("webhooks."):
        return None
    settings = page.app().settings
    if not _host_is_ours(settings):
        abort(421)
    by_script = _has_bearer(settings)
    if request.method in _CHANGES and not by_script:
        _refuse_foreign_forms(settings)
    if settings.simulated or by_script or is_open() or signed_in():
        return None
    return ask_for_token()


def is_open() -> bool:
    """Whether the route of this request is on the written list."""
    return any(_is_of(name) for name in OPEN)


def _is_of(name: str) -> bool:
    endpoint = request.endpoint or ""
    return endpoint.startswith(name) if name.endswith(".") else endpoint == name


def _host_is_ours(settings: Settings) -> bool:
    """Whether the browser asked for a name of this machine.

    The pages of the simulated carrier have no password because only this machine reaches them. A
    foreign site could still point a name of its own at 127.0.0.1 and read them in the visitor's
    browser; such a request carries the foreign name.
    """
    if not settings.simulated or settings.host not in _LOCAL_NAMES:
        return True
    name = urlsplit(f"//{request.host}").hostname or ""
    return name in _LOCAL_NAMES or name == urlsplit(settings.public_url).hostname


def ask_for_token() -> ResponseReturnValue:
    """What somebody gets who has not given the token: the form in a browser, 401 for a script."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) != "text/html":
        answer = Response('{"error": "token"}\n', 401, mimetype="application/json")
    else:
        here = request.full_path.rstrip("?") if request.method == "GET" else "/measures"
        answer = page.render("sign_in.html", "sign_in.title", 401, to=here)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Parley"'
    return answer


# -- the operator's token -------------------------------------------------------------------------


def is_token(given: str, settings: Settings) -> bool:
    """Whether that is the operator's token; takes as long for any wrong one.

    Both are hashed first, so that not even the length of the token shows in the time.
    """
    if not settings.token:
        return False
    hashes = (hashlib.sha256(text.encode("utf-8", "replace")).digest()
              for text in (given, settings.token))  # fmt: skip
    return hmac.compare_digest(*hashes)


def _has_bearer(settings: Settings) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and is_token(given.strip(), settings)


def sign_in() -> None:
    """Remember in the signed cookie that this browser gave the token; a new token forgets it."""
    kept_language = session.get("language")
    session.clear()
    if kept_language:
        session["language"] = kept_language
    session["operator"] = _fingerprint()
    session["since"] = page.app().system_ms()


def signed_in() -> bool:
    """Whether this browser gave today's token within the last twelve hours."""
    kept, since = session.get("operator"), session.get("since")
    if not isinstance(kept, str) or not isinstance(since, int):
        return False
    fresh = 0 <= page.app().system_ms() - since < SIGNED_IN_FOR_MS
    return fresh and hmac.compare_digest(kept.encode(), _fingerprint().encode())


def _fingerprint() -> str:
    return _mac("operator", page.app().settings.token)


# -- forms ----------------------------------------------------------------------------------------


def csrf_field() -> Markup:
    """The hidden field that every form of ours carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(csrf_token())


def csrf_token() -> str:
    """This browser's token; signed, so that knowing another browser's helps nobody."""
    mark = session.get("browser")
    if not isinstance(mark, str):
        mark = session["browser"] = _mac("browser", page.app().ids())
    return _mac("form", mark)


def _refuse_foreign_forms(settings: Settings) -> None:
    """Abort with 403 unless a page of ours, in this very browser, posted this form."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.rstrip("/") not in _origins(settings):
        abort(403)
    given, mark = request.form.get("csrf", ""), session.get("browser")
    if not isinstance(mark, str) or not hmac.compare_digest(
        given.encode("utf-8", "replace"), _mac("form", mark).encode()
    ):
        abort(403)


def _origins(settings: Settings) -> set[str]:
    ours = {request.host_url.rstrip("/")}
    for address in (settings.public_url, settings.public_fallback_url):
        if address:
            parts = urlsplit(address)
            ours.add(f"{parts.scheme}://{parts.netloc}")
    return ours


# -- after a request ------------------------------------------------------------------------------


def nonce() -> str:
    """The word that lets this answer's own scripts run, and nobody else's."""
    if "nonce" not in g:
        g.nonce = _mac("nonce", page.app().ids())
    return str(g.nonce)


def _mac(purpose: str, text: str) -> str:
    key: bytes = current_app.config["PARLEY_GUARD_KEY"]
    return hmac.digest(key, f"{purpose}|{text}".encode(), "sha256")[:24].hex()


def _headers(answer: Response) -> Response:
    if _is_of("webhooks."):
        return answer
    scripts = f"'nonce-{g.nonce}'" if "nonce" in g else "'none'"
    answer.headers.update(
        {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self'; "
                "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
    )
    settings = page.app().settings
    if not settings.simulated and settings.public_url.startswith("https://"):
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != "static":
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def safe_path(wanted: str) -> str:
    """A path of this site to go on to after signing in; anything else leads to the measures."""
    return wanted if _PATH.fullmatch(wanted) else url_for("measures.show")


def go(path: str) -> ResponseReturnValue:
    """After a form: on to a page that can be loaded again without posting again."""
    return redirect(path, 303)
