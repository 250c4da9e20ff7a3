"""What the malformed trial delivers: hand-made traps of every kind, and random mutations of what is well formed."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import click
import pyarrow as pa
import pyarrow.parquet as pq
import typer

from kpi_pipeline.cli.app import app

SECRET = "s3cr3t/t0ken+%41 x"
"""A secret that looks otherwise once it is part of an address."""

PROJECT = """\
project:
  name: stall
  currency: EUR
  as_of: data
  warehouse: data/warehouse.duckdb
  publish: {duckdb: out/kpi.duckdb, scorecard: out/scorecard}
  notify:
    - on: [status_change]
      to: {type: webhook, url: "https://example.com/${STALL_HOOK}"}
"""

DEFINITIONS = """\
sources:
  - name: sales
    connector: {type: file, path: data/sales.*}
    columns: {amount: {type: decimal}, day: {type: date}}
    checks:
      - {type: not_null, columns: [day], severity: warn}
  - name: aims
    connector: {type: file, path: data/aims.csv}
models:
  - name: sale
    sql: SELECT day, city, amount FROM raw.sales
    agg_time_dimension: day
    dimensions: [city]
metrics:
  - {name: revenue, type: simple, model: sale, agg: sum, expr: amount, unit: currency}
  - {name: sales, type: simple, model: sale, agg: count, filter: "amount > 0"}
  - {name: average_sale, type: ratio, numerator: revenue, denominator: sales}
  - name: growth
    type: derived
    expr: now / before - 1
    input_metrics: [{name: revenue, alias: now}, {name: revenue, alias: before, offset_window: 1 week}]
  - {name: to_date, type: cumulative, input_metric: revenue, grain_to_date: month}
teams: [{name: stall_team}]
people: [{name: eve, team: stall_team, email: "${STALL_MAIL}"}]
goals: [{name: grow, statement: Sell for 100 EUR a week, team: stall_team, owner: eve, agreed_by: [eve]}]
kpis:
  - name: weekly_revenue
    metric: revenue
    goal: grow
    team: stall_team
    owner: eve
    direction: up
    grain: week
    breakdowns: [[], [city]]
    target: {type: at_least, table: aims}
    status: {at_risk_within: 10%}
    review: {every: week, last: 2024-01-08}
    scorecards: [company]
links: []
"""

ROWS = [(f"2024-01-{1 + number:02d}", "Bonn" if number % 2 else "Kiel", f"{number}.50") for number in range(24)]
SALES = "day,city,amount\n" + "".join(f"{day},{city},{amount}\n" for day, city, amount in ROWS)
LINES = "".join(f'{{"day": "{day}", "city": "{city}", "amount": {amount}}}\n' for day, city, amount in ROWS)
AIMS = "kpi,period_start,segment,value\nweekly_revenue,2024-01-01,,50\nweekly_revenue,2024-01-15,city=Bonn,30\n"

HOSTILE = (
    "", "null", "~", "true", "no", "[]", "{}", "&a [*a]", "*a", "!x", "!!python/object/apply:os.system ['true']",
    "!!binary aGk=", "|", ">", "'", '"', "\t", "NaN", ".inf", "-.inf", "1e999", "0x1F", "010", "12:30", "2024-02-30",
    "0000-00-00", "99999-01-01", "-1", "9" * 400, "${NOT_SET}", "${", "${}", "${1}", "${STALL_HOOK}", "${STALL_MAIL}",
    "\x00", "\ufeff", "\u202e", "\U0001d4b3", "\u2028", "'; DROP TABLE raw.sales; --", "x" * 20_000, "<<: *a",
    "? x", "%YAML 9.9", "---", "...", "../../../../etc/passwd", "~/x", "/etc/passwd", "/dev/zero", "**", "[", "]", "}",
    "con:con", "[" * 400, "{a: " * 300, "a b", "1 + ", "sum(amount)", "getenv('HOME')", "SELECT 1", "now()", "random()",
    "amount / 0", "coalesce(amount, 0)", "'2024' + amount", "(" * 300, "NOT " * 400 + "true", "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>", "{{ 7*7 }}", "%s%s%n", "${STALL_HOOK}${STALL_HOOK}", "1970-01-01", "day", "weekly_revenue",
    "raw.sales", "model.sale", "0", "1", "0.0000001", "100000000000000000000", "28 days", "0 days", "-3 weeks", "10%",
)  # fmt: skip
"""Values that somebody's editor, spreadsheet or malice may put in any place."""


