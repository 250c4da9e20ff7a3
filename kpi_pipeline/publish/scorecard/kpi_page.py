"""The page of one KPI: everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.kpis import share_written
from kpi_pipeline.projection_words import method_told
from kpi_pipeline.publish.scorecard.aims import Aim, aims_of
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.causes import Cause, causes_of
from kpi_pipeline.publish.scorecard.chart import PERIODS_DRAWN, Chart, Instant, chart_of
from kpi_pipeline.publish.scorecard.dates import day_written, is_past, period_written
from kpi_pipeline.publish.scorecard.drivers import Reasons, reasons_of
from kpi_pipeline.publish.scorecard.holidays import MARKED_BY, by_period
from kpi_pipeline.publish.scorecard.in_progress import in_progress
from kpi_pipeline.publish.scorecard.numbers_table import NumbersLine, number_lines
from kpi_pipeline.publish.scorecard.origin import Origin, origin_of
from kpi_pipeline.publish.scorecard.origin_map import OriginMap, origin_map
from kpi_pipeline.publish.scorecard.page import KpiCard, Reference
from kpi_pipeline.publish.scorecard.picture import room_for, svg_of
from kpi_pipeline.publish.scorecard.restated import Restatement, restatements_of
from kpi_pipeline.publish.scorecard.roles import viewpoint_title
from kpi_pipeline.publish.scorecard.segment_table import SegmentTable, segment_tables
from kpi_pipeline.publish.scorecard.snapshot import Row, readable
from kpi_pipeline.publish.scorecard.status import status_called
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.segments import TOTAL

UNITS = {
    "percent": "a share, in percent", "count": "a count", "currency": "money", "number": "a number",
    "score": "a score", "points": "points",
}  # fmt: skip
DIRECTIONS = {"up": "higher is better", "down": "lower is better", "hold": "neither higher nor lower: as agreed"}
REVIEWS_SHOWN = 12


@dataclass(frozen=True)
class View:
    """What the KPI is to somebody: leading or lagging, on which way to which outcome, and why."""

    viewpoint: str
    team: str
    indicator: str
    outcome: Reference | None
    path: str
    reason: str


@dataclass(frozen=True)
class HeldReview:
    """A review that was held."""

    day: str
    reviewer: str
    decision: str
    then: str
    """What people looked at: the status and the value of that day."""
    actions: tuple[str, ...]


@dataclass(frozen=True)
class GoalServed:
    """A goal the KPI serves, and how much of it rests on the KPI."""

    goal: Reference
    share: str
    primary: bool


@dataclass(frozen=True)
class KpiPage:
    """The whole page."""

    card: KpiCard
    grain: str
    team: Reference | None
    owner: str
    chart: Chart | None
    events: tuple[tuple[int, str, str], ...]
    """What happened: the number of its mark on the drawing, the period, the words."""
    holidays: bool
    status_rule: str
    projection: str
    """How it is known where the period in progress is heading."""
    reasons: tuple[Reasons, ...]
    segments: tuple[SegmentTable, ...]
    aims: tuple[Aim, ...]
    lines: tuple[NumbersLine, ...]
    more_periods: bool
    """Whether there are earlier ones."""
    definition: tuple[tuple[str, str], ...]
    goals: tuple[GoalServed, ...]
    views: tuple[View, ...]
    leads: tuple[Cause, ...]
    led_by: tuple[Cause, ...]
    reviews: tuple[HeldReview, ...]
    review_due: str
    overdue: bool
    restated: tuple[Restatement, ...]
    closed: str
    """Until when the books of the KPI are closed, and whether the data would move what is."""
    origin: Origin | None
    origin_map: OriginMap | None
    query: str


def kpi_page(book: Book, name: str) -> KpiPage:
    """The page of a KPI of that name."""
    kpi, card = book.kpis[name], book.cards[name]
    numbers = Numbers.of(kpi)
    series = book.series.get(name, [])
    latest = book.latest(name)
    shown = periods_drawn(kpi, series)
    holidays = by_period(shown, book.holidays)
    marked = holidays if kpi["grain"] in MARKED_BY else {}
    origin = origin_of(name, book.steps)
    return KpiPage(
        card=card,
        grain=kpi["grain"],
        team=Reference(kpi["team"], book.around.teams.get(kpi["team"], kpi["team"])) if kpi["team"] else None,
        owner=book.around.people.get(kpi["owner"] or "", ""),
        chart=chart_for(kpi, shown, numbers, holidays=marked),
        events=tuple(
            (number, period_written(row["period_label"]), row["annotation"])
            for number, row in enumerate((row for row in shown if row["annotation"]), start=1)
        ),
        holidays=bool(marked),
        status_rule=(latest["status_rule"] or "") if latest else "",
        projection=_projection(book, name, numbers),
        reasons=reasons_of(book.drivers.get(name, []), book.segments, numbers),
        segments=segment_tables(kpi, latest, book.parts.get(name, []), book.segments, numbers),
        aims=aims_of(kpi, series, numbers),
        lines=number_lines(kpi, shown, numbers, holidays),
        more_periods=bool(shown) and shown[0] is not series[0],
        definition=_definition(book, kpi),
        goals=_goals(book, name),
        views=_views(book, name),
        leads=causes_of(book.leads.get(name, []), "leads_kpi", book.around.kpis, book.because),
        led_by=causes_of(book.led_by.get(name, []), "kpi", book.around.kpis, book.because),
        reviews=_reviews(book, name),
        review_due=dict(card.facts).get("Review", ""),
        overdue=is_past(kpi["review_due"], kpi["as_of"]),
        restated=restatements_of(book.history.get(name, []), numbers),
        closed=_closed(kpi, book.refused.get(name, []), numbers),
        origin=origin,
        origin_map=origin_map(origin) if origin else None,
        query=_query(kpi),
    )


def _projection(book: Book, name: str, numbers: Numbers) -> str:
    """What the interval of the period in progress means, how it was come by, and how far off that way was before."""
    for row in in_progress(book.series.get(name, [])):
        for how in book.projections.get(name, []):
            if row["projected_value"] is not None and how["period_start_utc"] == row["period_start_utc"]:
                told = method_told(how, book.kpis[name]["grain"], numbers.write)
                return f"The interval is meant to hold in four of five cases. {told}"
    return ""


def periods_drawn(kpi: Row, series: Sequence[Row]) -> list[Row]:
    """The latest complete periods, as many as a drawing holds, and the one in progress."""
    complete = [row for row in series if row["is_complete"]]
    return [*complete[-PERIODS_DRAWN[kpi["grain"]] :], *in_progress(series)]


def chart_for(
    kpi: Row, shown: Sequence[Row], numbers: Numbers, *, holidays: Mapping[str, str], width: float = 1000.0
) -> Chart | None:
    """The drawing of a KPI's periods, all numbers written with the decimals of the largest."""
    largest = max((abs(row["value"]) for row in shown if row["value"] is not None), default=None)
    instants = [
        Instant(
            label=period_written(row["period_label"]),
            value=row["value"],
            target=row["target"],
            low=row["target_low"],
            high=row["target_high"],
            status=row["status"] if row["is_complete"] else None,
            complete=row["is_complete"],
            note=row["annotation"] or "",
            holidays=holidays.get(row["period_label"], ""),
            projected=row["projected_value"],
            projected_low=row["projected_low"],
            projected_high=row["projected_high"],
        )
        for row in shown
    ]
    return chart_of(instants, lambda value: numbers.write(value, beside=largest), kpi["grain"], width=width)


