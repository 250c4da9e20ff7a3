"""English as far as the rules need it: the words of a text, whatever their form and spelling.

A word is reduced to a stem that its plural, its -ing and its -ed share; American spelling becomes British. A stem need
not be a word: it only has to be the same for the forms of one word and another one for other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,   ]?\d+)*)(?:\s?(?P<unit>%|‰|per\s?cent\b|pct\b|percentage points?\b|€|£|\$))?"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)"
    r"|(?P<mark>[.;:!?,()–—])",
    re.IGNORECASE,
)
_JOINED = (("e-mail", "email"), ("on-line", "online"), ("web-site", "website"))
_IRREGULAR = {
    "held": "hold", "made": "make", "sent": "send", "gave": "give", "given": "give", "wrote": "write",
    "written": "write", "ran": "run", "running": "run", "met": "meet", "did": "do", "done": "do", "led": "lead",
    "took": "take",
    "taken": "take", "taught": "teach", "undertook": "undertake", "undertaken": "undertake", "grew": "grow",
    "grown": "grow", "rose": "rise", "risen": "rise", "fell": "fall", "fallen": "fall", "halves": "half",
    "halved": "halve", "halving": "halve", "children": "child", "people": "person",
}  # fmt: skip
_KEPT = frozenset({
    "always", "less", "business", "process", "access", "progress", "success", "news", "series", "this", "is", "was",
    "has", "does", "its", "us", "plus",
})  # fmt: skip
"""Words that end in s, or look like another form, and are none."""
_DERIVED = (
    ("isation", "is"), ("ation", ""), ("ments", ""), ("ment", ""), ("ness", ""), ("ally", ""), ("ly", ""),
    ("ers", ""), ("er", ""), ("ors", ""), ("or", ""),
)  # fmt: skip
"""How other words are made from a word, and what is left of it."""


@dataclass(frozen=True)
class Word:
    """A word, number or mark of a text; `unit` is what stands behind a number, such as %."""

    text: str
    stem: str
    is_number: bool = False
    unit: str = ""

    @property
    def is_mark(self) -> bool:
        """Whether it parts a sentence."""
        return not self.stem


def words_of(text: str) -> tuple[Word, ...]:
    """The words, numbers and marks of a text, in order.

    >>> [word.stem for word in words_of("Optimizing 3 e-mail campaigns, now")]
    ['optimis', '3', 'email', 'campaign', '', 'now']
    """
    plain = text.replace("_", " ")
    for apart, joined in _JOINED:
        plain = re.sub(apart, joined, plain, flags=re.IGNORECASE)
    return tuple(_word(found) for found in _TOKEN.finditer(plain))


def _word(found: re.Match[str]) -> Word:
    if number := found["number"]:
        return Word(number, number, is_number=True, unit=(found["unit"] or "").strip())
    if word := found["word"]:
        return Word(word.lower(), stem(word))
    return Word(found["mark"], "")


def stem(word: str) -> str:
    """What the forms of a word share.

    >>> {stem(form) for form in ("streamline", "streamlines", "streamlined", "Streamlining")}
    {'streamlin'}
    >>> stem("optimized") == stem("optimise"), stem("held") == stem("holding"), stem("planned") == stem("plan")
    (True, True, True)
    """
    word = word.lower().replace("’", "'").removesuffix("'s").replace("'", "")
    word = _IRREGULAR.get(word, word)
    if word not in _KEPT:
        word = _without_ending(word)
    return _british(word).removesuffix("e")


def _without_ending(word: str) -> str:
    """Without plural, -ing and -ed."""
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif re.search(r"(s|x|z|ch|sh)es$", word):
        word = word[:-2]
    elif re.search(r"[^su]s$", word) and not word.endswith("is") and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ied", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and re.search(r"[aeiouy]", rest):
            if ending == "ied":
                return rest + "y"
            return rest[:-1] if re.search(r"([bdgmnprt])\1$", rest) else rest
    return word


def _british(word: str) -> str:
    return re.sub(r"iz(e|ation|er|ers|)$", r"is\1", word)


def family(word: str) -> frozenset[str]:
    """The stem of a word and of those it may be made from: of optimiser, optimisation and optimally that of optimise.

    >>> "improv" in family("improvement"), "effectiv" in family("effectiveness"), "robust" in family("robustly")
    (True, True, True)
    """
    base = stem(word)
    plain = _british(word.lower())
    made = {
        stem(plain.removesuffix(ending) + left)
        for ending, left in _DERIVED
        if plain.endswith(ending) and len(plain) > len(ending) + 3
    }
    return frozenset({base, *made})


def phrases_in(words: Sequence[Word], phrases: Iterable[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Where phrases occur in a text, from a word up to another; each word of a phrase is a stem.

    Hyphens make no difference: world-class is two words.
    """
    known: dict[str, list[Sequence[str]]] = {}
    for phrase in phrases:
        known.setdefault(phrase[0], []).append(phrase)
    families = [frozenset({word.stem}) if word.is_number or word.is_mark else family(word.text) for word in words]
    for start, forms in enumerate(families):
        for phrase in (phrase for form in forms for phrase in known.get(form, ())):
            there = families[start : start + len(phrase)]
            if len(there) == len(phrase) and all(one in those for one, those in zip(phrase, there, strict=True)):
                yield start, start + len(phrase)


def stems(text: str) -> frozenset[str]:
    """The stems of words.

    >>> sorted(stems("calls makes"))
    ['call', 'mak']
    """
    return frozenset(stem(word) for word in text.split())


def phrases(text: str) -> frozenset[tuple[str, ...]]:
    """Phrases, parted by commas, as `phrases_in` looks for them.

    >>> sorted(phrases("best practices, world-class"))
    [('best', 'practic'), ('world', 'class')]
    """
    return frozenset(tuple(word.stem for word in words_of(one)) for one in text.split(","))


NUMBER_WORDS = stems(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred dozen"
)
"""Without one, which is an article as often as a number."""
