"""Pages that are partly written by hand and partly from what was measured."""

from __future__ import annotations

import re


def between(page: str, name: str, text: str) -> str:
    """The page with the text between the markers of that name; a page without them stays as it is."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)
