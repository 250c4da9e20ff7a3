"""Pages as HTML files that ask nothing of any server: styles, drawings and one small script are in them."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

PACKAGE = "kpi_pipeline.publish.scorecard"


@dataclass(frozen=True)
class Shell:
    """What all pages have around them; `root` leads from a page to the folder's top."""

    title: str
    data_through: str
    root: str
    attribution: tuple[str, ...] = ()


def render(kind: str, page: object, shell: Shell) -> str:
    """The HTML of a page; whatever a label holds is shown as text, never run."""
    return template(f"{kind}.html.jinja").render(page=page, shell=shell, root=shell.root)


def template(name: str) -> Template:
    """One of the templates."""
    return _templates().get_template(name)


@cache
def script() -> str:
    """The one script: it changes and remembers the colours, and copies a table."""
    return (files(PACKAGE) / "templates" / "page.js").read_text(encoding="utf-8").strip()


@cache
def script_hash() -> str:
    """The name by which a page allows its own script and no other."""
    return f"sha256-{b64encode(sha256(script().encode()).digest()).decode()}"


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"script": Markup(script()), "script_hash": Markup(script_hash())}  # noqa: S704 - both are ours
    return made
