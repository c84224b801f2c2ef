"""`parley`: one command a file in `bot/commands`, found by its folder.

Exit 0: clean. Exit 1: something was found (complaints, a transcript that does not hold, a number
past its limit). Exit 2: it could not run. French or English, by `--lang` or the terminal's LANG.

A command's file is imported only when it runs, so `parley --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from bot import commands
from bot.catalogue import LANGUAGES, say
from bot.commands._desk import Desk
from bot.commands._parser import Parser, speak
from bot.errors import ParleyError
from bot.settings import LogLevel, from_env

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Never raises but for SystemExit of argparse."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    settings = from_env(os.environ)
    language, given = _language(given, settings.language)
    speak(language)
    name = given[0] if given else "--help"
    if name in ("--help", "-h", "help") and len(given) < 2:
        print(overview(language))
        return CLEAN
    if name == "help":
        given = [given[1], "--help"]
        name = given[0]
    if name not in commands.names():
        print(_unknown(name, language), file=sys.stderr)
        return COULD_NOT_RUN
    return _run(name, given[1:], Desk(language, settings))


def overview(language: str) -> str:
    """What `parley --help` shows: first steps, then every command in one line."""
    lines = [say("cli.usage", language), "", say("cli.about", language), ""]
    width = max(map(len, commands.names())) + 2
    lines += [
        f"  {name:<{width}}{say(f'cli.{name}.summary', language)}" for name in commands.names()
    ]
    return "\n".join([*lines, "", say("cli.more", language)])


def _language(given: list[str], default: str) -> tuple[str, list[str]]:
    """Take `--lang fr` (or `--lang=fr`) out of the arguments, wherever it stands."""
    language, rest, place = default, [], 0
    while place < len(given):
        word = given[place]
        value = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang" and place + 1 < len(given):
            place += 1
            value = given[place]
        if value in LANGUAGES:
            language = value
        else:
            rest += [word] if word != "--lang" or value is None else [word, value]
        place += 1
    return language, rest


def _unknown(name: str, language: str) -> str:
    near = get_close_matches(name, commands.names(), n=1, cutoff=0.6)
    if near:
        return say("cli.unknown_near", language, name=name, near=near[0])
    return say("cli.unknown", language, name=name)


def _run(name: str, given: list[str], desk: Desk) -> int:
    """Read the arguments of a command and run it; whatever stops it is told in one line."""
    command = commands.load(name)
    parser = Parser.of(name, desk.language)
    command.arguments(parser)
    if getattr(command, "TAKES_REST", False):
        chosen, rest = parser.parse_known_args(given)
        chosen.rest = rest
    else:
        chosen = parser.parse_args(given)
    try:
        return int(command.run(chosen, desk))
    except ParleyError as error:
        desk.tell(error.for_reader(desk.language))
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); keep Python from saying so once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    except Exception as error:
        desk.tell(_broke(error, desk))
        return COULD_NOT_RUN
    finally:
        desk.close()


def _broke(error: Exception, desk: Desk) -> str:
    """What to say of an error that nobody foresaw: a database that is away, or our own mistake."""
    from bot.errors import DatabaseAway
    from bot.store.health import is_away
    from bot.store.turns import Away

    if isinstance(error, Away) or is_away(error):
        return DatabaseAway().for_reader(desk.language)
    if desk.settings.log_level is LogLevel.DEBUG:
        import traceback

        traceback.print_exception(error)
    return say("cli.broke", desk.language, error=f"{type(error).__name__}: {str(error)[:300]}")


if __name__ == "__main__":
    sys.exit(main())
