"""Words that put a conversation right: a person, never mind, start over, repeat, change.

None of them is reserved by any country's rules for STOP, HELP and their families; those are heard
before. Only whole messages count here, and a plain wish for a person in one's own words.

>>> repair("Un humain, svp"), repair("never mind"), repair("a human sacrifice")
('person', 'cancel', '')
"""

from __future__ import annotations

from functools import cache

from bot.understanding.folding import fold, listed

_PHRASES = {
    "person": """
        humain|un humain|une humaine|human|a human|agent|un agent|an agent|personne|une personne
        person|a person|real person|a real person|une vraie personne|quelqu un|someone|somebody
        conseiller|un conseiller|une conseillere|parler a quelqu un|parler a une personne
        parler a un humain|parler a un conseiller|je veux parler a quelqu un|operator|operateur
        je veux parler a une personne|je veux un humain|je voudrais parler a quelqu un
        talk to someone|talk to a person|talk to a human|talk to an agent|speak to someone
        speak to a person|speak to a human|speak to an agent|i want a human|i want a person
        i want to talk to a person|i want to talk to a human|i want to speak to someone
        is there a human|y a t il quelqu un|il y a quelqu un|can i talk to someone
        can i speak to someone|human agent|live agent|representative|customer service
        service client
    """,
    "cancel": """
        annuler|annule|annulez|laisse tomber|laissez tomber|oublie|oubliez|tant pis|never mind
        nevermind|forget it|forget about it|abandonner
    """,
    "restart": """
        recommencer|recommence|recommencez|repartir de zero|depuis le debut|start over|startover
        restart|from the beginning|begin again|start again
    """,
    "repeat": """
        repeter|repete|repetez|repeat|say again|again|come again|pardon|vous pouvez repeter
        peux tu repeter|pouvez vous repeter|can you repeat|repeat please|say that again
    """,
}
#: A wish for a person in a sentence of one's own: who is wished for, a word of asking, and nothing
#: beside them but these small words. A "not", a number or a thing makes it another sentence.
_SOMEBODY = listed(
    "human humans person someone somebody agent operator representative humain humaine personne "
    "quelqu conseiller conseillere operateur vendeur staff employee team equipe"
)
_ASKING = listed(
    "talk talking speak speaking chat call reach contact parler parle discuter joindre contacter "
    "avoir appeler"
)
_BESIDE = listed(
    "i we can could may might would like want wanna need to with a an the real actual live from "
    "your is there any one it possible please do how id d ll me let just je j on peux peut puis "
    "pourrais pourrait voudrais veux aimerais souhaite un une vrai vraie avec a de l la le votre "
    "est ce que qu il y t possible besoin s vous plait svp bonjour hello hi en vie directement "
    "comment moi"
)
_CHANGE = listed("change changer changez modifier modifiez modify edit correct corriger correction")
_POLITE = listed("please pls plz svp stp s il vous te plait merci thanks")


@cache
def _known() -> dict[str, str]:
    return {
        phrase.strip(): what
        for what, phrases in _PHRASES.items()
        for line in phrases.split("\n")
        for phrase in line.split("|")
        if phrase.strip()
    }


def repair(text: str) -> str:
    """`person`, `cancel`, `restart` or `repeat` when a text is wholly that; else empty."""
    folded = fold(text)
    if len(folded) > 60:
        return ""
    known = _known()
    found = known.get(folded)
    if found:
        return found
    words = folded.split()
    found = known.get(" ".join(word for word in words if word not in _POLITE), "")
    return found or ("person" if _wishes_a_person(words) else "")


def _wishes_a_person(words: list[str]) -> bool:
    said = frozenset(words)
    return (
        not said.isdisjoint(_SOMEBODY)
        and not said.isdisjoint(_ASKING)
        and said <= _SOMEBODY | _ASKING | _BESIDE | _POLITE
    )


def change(text: str) -> str | None:
    """What a text wants to change: the words behind CHANGE, "" for nothing named; None: no wish.

    >>> change("CHANGER"), change("change qty"), change("spare change")
    ('', 'qty', None)
    """
    words = [word for word in fold(text).split() if word not in _POLITE]
    if not words or words[0] not in _CHANGE or len(words) > 4:
        return None
    return " ".join(words[1:])
