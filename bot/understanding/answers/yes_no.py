"""`yes_no`: yes or no, French and English whatever the brand speaks; never one for the other.

A text that says both, hesitates, or turns round on a "but" fits nothing: it is asked again.

>>> answer = build({"yes": {}, "no": {}}, ("fr", "en"))
>>> [answer.parse(text, "fr", lambda word: False).value for text in ("Ouaiiis !", "non merci")]
['yes', 'no']
>>> answer.parse("oui mais non", "fr", lambda word: False).fits
<Fits.no: 'no'>
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from marshmallow import fields

from bot.understanding.answers import NO, Fits, Parsed, Reserved
from bot.understanding.fields import Schema, TextScalar, Words, key, refuse
from bot.understanding.folding import fold, listed, squeeze
from bot.understanding.near import beside_reserved, distance

#: Phrases, folded, by what they mean. `unsure` keeps a text from being taken for either.
_PHRASES: dict[str, str] = {
    "yes": """
        oui|ouii|ouais|ouai|ouaip|ouep|ouip|oue|wi|ui|yes|yeah|yea|yeh|yep|yup|yess|ya|yah|yas|aye
        oui oui|mais oui|bah oui|ben oui|eh oui|bien sur|bien sur que oui|evidemment|absolument
        ok|okk|okay|okey|oki|okok|d accord|daccord|dac|dacc|d acc|dakor|entendu|vendu|volontiers
        avec plaisir|avec joie|carrement|tout a fait|exactement|c est ca|c est exact|exact
        certainement|effectivement|affirmatif|affirmative|je veux bien|j aimerais bien
        je confirme|confirme|je suis d accord|ca marche|ca roule|ca me va|c est d accord
        pourquoi pas|sans probleme|pas de probleme|pas de souci|aucun probleme|aucun souci|allez y
        vas y|allons y|go|of course|sure|sure thing|for sure|certainly|definitely|absolutely
        totally|indeed|correct|that s right|that s correct|alright|all right|confirm|confirmed
        i confirm|i do|i agree|agreed|i would|i d love to|i d like that|with pleasure|why not
        no problem|no worries|not a problem|let s go|let s do it|lets go|do it|go ahead|yes sir
        yes ma am|but yes|si si|bien entendu|j accepte|je prends|i accept|oh yes|you bet|okie
    """,
    "no": """
        non|nonn|nan|nann|no|noo|nope|nop|nah|naan|nn|nein|non non|no no|mais non|bah non
        ben non|ah non|que non|bien sur que non|non merci|no thanks|no thank you|no thx|no ty
        non pas du tout|pas du tout|du tout|absolument pas|certainement pas|surtout pas
        pas question|jamais
        hors de question|pas maintenant|pas aujourd hui|pas cette fois|pas d accord|pas ok
        pas vraiment|pas encore|pas pour moi|pas interesse|pas interessee|ca ne m interesse pas
        ca m interesse pas|je ne veux pas|je veux pas|j en veux pas|je n en veux pas|negatif
        je refuse|sans facon|sans moi|negative|never|no way|not now|not today|not really|not ok
        not yet|not at all|not interested|not for me|not this time|of course not|certainly not
        absolutely not|definitely not|i don t want|i do not want|i dont want
        i refuse|i decline|i d rather not|rather not|i disagree|i don t agree
        i do not agree|but no|hell no|je ne suis pas d accord|je suis pas d accord|not okay
        je ne confirme pas|je confirme pas|i don t confirm|i do not confirm|not correct
        c est pas ca|ce n est pas ca|pas exact|incorrect|that s not right|no sir|ni l un ni l autre
    """,
    "unsure": """
        peut etre|maybe|perhaps|possibly|not sure|je sais pas|je ne sais pas|j sais pas|jsp|idk
        i don t know|i do not know|dunno|bof|mouais|ca depend|it depends|depends|on verra
        we ll see|oui et non|yes and no|plus tard|later|ni oui ni non|yes or no|oui ou non
        pas sur|pas sure|not certain|no idea|aucune idee|si on veut|whatever|les deux|both
        not no|pas non|not yes|pas oui|yeah right|i don t mind|i don t care|i wish|no doubt
        c est bon|i m good|im good|ca ira|ca va
    """,
}
#: Whole messages only: letters and words that mean other things among others.
_ALONE: dict[str, str] = {
    "yes": "o|y|k|kk|si|parfait|perfect|super|great|fine|tres bien|very well|nickel|top|cool|right"
    "|accord|confirmer|true|vrai|gladly|please|please do|svp|s il vous plait|s il te plait|wii|yy",
    "no": "n|faux|false|nada|niet|nay|pas|i don t|i do not|don t|do not|dont",
    "unsure": "hmm|mmm|mm|euh",
}
_SIGNS = {"👍": "yes", "👌": "yes", "✅": "yes", "🆗": "yes", "☑": "yes", "✔": "yes"} | {
    "👎": "no",
    "❌": "no",
    "🚫": "no",
    "✖": "no",
    "❎": "no",
}
_FILLERS = listed(
    "please pls plz thanks thank you thx ty merci beaucoup svp stp s il vous te plait ah oh eh ben "
    "bah euh hein alors bon donc well so then uh um hey hi hello bonjour salut sir madam monsieur "
    "madame really very much tres ma am mate lol haha xd cheers i a"
)
#: One of these among the words left over, and the text may mean the opposite of its yes or no.
_TURNS = listed(
    "mais but pas not ne n never jamais sauf except ou or if si unless sinon plutot rather instead "
    "although though however sans without aucun aucune rien nothing none dont don t doesnt didnt "
    "cannot cant wont isnt arent non plus wait attends attendez actually finalement enfin sorry "
    "pardon question why pourquoi what quoi how comment when quand"
)
_LONGEST_PHRASE = 6
_MOST_LEFT = 8


class Options(Schema):
    """The keys of `yes_no` when it brings words of its own."""

    yes = Words(
        load_default=dict,
        metadata=key(
            "More words that mean yes.", "D'autres mots qui veulent dire oui.", "yes: [banco]"
        ),
    )
    no = Words(
        load_default=dict,
        metadata=key(
            "More words that mean no.", "D'autres mots qui veulent dire non.", "no: [forget it]"
        ),
    )


class YesNoOptions(TextScalar):
    """`true`, or a mapping with more words."""

    def shape(self, value: Any) -> Any:
        if isinstance(value, dict):
            return Options().load(value)
        return super().shape(value)

    def read(self, text: str) -> Any:
        if text.lower() not in ("true", "yes"):
            raise refuse("F015", found=text[:40])
        return {"yes": {}, "no": {}}


options: fields.Field[Any] = YesNoOptions(
    metadata=key(
        "Yes or no; `true`, or a mapping with more words.",
        "Oui ou non ; `true`, ou d'autres mots en plus.",
        "yes_no: true",
    )
)


@cache
def _known() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Phrases by what they mean, and those that count as whole messages only."""
    among: dict[str, str] = {}
    for meaning, phrases in _PHRASES.items():
        for line in phrases.split("\n"):
            for phrase in line.strip().split("|"):
                if phrase:
                    among[phrase] = meaning
    alone = {
        phrase: meaning for meaning, phrases in _ALONE.items() for phrase in phrases.split("|")
    }
    squeezed = {squeeze(phrase): meaning for phrase, meaning in (alone | among).items()}
    return among, {**squeezed, **alone, **among}


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no, with the author's own words (folded) beside ours."""

    own: Mapping[str, str]
    written: tuple[str, ...]
    kind: str = "yes_no"

    def parse(self, text: str, _language: str, reserved: Reserved) -> Parsed:
        """`yes` or `no`, as value and as category."""
        folded = fold(text)
        among, alone = _known()
        signs = {meaning for sign, meaning in _SIGNS.items() if sign in text}
        meaning = self.own.get(folded) or alone.get(folded) or alone.get(squeeze(folded))
        if meaning is not None and signs <= {meaning}:
            return _parsed(meaning, Fits.narrow)
        words = folded.split()
        if not words or folded in signs or not any(char.isalnum() for char in folded):
            return _parsed(signs.pop(), Fits.narrow) if len(signs) == 1 else NO
        said, left = self._segments(words[: _LONGEST_PHRASE * 10], among)
        said |= signs
        if len(said) == 1:
            return _weighed(said.pop(), left, text, reserved)
        if said or len(words) > 1:
            return NO
        return _misspelt(folded, reserved)

    def _segments(self, words: list[str], among: Mapping[str, str]) -> tuple[set[str], list[str]]:
        """What the phrases of a text mean, longest first, and the words left over."""
        said: set[str] = set()
        left = []
        at = 0
        while at < len(words):
            for size in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + size])
                meaning = self.own.get(phrase) or among.get(phrase)
                if meaning is None and size == 1:
                    meaning = among.get(squeeze(phrase))
                if meaning is not None:
                    said.add(meaning)
                    at += size
                    break
            else:
                left.append(words[at])
                at += 1
        return said, left

    def categories(self) -> tuple[str, ...]:
        """The two there are."""
        return ("yes", "no")

    def words(self) -> tuple[str, ...]:
        """The author's own words."""
        return self.written

    def label(self, value: Any, language: str) -> str:
        """Yes or no in the person's language."""
        french = {"yes": "oui", "no": "non"}
        return french.get(str(value), str(value)) if language == "fr" else str(value)


