"""What is known of Twilio's behaviour: error codes, and who answers STOP, START and HELP.

    judge("21610").stopped                                   # True: an opt-out that we missed
    carrier_answers("us_long_code", None, "Stop")            # True: Twilio has confirmed it
    carrier_answers("short_code", None, "Stop")              # False: the confirmation is ours

Sources: Twilio's pages on opt-out keywords, Advanced Opt-Out, toll-free opt-out and its error
directory, as quoted in docs/compliance (read in November 2026).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.channels import SendError


class Label(StrEnum):
    """The three kinds of word that a carrier may answer by itself."""

    stop = "stop"
    start = "start"
    help = "help"


STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

# Who answers is a fact of the sender. Nobody does for a short code of one's own. The network
# answers for toll-free numbers, and only these words.
PRESETS: Mapping[str, frozenset[Label]] = {
    "us_long_code": frozenset(Label),
    "messaging_service_advanced": frozenset(Label),
    "toll_free": frozenset({Label.stop, Label.start}),
    "short_code": frozenset(),
}
_WORDS: Mapping[Label, frozenset[str]] = {
    Label.stop: STOP_WORDS,
    Label.start: START_WORDS,
    Label.help: HELP_WORDS,
}
_TOLL_FREE_WORDS: Mapping[Label, frozenset[str]] = {
    Label.stop: frozenset({"STOP"}),
    Label.start: frozenset({"START", "UNSTOP"}),
    Label.help: frozenset(),
}


def carrier_answers(preset: str | Collection[str], opt_out_type: str | None, word: str) -> bool:
    """Whether Twilio has already answered this text, so that we record it and stay silent.

    `preset` names a row of PRESETS, or lists the labels as `brand.yml` may (["stop", "help"]).
    `opt_out_type` is the webhook's OptOutType and settles it where it is present. `word` is the
    whole text. Raises KeyError for a preset that nobody knows.
    """
    if opt_out_type and opt_out_type.lower() in Label.__members__:
        return True
    return keyword_label(preset, word) is not None


def keyword_label(preset: str | Collection[str], word: str) -> Label | None:
    """The label under which this kind of sender answers the text, or None.

    Twilio matches English single words only, whole messages, in any case: "STOP PLEASE" and
    "ARRET" pass it by. Whether "Stop." matches is not documented; we say no, because a second
    confirmation is the smaller mistake than none.
    """
    labels = PRESETS[preset] if isinstance(preset, str) else frozenset(map(Label, preset))
    words = _TOLL_FREE_WORDS if preset == "toll_free" else _WORDS
    text = word.strip().upper()
    return next((label for label in Label if label in labels and text in words[label]), None)


@dataclass(frozen=True, slots=True)
class _Verdict:
    retryable: bool = False
    loggable: bool = False
    stopped: bool = False
    invalid: bool = False


_STOPPED = _Verdict(stopped=True)
_INVALID = _Verdict(invalid=True)
_AGAIN = _Verdict(retryable=True)
_AGAIN_AND_LOOK = _Verdict(retryable=True, loggable=True)
_LOOK = _Verdict(loggable=True)
_OF_THE_RECIPIENT = _Verdict()

# One line a code. A code that is not here is final and somebody looks at it.
_VERDICTS: Mapping[str, _Verdict] = {
    "20003": _AGAIN_AND_LOOK,  # wrong credentials: the operator mends them, the texts wait
    "20429": _AGAIN,  # too many requests
    "20500": _AGAIN,
    "20503": _AGAIN,
    "14107": _AGAIN,  # more than 30 replies in 30 s to one number
    "21211": _INVALID,  # not a phone number
    "21217": _INVALID,
    "21408": _LOOK,  # the country is not enabled for this account
    "21602": _LOOK,  # no body
    "21606": _LOOK,  # the sender is not ours, or cannot send texts
    "21610": _STOPPED,
    "21611": _AGAIN,  # the sender's queue is full
    "21612": _LOOK,  # this sender cannot reach this number
    "21614": _INVALID,  # not a mobile number
    "21617": _LOOK,  # over 1,600 characters
    "30001": _AGAIN,  # queue overflow
    "30002": _AGAIN_AND_LOOK,  # account suspended
    "30003": _AGAIN,  # handset unreachable
    "30004": _OF_THE_RECIPIENT,  # blocked, by the carrier or by the person: see POSSIBLE_STOPS
    "30005": _INVALID,  # unknown handset
    "30006": _INVALID,  # landline
    "30007": _LOOK,  # filtered as spam: see FILTERED
    "30008": _AGAIN,  # unknown: one more try
    "30022": _AGAIN,  # campaign rate
    "30036": _OF_THE_RECIPIENT,  # not deliverable within its validity
    "30047": _AGAIN,  # the compliance toolkit could not reschedule
}

# Codes that say more than a SendError can: a block that may be a person's no, a text that
# carriers filter, an unknown failure that deserves exactly one more try.
POSSIBLE_STOPS = frozenset({"30004"})
FILTERED = frozenset({"30007"})
ONCE_MORE = frozenset({"30008"})


def judge(code: str, http_status: int | None = None, detail: str = "") -> SendError:
    """What an error code means for the message that earned it.

    `http_status` decides where Twilio gave no code of its own. After a 500, 502 or 504 nobody
    knows whether the message was taken.
    """
    verdict = _VERDICTS.get(code)
    if verdict is None and http_status == 429:
        verdict = _AGAIN
    if verdict is None and http_status == 401:
        verdict = _AGAIN_AND_LOOK
    if verdict is None and http_status == 503:
        verdict = _AGAIN
    if (http_status or 0) >= 500 and http_status != 503:
        return SendError(code, retryable=True, loggable=True, uncertain=True, detail=detail)
    verdict = verdict or _LOOK
    return SendError(
        code,
        retryable=verdict.retryable,
        loggable=verdict.loggable,
        stopped=verdict.stopped,
        invalid=verdict.invalid,
        detail=detail,
    )
