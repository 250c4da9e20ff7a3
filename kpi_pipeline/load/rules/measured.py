"""Whether a sentence holds a measure: a number that can be found right or wrong, not a year, a name or a deadline."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.load.rules.language import NUMBER_WORDS, Word, stems

_NUMBERS = NUMBER_WORDS | stems("thousand million billion zero twice double triple halve half")
_PARTS = stems("third quarter fifth sixth eighth tenth")
_PARTS_OF = stems("a one two three four")
_MONTHS = stems("january february march april may june july august september october november december")
_LABELS = _MONTHS | stems(
    "iso phase version level top tier stage step covid windows class page part section paragraph wave year q fy summer "
    "autumn winter spring strategy plan vision agenda programme program christmas"
)
"""Words after which a number is a name: ISO 9001, phase 2, strategy 2025, June 30."""
_LONG = stems("month year quarter term semester")
_SHORT = stems("second minute hour day")
_SPANNING = stems("within in over next during for until coming first last past")
_WITHIN = stems("within")
_SINGLE = stems("a an one same")
_ALL_OF = stems("all our the these both")
"""Words that make a number say which, not how much: in all five hospitals."""
_AMOUNT = stems("least most over than to")


def is_measured(words: Sequence[Word]) -> bool:
    """Whether a number, or a word for one, says how much.

    >>> from kpi_pipeline.load.rules.language import words_of
    >>> [is_measured(words_of(text)) for text in ("from 7.1 to 7.8", "by a third", "within a day", "nine in ten")]
    [True, True, True, True]
    >>> [is_measured(words_of(text)) for text in ("by 2026", "strategy 2025", "ISO 9001", "within two years")]
    [False, False, False, False]
    """
    return any(_measures(words, position) for position in range(len(words)))


def _measures(words: Sequence[Word], at: int) -> bool:
    word = words[at]
    before = _stem(words, at - 1)
    if word.unit:
        return True
    if word.stem in _SHORT and before in _SINGLE and _stem(words, at - 2) in _WITHIN:
        return True
    if word.stem in _PARTS:
        return before in _PARTS_OF
    if before in _ALL_OF and (word.is_number or word.stem in _NUMBERS):
        return False
    if word.is_number:
        return not (_is_year(word, before) or before in _LABELS or _is_span(words, at))
    return word.stem in _NUMBERS and not _is_span(words, at)


def _stem(words: Sequence[Word], at: int) -> str:
    return words[at].stem if 0 <= at < len(words) else ""


def _is_year(word: Word, before: str) -> bool:
    """A bare number between 1900 and 2100 is a year unless it is an amount: at least 2000, over 2000."""
    return word.text.isdigit() and 1900 <= int(word.text) <= 2100 and before not in _AMOUNT


def _is_span(words: Sequence[Word], at: int) -> bool:
    """Within two years: when, not how much."""
    return _stem(words, at + 1) in _LONG and bool({_stem(words, at - 1), _stem(words, at - 2)} & _SPANNING)
