"""Random histories of deliveries and definitions: what is published is what a run from the start gives, after each.

A history is a project of a few metrics of any kind, and a row of things that happen to it: rows come, late or not, are
corrected and deleted, files come twice and go, columns come, definitions change; some runs are for one KPI only, or
from a day on, some are killed, some find a source that its checks do not let in. After every run the published tables
are compared, all of them, with those of a run over the same raw rows that knows nothing else; in the end with those of
a run that loads every source for the first time, where the sources still have what they had.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import tempfile
import time
import traceback
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.project import Project
from reliability.history_deliveries import Delivered
from reliability.history_projects import (
    CONDITIONS,
    DAYS,
    FIRST,
    METRICS,
    MODELS,
    TABLES,
    Said,
    add_metric,
    complete,
    kpi,
    projects,
)
from reliability.history_runs import (
    Outcome,
    differences,
    from_the_sources,
    killed,
    only_of,
    only_values,
    over_the_same_rows,
    published,
    run,
    write,
)
from tests import processes

STEPS = 4
"""How many things happen in a history."""
PORTION = 10
"""How many histories a process goes through before another one takes its place."""
OURS = ("Binder Error", "Catalog Error", "Parser Error")
"""What DuckDB says of SQL that cannot be carried out; what people wrote was tried before, so this would be ours."""
TOO_LARGE = "99"

runs = st.sampled_from(["later", "later", "later", "run", "run", "one KPI", "since a day", "killed"])
"""What follows on something that happens."""
some = st.integers(0, 1000)
"""Chooses among things of which there may be any number."""
several = st.lists(some, min_size=1, max_size=4)


class History(RuleBasedStateMachine):
    """A project, what its sources hold, and what happens to them."""

    counted: ClassVar[Counter[str]] = Counter()
    folder: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="history-", dir=self.folder))
        self.said: Said = {}
        self.how: dict[str, str] = {}
        self.sources: dict[str, Delivered] = {}
        self.project: Project | None = None
        self.current: Outcome | None = None
        (self.root / "data").mkdir()

    @initialize(data=st.data(), said=projects(), bounded=st.integers(0, 5))
    def begin(self, data: st.DataObject, said: Said, bounded: int) -> None:
        self.bounded = () if bounded else tuple(TABLES)
        self.how = {name: data.draw(st.sampled_from(one.delivered), label=name) for name, one in TABLES.items()}
        self._define(said, data)
        self._run_only()

    def teardown(self) -> None:
        try:
            if self.project is not None:
                self._compare_in_the_end()
                self.counted["histories"] += 1
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    @rule(data=st.data(), file=st.sampled_from(["a", "b", "c"]), then=runs)
    def rows_come(self, data: st.DataObject, file: str, then: str) -> None:
        """New rows, late or not, in a new file, in one that is there, or in a table."""
        source = self._one_source(data)
        source.add(file, data.draw(st.lists(TABLES[source.name].row, min_size=1, max_size=5)))
        self._then(then, data)

    @rule(data=st.data(), numbers=several, then=runs)
    def rows_are_corrected(self, data: st.DataObject, numbers: list[int], then: str) -> None:
        source = self._one_source(data)
        for number in numbers:
            if source.rows:
                source.correct(number % len(source.rows), data.draw(TABLES[source.name].row))
        self._then(then, data)

    @rule(data=st.data(), numbers=several, then=runs)
    def rows_are_deleted(self, data: st.DataObject, numbers: list[int], then: str) -> None:
        source = self._one_source(data)
        for number in numbers:
            if len(source.rows) > 1:
                source.delete(number % len(source.rows))
        self._then(then, data)

    @rule(data=st.data(), number=some, then=runs)
    def file_goes_or_comes_twice(self, data: st.DataObject, number: int, then: str) -> None:
        source = self._one_source(data)
        if source.in_files:
            file = sorted(source.files)[number % len(source.files)]
            if len(source.files) > 1 and number % 2:
                source.remove_file(file)
            else:
                source.copy_file(file)
        self._then(then, data)

    @rule(data=st.data(), then=runs)
    def column_comes(self, data: st.DataObject, then: str) -> None:
        self._one_source(data).add_column()
        self._then(then, data)

    @precondition(lambda self: self.bounded and any(TABLES[name].bounded for name in self.sources))
    @rule(data=st.data(), then=runs)
    def checks_refuse_a_row(self, data: st.DataObject, then: str) -> None:
        """A row comes that the source's checks do not let in, and goes again before the next thing happens."""
        name = data.draw(st.sampled_from(sorted(one for one in self.sources if TABLES[one].bounded)))
        source, column = self.sources[name], TABLES[name].bounded
        source.add("wrong", [data.draw(TABLES[name].row) | {str(column): TOO_LARGE}])
        self._run_only()
        source.correct(len(source.rows) - 1, data.draw(TABLES[name].row))
        self._then(then, data)

    @rule(data=st.data(), then=runs)
    def metric_changes(self, data: st.DataObject, then: str) -> None:
        """A metric gets another filter or loses it."""
        simple = [one for one in self.said["metrics"] if "model" in one and one["type"] == "simple"]
        if simple:
            metric = data.draw(st.sampled_from(simple))
            condition = data.draw(st.sampled_from([None, *CONDITIONS[metric["model"]]]))
            changed = {key: value for key, value in metric.items() if key != "filter"}
            changed |= {"filter": condition} if condition else {}
            self._redefine(data, metrics=[changed if one is metric else one for one in self.said["metrics"]])
        self._then(then, data)

    @rule(data=st.data(), name=st.sampled_from(sorted(METRICS)), then=runs)
    def kpi_comes(self, data: st.DataObject, name: str, then: str) -> None:
        """A KPI on a metric that may be there already."""
        changed = self.said | {"metrics": list(self.said["metrics"])}
        add_metric(changed, name)
        others = [one for one in self.said["kpis"] if one["metric"] != name]
        self._redefine(data, metrics=changed["metrics"], kpis=[*others, data.draw(kpi(name))])
        self._then(then, data)

    @rule(data=st.data(), then=runs)
    def kpi_is_renamed_or_goes(self, data: st.DataObject, then: str) -> None:
        kpis = list(self.said["kpis"])
        one = data.draw(st.sampled_from(kpis))
        kpis.remove(one)
        if len(kpis) == 0 or data.draw(st.booleans()):
            formerly = [*one.get("formerly", []), one["name"]]
            kpis.append(one | {"name": f"{one['name'][:40]}_{len(formerly)}", "formerly": formerly})
        self._redefine(data, kpis=kpis)
        self._then(then, data)

    @rule(data=st.data(), value=st.integers(1, 9), then=runs)
    def target_changes(self, data: st.DataObject, value: int, then: str) -> None:
        one = data.draw(st.sampled_from(self.said["kpis"]))
        target = {"type": "at_most", "values": [{"from": "2024-02-01", "value": value}]}
        self._redefine(data, kpis=[kpi | {"target": target} if kpi is one else kpi for kpi in self.said["kpis"]])
        self._then(then, data)

    @rule(
        data=st.data(),
        change=st.sampled_from([
            {"timezone": "America/New_York"}, {"timezone": "UTC"}, {"week_start": "sunday"},
            {"fiscal_year_start": "february"},
            {"calendar": {"retail": "4-4-5", "year_ends": "last saturday of january"}},
        ]),
        then=runs,
    )  # fmt: skip
    def clock_or_calendar_changes(self, data: st.DataObject, change: Said, then: str) -> None:
        self._redefine(data, project=self.said["project"] | change)
        self._then(then, data)

    @rule(data=st.data(), delay=st.sampled_from(["1 day", "9 days"]), then=runs)
    def model_or_source_changes(self, data: st.DataObject, delay: str, then: str) -> None:
        """A model leaves rows out, or rows of a source are said to come late."""
        name = data.draw(st.sampled_from(sorted(self.sources)))
        if data.draw(st.booleans()) or name not in MODELS or TABLES[name].cursor is None:
            self._redefine(data, delays=self.said["delays"] | {name: delay})
        else:
            sql = f"SELECT * FROM raw.{name} WHERE \"{TABLES[name].cursor}\" >= '2024-01-10'"
            model = {key: value for key, value in MODELS[name].items() if key not in {"table", "sql"}} | {"sql": sql}
            self._redefine(data, changed=self.said["changed"] | {name: model})
        self._then(then, data)

    def _one_source(self, data: st.DataObject) -> Delivered:
        return self.sources[data.draw(st.sampled_from(sorted(self.sources)))]

    def _redefine(self, data: st.DataObject, **changed: Any) -> None:
        """Other definitions, where `kpi check` accepts them."""
        before = self.said
        try:
            self._define(self.said | changed, data)
        except DefinitionError:
            self.counted["refused definitions"] += 1
            self._define(before, data)

    def _define(self, said: Said, data: st.DataObject) -> None:
        written = complete(said, self.how, self.bounded)
        project = write(self.root, written)
        for one in written["sources"]:
            name = one["name"]
            if name not in self.sources:
                self.sources[name] = Delivered(name, self.how[name], self.root)
                self.sources[name].add("a", data.draw(st.lists(TABLES[name].row, min_size=2, max_size=8), label=name))
        self.said, self.project, self.current = said, project, None

    def _then(self, then: str, data: st.DataObject) -> None:
        self.current = None
        assert self.project is not None
        match then:
            case "run":
                self._run_and_compare()
            case "one KPI":
                name = data.draw(st.sampled_from(self.said["kpis"]))["name"]
                self._compare(self._run_only(select=[name]), {name})
            case "since a day":
                since = FIRST + timedelta(days=data.draw(st.integers(0, DAYS)))
                self.current = self._run_only(since=since)
                self._compare(self.current)
            case "killed":
                self.counted["runs killed"] += 1
                with only_values():
                    killed(self.project, data.draw(st.integers(1, 12)))

    def _run_only(self, **asked: Any) -> Outcome:
        assert self.project is not None
        self.counted["runs"] += 1
        with only_values():
            outcome = run(self.project, **asked)
        self.counted["runs refused"] += bool(outcome.refused)
        self.counted["runs blocked"] += bool(outcome.report and outcome.report.blocked)
        return outcome

    def _run_and_compare(self) -> None:
        self.current = self._run_only()
        self._compare(self.current)

    def _compare(self, outcome: Outcome, select: set[str] | None = None) -> None:
        """With a run over the same raw rows; after a run for some KPIs, or one that was blocked, those computed."""
        assert self.project is not None
        self.counted["comparisons over the same rows"] += 1
        with only_values():
            other, anew = over_the_same_rows(self.project)
        self._equal("over the same rows", self.project, outcome, other, anew, select)

    def _compare_in_the_end(self) -> None:
        """With a run that loads everything for the first time, where that must give the same."""
        assert self.project is not None
        outcome = self.current or self._run_only()
        if any(one.path_matters for one in self.sources.values()):
            if self.current is None:
                self._compare(outcome)
            return
        self.counted["comparisons from the sources"] += 1
        with only_values():
            other, fresh = from_the_sources(self.project)
        self._equal("from the sources", self.project, outcome, other, fresh, None)

    def _equal(
        self, what: str, project: Project, outcome: Outcome, other: Project, anew: Outcome, select: set[str] | None
    ) -> None:
        for ended in (outcome, anew):
            assert not any(words in ended.refused for words in OURS), f"{what}\n{ended}"
        if select is not None and anew.refused and not outcome.refused:
            return  # what the run for one KPI did not look at
        assert outcome.refused.split("\n")[0] == anew.refused.split("\n")[0], f"{what}\n{outcome}\n{anew}"
        if outcome.report is None or anew.report is None:
            return
        assert outcome.report.blocked == anew.report.blocked, what
        one, two = published(project), published(other)
        kpis = set(anew.report.computed) if anew.report.blocked else select
        if kpis is not None:
            one, two = only_of(one, kpis), only_of(two, kpis)
        found = differences(one, two)
        assert not found, "\n".join([what, *found])