def _parsed(meaning: str, fits: Fits) -> Parsed:
    return Parsed(why="unsure") if meaning == "unsure" else Parsed(meaning, meaning, fits)


def _weighed(meaning: str, left: list[str], text: str, reserved: Reserved) -> Parsed:
    """Yes or no with what is left over: nothing, harmless words, or a turn that forbids a guess."""
    left = [word for word in left if word not in _FILLERS or word in _TURNS]
    if not left:
        return _parsed(meaning, Fits.narrow)
    doubtful = any(word in _TURNS or word.isdigit() or reserved(word) for word in left)
    if doubtful or "?" in text or len(left) > _MOST_LEFT:
        return Parsed(why="unsure")
    return _parsed(meaning, Fits.broad)


def _misspelt(folded: str, reserved: Reserved) -> Parsed:
    """One misspelt word, where only one of both meanings is near."""
    among, _ = _known()
    near = {
        meaning
        for phrase, meaning in among.items()
        if len(phrase) >= 5 and distance(folded, phrase) is not None
    }
    if len(near) == 1 and not beside_reserved(folded, reserved):
        return _parsed(near.pop(), Fits.narrow)
    return NO


def build(options: Any, _languages: tuple[str, ...]) -> YesNo:
    """The answer of a loaded `yes_no`."""
    own: dict[str, str] = {}
    written: list[str] = []
    for meaning in ("yes", "no"):
        for words in options[meaning].values():
            for word in words:
                other = own.get(fold(word), meaning)
                if other != meaning or _known()[1].get(fold(word), meaning) != meaning:
                    raise refuse("F034", word=word, one="yes", other="no")
                own[fold(word)] = meaning
                written.append(word)
    return YesNo(own, tuple(written))
