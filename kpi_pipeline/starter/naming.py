"""Names that definitions accept, made from whatever a file or a column is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from kpi_pipeline.names import RESERVED_NAMES
from kpi_pipeline.starter.vocabulary import words

LONGEST = 36
"""Leaves room for what metrics and KPIs put before and behind it."""

TRANSCRIBED = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "æ": "ae", "Æ": "Ae",
    "ø": "o", "Ø": "O", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "€": " eur ", "$": " usd ", "£": " gbp ",
    "%": " percent ", "#": " number ", "&": " and ",
})  # fmt: skip

RESERVED_WORDS = words("""
    all alter analyse analyze and any array as asc asymmetric authorization between binary both by case cast check
    collate column concurrently constraint create cross current_date current_role current_time current_timestamp
    current_user date day default deferrable delete desc describe distinct do drop else end escape except exists
    extract false fetch filter first for foreign freeze from full grant group grouping having hour ilike in index
    initially inner insert intersect interval into is isnull join key lambda last lateral leading left like limit
    localtime localtimestamp map minute month natural not notnull null offset on only or order out outer over
    overlaps partition percent pivot placing primary procedure qualify quarter range references returning right row
    rows rank sample second select session_user set show similar some start struct summarize symmetric table tablesample
    then time timestamp to trailing trigger true try_cast type union unique unknown unnest unpivot update use user
    using values variadic verbose view virtual week when where window with within year
    current previous year_ago number value period grain segment breakdown metric kpi goal target status
""")  # fmt: skip
"""Words that SQL or the published tables use for something else."""


def words_of(text: str) -> list[str]:
    """The words in a name, however they are joined.

    >>> words_of("SalesOrderNumber"), words_of("Umsatz (€)"), words_of("tv_S")
    (['sales', 'order', 'number'], ['umsatz', 'eur'], ['tv', 's'])
    """
    text = unicodedata.normalize("NFC", text).translate(TRANSCRIBED)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    return re.findall(r"[a-z0-9]+", text.lower())


def column_name(text: str, place: int) -> str:
    """A column's name for use in SQL without quotes; one that says nothing in our letters is numbered.

    >>> column_name("Customer ID", 1), column_name("2023 sales", 2), column_name("group", 3), column_name("顧客", 4)
    ('customer_id', 'column_2023_sales', 'row_group', 'column_4')
    """
    name = "_".join(words_of(text)) or f"column_{place}"
    if not name[0].isalpha():
        name = f"column_{name}"
    name = name[:LONGEST].rstrip("_")
    return f"row_{name}" if name in RESERVED_WORDS else name


def thing_name(text: str, *, otherwise: str, forbidden: Iterable[str] = ()) -> str:
    """A name for a source, a model or a project.

    >>> thing_name("2024 Orders (final)", otherwise="table"), thing_name("..", otherwise="project")
    ('table_2024_orders_final', 'project')
    """
    name = "_".join(words_of(text)) or otherwise
    if not name[0].isalpha():
        name = f"{otherwise}_{name}"
    name = name[:LONGEST].rstrip("_")
    return f"{name}_rows" if name in RESERVED_NAMES or name in set(forbidden) else name


def unique_name(wanted: str, taken: set[str]) -> str:
    """The name, numbered if it is taken already; it is taken from now on.

    >>> taken = {"orders"}
    >>> unique_name("orders", taken), unique_name("orders", taken)
    ('orders_2', 'orders_3')
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def plural(word: str) -> str:
    """The plural of an English noun, near enough for a name.

    >>> plural("order"), plural("company"), plural("class"), plural("news")
    ('orders', 'companies', 'classes', 'news')
    """
    if word.endswith(("ss", "x", "ch", "sh")):
        return f"{word}es"
    if word.endswith("s"):
        return word
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}s"


def singular(word: str) -> str:
    """The singular of an English noun, near enough for a name.

    >>> singular("orders"), singular("companies"), singular("sales"), singular("status")
    ('order', 'company', 'sale', 'status')
    """
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "news")) and len(word) > 3:
        return word[:-1]
    return word


def label_of(name: str) -> str:
    """A name as people read it.

    >>> label_of("sales_amount"), label_of("row_date")
    ('Sales amount', 'Date')
    """
    return name.removeprefix("row_").replace("_", " ").capitalize()


def column_label(header: str, name: str) -> str:
    """The column's header where it was written for people, else its name made readable.

    >>> column_label("Umsatz (€)", "umsatz_eur"), column_label("SalesAmount", "sales_amount")
    ('Umsatz (€)', 'Sales amount')
    """
    header = " ".join(header.split())
    written = " " in header or not header.isascii()
    if not written or "_" in header or len(header) > LONGEST or not header[0].isalpha() or "${" in header:
        return label_of(name)
    return header[0].upper() + header[1:]


def in_a_sentence(label: str) -> str:
    """A label within a sentence: its first letters small, unless it is an abbreviation.

    >>> in_a_sentence("Sales amount"), in_a_sentence("Unit Price"), in_a_sentence("SLA met")
    ('sales amount', 'unit price', 'SLA met')
    """
    if label.istitle():
        return label.lower()
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
