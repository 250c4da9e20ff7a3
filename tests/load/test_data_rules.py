"""The rules that look at values, evidence and the day: what they need to speak, and when they keep silent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpi_pipeline.load import Known, Point, findings

MONTHS = [date(2008 + month // 12, month % 12 + 1, 1) for month in range(36)]
KPI = """
  - name: k
    metric: {metric}
    goal: grow
    team: service
    owner: ann
    direction: {direction}
    grain: month
    target: {target}
    review: {{every: month, last: 2010-11-30}}
    scorecards: [sales]
"""


def about(
    project,
    *,
    metric="orders",
    direction="up",
    target="{type: at_least, values: [{from: 2008-01, value: 100}]}",
    more="",
):
    text = KPI.format(metric=metric, direction=direction, target=target)
    return project(f"teams: [{{name: service}}]\n{more}\nkpis:{text}")


def series(values, *, low=None, high=None):
    return {"k": tuple(Point(day, value, low, high) for day, value in zip(MONTHS, values, strict=False))}


def codes(loaded, **known):
    return [one.rule for one in findings(loaded, Known(has_data=True, **known)) if "'k'" in one.message]


USUAL = [410, 432, 405, 441, 428, 419, 450, 437, 444, 431, 446, 452]


class TestFarFromHistory:
    @pytest.mark.parametrize(
        ("value", "found"), [(430, []), (470, []), (600, []), (900, []), (1200, ["X"]), (4000, ["X"])]
    )
    def test_how_far_is_far(self, project, value, found):
        loaded = about(project, target=f"{{type: at_least, values: [{{from: 2008-01, value: {value}}}]}}")

        assert codes(loaded, series=series(USUAL, low=value)) == found

    def test_fewer_than_eight_periods_say_nothing(self, project):
        loaded = about(project, target="{type: at_least, values: [{from: 2008-01, value: 4000}]}")

        assert codes(loaded, series=series(USUAL[:7], low=4000)) == []
        assert codes(loaded, series=series(USUAL[:8], low=4000)) == ["X"]

    def test_missing_values_are_no_periods(self, project):
        loaded = about(project, target="{type: at_least, values: [{from: 2008-01, value: 4000}]}")

        assert codes(loaded, series=series([*USUAL[:7], None, None], low=4000)) == []

    def test_a_value_that_never_moved_says_nothing(self, project):
        loaded = about(project, target="{type: at_least, values: [{from: 2008-01, value: 4000}]}")

        assert codes(loaded, series=series([5] * 12, low=4000)) == []

    def test_a_later_value_may_be_the_one_out_of_reach(self, project):
        loaded = about(
            project, target="{type: at_least, values: [{from: 2008-01, value: 430}, {from: 2009-06, value: 4000}]}"
        )
        (finding,) = [
            one for one in findings(loaded, Known(series=series(USUAL, low=430), has_data=True)) if one.rule == "X"
        ]

        assert "at least 4000, and the last 12 periods were between 405 and 452" in finding.message

    def test_an_earlier_value_does_not_matter_any_more(self, project):
        loaded = about(
            project, target="{type: at_least, values: [{from: 2008-01, value: 4000}, {from: 2008-12, value: 430}]}"
        )

        assert codes(loaded, series=series(USUAL, low=430)) == []

    def test_far_below_where_less_is_better(self, project):
        loaded = about(project, direction="down", target="{type: at_most, values: [{from: 2008-01, value: 20}]}")

        assert codes(loaded, series=series(USUAL, high=20)) == ["X"]

    def test_time_enough_makes_it_plausible(self, project):
        """By ten a month it takes five years from 500 to 1100."""
        values = [400 + 10 * month + (month % 2) for month in range(12)]
        near, late = (
            f"{{type: increase_to, baseline: {{at: 2007-12, value: 390}}, values: [{{by: {year}-12, value: 1100}}]}}"
            for year in (2009, 2015)
        )

        assert codes(about(project, target=near), series=series(values, low=400)) == ["X"]
        assert codes(about(project, target=late), series=series(values, low=400)) == []

    def test_a_band_beyond_everything(self, project):
        loaded = about(
            project, direction="hold", target="{type: within, values: [{from: 2008-01, low: 5000, high: 6000}]}"
        )

        assert codes(loaded, series=series(USUAL, low=5000, high=6000)) == ["X"]

    def test_met_all_year_with_room(self, project):
        loaded = about(project, target="{type: at_least, values: [{from: 2008-01, value: 300}]}")

        assert codes(loaded, series=series(USUAL, low=300)) == ["X"]

    def test_met_all_year_by_little(self, project):
        loaded = about(project, target="{type: at_least, values: [{from: 2008-01, value: 400}]}")

        assert codes(loaded, series=series(USUAL, low=400)) == []

    def test_a_higher_target_is_agreed_already(self, project):
        loaded = about(
            project, target="{type: at_least, values: [{from: 2008-01, value: 300}, {from: 2009-01, value: 460}]}"
        )

        assert codes(loaded, series=series(USUAL, low=300)) == []

    def test_less_than_a_year_is_not_long(self, project):
        loaded = about(project, target="{type: at_least, values: [{from: 2008-01, value: 300}]}")

        assert codes(loaded, series=series(USUAL[:11], low=300)) == []

    def test_what_holds_is_meant_to_be_met(self, project):
        loaded = about(project, direction="hold", target="{type: at_least, values: [{from: 2008-01, value: 300}]}")

        assert codes(loaded, series=series(USUAL, low=300)) == []


class TestOnlyRises:
    TOTAL = "metrics: [{name: so_far, type: cumulative, input_metric: orders%s}]"

    @pytest.mark.parametrize(
        ("reach", "found"), [("", ["H"]), (", window: 28 days", []), (", grain_to_date: year", [])]
    )
    def test_by_its_kind(self, project, reach, found):
        loaded = about(project, metric="so_far", more=self.TOTAL % reach)

        assert [one.rule for one in findings(loaded) if "'k'" in one.message] == found

    def test_it_fell_once(self, project):
        """Returns may be booked as negative amounts."""
        loaded = about(project, metric="so_far", more=self.TOTAL % "")

        assert codes(loaded, series=series([100, 120, 90, 130])) == []

    @pytest.mark.parametrize(("periods", "found"), [(23, []), (24, ["H"])])
    def test_by_its_values(self, project, periods, found):
        loaded = about(project, metric="net_sales")

        assert codes(loaded, series=series([month * 10 + month % 3 for month in range(periods)], low=100)) == found

    def test_a_step_now_and_then_is_no_counter(self, project):
        loaded = about(project, metric="net_sales")

        assert "H" not in codes(loaded, series=series([400 + month // 6 for month in range(30)], low=100))

    def test_a_count_of_rows_is_no_counter(self, project):
        loaded = about(project, metric="orders")

        assert codes(loaded, series=series([month * 10 for month in range(30)])) == []


class TestOverdue:
    @pytest.mark.parametrize(("days", "found"), [(0, []), (30, []), (31, ["R"]), (365, ["R"])])
    def test_after_the_day_it_was_due(self, project, days, found):
        """Monthly, last on 30 November: due on 30 December."""
        today = date(2010, 11, 30) + timedelta(days)

        assert codes(about(project), days={"k": today}) == found

    def test_without_a_day_nothing_is_overdue(self, project):
        assert codes(about(project)) == []

    def test_a_review_that_was_written_down_counts(self, project):
        held = "reviews: [{kpi: k, on: 2010-12-28, by: ann, decision: go on}]"

        assert codes(about(project, more=held), days={"k": date(2011, 1, 20)}) == []


class TestEvidence:
    LINK = "links: [{from: k, to: weekly_sales, lag: 4 weeks, because: orders are paid within a month%s}]"

    @pytest.mark.parametrize(
        ("verdict", "found"),
        [("not_supported", ["E"]), ("reversed", ["E"]), ("weak", []), ("confirmed", []), ("too_little_data", [])],
    )
    def test_what_the_evidence_says(self, project, verdict, found):
        assert codes(about(project, more=self.LINK % ""), verdicts={("k", "weekly_sales"): verdict}) == found

    def test_a_link_can_be_excused(self, project):
        excused = self.LINK % ', ignore: {E: "the shop was closed for half of the time"}'
        loaded = about(project, more=excused)

        assert (
            findings(
                loaded,
                Known(verdicts={("k", "weekly_sales"): "not_supported"}, has_data=True, days={"k": date(2010, 12, 1)}),
            )
            == ()
        )
        (unneeded,) = findings(loaded, Known(has_data=True, days={"k": date(2010, 12, 1)}))
        assert (unneeded.rule, unneeded.subject) == ("I", "link k->weekly_sales")

    def test_who_has_not_looked_does_not_call_an_excuse_unneeded(self, project):
        excused = self.LINK % ', ignore: {E: "the shop was closed for half of the time"}'

        assert findings(about(project, more=excused)) == ()


class TestExcuses:
    @pytest.mark.parametrize(
        ("code", "reason", "said"),
        [
            ("T", "ok", "is not needed: rule T finds nothing there."),
            ("Z", "no such rule here", "names no rule."),
            ("t", "written small by mistake", "names no rule."),
        ],
    )
    def test_told(self, project, code, reason, said):
        target = f'{{type: at_least, values: [{{from: 2008-01, value: 1}}]}}\n    ignore: {{{code}: "{reason}"}}'

        assert any(one.rule == "I" and one.message.endswith(said) for one in findings(about(project, target=target)))

    def test_the_place_is_that_of_the_excuse(self, project):
        target = '{type: at_least, values: [{from: 2008-01, value: 1}]}\n    ignore: {T: "not yet agreed"}'
        (finding,) = findings(about(project, target=target))

        assert project and finding.place.line == 12

    def test_one_of_three_that_is_not_counted_is_needed(self, project):
        keys = "metric: orders, goal: g, team: sales, owner: ann, direction: up, grain: week, scorecards: [sales], review: {every: month, last: 2010-11-30}, target: {type: at_least, table: targets}"
        goal = (
            "goals: [{name: g, statement: Two orders more a day, team: sales, owner: ann, agreed_by: [sales]}]\nkpis:\n"
        )
        third = '  - {name: c, %s, ignore: {N: "the old number, until June"}}\n'
        two = f"  - {{name: a, {keys}}}\n  - {{name: b, {keys}}}\n"

        assert findings(project(goal + two + third % keys)) == ()
        only = findings(project(goal + f"  - {{name: a, {keys}}}\n" + third % keys))
        assert [one.rule for one in only] == ["I"]