@dataclass(frozen=True)
class Input:
    """One malformed input: what is delivered, and what is asked then."""

    name: str
    files: dict[str, bytes | None] = field(default_factory=dict)
    """Written into the project; None takes the file away."""
    environment: dict[str, str | None] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("run", "--wait", "0")
    delivered: str | None = None
    """The file whose rows must all be found again."""

    @property
    def kind(self) -> str:
        return self.name.split("/", maxsplit=1)[0]


def inputs(count: int, seed: int) -> Iterator[Input]:
    """So many inputs: every hand-made one first, then mutations of each kind in turn."""
    chance = random.Random(seed)
    made = [*_made_by_hand()]
    yield from made[:count]
    for number in range(max(count - len(made), 0)):
        kind = chance.choices([name for name, _ in MUTATED], [share for _, share in MUTATED])[0]
        yield KINDS[kind](chance, f"{kind}/{seed}-{number}")


def _made_by_hand() -> Iterator[Input]:
    yield from (
        _definitions(f"yaml/{name}", text.encode("utf-8", "surrogatepass")) for name, text in _texts_by_hand().items()
    )
    for name, content in {
        "utf-16": DEFINITIONS.encode("utf-16"), "latin-1": "teams: [{name: a, label: caf\xe9}]".encode("latin-1"),
        "zeros": b"\0" * 1000, "random": random.Random(5).randbytes(4000), "gzip": b"\x1f\x8b\x08" + b"\0" * 50,
    }.items():  # fmt: skip
        yield _definitions(f"yaml/{name}", content)
    for name, text in {
        "no file": None, "empty": "", "a list": "[]", "two keys": PROJECT + PROJECT, "not a zone": PROJECT + "  timezone: Mars\n",
        "outside": PROJECT.replace("out/kpi.duckdb", "../../../../../proc/kpi.duckdb"),
        "on a device": PROJECT.replace("out/kpi.duckdb", "/dev/full"),
        "warehouse a folder": PROJECT.replace("data/warehouse.duckdb", "data"),
        "warehouse the published": PROJECT.replace("data/warehouse.duckdb", "out/kpi.duckdb"),
        "warehouse a source": PROJECT.replace("data/warehouse.duckdb", "data/sales.csv"),
    }.items():  # fmt: skip
        yield Input(f"project/{name}", {"definitions/project.yaml": text.encode() if text is not None else None})
    for name, content in _csv_by_hand().items():
        yield _delivery(f"csv/{name}", "data/sales.csv", content)
    for name, content in _json_by_hand().items():
        yield _delivery(f"json/{name}", "data/sales.jsonl", content)
    for name, content in _parquet_by_hand().items():
        yield _delivery(f"parquet/{name}", "data/sales.parquet", content)
    for name, text in _aims_by_hand().items():
        yield _aims(f"targets/{name}", text.encode())
    for value in (
        None,
        "",
        "x" * 10_000,
        "\n",
        "a\nb: c",
        "${STALL_HOOK}",
        "https://[::1",
        "%",
        "\u202e",
        "[",
        "'",
        '"',
        "{x: 1}",
    ):
        yield _with_environment(f"environment/hook {str(value)[:12]!r}", {"STALL_HOOK": value})
        yield _with_environment(f"environment/mail {str(value)[:12]!r}", {"STALL_MAIL": value})


def _texts_by_hand() -> dict[str, str]:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    texts = {f"whole file {number}": value for number, value in enumerate(HOSTILE)}
    return texts | {
        "bomb": bomb,
        "deep": "".join(" " * n + "a:\n" for n in range(900)),
        "surrogate": 'teams: [{name: a, label: "\\ud800"}]',
        "anchor in itself": "teams: &a [*a]",
        "merge": "teams: [{name: a}]\npeople: [{<<: &b {name: c}, team: a}]",
        "tabs": "teams:\n\t- name: a",
        "windows": DEFINITIONS.replace("\n", "\r\n"),
        "two documents": DEFINITIONS + "---\n" + DEFINITIONS,
        "twice": DEFINITIONS + DEFINITIONS,
        "only comments": "# nothing\n" * 100,
        "wide": "teams: [" + ", ".join(f"{{name: t{n}}}" for n in range(3000)) + "]",
        "long name": f"teams: [{{name: {'a' * 5000}}}]",
        "cycle": "metrics: [{name: a, type: derived, expr: b, input_metrics: [b]}, {name: b, type: derived, expr: a, input_metrics: [a]}]",
        "goals in a ring": "goals: [{name: a, statement: x, parent: b}, {name: b, statement: y, parent: a}]",
        "models in a ring": "models: [{name: a, sql: FROM model.b}, {name: b, sql: FROM model.a}]",
    }


