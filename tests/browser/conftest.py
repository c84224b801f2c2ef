"""Chromium and a whole running Parley: web, worker, clock, queue and the simulated carrier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.stack import Stack

WIDE, NARROW = (1280, 800), (375, 812)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """As everywhere, and nothing is fetched or asked that no page asked for."""
    quiet = ["--disable-background-networking", "--no-first-run"]
    arguments = browser_type_launch_args["args"]
    assert isinstance(arguments, list)
    return {**browser_type_launch_args, "args": [*arguments, *quiet]}


@pytest.fixture(scope="session")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Parley as ./run starts it, with the sample brand."""
    with Stack(tmp_path_factory.mktemp("browser") / "data") as stack:
        yield stack


class Visitor:
    """Somebody at the phone page: a new person with a number that nobody has."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.troubles: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._listen)
        self.page.goto(url)
        self.page.select_option("#person", "new")
        self.page.get_by_role("button", name="Become").click()
        self.page.wait_for_selector("text=Never wrote before.")

    def _listen(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.troubles.append(str(getattr(message, "text", message)))

    def texts(self, body: str) -> None:
        """Write a text and press Enter."""
        self.page.fill("#text", body)
        self.page.press("#text", "Enter")

    def sees(self, words: str) -> None:
        """Wait until our texts hold these words."""
        self.page.locator(".line.bot .sms", has_text=words).last.wait_for()

    def bubbles(self) -> list[str]:
        return self.page.locator(".sms").all_inner_texts()

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@pytest.fixture
def visit(browser: Browser, parley: Stack) -> Iterator[object]:
    """`visit(width, height, javascript=True)` opens the phone page as a new person; English.

    Whatever the page said of errors to the console fails the test.
    """
    contexts: list[tuple[BrowserContext, Visitor]] = []

    def open_page(width: int = 1280, height: int = 800, *, javascript: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="en-GB",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(8000)
        visitor = Visitor(context, parley.url)
        contexts.append((context, visitor))
        return visitor

    yield open_page
    for context, visitor in contexts:
        context.close()
        assert visitor.troubles == []
