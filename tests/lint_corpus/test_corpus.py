"""What `kpi check` says of the corpus, set by set; the page about the linter gives the numbers of these tests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.lint_corpus.phrases import Phrase, phrases
from tests.lint_corpus.report import reported, table
from tests.lint_corpus.sets import Case, cases, told

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "linter.md"
CASES = cases()


def expected(case: Case) -> frozenset[str]:
    return frozenset({case.expects}) if case.expects else frozenset()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.company}-{case.name}")
def test_a_set_is_told_what_is_wrong_with_it_and_nothing_else(case: Case):
    assert told(case) == expected(case), case.why


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.text)
def test_a_name_or_statement(phrase: Phrase):
    assert phrase.told == phrase.known


def test_the_corpus_is_large_and_half_good():
    bad = Counter(case.expects is not None for case in CASES)

    assert len(CASES) >= 120
    assert abs(bad[True] - bad[False]) < len(CASES) / 10
    assert len({(case.company, case.name) for case in CASES}) == len(CASES)
    assert sum(case.is_held_out for case in CASES) * 3 >= len(CASES)


def test_the_page_gives_these_numbers():
    page = PAGE.read_text(encoding="utf-8")

    assert table(reported([(case, told(case)) for case in CASES])) in page, "run: python -m tests.lint_corpus"