def _csv_by_hand() -> dict[str, bytes]:
    text = {
        "empty": "", "only a header": "day,city,amount\n", "only line ends": "\n\n\n\n", "no header": SALES.split("\n", 1)[1],
        "header twice": "day,city,amount,day\n2024-01-01,Bonn,1,2\n", "nameless column": "day,,amount\n2024-01-01,Bonn,1\n",
        "ragged": SALES + "2024-01-25,Bonn\n2024-01-25,Bonn,1,2,3,4\n,,\n\n", "open quote": SALES + '2024-01-25,"Bonn,1\n',
        "quote within": SALES + '2024-01-25,Bo"nn,1\n2024-01-25,"Bo"nn,1\n', "line ends in quotes": SALES + '2024-01-25,"Bo\n\nnn",1\n',
        "not numbers": SALES + "2024-01-25,Bonn,one\n2024-01-25,Bonn,1e999\n2024-01-25,Bonn,NaN\n", "not days": SALES + "2024-02-30,Bonn,1\n0,Bonn,1\n99999-01-01,Bonn,1\n",
        "formulas": SALES + "2024-01-25,=cmd|' /C calc'!A0,1\n2024-01-25,@x,1\n", "no end": SALES.rstrip("\n"), "old mac": SALES.replace("\n", "\r"),
        "windows": SALES.replace("\n", "\r\n"), "semicolons": SALES.replace(",", ";"), "mixed ends": SALES.replace("\n", "\r\n", 5),
        "wide": SALES + "2024-01-25," + "x" * 300_000 + ",1\n", "html": SALES + "2024-01-25,<script>alert(1)</script>,1\n",
        "other columns": "a,b\n1,2\n", "reserved": "day,city,amount,_run_id,_source_file\n2024-01-01,Bonn,1,x,y\n",
    }  # fmt: skip
    return {name: one.encode() for name, one in text.items()} | {
        "bom": b"\xef\xbb\xbf" + SALES.encode(), "utf-16": SALES.encode("utf-16"), "latin-1": SALES.encode() + "2024-01-25,K\xf6ln,1\n".encode("latin-1"),
        "zeros": SALES.encode() + b"2024-01-25,B\0nn,1\n", "random": random.Random(3).randbytes(3000), "zip": b"PK\x03\x04" + b"\0" * 200,
        "half a letter": SALES.encode() + b"2024-01-25,K\xc3,1\n",
    }  # fmt: skip


def _json_by_hand() -> dict[str, bytes]:
    text = {
        "empty": "", "a list": f"[{LINES.replace(chr(10), ',').rstrip(',')}]", "half a line": LINES + '{"day": "2024-01-25", "ci',
        "not objects": LINES + '1\n"x"\nnull\n[1]\n', "two a line": LINES + '{"day": "2024-01-25"} {"day": "2024-01-26"}\n',
        "key twice": LINES + '{"day": "2024-01-25", "day": "2024-01-26", "city": "Bonn", "amount": 1}\n', "deep": LINES + '{"city": ' + "[" * 3000 + "]" * 3000 + "}\n",
        "odd numbers": LINES + '{"day": "2024-01-25", "city": "Bonn", "amount": 1e999}\n{"day": "2024-01-25", "city": "Bonn", "amount": NaN}\n',
        "other types": LINES + '{"day": 1, "city": {"a": 1}, "amount": "one"}\n', "no keys": LINES + "{}\n{}\n", "surrogate": LINES + '{"day": "2024-01-25", "city": "\\ud800", "amount": 1}\n',
        "comment": "// x\n" + LINES, "blank lines": LINES.replace("\n", "\n\n  \n"), "empty key": LINES + '{"": 1, "day": "2024-01-25", "city": "Bonn", "amount": 1}\n',
    }  # fmt: skip
    return {name: one.encode() for name, one in text.items()} | {"bom": b"\xef\xbb\xbf" + LINES.encode(), "zeros": LINES.encode() + b'{"city": "\0"}\n'}  # fmt: skip


