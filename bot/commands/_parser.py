"""argparse that speaks French too, and takes its words from the catalogue."""

from __future__ import annotations

import argparse
from typing import Any

from bot.catalogue import say

#: What argparse says by itself, and the catalogue's entry for it.
_OWN_WORDS = {
    "usage: ": "usage",
    "%(prog)s: error: %(message)s\n": "error",
    "positional arguments": "positional",
    "options": "options",
    "show this help message and exit": "help",
    "the following arguments are required: %s": "required",
    "unrecognized arguments: %s": "unrecognized",
    "invalid choice: %(value)r (choose from %(choices)s)": "choice",
    "expected one argument": "expected_one",
    "expected at least one argument": "expected_more",
    "argument %(argument_name)s: %(message)s": "argument",
    "invalid %(type)s value: %(value)r": "value",
    "not allowed with argument %s": "not_allowed",
    "one of the arguments %s is required": "one_of",
    "ambiguous option: %(option)s could match %(matches)s": "ambiguous",
}


def speak(language: str) -> None:
    """Make argparse speak a language. It looks its words up by a name of its own module."""

    def words(text: str) -> str:
        code = _OWN_WORDS.get(text)
        return say(f"cli.argparse.{code}", language) if code else text

    def plural(one: str, more: str, count: int) -> str:
        return words(one if count == 1 else more)

    argparse._ = words  # type: ignore[attr-defined]
    argparse.ngettext = plural  # type: ignore[attr-defined]


class Parser(argparse.ArgumentParser):
    """A parser whose help for each argument is `cli.<command>.<argument>` of the catalogue."""

    words_of = ""
    language = "en"

    @classmethod
    def of(cls, words_of: str, language: str) -> Parser:
        """The parser of a command, or of one of its parts (`ledger.verify`)."""
        parser = cls(
            prog=f"parley {words_of.replace('.', ' ')}",
            description=say(f"cli.{words_of}.about", language),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.words_of, parser.language = words_of, language
        return parser

    def add(self, *names: str, to: Any = None, **more: Any) -> argparse.Action:
        """`add_argument` (on a group of this parser: `to`), with the help the catalogue has."""
        plain = more.get("dest") or max(names, key=len).lstrip("-").replace("-", "_")
        text = say(f"cli.{self.words_of}.{plain}", self.language)
        owner = self if to is None else to
        added: argparse.Action = owner.add_argument(*names, help=text.replace("%", "%%"), **more)
        return added

    def parts(self, *names: str) -> tuple[Parser, ...]:
        """Commands inside a command, such as `ledger verify`; the chosen one is `part`."""
        group = self.add_subparsers(dest="part", required=True, metavar="|".join(names))
        found = []
        for name in names:
            words_of = f"{self.words_of}.{name}"
            part = group.add_parser(
                name,
                prog=f"{self.prog} {name}",
                help=say(f"cli.{words_of}.summary", self.language),
                description=say(f"cli.{words_of}.about", self.language),
                formatter_class=argparse.RawDescriptionHelpFormatter,
                allow_abbrev=False,
            )
            assert isinstance(part, Parser)
            part.words_of, part.language = words_of, self.language
            found.append(part)
        return tuple(found)
