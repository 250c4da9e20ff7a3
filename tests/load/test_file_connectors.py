"""What a connector of files must say, and what does not go together, is told with its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kpi_pipeline.errors import Problem


@pytest.mark.parametrize(
    ("connector", "message"),
    [
        ("path: data/orders.dat", "the suffix of 'orders.dat' does not say what it is; write `format: csv`"),
        ("path: ftp://files/a.csv", "nothing here reads ftp://; a path begins with s3://, gs://, az://"),
        ("path: 's3://'", "s3:// must be followed by the place of the files"),
        ("path: 'https://host/*.csv'", "a web server lists no files, so a path at https:// has no wildcards"),
        ("path: a.csv, encoding: latin1O", "'latin1O' is not an encoding; write one such as utf-8"),
        ("path: a.csv, sheet: Orders", "'sheet' goes with excel; the files of 'a.csv' are csv"),
        ("path: a.xlsx, delimiter: ';'", "'delimiter' goes with csv; the files of 'a.xlsx' are excel"),
        ("path: a.xlsx, range: B:F", "'B:F' is no range of cells; write it like B3, B3:F or B3:F200"),
        ("path: a.xlsx, range: B3, skip_rows: 2", "'range' already says where the table begins"),
        ("path: a.csv, region: eu-west-1", "'region' goes with files at s3, not with 'a.csv'"),
        ("path: 's3://b/a.csv', account: mine", "'account' goes with files at azure"),
        ("path: 's3://b/a.csv', endpoint: 'minio:9000'", "'endpoint' begins with http:// or https://"),
        ("path: a.xlsx, header_rows: 9", "it must be at most 5"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_is_written(
    problems: Callable[..., tuple[Problem, ...]], connector: str, message: str
) -> None:
    [problem] = problems(f"sources: [{{name: s, connector: {{type: file, {connector}}}}}]")
    assert message.replace("; ", ".\nHint: ") in str(problem)
    assert problem.place is not None
    assert problem.place.in_file.endswith("it.yaml:1")
