"""What the rules caught in the corpus, missed and wrongly flagged: `python -m tests.lint_corpus`.

With `--looked-at`, only the sets that may be looked at while a rule is being written.
"""

from __future__ import annotations

import sys

from tests.lint_corpus.phrases import phrases
from tests.lint_corpus.report import reported, table, wrong
from tests.lint_corpus.sets import cases, told


def main() -> None:
    only_looked_at = "--looked-at" in sys.argv
    results = [(case, told(case)) for case in cases() if not (only_looked_at and case.is_held_out)]
    print(f"{len(results)} sets\n\n{table(reported(results))}\n")
    for line in wrong(results):
        print(line)
    single = phrases()
    bad = [one for one in single if one.expects]
    print(
        f"\n{len(single)} single phrases: {sum(one.told == one.expects for one in bad)} of {len(bad)} bad ones caught, "
        f"{sum(one.told is not None for one in single if not one.expects)} of {len(single) - len(bad)} good ones flagged"
    )


if __name__ == "__main__":
    main()
