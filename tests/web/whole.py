"""A rendered page, checked as a whole: whoever renders one in a test gets all of this with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import html5lib

_H = "{http://www.w3.org/1999/xhtml}"
_LABELLED = ("input", "select", "textarea")
_UNSEEN = ("hidden", "submit", "button")
_BY_LABEL = ("aria-label", "aria-labelledby")


@dataclass(frozen=True)
class Page:
    """A page that passed: its tree, the text a reader sees, and a few ways to look into it."""

    tree: ElementTree.Element
    html: str
    status: int
    headers: Any

    @property
    def h1(self) -> str:
        return said(self.all("h1")[0])

    @property
    def text(self) -> str:
        """What a reader sees, blanks made one; no-break spaces stay."""
        return said(self.tree)

    def all(self, name: str, **attributes: str) -> list[ElementTree.Element]:
        """Every element of that name with these attributes (`class_` for class)."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            node
            for node in self.tree.iter(_H + name)
            if all(value in (node.get(key) or "").split() for key, value in wanted.items())
        ]

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the first form with that action."""
        form = next(node for node in self.all("form") if node.get("action") == action)
        return {
            str(node.get("name")): node.get("value", "")
            for node in form.iter(_H + "input")
            if node.get("type") == "hidden"
        }


def said(node: ElementTree.Element) -> str:
    """The words inside a node; scripts and styles say nothing."""
    found: list[str] = []

    def walk(one: ElementTree.Element) -> None:
        if one.tag not in (_H + "script", _H + "style"):
            found.append(one.text or "")
            for child in one:
                walk(child)
                found.append(child.tail or "")

    walk(node)
    return re.sub(r"[ \n\t]+", " ", " ".join(found)).strip()


def whole(html: str, status: int = 200, headers: Any = None) -> Page:
    """Parse a page strictly and hold every rule against it. Raises AssertionError for the first."""
    parser = html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("etree"))
    page = Page(parser.parse(html), html, status, headers or {})
    _has_a_frame(page)
    _has_labels(page)
    _has_unique_ids(page)
    _runs_nothing_of_others(page)
    _has_tables_with_names(page)
    return page


def _has_a_frame(page: Page) -> None:
    lang = page.tree.get("lang")
    assert lang in ("fr", "en"), f"lang is {lang!r}"
    headings = page.all("h1")
    assert len(headings) == 1, f"{len(headings)} h1"
    title = said(page.all("title")[0])
    assert title.startswith(page.h1), f"the title {title!r} does not begin with {page.h1!r}"
    for landmark in ("header", "main"):
        assert page.all(landmark), f"no <{landmark}>"
    assert len(page.all("main")) == 1
    skip = page.all("a", class_="skip")
    assert skip, "no skip link"
    target = str(skip[0].get("href")).lstrip("#")
    assert any(node.get("id") == target for node in page.tree.iter()), f"skip to {target!r}?"
    links = [node for node in page.all("body")[0].iter() if node.tag in (_H + "a", _H + "button")]
    assert links[0] is skip[0], "the skip link is not the first thing to reach"
    for nav in page.all("nav"):
        assert nav.get("aria-label"), "a nav without a name"


def _has_labels(page: Page) -> None:
    labelled = {node.get("for") for node in page.all("label")}
    for name in _LABELLED:
        for node in page.all(name):
            if node.get("type") in _UNSEEN:
                continue
            has = node.get("id") in labelled or any(node.get(by) for by in _BY_LABEL)
            assert has, f"no label for {ElementTree.tostring(node)!r}"
    for node in page.all("button") + page.all("a"):
        assert said(node) or node.get("aria-label"), f"nameless {ElementTree.tostring(node)!r}"
    ids = {node.get("id") for node in page.tree.iter()}
    for node in page.tree.iter():
        for key in ("aria-labelledby", "aria-describedby"):
            for wanted in (node.get(key) or "").split():
                assert wanted in ids, f"{key} names {wanted!r}, which is not there"
    for form in page.all("form"):
        posts = form.get("method") == "post"
        tokens = [one for one in form.iter(_H + "input") if one.get("name") == "csrf"]
        assert bool(tokens) is posts, f"form {form.get('action')} and its token"


def _has_unique_ids(page: Page) -> None:
    ids = [node.get("id") for node in page.tree.iter() if node.get("id")]
    twice = {one for one in ids if ids.count(one) > 1}
    assert not twice, f"twice: {twice}"


def _runs_nothing_of_others(page: Page) -> None:
    policy = dict(page.headers).get("Content-Security-Policy", "")
    for script in page.all("script"):
        nonce = script.get("nonce")
        assert nonce, "a script without a nonce"
        if policy:
            assert f"'nonce-{nonce}'" in policy, "the policy knows another nonce"
        assert not (script.text or "").strip(), "an inline script"
    assert "'unsafe-inline'" not in policy
    assert not page.all("style"), "an inline style sheet"
    for node in page.tree.iter():
        for key in node.attrib:
            assert key != "style", "an inline style"
            assert not key.startswith("on"), f"an inline {key}"
        for key in ("src", "href", "action"):
            assert not re.match(r"(https?:)?//", node.get(key) or ""), f"fetches {node.get(key)}"


def _has_tables_with_names(page: Page) -> None:
    for table in page.all("table"):
        assert list(table.iter(_H + "caption")), "a table without a caption"
        for cell in table.iter(_H + "th"):
            assert cell.get("scope"), "a heading of a table without scope"
