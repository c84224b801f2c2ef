"""The language of a text, by its small words; cheap, and silent when it is not clear.

>>> detect("je voudrais deux pizzas"), detect("what are your hours"), detect("pizza")
('fr', 'en', None)
"""

from __future__ import annotations

from bot.understanding.folding import fold, listed

_WORDS = {
    "fr": listed(
        "je tu il elle nous vous ils elles le la les un une des du au aux et ou est suis es sont "
        "avez avoir ai as ont pour avec sans dans sur sous chez ce cet cette ces mon ma mes ton ta "
        "tes son sa ses votre vos notre nos leur que qui quoi quel quelle quand comment combien "
        "pourquoi ne pas plus tres bien oui non merci bonjour bonsoir salut svp voudrais veux peux "
        "pouvez fait faire c d l j qu s il aujourd hui demain hier ouvert ferme heure heures "
        "deja encore aussi mais donc alors moi toi y ouais ca cest jai"
    ),
    "en": listed(
        "i you he she we they the a an and or is am are was were be have has had do does did for "
        "with without in at of to from by this that these those my your his her our their what "
        "who which when where how why not very yes no thanks thank please hello hi hey want would "
        "like can could will shall should it its im ive dont today tomorrow yesterday open closed "
        "hour hours many much also but so then me us them get give need yeah yep nope the"
    ),
}
#: Words that both languages have, or that anybody writes; they prove nothing.
_BOTH = _WORDS["fr"] & _WORDS["en"] | listed("a on no me as son ton s d sale ok i so y")
_GREETINGS = {
    "bonjour": "fr",
    "bonsoir": "fr",
    "merci": "fr",
    "salut": "fr",
    "oui": "fr",
    "ouais": "fr",
    "hello": "en",
    "thanks": "en",
    "yes": "en",
    "yeah": "en",
    "please": "en",
    "svp": "fr",
}


def detect(text: str) -> str | None:
    """`fr` or `en` when a text is clearly one of them; None when it is short, mixed or neither."""
    words = fold(text).split()[:40]
    if len(words) == 1:
        return _GREETINGS.get(words[0])
    french = sum(word in _WORDS["fr"] and word not in _BOTH for word in words)
    english = sum(word in _WORDS["en"] and word not in _BOTH for word in words)
    if french >= max(1, 2 * english + 1) and (french > 1 or len(words) <= 4):
        return "fr"
    if english >= max(1, 2 * french + 1) and (english > 1 or len(words) <= 4):
        return "en"
    return None
