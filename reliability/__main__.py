"""`python -m reliability`: tries what the product promises to survive, as often as asked, and counts."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

TRIALS: dict[str, str] = {
    "malformed": "reliability.malformed",
    "kills": "reliability.kills",
    "histories": "reliability.histories",
    "repeats": "reliability.repeats",
    "readers": "reliability.readers",
    "storage": "reliability.storage",
    "power": "reliability.power",
    "postgres": "reliability.postgres",
    "superset": "reliability.superset",
    "databases": "reliability.databases",
    "restatements": "reliability.restatements",
    "files": "reliability.mutated_files",
    "sizes": "reliability.sizes",
    "swaps": "reliability.swaps",
}
"""Each trial by its name on the command line: the module whose `add_options` and `main` it is."""


def main() -> int:
    """Runs the trial that is asked for; 0 where everything held."""
    parser = argparse.ArgumentParser(prog="python -m reliability", description=__doc__)
    commands = parser.add_subparsers(dest="trial", required=True)
    for name in [one for one in sys.argv[1:2] if one in TRIALS] or TRIALS:
        module = import_module(TRIALS[name])
        module.add_options(commands.add_parser(name, help=(module.__doc__ or "").split("\n")[0]))
    asked = parser.parse_args()
    os.environ.setdefault("SHOP_MAIL", "ana@example.org")
    return int(import_module(TRIALS[asked.trial]).main(asked))


if __name__ == "__main__":
    raise SystemExit(main())
