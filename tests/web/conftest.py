"""Pages for tests: an application, a browser without a screen, and pages checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.logs import configure
from bot.settings import LogLevel
from bot.web import create_app
from tests.support.clock import VirtualClock
from tests.web import stand
from tests.web.whole import Page, whole


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Logs as in a running process: lines of JSON, without anybody's local variables."""
    configure(LogLevel.ERROR)


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, clock: VirtualClock) -> Iterator[Any]:
    """An application with the simulated carrier and the sample brand."""
    made = stand.wired(stand.settings(sqlite_url, tmp_path), clock)
    yield made
    made.db.close()


@pytest.fixture
def flask(app: Any) -> Flask:
    """The web application around it."""
    return create_app(app)


@pytest.fixture
def client(flask: Flask) -> FlaskClient:
    """A browser that has opened nothing yet; it writes French."""
    return flask.test_client()


class Pages:
    """Opens pages and posts their forms; each page that comes is checked as a whole."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser = browser

    def __call__(self, path: str, *, language: str = "en", status: int = 200) -> Page:
        answer = self.browser.get(
            path, headers={"Accept-Language": language, "Accept": "text/html"}
        )
        assert answer.status_code == status, answer.text[:2000]
        return whole(answer.text, status, answer.headers)

    def post(self, shown: Page, action: str, *, status: int = 303, **fields: str) -> Any:
        """Post the form of a page with these fields, as a browser would."""
        data = shown.form(action) | fields
        answer = self.browser.post(action, data=data, headers={"Origin": "http://localhost"})
        assert answer.status_code == status, answer.text[:2000]
        return answer


@pytest.fixture
def page(client: FlaskClient) -> Pages:
    """`page("/measures")` opens a page and checks it as a whole."""
    return Pages(client)


@pytest.fixture
def life(app: Any) -> stand.Life:
    """Ana, whom the brand has met."""
    return stand.Life(app)