def _closed(kpi: Row, refused: Sequence[Row], numbers: Numbers) -> str:
    if kpi["frozen_through"] is None:
        return ""
    told = f"Closed through {day_written(kpi['frozen_through'])}: what was published of these periods stays."
    would = [row for row in refused if row["segment"] == TOTAL and row["value"] != row["data_value"]]
    if not would:
        return told
    most = max(would, key=lambda row: abs(row["difference_pct"] or 0))
    was, now = numbers.write(most["value"]), numbers.write(most["data_value"])
    others = f", and {len(would) - 1} other periods" if len(would) > 2 else ", and another period" if would[1:] else ""
    return f"{told} The data of now would move {period_written(most['period_label'])} from {was} to {now}{others}."


def _definition(book: Book, kpi: Row) -> tuple[tuple[str, str], ...]:
    unit = UNITS.get(kpi["unit"], kpi["unit"])
    facts = (
        ("In words", kpi["description"]),
        ("Formula", kpi["formula"]),
        ("Metric", kpi["metric"]),
        ("Unit", f"{unit} ({kpi['currency']})" if kpi["currency"] else unit),
        ("Direction", DIRECTIONS.get(kpi["direction"], kpi["direction"])),
        ("By", kpi["grain"]),
        ("Part of", book.around.kpis.get(kpi["parent_kpi"] or "")),
        ("Target", readable(kpi["target_type"]).lower() if kpi["target_type"] else None),
        ("Defined in", kpi["defined_in"]),
        ("Version", kpi["definition_version"]),
    )
    return tuple((word, text) for word, text in facts if text)


