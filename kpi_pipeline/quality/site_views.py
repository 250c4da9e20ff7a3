"""Pages of the site that need nothing from elsewhere: no scripts, styles or fonts of other servers.

Great Expectations looks these classes up by name when it builds the site; only it imports this file.
"""

from __future__ import annotations

from great_expectations.render.view.view import DefaultJinjaPageView


class AssetPage(DefaultJinjaPageView):
    """What was expected of an asset and what was found."""

    _template = "asset_page.j2"


class IndexPage(DefaultJinjaPageView):
    """All assets and whether they passed."""

    _template = "assets_page.j2"