def _parquet_by_hand() -> dict[str, bytes]:
    whole = parquet()
    return {
        "whole": whole, "empty": b"", "only the mark": b"PAR1", "marks alone": b"PAR1PAR1", "cut in half": whole[: len(whole) // 2], "no footer": whole[:-8],
        "footer too long": whole[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1", "negative footer": whole[:-8] + b"\xff\xff\xff\xffPAR1",
        "encrypted": whole[:-4] + b"PARE", "zeros within": whole[:40] + b"\0" * 60 + whole[100:], "a CSV": SALES.encode(), "no rows": parquet(rows=0),
        "odd types": parquet(odd=True),
    }  # fmt: skip


def _aims_by_hand() -> dict[str, str]:
    header = "kpi,period_start,segment,value\n"
    return {
        "empty": "", "only a header": header, "no value": header + "weekly_revenue,2024-01-01,,\n", "not a KPI": header + "x,2024-01-01,,1\n",
        "not a segment": header + "weekly_revenue,2024-01-01,city=,1\nweekly_revenue,2024-01-01,=|=,1\n", "not a day": header + "weekly_revenue,soon,,1\n",
        "not a number": header + "weekly_revenue,2024-01-01,,much\n", "infinite": header + "weekly_revenue,2024-01-01,,inf\n", "twice": header + "weekly_revenue,2024-01-01,,1\n" * 3,
        "other columns": "a,b\n1,2\n", "no period": "kpi,value\nweekly_revenue,1\n", "far away": header + "weekly_revenue,9999-12-31,,1\n",
    }  # fmt: skip


@cache
def parquet(*, rows: int = len(ROWS), odd: bool = False) -> bytes:
    """The sales as a Parquet file; `odd` with types that hold no such values."""
    columns: dict[str, object] = {
        "day": [day for day, _, _ in ROWS[:rows]],
        "city": [city for _, city, _ in ROWS[:rows]],
        "amount": [float(amount) for _, _, amount in ROWS[:rows]],
    }
    if odd:
        columns |= {"city": [{"a": [1, None]}] * rows, "amount": [b"\xff"] * rows}
    into = io.BytesIO()
    pq.write_table(pa.table(columns), into)
    return into.getvalue()


def _definitions(name: str, content: bytes) -> Input:
    return Input(name, {"definitions/more.yaml": content}, arguments=("check",))


def _delivery(name: str, file: str, content: bytes) -> Input:
    files: dict[str, bytes | None] = {"data/sales.csv": None, file: content}
    return Input(name, files, delivered=file)


def _aims(name: str, content: bytes) -> Input:
    return Input(name, {"data/aims.csv": content}, delivered="data/aims.csv")


def _with_environment(name: str, values: dict[str, str | None]) -> Input:
    return Input(name, environment=values, arguments=("check",))


def _mutated_definitions(chance: random.Random, name: str) -> Input:
    return Input(name, {"definitions/all.yaml": _mutated(chance, DEFINITIONS).encode()}, arguments=("check",))


def _mutated_project(chance: random.Random, name: str) -> Input:
    return Input(name, {"definitions/project.yaml": _mutated(chance, PROJECT).encode()}, arguments=("check",))


def _mutated(chance: random.Random, text: str) -> str:
    """A definition file with one to three mistakes in it: in values, keys, lines, letters or indentation."""
    for _ in range(chance.randint(1, 3)):
        text = chance.choice(MISTAKES)(chance, text)
    return text


def _a_value(chance: random.Random, text: str) -> str:
    places = [at for at in range(len(text) - 2) if text[at : at + 2] == ": "]
    if not places:
        return text
    at = chance.choice(places) + 2
    end = min((found for stop in (",", "}", "]", "\n") if (found := text.find(stop, at)) >= 0), default=len(text))
    return text[:at] + chance.choice(HOSTILE) + text[end:]


def _a_letter(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice("[]{}:,&*!|>'\"%@`#-? \t\n\u00e9\u0000") + text[at + chance.randint(0, 1) :]


def _a_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at] = " " * chance.randrange(6) + lines[at].lstrip()
        case _:
            lines.insert(at, lines.pop(chance.randrange(len(lines))))
    return "\n".join(lines)


def _a_word(chance: random.Random, text: str) -> str:
    words = [word for word in text.replace("\n", " ").split(" ") if word.strip("[]{},:-\"'")]
    return text.replace(chance.choice(words), chance.choice([*words, *HOSTILE]), 1) if words else text


MISTAKES: tuple[Callable[[random.Random, str], str], ...] = (_a_value, _a_value, _a_letter, _a_line, _a_word)


def _mutated_csv(chance: random.Random, name: str) -> Input:
    return _delivery(name, "data/sales.csv", _mutated_bytes(chance, SALES.encode(), b"\",;\n\r\t\0\xff|'x1-=\\"))


def _mutated_json(chance: random.Random, name: str) -> Input:
    return _delivery(name, "data/sales.jsonl", _mutated_bytes(chance, LINES.encode(), b'"{}[]:,\\\n\0\xff1nt'))


def _mutated_parquet(chance: random.Random, name: str) -> Input:
    whole = bytearray(parquet())
    footer = int.from_bytes(whole[-8:-4], "little")
    for _ in range(chance.randint(1, 12)):
        at = chance.choice(
            (
                chance.randrange(len(whole)),
                len(whole) - 8 - chance.randrange(footer),
                len(whole) - 1 - chance.randrange(8),
            )
        )
        whole[at] = chance.randrange(256)
    return _delivery(name, "data/sales.parquet", bytes(whole))


def _mutated_aims(chance: random.Random, name: str) -> Input:
    return _aims(name, _mutated_bytes(chance, AIMS.encode(), b'",\n=|%()x9-\0\xff'))


def _mutated_bytes(chance: random.Random, content: bytes, letters: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randint(0, 3)] = bytes(chance.choices(letters, k=chance.randint(0, 3)))
    return bytes(changed)


def _mutated_environment(chance: random.Random, name: str) -> Input:
    value = "".join(chance.choice(HOSTILE)[:50] for _ in range(chance.randint(1, 3))).replace("\0", "")
    value = value.encode("utf-8", "ignore").decode()
    return _with_environment(name, {chance.choice(("STALL_HOOK", "STALL_MAIL")): value})


NAMES = ("revenue", "weekly_revenue", "sale", "city", "metrics", "grow", "week", "2024-01", "all", "stall_team")
NEVER = frozenset({"--open", "--install-completion", "--show-completion", "--project", "--host", "--help"})
"""Options that open windows or write outside of the project; and the place of the project, which is said last."""


def _arguments(chance: random.Random, name: str) -> Input:
    """A command with options and words that it may or may not take."""
    commands = _commands()
    command = chance.choice(sorted(commands))
    asked: list[str] = [command]
    for parameter in commands[command].params:
        options = [one for one in parameter.opts if one.startswith("-")]
        if NEVER & set(options) or chance.random() < (0.5 if options else 0.2):
            continue
        if options:
            asked.append(chance.choice(options))
        if not getattr(parameter, "is_flag", False):
            asked.append(_word(chance))
    if chance.random() < 0.15:
        asked.insert(chance.randrange(len(asked) + 1), _word(chance))
    return Input(name, arguments=tuple(asked))


@cache
def _commands() -> Mapping[str, click.Command]:
    """The commands that neither stay nor write elsewhere."""
    group = typer.main.get_command(app)
    found: dict[str, click.Command] = getattr(group, "commands", {})
    return {name: command for name, command in found.items() if name not in ("dev", "init")}


def _word(chance: random.Random) -> str:
    word = chance.choice(NAMES) if chance.random() < 0.5 else chance.choice(HOSTILE)
    # NOTE: what is written to a path stays in the project; no shell hands a program a zero byte.
    return word.replace("\0", "").replace("/", "_") if word not in NEVER else "x"


KINDS: dict[str, Callable[[random.Random, str], Input]] = {
    "yaml": _mutated_definitions,
    "project": _mutated_project,
    "environment": _mutated_environment,
    "csv": _mutated_csv,
    "json": _mutated_json,
    "parquet": _mutated_parquet,
    "targets": _mutated_aims,
    "arguments": _arguments,
}
MUTATED = (
    ("yaml", 0.32), ("project", 0.08), ("environment", 0.04), ("csv", 0.14), ("json", 0.1), ("parquet", 0.08), ("targets", 0.06), ("arguments", 0.18),
)  # fmt: skip
"""How the mutations are shared out."""
