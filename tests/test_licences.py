"""Everything that is installed with the package may be used by a company without giving away its own code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

PERMISSIVE = re.compile(
    r"MIT(-0|-CMU)?( License)?|Apache(-2\.0)?( Software)?( License)?.*|.*BSD.*|0BSD|ISC.*|PSF(-2\.0)?|Python Software Foundation.*"
    r"|CNRI-Python|Zlib|CC0-1\.0|Unlicense.*|The Unlicense.*|HPND|AFL-2\.1|LLVM-exception|MPL-2\.0|Mozilla Public License 2\.0.*"
    r"|Public Domain.*|BSL-1\.0|Artistic-2\.0|PostgreSQL.*|Zope.*|Universal Permissive License.*",
    re.IGNORECASE,
)
"""Reviewed: all of these let their users keep their own code to themselves. MPL asks back changes to its own files."""
REFUSED = re.compile(
    r"\b(A?GPL|GNU (Affero )?General Public|SSPL|BUSL|Elastic|Commons Clause|proprietary)", re.IGNORECASE
)
SAYS_NOTHING = {
    "resvg-py": "MIT, says its repository",
    "kpi-pipeline": "ours, Apache-2.0",
}
"""Packages whose metadata name no licence, with where it was looked up."""


def test_every_licence_is_permissive() -> None:
    refused = {name: told for name, told in _told() if not _is_fine(name, told)}
    assert refused == {}


def test_refused_ones_are_seen() -> None:
    for told in (
        "GNU General Public License v3 (GPLv3)",
        "AGPL-3.0-or-later",
        "SSPL-1.0",
        "MIT AND GPL-2.0",
        "",
        "Acme Licence",
    ):
        assert not _is_fine("some-package", told), told
    for told in (
        "MIT OR GPL-2.0",
        "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
        "MPL-2.0 AND (Apache-2.0 OR MIT)",
    ):
        assert _is_fine("some-package", told), told


def _told() -> Iterator[tuple[str, str]]:
    for one in distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"] or "").lower()
        yield name, _licence(one)


def _licence(one: Distribution) -> str:
    """The licence by its expression, else by its classifiers, else by the first line of what is written."""
    if expression := one.metadata.get("License-Expression"):
        return str(expression)
    classified = [
        line.rsplit(" :: ", 1)[-1] for line in one.metadata.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    named = [line for line in classified if line != "OSI Approved"]
    return " OR ".join(named) or str(one.metadata.get("License") or "").strip().split("\n")[0]


def _is_fine(name: str, told: str) -> bool:
    if name in SAYS_NOTHING:
        return True
    # NOTE: "A OR B" is a choice, "A AND B" is both; brackets only ever hold choices here.
    needed = re.split(r"\s+AND\s+", told)
    return bool(told) and all(any(_is_permissive(one) for one in re.split(r"\s+OR\s+", part)) for part in needed)


def _is_permissive(told: str) -> bool:
    bare = told.strip(" ()") if not told.strip().endswith(")") or told.strip().startswith("(") else told.strip()
    return not REFUSED.search(bare) and bool(PERMISSIVE.fullmatch(bare))
