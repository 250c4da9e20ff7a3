"""The project: everything the definitions say, looked up by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePath
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from kpi_pipeline.business_calendar import BusinessCalendar
from kpi_pipeline.calendar import CalendarRules, DayTable
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import Place
from kpi_pipeline.goals import Goal
from kpi_pipeline.holidays import Holidays, days_alone
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.metrics import Conversion, Metric, Retention, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.names import Name, Noun, TableRef
from kpi_pipeline.notify import NotifyRule
from kpi_pipeline.periods import DaysText, FirstDay, Grain, whole_periods
from kpi_pipeline.postgres_target import PostgresTarget, address_alone
from kpi_pipeline.restating import Freeze, History, Restatement
from kpi_pipeline.retention import KeptFor
from kpi_pipeline.reviews import HeldReview, ReviewDue, due_after
from kpi_pipeline.sources import Source
from kpi_pipeline.teams import Person, Team


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a time zone; write one like Europe/London or UTC") from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip


class Publish(Noun):
    """Where the validated tables go, and at which grains every metric is published beside the KPIs' own."""

    duckdb: str = Field(default="data/published/kpi.duckdb", description="the file that BI tools read")
    parquet: str | None = Field(default=None, description="a folder for the same tables as Parquet files")
    postgres: Annotated[PostgresTarget | None, BeforeValidator(address_alone)] = Field(
        default=None, description="a schema of a PostgreSQL server for the same tables"
    )
    scorecard: str | None = Field(default="data/published/scorecard", description="the folder of the scorecard page")
    keep: int = Field(
        default=3,
        ge=2,
        description="how many snapshots stay, the latest included: DuckDB files and Parquet folders that are named by "
        "their run",
    )
    keep_for: DaysText | None = Field(
        default=None, description="for how long more of them stay, such as 14 days, counted back from the latest"
    )
    grains: tuple[Grain, ...] = Field(
        default=(Grain.week, Grain.month), description="the grains at which every metric's total is published"
    )
    attribution: tuple[str, ...] = Field(
        default=(), description="lines below the scorecard: whose data it is, which licence"
    )


class Schedule(Noun):
    """When the pipeline runs by itself."""

    cron: str = Field(default="0 6 * * *", description="minute, hour, day, month, weekday, in the project's time zone")


