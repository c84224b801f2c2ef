"""Who may open what: every route without credentials, the token, forms of strangers, headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot.web import create_app, guard
from tests.support.clock import VirtualClock
from tests.web import stand
from tests.web.conftest import Pages
from tests.web.whole import whole

#: The routes that answer without the operator's token with a real carrier, written out: whoever
#: opens another one has to write it here too.
OPEN_ROUTES = {
    "/webhooks/<channel>/<kind>",
    "/healthz",
    "/readyz",
    "/sign-in",
    "/static/<path:filename>",
}
PHONE_ROUTES = {
    "/", "/phone", "/phone/live", "/phone/text", "/phone/clock", "/phone/person",
    "/phone/give-back",
}  # fmt: skip


BEARER = {"Authorization": f"Bearer {stand.TOKEN}"}


@pytest.fixture
def real(sqlite_url: str, tmp_path: Path, clock: VirtualClock) -> Iterator[Flask]:
    """The application with a real carrier."""
    app = stand.wired(stand.production(sqlite_url, tmp_path), clock, publish=False)
    yield create_app(app)
    app.db.close()


def addresses(rule: Any) -> str:
    return str(rule.rule).replace("<path:filename>", "style.css").replace("<name>", "response") \
        .replace("<channel>", "twilio").replace("<kind>", "sms")  # fmt: skip


def test_every_route_but_the_written_few_asks_for_the_token(real: Flask) -> None:
    walked = 0
    for rule in real.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            answer = real.test_client().open(addresses(rule), method=method)
            if rule.rule in OPEN_ROUTES:
                continue
            walked += 1
            assert answer.status_code in (401, 403), f"{method} {rule.rule}: {answer.status_code}"
            assert b"PARLEY_TOKEN" in answer.data or answer.status_code == 403 or (
                b"token" in answer.data
            )  # fmt: skip
    assert walked >= 2


def test_the_written_list_is_the_whole_list(real: Flask) -> None:
    with real.test_request_context():
        for rule in real.url_map.iter_rules():
            is_open = any(
                rule.endpoint.startswith(name) if name.endswith(".") else rule.endpoint == name
                for name in guard.OPEN
            )
            assert is_open == (rule.rule in OPEN_ROUTES), rule.rule


def test_the_phone_and_its_panel_do_not_exist_with_a_real_carrier(real: Flask) -> None:
    rules = {rule.rule for rule in real.url_map.iter_rules()}
    assert not rules & PHONE_ROUTES
    browser = real.test_client()
    for path in sorted(PHONE_ROUTES):
        assert browser.get(path).status_code == 404
        assert browser.get(path, headers=BEARER).status_code == 404


def test_the_simulated_carrier_has_them_all(flask: Flask) -> None:
    assert {rule.rule for rule in flask.url_map.iter_rules()} >= PHONE_ROUTES


# -- the token ------------------------------------------------------------------------------------


def test_a_script_sends_the_token_in_a_header(real: Flask) -> None:
    browser = real.test_client()
    assert browser.get("/measures", headers=BEARER).status_code == 200
    for wrong in ("Bearer ", "Bearer x", f"Basic {stand.TOKEN}", f"Bearer {stand.TOKEN}x", "é"):
        assert browser.get("/measures", headers={"Authorization": wrong}).status_code == 401


def test_a_script_without_the_token_gets_401_and_json(real: Flask) -> None:
    answer = real.test_client().get("/measures", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()) == (401, {"error": "token"})
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def sign_in(pages: Pages, token: str, status: int = 303) -> Any:
    shown = pages("/measures?days=30", status=401)
    return pages.post_from("https://sms.example.com", shown, "/sign-in", status, token=token)


class RealPages(Pages):
    def post_from(self, origin: str, shown: Any, action: str, status: int, **fields: str) -> Any:
        answer = self.browser.post(
            action, data=shown.form(action) | fields, headers={"Origin": origin},
            base_url="https://sms.example.com",
        )  # fmt: skip
        assert answer.status_code == status, answer.text[:800]
        return answer

    def __call__(self, path: str, *, language: str = "en", status: int = 200) -> Any:
        answer = self.browser.get(
            path, headers={"Accept-Language": language, "Accept": "text/html"},
            base_url="https://sms.example.com",
        )  # fmt: skip
        assert answer.status_code == status, answer.text[:800]
        return whole(answer.text, status, answer.headers)


@pytest.fixture
def pages(real: Flask) -> RealPages:
    """A browser that comes to the public address."""
    return RealPages(real.test_client())


def test_a_person_signs_in_once_and_goes_on_to_where_they_wanted(pages: RealPages) -> None:
    answer = sign_in(pages, stand.TOKEN)
    assert answer.headers["Location"] == "/measures?days=30"
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Secure"))
    assert stand.TOKEN not in cookie
    assert pages("/measures").h1


def test_a_wrong_token_signs_nobody_in_and_says_so(pages: RealPages) -> None:
    answer = sign_in(pages, "no", status=401)
    assert "That is not the token" in answer.text
    assert pages("/measures", status=401).h1 == "Sign in"


def test_signing_in_lasts_twelve_hours(pages: RealPages, clock: VirtualClock) -> None:
    sign_in(pages, stand.TOKEN)
    clock.forward(hours=11)
    pages("/measures")
    clock.forward(hours=2)
    pages("/measures", status=401)


def test_a_new_token_signs_everybody_out(pages: RealPages, real: Flask) -> None:
    sign_in(pages, stand.TOKEN)
    from dataclasses import replace

    app = real.extensions["parley"]
    app.settings = replace(app.settings, token="another" * 6)
    pages("/measures", status=401)


def test_signing_out_forgets(pages: RealPages) -> None:
    sign_in(pages, stand.TOKEN)
    pages.post_from("https://sms.example.com", pages("/measures"), "/sign-out", 303)
    assert "/sign-out" not in pages("/measures", status=401).html


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "x", ""]
)
def test_signing_in_never_leads_to_another_site(real: Flask, to: str) -> None:
    with real.test_request_context():
        assert guard.safe_path(to) == "/measures"
        assert guard.safe_path("/measures?days=7&flow=a%20b") == "/measures?days=7&flow=a%20b"


def test_without_a_token_in_the_settings_nothing_opens(
    sqlite_url: str, tmp_path: Path, clock: VirtualClock
) -> None:
    app = stand.wired(stand.production(sqlite_url, tmp_path), clock, publish=False)
    from dataclasses import replace

    app.settings = replace(app.settings, token="")
    browser = create_app(app).test_client()
    assert browser.get("/measures", headers={"Authorization": "Bearer "}).status_code == 401
    app.db.close()


# -- forms ----------------------------------------------------------------------------------------


def test_a_form_without_its_token_or_from_another_site_changes_nothing(
    app: Any, page: Pages
) -> None:
    fields = page("/").form("/phone/text") | {"text": "PIZZA"}
    post = page.browser.post
    wrong = fields | {"csrf": fields["csrf"][:-1] + "0"}
    assert post("/phone/text", data={"text": "PIZZA"}).status_code == 403
    assert post("/phone/text", data=wrong).status_code == 403
    for origin in ("https://evil.example", "null", "http://localhost:81"):
        assert post("/phone/text", data=fields, headers={"Origin": origin}).status_code == 403
    assert app.customer.texts == []
    assert post("/phone/text", data=fields).status_code == 303


def test_a_form_of_another_browser_does_not_fit_this_one(flask: Flask, page: Pages) -> None:
    theirs = Pages(flask.test_client())("/").form("/phone/text")
    page("/")
    assert page.browser.post("/phone/text", data=theirs | {"text": "x"}).status_code == 403


def test_the_page_of_a_refused_form_is_a_whole_page(page: Pages) -> None:
    answer = page.browser.post("/phone/text", headers={"Accept-Language": "fr"})
    assert whole(answer.text, 403, answer.headers).h1 == "Ce formulaire est trop vieux"


# -- names and headers ----------------------------------------------------------------------------


def test_the_phone_answers_only_to_names_of_this_machine(page: Pages) -> None:
    get = page.browser.get
    assert get("/", base_url="http://evil.example").status_code == 421
    for name in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        assert get("/", base_url=name).status_code == 200


@pytest.mark.parametrize("path", ["/", "/measures", "/nowhere", "/phone/live"])
def test_every_answer_carries_the_headers(page: Pages, path: str) -> None:
    headers = page.browser.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_each_answer_has_a_nonce_of_its_own(page: Pages) -> None:
    found = {page.browser.get("/measures").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(found) == 3


@pytest.mark.parametrize("path", ["/nowhere", "/measures/nothing", "/static/none.css"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_not_there_is_a_whole_page_too(page: Pages, path: str, language: str) -> None:
    assert page(path, language=language, status=404).h1 in (
        "Il n'y a rien ici", "There is nothing here",
    )  # fmt: skip
