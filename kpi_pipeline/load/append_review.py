"""A review that was just held, written below the earlier ones of its KPI; nothing else in the file is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

from filelock import FileLock, Timeout

from kpi_pipeline.errors import DefinitionError, Place, Problem, StorageError
from kpi_pipeline.files import building, put_in_place, remove
from kpi_pipeline.load.gather import REVIEWS_FOLDER
from kpi_pipeline.load.kinds import REVIEWS, review_name
from kpi_pipeline.load.shape import to_noun
from kpi_pipeline.load.tree import Fields, Items, Written
from kpi_pipeline.load.yaml_file import read_yaml
from kpi_pipeline.project import Project
from kpi_pipeline.reviews import HeldReview

PATIENCE = 10
"""Seconds to wait for somebody who writes a review at the same moment."""
USUAL_INDENT = 2
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,;.()/%+'_-]*[A-Za-z0-9.)%]")
"""Texts that need no quotes."""


def append_review(project: Project, review: HeldReview) -> Path:
    """Writes a review down in the file of its KPI, `reviews/KPI.yaml`, and returns the file.

    Raises:
        DefinitionError: the KPI was reviewed on that day already, or the file cannot be added to as it is.
        StorageError: the file cannot be written; it is as it was.
    """
    file = project.root / REVIEWS_FOLDER / f"{review.kpi}.yaml"
    refuse_second(project, review)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = project.path(project.settings.warehouse)
        beside.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(beside.with_name(f"{beside.name}.reviews.lock"), timeout=PATIENCE):
            before = file.read_bytes().decode("utf-8-sig") if file.exists() else ""
            after = _with_review(before, review, f"{REVIEWS_FOLDER}/{file.name}")
            built = building(file)
            try:
                built.write_text(after, encoding="utf-8", newline="")
                put_in_place(built, file)
            finally:
                remove(built)
    except Timeout:
        raise StorageError(f"{file} is being written by somebody else.\nHint: try again in a moment.") from None
    except UnicodeDecodeError:
        raise StorageError(f"{file} is not UTF-8 text.\nHint: save it with the encoding UTF-8.") from None
    except OSError as problem:
        raise StorageError.not_written(str(file), problem) from problem
    return file


def refuse_second(project: Project, review: HeldReview) -> None:
    """Says where the review of the day stands, if there is one."""
    for earlier in project.reviews_of(review.kpi):
        if earlier.on == review.on:
            place = project.place("reviews", review_name(earlier.kpi, earlier.on))
            _refuse(f"KPI '{review.kpi}' was already reviewed on {review.on}.", place, "add to what is written there")


def _refuse(message: str, place: Place | None, hint: str) -> None:
    raise DefinitionError([Problem(message, place, hint)])


def _with_review(text: str, review: HeldReview, where: str) -> str:
    """The file's text with the review below what it holds.

    What was written is read again before anybody else sees it: the earlier members must be as they were, and the new
    one must be the review.
    """
    members = _members(text, where)
    line_end = "\r\n" if "\r\n" in text else "\n"
    head = text if not text or text.endswith("\n") else text + line_end
    indent = members[0].place.column - 1 - len("- ") if members else USUAL_INDENT
    after = (head or f"{REVIEWS.key}:\n") + "".join(line + line_end for line in _lines(review, max(indent, 0)))
    try:
        written = _members(after, where)
    except DefinitionError:
        written = []
    noun, problems = to_noun(REVIEWS, written[-1], "The review") if written else (None, ())
    if problems or noun != review or [str(one) for one in written[:-1]] != [str(one) for one in members]:
        _refuse(f"A review cannot be added to {where} as it is written.", Place(where, 1), _ONLY_A_LIST)
    return after


_ONLY_A_LIST = "write it as a list, each review beginning with '- kpi: ...', and nothing after it"


def _members(text: str, where: str) -> list[Written]:
    tree, problems = read_yaml(text, where)
    if problems:
        raise DefinitionError(problems)
    if tree is None:
        return []
    held = tree.get(REVIEWS.key) if isinstance(tree, Fields) else None
    if isinstance(held, Items):
        return list(held.members)
    if not isinstance(tree, Fields) or [key.text for key, _ in tree.entries] != [REVIEWS.key]:
        _refuse(f"A review cannot be added to {where} as it is written.", Place(where, 1), _ONLY_A_LIST)
    return []


def _lines(review: HeldReview, indent: int) -> list[str]:
    """The review as lines of a list, keys in the order of the noun; what is not known is left out."""
    lines = [
        f"kpi: {review.kpi}",
        f"on: {review.on}",
        f"by: {_text(review.by)}",
        f"decision: {_text(review.decision)}",
    ]
    if review.actions:
        lines.append("actions:")
        for one in review.actions:
            lines += [f"  - what: {_text(one.what)}", f"    who: {_text(one.who)}", f"    by: {one.by}"]
    if review.status_then:
        lines.append(f"status_then: {review.status_then}")
    if review.value_then is not None:
        lines.append(f"value_then: {review.value_then!r}")
    margin = " " * indent
    return [f"{margin}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines)]


def _text(text: str) -> str:
    """A text on one line, in quotes unless any reader of YAML takes it for that text without them."""
    if PLAIN.fullmatch(text) and text.lower() not in ("null", "true", "false", "yes", "no", "on", "off"):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