class Settings(Noun):
    """What holds for the whole project: its clock, calendar, money and files."""

    name: Name = Field(description="the project's name")
    label: str = Field(default="", description="its name for people")
    timezone: Zone = Field(default="UTC", description="the zone in which a business day begins at midnight")
    week_start: Weekday = Field(default="monday", description="the weekday a week begins on")
    fiscal_year_start: Month = Field(default="january", description="the month years and quarters are counted from")
    calendar: BusinessCalendar | None = Field(
        default=None, description="weeks, months, quarters and years other than the usual ones"
    )
    holidays: Annotated[Holidays | None, BeforeValidator(days_alone)] = Field(
        default=None, description="the days that readers should see marked: a list of {day, name}, or a table"
    )
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="the currency of amounts, such as GBP")
    as_of: Literal["now", "data"] | FirstDay = Field(
        default="now", description="what counts as today: the clock, the end of each KPI's own data, or a day"
    )
    warehouse: str = Field(
        default="data/warehouse.duckdb", description="the file the pipeline works in; not for readers"
    )
    engine: SparkEngine | None = Field(
        default=None, description="the cluster that reduces models whose sources are in a lakehouse"
    )
    memory: str | None = Field(
        default=None,
        pattern=r"^[1-9]\d* ?(MB|GB)$",
        description="how much of the memory the warehouse may hold, such as 512 MB; what is more waits on the disk",
    )
    min_group_size: int | None = Field(
        default=None,
        ge=2,
        description="values that rest on fewer rows are not shown, nor what would tell them; metrics may set their own",
    )
    publish: Publish = Field(default=Publish(), description="what is written for readers, and where")
    schedule: Schedule | None = Field(default=Schedule(), description="when Dagster runs the project by itself")
    automation: Literal["schedule", "declarative"] = Field(
        default="schedule", description="whether Dagster goes by the schedule or by conditions on each asset"
    )
    retention: KeptFor = Field(
        default=KeptFor(), description="how long runs and results that no longer hold are remembered"
    )
    history: History = Field(default=History(), description="how long values that were published are remembered")
    restatement: Restatement | None = Field(
        default=None, description="when a restated value is worth a warning, for KPIs that do not say it themselves"
    )
    freeze: Freeze | None = Field(
        default=None, description="until when published values of KPIs stay as they are, for those that do not say it"
    )
    notify: tuple[NotifyRule, ...] = Field(default=(), description="who is told what happened, and how")

    @model_validator(mode="after")
    def _two_files(self) -> Self:
        """Readers would hold the file that the pipeline works in, and see it half-done."""
        if PurePath(self.warehouse) == PurePath(self.publish.duckdb):
            raise ValueError("'warehouse' and 'publish.duckdb' are one file; give readers a file of their own")
        return self

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        """A retail year says by itself when weeks and years begin."""
        retail = self.calendar.retail_year if self.calendar else None
        if retail and "fiscal_year_start" in self.model_fields_set:
            raise ValueError(
                "'fiscal_year_start' is that of the usual calendar; a retail year begins after 'year_ends'"
            )
        if retail and "week_start" in self.model_fields_set and self.week_start != retail.ends.week_start:
            raise ValueError(
                f"'week_start' is {self.week_start}, but the retail year ends on a {retail.ends.weekday}, so its weeks "
                f"begin on {retail.ends.week_start}; take 'week_start' away"
            )
        return self

    @property
    def title(self) -> str:
        """The label, or the name made readable."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def calendar_table(self) -> str | None:
        """The model or source that holds the calendar, if one does."""
        return self.calendar.table if self.calendar else None

    @property
    def holiday_table(self) -> str | None:
        """The model or source that holds the holidays, if one does."""
        return self.holidays.table if self.holidays else None

    def calendar_rules(self, table: DayTable | None = None) -> CalendarRules:
        """The rules of the calendar; `table` holds its days where they are kept in a table."""
        retail = self.calendar.retail_year if self.calendar else None
        week_start = retail.ends.week_start if retail else self.week_start
        return CalendarRules(week_start, self.fiscal_year_start, self.timezone, retail, table)


@dataclass(frozen=True)
class Project:
    """The definitions as one frozen whole; every reference in it resolves, or loading would have refused it."""

    root: Path
    settings: Settings
    sources: Mapping[str, Source] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    kpis: Mapping[str, Kpi] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    reviews: tuple[HeldReview, ...] = ()
    places: Mapping[tuple[str, ...], Place] = field(default_factory=dict)
    """Where things are written: (kind, name, key, ...) -> place; kinds as in YAML (`metrics`, `kpis`, ...)."""

    def place(self, *path: str) -> Place | None:
        """The place of a thing or of a key in it; of the nearest thing around it where the key is not written."""
        for length in range(len(path), 0, -1):
            if found := self.places.get(path[:length]):
                return found
        return None

    def path(self, relative: str) -> Path:
        """A path of the definitions, seen from the project's root; a link stays one, as the published file is."""
        path = self.root / relative
        return path.parent.resolve() / path.name

    def table_named(self, name: str) -> TableRef:
        """The table of a model or source by that name, such as one that gives targets or days."""
        return TableRef("model" if name in self.models else "raw", name)

    def reviews_of(self, kpi: str) -> tuple[HeldReview, ...]:
        """The reviews written down of a KPI, under its name or an earlier one, the newest first."""
        names = {kpi, *self.kpis[kpi].formerly}
        return tuple(sorted((one for one in self.reviews if one.kpi in names), key=lambda one: one.on, reverse=True))

    def restated_above(self, kpi: str) -> float | None:
        """The share by which a value of a complete period may change before somebody is warned; None without one."""
        restatement = self.kpis[kpi].restatement or self.settings.restatement
        return restatement.warn_above if restatement else None

    def freeze_of(self, kpi: str) -> Freeze | None:
        """Until when the values of a KPI are closed, and who closed them; None where all of them may change."""
        freeze = self.kpis[kpi].freeze or self.settings.freeze
        return freeze if freeze and freeze.day else None

    @property
    def former_names(self) -> Mapping[str, str]:
        """The name of now, by each name that a KPI had before."""
        return {former: kpi.name for kpi in self.kpis.values() for former in kpi.formerly}

    def mail_of_owner(self, kpi: str) -> str | None:
        """Where the owner of a KPI gets mail; None where there is no such KPI, owner or address."""
        owner = self.kpis[kpi].owner if kpi in self.kpis else None
        return self.people[owner].email if owner else None

    def members_of(self, goal: str) -> tuple[tuple[Kpi, float], ...]:
        """The KPIs that serve a goal, with what they weigh in it."""
        return tuple((kpi, share.weight) for kpi in self.kpis.values() for share in kpi.serves if share.goal == goal)

    def kpis_of(self, goal: str) -> tuple[Kpi, ...]:
        """The KPIs that serve a goal."""
        return tuple(kpi for kpi, _ in self.members_of(goal))

    def review_due(self, kpi: str, today: date | None = None) -> ReviewDue | None:
        """When a KPI was last reviewed and is to be again; None where nobody has agreed how often.

        The last review is the newest that is written down, or the day its definition names if that is later.
        """
        noun = self.kpis[kpi]
        if noun.review is None:
            return None
        last = max((day for day in (noun.review.last, *(one.on for one in self.reviews_of(kpi))) if day), default=None)
        due = due_after(last, noun.review.every) if last else None
        return ReviewDue(kpi, noun.owner, noun.review.every, last, due, today)

    def models_of(self, metric: str) -> frozenset[str]:
        """The models whose rows a metric is computed from, through the metrics below it."""
        noun = self.metrics[metric]
        if isinstance(noun, Simple | Retention):
            return frozenset({noun.model})
        return frozenset().union(*(self.models_of(used.name) for used in noun.inputs))

    def models_asked(self, metric: str) -> frozenset[str]:
        """The models by whose dimensions a metric is asked; a conversion is asked by those of its base metric."""
        noun = self.metrics[metric]
        if isinstance(noun, Simple | Retention):
            return frozenset({noun.model})
        used = noun.inputs[:1] if isinstance(noun, Conversion) else noun.inputs
        return frozenset().union(*(self.models_asked(one.name) for one in used))

    def is_approximate(self, metric: str) -> bool:
        """Whether a metric, or one that it is computed from, may be estimated."""
        noun = self.metrics[metric]
        if isinstance(noun, Simple):
            return noun.approximate
        return any(self.is_approximate(used.name) for used in noun.inputs)

    def min_group_size(self, metric: str) -> int:
        """How many rows a metric's values must rest on to be shown; 0 where any number will do.

        What is made of other metrics is as careful as the most careful of them.
        """
        noun = self.metrics[metric]
        own = noun.min_group_size or 0
        if not noun.inputs:
            return own or self.settings.min_group_size or 0
        return max(own, *(self.min_group_size(used.name) for used in noun.inputs))

    def tested_at(self, link: Link) -> tuple[Grain, int] | None:
        """The grain at which a link is tested, and its lag in periods of it; None where there is no such grain.

        It is the one the link names; else, of the grains that the metrics of both KPIs and of those held constant are
        published at, the follower's own if the lag is a whole number of its periods, or the coarsest for which it is.
        """
        follower = self.kpis.get(link.to)
        others = [self.kpis.get(name) for name in (link.from_, *link.control)]
        if follower is None or None in others:
            return None
        for grain in (link.grain,) if link.grain else self.shared_grains(*filter(None, others), follower):
            periods = 0 if link.lag is None else whole_periods(link.lag, grain)
            if periods is not None:
                return grain, periods
        return None

    def shared_grains(self, *kpis: Kpi) -> tuple[Grain, ...]:
        """The grains that the metrics of some KPIs are published at: the last one's own first, then the coarsest."""
        everywhere = set(self.settings.publish.grains)
        shared = set(Grain).intersection(*(everywhere | {kpi.grain} for kpi in kpis))
        return tuple(sorted(shared, key=lambda grain: (grain is not kpis[-1].grain, -grain.rank)))
