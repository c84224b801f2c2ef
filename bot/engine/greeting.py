"""The first automatic text of a conversation says that a machine answers; the name comes once.

>>> greeted("Ici le robot de Chez Margot.", "Chez Margot : répondez OUI.", "Chez Margot")
'Ici le robot de Chez Margot. Répondez OUI.'
>>> greeted("This is Chez Margot's robot.", "Chez Margot, pizzeria in Lille.", "Chez Margot")
"This is Chez Margot's robot. Pizzeria in Lille."
"""

from __future__ import annotations


def greeted(line: str, said: str, title: str) -> str:
    """The text with the brand's line before it, unless it holds that line already.

    Where both begin by naming the brand, the second time is left out: it would cost a part.
    """
    if not line or line in said:
        return said
    if title and title in line:
        for opening in (f"{title} : ", f"{title}: ", f"{title}, ", f"{title}. "):
            if said.startswith(opening) and len(said) > len(opening):
                said = said[len(opening) :]
                said = said[0].upper() + said[1:]
                break
    return f"{line} {said}"