def tried(
    histories: int, number: int, *, steps: int = STEPS, folder: Path | None = None, shrink: bool = True
) -> Counter[str]:
    """Goes through so many histories, which a number decides, and counts.

    Raises:
        AssertionError: what was published is not what a run from the start gives; the steps are printed.
    """
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    History.counted = Counter()
    History.folder = folder
    machine = seed(number)(type("History", (History,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            verbosity=Verbosity.normal,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    return History.counted


def _portion(task: tuple[int, int, int, Path | None]) -> tuple[Counter[str], str]:
    """Some histories, and what was wrong, with the steps that led there."""
    histories, number, steps, folder = task
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            tried(histories, number, steps=steps, folder=folder)
    except Exception:  # noqa: BLE001  # whatever it is, it is told, and the other histories go on
        problem = f"\nwrong in the histories of seed {number}:\n{traceback.format_exc()}\n{said.getvalue()}"
        return History.counted, problem
    return History.counted, ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS, help="how many things happen in a history")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; best one in memory")


def main(asked: argparse.Namespace) -> int:
    """Goes through the histories in several processes, and says what came of it."""
    began = time.monotonic()
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    # NOTE: a process each time, because memory that one took stays with it; few histories in each for the same reason.
    tasks = [
        (PORTION, asked.seed * 1_000_000 + number, asked.steps, asked.folder)
        for number in range(-(-asked.histories // PORTION))
    ]
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    with processes.pool(asked.processes) as pool:
        for number, (found, problem) in enumerate(pool.imap_unordered(_portion, tasks), start=1):
            counted += found
            wrong += [problem] if problem else []
            print(f"{counted['histories']:>6} histories, {number} of {len(tasks)} portions{problem}", flush=True)
    minutes = (time.monotonic() - began) / 60
    for what, times in sorted(counted.items()):
        print(f"{what:<32}{times:>8,}")
    print(f"{counted['histories'] / minutes:.0f} histories a minute; {len(wrong)} of them gave other values")
    return 1 if wrong else 0