def _goals(book: Book, name: str) -> tuple[GoalServed, ...]:
    found = []
    for row in book.serves.get(name, []):
        together = sum(one["weight"] or 0 for one in book.served[row["goal"]])
        share = share_written(row["weight"] / together) if row["weight"] and together else ""
        found.append(
            GoalServed(
                Reference(row["goal"], book.goal_titles.get(row["goal"], row["goal"])),
                share,
                row["goal"] == book.kpis[name]["goal"],
            )
        )
    return tuple(sorted(found, key=lambda one: not one.primary))


def _views(book: Book, name: str) -> tuple[View, ...]:
    kpis = book.around.kpis
    return tuple(
        View(
            viewpoint_title(row["viewpoint"], book.around.teams),
            row["viewpoint"] if row["viewpoint"] in book.around.teams else "",
            row["indicator"],
            Reference(row["outcome_kpi"], kpis[row["outcome_kpi"]])
            if row["outcome_kpi"] in kpis and row["outcome_kpi"] != name
            else None,
            path_written(row["path"] or "", kpis),
            row["reason"] or "",
        )
        for row in book.indicators.get(name, [])
        if row["indicator"] != "unclassified"
    )


def path_written(path: str, kpis: Mapping[str, str]) -> str:
    """The KPIs on the way by their labels.

    >>> path_written("leads -> orders (4 weeks) -> sales (same period)", {"orders": "Orders", "sales": "Sales"})
    'leads → Orders (4 weeks) → Sales (same period)'
    """
    steps = [step.partition(" ") for step in path.split(" -> ")] if path else []
    return " → ".join(f"{kpis.get(name, name)}{space}{lag}" for name, space, lag in steps)


def _reviews(book: Book, name: str) -> tuple[HeldReview, ...]:
    held = book.reviews.get(name, [])
    return tuple(
        HeldReview(
            day_written(row["reviewed_at"]),
            book.around.people.get(row["reviewer"] or "", row["reviewer"] or ""),
            row["decision"] or "",
            _then(row, Numbers.of(book.kpis[name])),
            tuple((row.get("actions") or "").splitlines()),
        )
        for row in reversed(held[-REVIEWS_SHOWN:])
    )


def _then(row: Row, numbers: Numbers) -> str:
    status, value = row.get("status_then"), row.get("value_then")
    told = (
        status_called(status).word.lower() if status else "",
        numbers.write(value) if value is not None else "",
    )
    said = ", ".join(part for part in told if part)
    return f"then {said}" if said else ""


def _query(kpi: Row) -> str:
    return (
        "SELECT period_label, value, target_low, target_high, attainment, status\n"
        "FROM kpi_value\n"
        f"WHERE kpi = '{kpi['kpi']}' AND grain = '{kpi['grain']}' AND segment = 'all'\n"
        "ORDER BY period_start_utc"
    )


def picture_of(book: Book, name: str) -> str | None:
    """The drawing of a KPI as an SVG file of its own, with its latest value in words; None without any value."""
    kpi, card = book.kpis[name], book.cards[name]
    return picture_for(kpi, periods_drawn(kpi, book.series.get(name, [])), card.label, standing_written(card))


def picture_for(kpi: Row, shown: Sequence[Row], title: str, words: str) -> str | None:
    """The drawing of some periods of a KPI as an SVG file of its own."""
    numbers = Numbers.of(kpi)
    drawn = chart_for(kpi, shown, numbers, holidays={})
    if drawn is None:
        return None
    fitting = chart_for(kpi, shown, numbers, holidays={}, width=room_for(drawn.widest))
    return svg_of(fitting, title, words) if fitting else None


def standing_written(card: KpiCard) -> str:
    """A KPI's latest complete period in one line."""
    if not card.period:
        return "No period is complete yet"
    attained = f", {card.attainment.text} attained" if card.attainment else ""
    target = f"; target {card.target}" if card.target else ""
    return f"{card.value} in {card.period}: {card.status.word.lower()}{attained}{target}"
