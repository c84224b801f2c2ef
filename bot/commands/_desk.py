"""What a command has at hand: the reader's language, the settings, the wired application."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.catalogue import say
from bot.errors import BadInput
from bot.settings import Settings, running


class Desk:
    """Handed to every command. Prints findings to standard output, all else to standard error."""

    def __init__(self, language: str, settings: Settings) -> None:
        self.language = language
        self.settings = settings
        self._app: Any = None

    def say(self, code: str, **params: object) -> str:
        """A text of the catalogue in the reader's language."""
        return say(code, self.language, **params)

    def show(self, text: str = "") -> None:
        """A line of the answer."""
        print(text)

    def show_json(self, data: object, *, lines: bool = False) -> None:
        """The answer for machines: indented, or one line where rows follow each other."""
        print(json.dumps(data, ensure_ascii=False, indent=None if lines else 2))

    def tell(self, text: str) -> None:
        """A line about the work, beside the answer."""
        print(text, file=sys.stderr)

    def rows(self, place: str) -> Iterator[dict[str, Any]]:
        """The rows of a .jsonl file, or of standard input for `-`. Raises BadInput."""
        for number, line in enumerate(self.text(place).splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise BadInput(field=f"{place}:{number}", why=str(error)) from error
            if not isinstance(row, dict):
                raise BadInput(field=f"{place}:{number}", why=self.say("cli.not_a_row"))
            yield row

    def text(self, place: str) -> str:
        """A file's text, or standard input for `-`. Raises BadInput when it cannot be read."""
        try:
            return sys.stdin.read() if place == "-" else Path(place).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(field=place, why=str(error)) from error

    def app(self) -> Any:
        """The application on the data of these settings, put together once."""
        if self._app is None:
            from bot.wiring import build

            settings = running(self.settings)
            if settings.simulated:
                _make_ready(settings)
            self._app = build(settings)
        return self._app

    def brands(self, wanted: str | None = None) -> dict[str, Any]:
        """The published brands by name, or the one that is wanted. Raises NotFound."""
        from bot.errors import NotFound

        self.app().complaints()  # with FLOWS_AUTOPUBLISH, what was saved since goes live now
        found = dict(self.app().brands())
        if wanted is None:
            if not found:
                self.tell(self.say("cli.nothing_published"))
            return found
        if wanted not in found:
            self.tell(self.say("cli.no_brand", name=wanted, known=", ".join(found) or "-"))
            raise NotFound(what=self.say("cli.brand"), name=wanted)
        return {wanted: found[wanted]}

    def close(self) -> None:
        """Give back what was opened."""
        if self._app is not None:
            self._app.db.close()
            self._app = None


def _make_ready(settings: Settings) -> None:
    """What the first `./run` makes, for a command that comes before it: folder, key, tables."""
    from bot.datafolder import make_key, private_folder

    private_folder(settings.data)
    make_key(settings)
    if settings.sqlite and not (settings.data / "parley.db").exists():
        from bot.store.migrate import upgrade

        upgrade(settings.database_url)
