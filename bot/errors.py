"""One tree of errors: a code, the words a person reads, and what they can do about it.

The words live in the catalogue under the code, the advice under the code with `.do` after it; the
docstring is the message where the catalogue has none.

>>> str(AlreadyRunning(folder=".parley"))
'Parley already runs on the data folder .parley.'
>>> AlreadyRunning(folder=".parley").advice("fr")
"Arrêtez l'autre, ou choisissez un autre dossier avec PARLEY_DATA."
"""

from __future__ import annotations

from typing import ClassVar

from bot.catalogue import say


class ParleyError(Exception):
    """Something went wrong in Parley."""

    code: ClassVar[str] = "error.any"

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(self.message("en"))

    def message(self, language: str) -> str:
        """What went wrong, in the reader's language ("fr" or "en")."""
        text = say(self.code, language, **self.params)
        return text if text != self.code else (type(self).__doc__ or self.code).strip()

    def advice(self, language: str) -> str:
        """What to do about it, in one sentence; empty when there is nothing to advise."""
        code = f"{self.code}.do"
        text = say(code, language, **self.params)
        return "" if text == code else text

    def for_reader(self, language: str) -> str:
        """Message and advice together, as a terminal or a page shows them."""
        return f"{self.message(language)} {self.advice(language)}".strip()


class SettingsRefused(ParleyError):
    """The settings are not enough to start with."""

    code = "error.settings"


class KeyMissing(ParleyError):
    """There is no usable master key."""

    code = "error.key"


class AlreadyRunning(ParleyError):
    """Another Parley holds this data folder."""

    code = "error.already_running"


class PortTaken(ParleyError):
    """Another program listens on this port."""

    code = "error.port_taken"


class DidNotStart(ParleyError):
    """A part of Parley did not come up in time."""

    code = "error.did_not_start"


class EndedEarly(ParleyError):
    """A part of Parley ended while it was starting."""

    code = "error.ended_early"


class DatabaseAway(ParleyError):
    """The database does not answer."""

    code = "error.database_away"


class QueueAway(ParleyError):
    """The queue does not answer."""

    code = "error.queue_away"


class BadInput(ParleyError):
    """A field of what came in cannot be read."""

    code = "error.bad_input"


class NotFound(ParleyError):
    """There is nothing under this name."""

    code = "error.not_found"


class Refused(ParleyError):
    """This is not allowed, and why is part of the message."""

    code = "error.refused"
