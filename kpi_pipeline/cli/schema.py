"""`kpi schema`: the JSON Schema of definition files, for editors."""

from __future__ import annotations

import json
from pathlib import Path

from kpi_pipeline.errors import StorageError


def write_schema(output: Path | None) -> None:
    """Writes the JSON Schema of definition files."""
    from kpi_pipeline.load import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise StorageError.not_written(str(output), problem) from problem
    print(f'Wrote {output}. In VS Code: "yaml.schemas": {{"{output}": "definitions/**/*.yaml"}}')
