"""Looking at a file: what its columns are called, how their text is to be read, what their values are like.

The file is read by the same code that loads it in a run, so what is seen here is what will be loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import contract
from kpi_pipeline.ingest.files import FoundFile
from kpi_pipeline.ingest.infer import infer_types
from kpi_pipeline.ingest.land import Landed, land
from kpi_pipeline.ingest.tables import kind_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sources import ColumnType, Source
from kpi_pipeline.sources.file import FileConnector, format_of, packing_of
from kpi_pipeline.sql_parts import sql_call, sql_day, sql_table
from kpi_pipeline.starter.naming import words_of
from kpi_pipeline.starter.notations import STYLES, plain_number, style_of
from kpi_pipeline.starter.table import FRACTIONS, NUMBERS, Column, Table
from kpi_pipeline.starter.times import ISO, ISO_DATE, formats_of, has_clock, named_like_a_date
from kpi_pipeline.starter.vocabulary import AFTERWARDS, FLAGS, HAPPENED, IDENTIFYING, MONEY, PIECES

FIRST_ROWS = 2000
ALWAYS_UNKNOWN = ("?", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan")
PERHAPS_UNKNOWN = ("NA", "na", "None", "none", "-", "--", "unknown", "Unknown")
"""Words for unknown only where everything else in the column is a number or a date."""
MISREAD_AT_MOST = 0.01
"""The share of dates, quantities and amounts that may be written otherwise; such rows go to quarantine."""
WHOLE_OR_NOT = (ColumnType(type="integer"), ColumnType(type="number"))
TYPES = (*NUMBERS, *FRACTIONS, "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "ENUM", "UUID")
"""The types that a model can do something with, by how they begin."""


def look_at(
    executor: Executor, file: Path, name: str, *, zone: str, today: date, folder: Path, time_columns: Sequence[str] = ()
) -> Table:
    """Looks at all rows of a file and leaves them behind as raw.<name>.

    Args:
        executor: Where the rows are looked at.
        file: CSV, Excel, Parquet or JSON.
        name: The name of the source.
        zone: Of naive timestamps.
        today: Rows later than this lie in the future.
        folder: For clean copies of files that cannot be read as they are.
        time_columns: Columns that are said to be times, whatever they are called.
    """
    bare = Source(name=name, connector=_connector(file))
    landed = land(bare, _found(file, bare), executor, place=0, folder=folder)
    if not landed.records:
        raise DataError(f"{file.name} has no rows.\nHint: begin with a file that holds some history.")
    texts = {column.name: column.value for column in landed.columns if column.type in (None, "VARCHAR") and column.name}
    open_names = {column.name for column in landed.columns if column.type is None}
    read = _read_texts(executor, landed, bare, texts=texts, open_names=open_names, zone=zone, time_columns=time_columns)
    source = bare.model_copy(update={"null_values": read.unknown, "columns": read.contract})
    wanted = [(one, contract.cleaned(source, one)) for one in landed.columns if one.name in open_names]
    inferred = infer_types(executor, landed.relation, [pair for pair in wanted if pair[0].name not in source.columns])
    fitted = [contract.fit(source, one, inferred.get(one.name), zone=zone) for one in landed.columns]
    used = [one for one in fitted if _is_usable(one.name, one.type)]
    misfit = contract.any_misfit(tuple(fitted))
    query = exp.select(
        *(exp.alias_(exp.cast(one.value, kind_of(one.type or "VARCHAR")), one.name, quoted=True) for one in used)
    ).from_(landed.relation)
    view = TableRef("raw", name)
    rows = query.where(exp.not_(misfit)) if misfit else query
    # NOTE: parsing text again for every question takes longer than keeping what was parsed.
    kind = "TABLE" if read.contract or open_names else "VIEW"
    executor.run(exp.Create(kind=kind, replace=True, this=sql_table(view), expression=rows))
    columns, count = _profile(executor, view, {one.name: one.type or "VARCHAR" for one in used}, read.styles, today)
    return Table(
        file=file,
        name=name,
        source=source,
        rows=count,
        columns=columns,
        left_out=tuple(one.name for one in fitted if one not in used),
        unreadable=landed.records - count,
        doubtful_dates=read.doubtful,
    )


def _connector(file: Path) -> FileConnector:
    form = format_of(file.name)
    if form is None:
        raise DataError(
            f"{file.name} is not named as CSV (.csv, .tsv), Excel (.xlsx, .xls, .ods), Parquet (.parquet) or JSON "
            "(.jsonl, .json).\nHint: CSV and JSON may be packed, such as orders.csv.gz."
        )
    told_by_bytes = form in ("csv", "jsonl", "json") and packing_of(file.name) is None
    return FileConnector(
        type="file", path=file.as_posix(), encoding=_encoding(file) if told_by_bytes else "utf-8", hive=False
    )


def _encoding(file: Path) -> str:
    """UTF-8 where that can be read, else what Windows writes in western Europe."""
    with file.open("rb") as stream:
        first = stream.read(4)
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        stream.seek(0)
        text = stream.read(4_000_000)
    try:
        text[: text.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _found(file: Path, source: Source) -> FoundFile:
    about = file.stat()
    form = source.files.format or format_of(file.name) or "csv"
    return FoundFile(file.name, file, form, about.st_size, about.st_mtime_ns, packing=packing_of(file.name))


def _is_usable(name: str, kind: str | None) -> bool:
    # NOTE: ${NAME} in a definition is a variable of the environment, and there is no way to write it otherwise.
    return (kind or "VARCHAR").startswith(TYPES) and not (kind or "").endswith("]") and "${" not in name


@dataclass(frozen=True)
class Texts:
    """How the text columns of a file are to be read."""

    contract: Mapping[str, ColumnType]
    styles: Mapping[str, str]
    unknown: tuple[str, ...]
    doubtful: tuple[str, ...]


def _read_texts(
    executor: Executor,
    landed: Landed,
    bare: Source,
    *,
    texts: Mapping[str, exp.Expr],
    open_names: set[str],
    zone: str,
    time_columns: Sequence[str],
) -> Texts:
    """Finds dates, numbers, truth values and words for unknown; a guess counts only if all rows bear it out."""
    if not texts:
        return Texts({}, {}, (), ())
    words = _words_for_unknown(executor, landed, texts)
    samples = _samples(executor, landed, texts)
    named = {one.lower() for one in time_columns}
    guesses: dict[str, list[ColumnType]] = {}
    styles: dict[str, str] = {}
    unknown = {word for found in words.values() for word in found if word in ALWAYS_UNKNOWN}
    for name, values in samples.items():
        is_time = (
            named_like_a_date(name) or bool(set(words_of(name)) & (HAPPENED | AFTERWARDS)) or name.lower() in named
        )
        guesses[name] = list(_guesses(name, values, is_open=name in open_names, is_time=is_time))
        if not guesses[name] and (style := style_of(values)):
            styles[name] = style
        elif not guesses[name] and _adds_up(name) and len({_is_plain(value) for value in values}) == 2:
            guesses[name] = list(WHOLE_OR_NOT) if set(words_of(name)) & PIECES else [ColumnType(type="number")]
        if words[name] and name in open_names and values and all(_is_plain(value) for value in values):
            unknown |= set(words[name])
    everything = bare.model_copy(update={"null_values": (*ALWAYS_UNKNOWN, *PERHAPS_UNKNOWN)})
    chosen, doubtful = _borne_out(executor, landed, everything, guesses, zone=zone)
    styles = _styles_borne_out(executor, landed, texts, styles)
    for name in (*chosen, *styles):
        unknown |= set(words[name])
    return Texts(
        chosen, styles, tuple(word for word in (*ALWAYS_UNKNOWN, *PERHAPS_UNKNOWN) if word in unknown), doubtful
    )


def _guesses(name: str, values: Sequence[str], *, is_open: bool, is_time: bool) -> Iterator[ColumnType]:
    """What the column may be, the likelier first; nothing where it is plain text or is understood without help."""
    if not values:
        return
    for form in formats_of(values, named_like_a_date=is_time):
        yield ColumnType(type="timestamp" if has_clock(form) else "date", format=form)
    if all(re.fullmatch(ISO, value) for value in values):
        if not is_open:
            only_days = all(re.fullmatch(ISO_DATE, value) for value in values)
            yield ColumnType(type="date" if only_days else "timestamp")
        return
    words = {value.lower() for value in values}
    is_flag = bool(set(words_of(name)) & FLAGS)
    if words <= {*contract.TRUE, *contract.FALSE} and 1 < len(words) <= 4 and (not words & {"0", "1"} or is_flag):
        if not is_open or not words <= {"true", "false"}:
            yield ColumnType(type="boolean")
        return
    if not is_open and not set(words_of(name)) & IDENTIFYING and all(_is_plain(value) for value in values):
        yield from WHOLE_OR_NOT


def _adds_up(name: str) -> bool:
    """Whether a column is called an amount or a quantity: there a word is a slip, elsewhere it may be meant."""
    return bool(set(words_of(name)) & (MONEY | PIECES))


def _is_plain(value: str) -> bool:
    return bool(re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", value)) or bool(re.fullmatch(ISO, value))


def _trimmed(value: exp.Expr) -> exp.Expr:
    return exp.Trim(this=value.copy())


def _words_for_unknown(executor: Executor, landed: Landed, texts: Mapping[str, exp.Expr]) -> dict[str, list[str]]:
    """Of each column the words in it that may mean unknown."""
    words = [exp.Literal.string(word) for word in (*ALWAYS_UNKNOWN, *PERHAPS_UNKNOWN)]
    counted = [
        exp.Filter(
            this=exp.Anonymous(this="list", expressions=[exp.Distinct(expressions=[_trimmed(value)])]),
            expression=exp.Where(this=exp.In(this=_trimmed(value), expressions=[word.copy() for word in words])),
        )
        for value in texts.values()
    ]
    found = executor.rows(exp.select(*counted).from_(landed.relation))[0]
    return {name: sorted(words or ()) for name, words in zip(texts, found, strict=True)}


def _samples(executor: Executor, landed: Landed, texts: Mapping[str, exp.Expr]) -> dict[str, list[str]]:
    """Some different values of each column that are neither empty nor a word for unknown."""
    first = exp.select(*(exp.alias_(value, f"v{at}") for at, value in enumerate(texts.values()))).from_(landed.relation)
    frame = executor.fetch(first.limit(FIRST_ROWS))
    skipped = {"", *ALWAYS_UNKNOWN, *PERHAPS_UNKNOWN}
    samples: dict[str, list[str]] = {}
    for at, (name, value) in enumerate(texts.items()):
        seen = dict.fromkeys(str(one).strip() for one in frame.get_column(f"v{at}").drop_nulls())
        samples[name] = [one for one in seen if one not in skipped][:400]
        if not samples[name] and frame.height == FIRST_ROWS:
            known = exp.not_(exp.In(this=_trimmed(value), expressions=[exp.Literal.string(word) for word in skipped]))
            rare = executor.rows(exp.select(_trimmed(value)).from_(landed.relation).where(known).distinct().limit(200))
            samples[name] = [str(row[0]) for row in rare]
    return samples


def _borne_out(
    executor: Executor,
    landed: Landed,
    source: Source,
    guesses: Mapping[str, Sequence[ColumnType]],
    *,
    zone: str,
) -> tuple[dict[str, ColumnType], tuple[str, ...]]:
    """Of each column the guess that fits best: fewest misfits, then, for dates, the shortest stretch of time.

    Days and months changed places spread a month over a year. Where that does not tell, the column is doubtful.
    """
    tests: list[tuple[str, ColumnType]] = [(name, guess) for name, some in guesses.items() for guess in some]
    if not tests:
        return {}, ()
    by_name = {column.name: column for column in landed.columns}
    asked: list[exp.Expr] = []
    for name, guess in tests:
        fitted = contract.fit(source.model_copy(update={"columns": {name: guess}}), by_name[name], None, zone=zone)
        value = fitted.value
        is_time = guess.type in ("date", "timestamp")
        asked.append(exp.Anonymous(this="count_if", expressions=[fitted.misfit or exp.false()]))
        asked.append(exp.Count(this=value.copy()))
        asked += [sql_call(word, exp.cast(value.copy(), "DATE")) if is_time else exp.null() for word in ("min", "max")]
    seen = executor.rows(exp.select(*asked).from_(landed.relation))[0]
    results = {test: seen[4 * at : 4 * at + 4] for at, test in enumerate(_keys(tests))}
    chosen: dict[str, ColumnType] = {}
    doubtful: list[str] = []
    for name, some in guesses.items():
        ranked: list[tuple[float, int, ColumnType]] = []
        for guess in some:
            misfits, present, first, last = results[name, guess.type, guess.format]
            lenient = guess.type in ("date", "timestamp") or _adds_up(name)
            tolerated = MISREAD_AT_MOST if lenient and guess.type != "boolean" else 0
            if present and misfits <= tolerated * (present + misfits):
                ranked.append((misfits, (last - first).days if first else 0, guess))
        ranked.sort(key=lambda one: one[:2])
        if ranked:
            chosen[name] = ranked[0][2]
            if len(ranked) > 1 and ranked[0][0] == ranked[1][0] and ranked[0][2].format and ranked[1][2].format:
                doubtful.append(name)
    return chosen, tuple(doubtful)


def _keys(tests: Sequence[tuple[str, ColumnType]]) -> list[tuple[str, str, str | None]]:
    return [(name, guess.type, guess.format) for name, guess in tests]


def _styles_borne_out(
    executor: Executor, landed: Landed, texts: Mapping[str, exp.Expr], styles: Mapping[str, str]
) -> dict[str, str]:
    """The notations that every value of their column is written in."""
    if not styles:
        return {}
    words = [exp.Literal.string(word) for word in ("", *ALWAYS_UNKNOWN, *PERHAPS_UNKNOWN)]
    asked = []
    for name, style in styles.items():
        value = _trimmed(texts[name])
        fits = sql_call("regexp_full_match", value, exp.Literal.string(STYLES[style]))
        unknown = exp.In(this=value.copy(), expressions=[word.copy() for word in words])
        asked.append(sql_call("bool_and", exp.or_(fits, unknown)))
    held = executor.rows(exp.select(*asked).from_(landed.relation))[0]
    return {name: style for (name, style), fits in zip(styles.items(), held, strict=True) if fits}


WIDTH = 40
"""Columns asked about at once, so that a very wide table makes no monstrous statement."""


def _profile(
    executor: Executor, view: TableRef, types: Mapping[str, str], styles: Mapping[str, str], today: date
) -> tuple[tuple[Column, ...], int]:
    """All columns in numbers, and how many rows there are."""
    count = int(executor.rows(exp.select(exp.Count(this=exp.Star())).from_(sql_table(view)))[0][0])
    names = list(types)
    columns: list[Column] = []
    for start in range(0, len(names), WIDTH):
        some = names[start : start + WIDTH]
        asked = {name: _questions(name, types[name], styles.get(name, ""), today) for name in some}
        row = executor.rows(
            exp.select(*(one for found in asked.values() for one in found.values())).from_(sql_table(view))
        )[0]
        answers = iter(row)
        for name in some:
            facts = {key: next(answers) for key in asked[name]}
            columns.append(_column(name, types[name], styles.get(name, ""), count, facts))
    return tuple(_counted_exactly(executor, view, columns, count)), count


def _questions(name: str, kind: str, style: str, today: date) -> dict[str, exp.Expr]:
    value: exp.Expr = exp.column(name, quoted=True)
    asked = {"present": exp.Count(this=value.copy()), "distinct": sql_call("approx_count_distinct", value)}
    number = exp.cast(plain_number(value, style), "DOUBLE") if style else value
    if style or kind.startswith(FRACTIONS) or kind in NUMBERS:
        number = exp.cast(number.copy(), "DOUBLE")
        finite = exp.Case(ifs=[exp.If(this=sql_call("isfinite", number), true=number.copy())])
        asked |= {"lowest": sql_call("min", finite), "highest": sql_call("max", finite.copy())}
        if style or kind.startswith(FRACTIONS):
            for places in (0, 2, 4, 6):
                rounded = sql_call("round", finite.copy(), exp.Literal.number(places))
                asked[f"places_{places}"] = sql_call("bool_and", exp.EQ(this=rounded, expression=finite.copy()))
    elif kind == "DATE" or kind.startswith("TIMESTAMP"):
        day = exp.cast(value.copy(), "DATE")
        asked |= {
            "first_day": sql_call("min", day),
            "last_day": sql_call("max", day.copy()),
            "future": sql_call("count_if", day.copy() > sql_day(today)),
        }
    elif kind == "VARCHAR":
        asked["longest"] = sql_call("max", sql_call("length", value.copy()))
    return asked


def _column(name: str, kind: str, style: str, rows: int, facts: Mapping[str, object]) -> Column:
    def number(key: str) -> float | None:
        found = facts.get(key)
        return float(found) if isinstance(found, int | float) else None

    def day(key: str) -> date | None:
        found = facts.get(key)
        return found if isinstance(found, date) else None

    places = next((at for at in (0, 2, 4, 6) if facts.get(f"places_{at}")), None)
    return Column(
        name=name,
        type=kind,
        rows=rows,
        present=int(number("present") or 0),
        distinct=min(int(number("distinct") or 0), int(number("present") or 0)),
        lowest=number("lowest"),
        highest=number("highest"),
        places=0 if kind in NUMBERS else places,
        longest=int(number("longest") or 0),
        first_day=day("first_day"),
        last_day=day("last_day"),
        future=int(number("future") or 0),
        number_style=style,
    )


def _counted_exactly(executor: Executor, view: TableRef, columns: Sequence[Column], count: int) -> Iterator[Column]:
    """The approximate count of different values is made exact where a column might be unique."""
    near = [one for one in columns if one.is_complete and one.distinct > 0.9 * count - 1]
    exact: dict[str, int] = {}
    if near:
        asked = [exp.Count(this=exp.Distinct(expressions=[exp.column(one.name, quoted=True)])) for one in near]
        found = executor.rows(exp.select(*asked).from_(sql_table(view)))[0]
        exact = {one.name: int(value) for one, value in zip(near, found, strict=True)}
    for one in columns:
        distinct = exact.get(one.name, min(one.distinct, count - 1) if one.distinct == count else one.distinct)
        yield Column(**{**one.__dict__, "distinct": distinct})
