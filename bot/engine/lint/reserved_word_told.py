"""A text that tells people to send a reserved word for something else.

"YES to order, CANCEL to change": CANCEL alone is an opt-out in English, so whoever obeys gets no
more texts. STOP, HELP and START may be named for what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._texts import everywhere, path_of

CODE = "C004"
SEVERITY = "error"
EXAMPLE = """
flow: lunch
purpose: service
start: {keywords: [LUNCH]}
steps:
  - confirm: Lunch at noon. YES to order, reply CANCEL to change.
    no: {end: changed_mind}
"""

#: Words in capitals, as texts show what to send.
_SHOWN = re.compile(r"\b[^\W\d_a-zà-ÿ]{2,}(?:[ -][^\W\d_a-zà-ÿ]{2,})?\b")
#: Known to everybody for what they do; other reserved words are suspect wherever they are shown.
_PLAIN = frozenset(
    {"STOP", "STOPALL", "ARRET", "ARRÊT", "UNSUBSCRIBE", "HELP", "AIDE", "INFO", "CONTACT"}
    | {"START", "JOIN"}
)
#: Answers to open questions; reserved only right after we asked for consent.
_ANSWERS = frozenset({"YES", "OUI", "NO", "NON", "OK"})
_FOR = re.compile(r"\s*(?:to|for|if|when|pour|si|afin|:)\b|\s*=", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[.!?;,\n]")
#: What these words are for, in English and French: leaving, help, coming back.
_MEANT = re.compile(
    r"\b(stop|quit|end|no more|any ?time|unsubscri\w*|opt\w*|refus\w*|leave|texts?|sms|msgs?"
    r"|messages?|offers?|offres?|recevoir|recevr\w*|d[ée]sabonn\w*|d[ée]sinscri\w*|arr[êe]t\w*"
    r"|help|more|aide|savoir|infos?|contact\w*|come back|back|revenir|again|nouveau|retour"
    r"|join|subscri\w*|inscri\w*|abonn\w*|news|club)\b",
    re.IGNORECASE,
)


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each reserved word in capitals that is given another meaning."""
    for flow, spoken, language, said in everywhere(context):
        for word in _misused(said, context):
            yield Found(flow, path_of(spoken.text, language), {"word": word}, word)


def _misused(said: str, context: LintContext) -> Iterator[str]:
    for match in _SHOWN.finditer(said):
        for word, start, end in _words(match, context):
            if word in _ANSWERS:
                continue
            clause = _CLAUSE_END.split(said[end:], maxsplit=1)[0]
            if _MEANT.search(clause):
                continue
            before = _CLAUSE_END.split(said[:start])[-1]
            told_for = _FOR.match(clause) is not None
            if told_for or (word not in _PLAIN and not _MEANT.search(before)):
                yield word


def _words(match: re.Match[str], context: LintContext) -> Iterator[tuple[str, int, int]]:
    """The reserved words in a run of capitals: the run as a whole, or each word of it."""
    if context.reserved(match[0]):
        yield match[0], match.start(), match.end()
        return
    for word in re.finditer(r"[^\s-]+", match[0]):
        if context.reserved(word[0]):
            yield word[0], match.start() + word.start(), match.start() + word.end()
