"""Pages of the site that need nothing from elsewhere: no scripts, styles or fonts of other servers.

Great Expectations looks these classes up by name when it builds the site; only it imports this file.
"""

from __future__ import annotations

from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Compiled(BytecodeCache):
    """Templates compiled once a process: every page has an environment of its own and would compile all of them."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


class _Page(DefaultJinjaPageView):
    # NOTE: Great Expectations gives an argument only where it reads its name here.
    def __init__(self, custom_styles_directory: str | None = None, custom_views_directory: str | None = None) -> None:
        super().__init__(custom_styles_directory, custom_views_directory)
        self.env.bytecode_cache = COMPILED


class AssetPage(_Page):
    """What was expected of an asset and what was found."""

    _template = "asset_page.j2"


class IndexPage(_Page):
    """All assets and whether they passed."""

    _template = "assets_page.j2"
