"""The drawing of the map of causes and effects: what is in it, where, and that it says it all in words, too."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from kpi_pipeline.publish.scorecard.strategy_map import BOX_HEIGHT, BOX_WIDTH, layout_of, strategy_map

SVG = "{http://www.w3.org/2000/svg}"


def node(kpi: str, side: str | None, level: int, place: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "kpi": kpi, "label": kpi.title(), "goal": None, "perspective": side, "level_number": level,
        "place_in_level": place, "places_in_level": 1, "period_label": "2024-01", "attainment": 1.0,
        "status": "on_track", **fields,
    }  # fmt: skip


def link(kpi: str, leads: str, **fields: Any) -> dict[str, Any]:
    return {
        "kpi": kpi, "leads_kpi": leads, "lag_text": "1 month", "expected_sign": "positive", "team": None,
        "because": "it does", "verdict": None, "goes": "up", **fields,
    }  # fmt: skip


NODES = [
    node("skill", "learning_growth", 0),
    node("delay", "internal_process", 1, status="off_track"),
    node("repeat", "customer", 2, 1),
    node("returns", "customer", 2, 0),
    node("sales", "financial", 3),
]
LINKS = [
    link("skill", "delay", expected_sign="negative", lag_text=None, verdict="confirmed"),
    link("delay", "returns", verdict="not_supported"),
    link("returns", "repeat", goes="within"),
    link("sales", "skill", goes="down"),
    link("sales", "elsewhere"),
]


def drawn(**options: Any) -> ET.Element:
    return ET.fromstring(strategy_map(NODES, LINKS, **options))


def test_perspectives_lie_above_one_another() -> None:
    layout = layout_of(NODES)
    tops = [layout.boxes[kpi][1] for kpi in ("sales", "repeat", "delay", "skill")]

    assert [side for side, _, _ in layout.bands] == ["financial", "customer", "internal_process", "learning_growth"]
    assert tops == sorted(tops)
    assert layout.boxes["returns"][0] + BOX_WIDTH < layout.boxes["repeat"][0]
    for side, top, height in layout.bands:
        inside = [layout.boxes[row["kpi"]][1] for row in NODES if row["perspective"] == side]
        assert all(top < y and y + BOX_HEIGHT < top + height for y in inside)
    for (_, top, height), (_, below, _) in zip(layout.bands, layout.bands[1:], strict=False):
        assert top + height < below


def test_every_kpi_is_a_box_and_every_link_between_them_an_arrow() -> None:
    svg = drawn()
    arrows = [path for path in svg.iter(f"{SVG}path") if "arrow" in path.get("class", "").split()]

    assert [one.find(f"{SVG}title").text for one in svg.findall(f"{SVG}g")] == [
        "Skill: on track in 2024-01", "Delay: off track in 2024-01", "Repeat: on track in 2024-01",
        "Returns: on track in 2024-01", "Sales: on track in 2024-01",
    ]  # fmt: skip
    assert [path.get("class") for path in arrows] == [
        "arrow negative", "arrow positive doubted", "arrow positive", "arrow positive",
    ]  # fmt: skip
    assert [path.find(f"{SVG}title").text for path in arrows][:2] == [
        "Skill lowers Delay in the same period: it does (confirmed)",
        "Delay raises Returns after 1 month: it does (not supported)",
    ]


def test_it_says_in_words_what_it_shows() -> None:
    svg = drawn(ident="map")
    told = svg.find(f"{SVG}desc").text

    assert svg.get("aria-labelledby") == "map-title map-desc"
    assert {svg.find(f"{SVG}title").get("id"), svg.find(f"{SVG}desc").get("id")} == {"map-title", "map-desc"}
    assert told.startswith("5 KPIs, 4 links. When Skill rises, Delay falls in the same period (confirmed).")
    assert "When Delay rises, Returns rises after 1 month (not supported)." in told
    assert svg.get("role") == "img"


def test_boxes_lead_to_pages_that_a_keyboard_reaches() -> None:
    svg = drawn(href="kpi/{}.html")

    assert svg.get("role") == "group"
    assert [one.get("href") for one in svg.findall(f"{SVG}a")] == [f"kpi/{row['kpi']}.html" for row in NODES]


def test_labels_are_text_whatever_they_hold() -> None:
    rows = [node("a", "customer", 0, label='<script>alert("&")</script>')]
    svg = ET.fromstring(strategy_map(rows, []))

    assert svg.find(f".//{SVG}script") is None
    assert "<script>" in svg.find(f"{SVG}g/{SVG}title").text


def test_light_and_dark_come_from_the_page() -> None:
    style = drawn().find(f"{SVG}style").text

    assert "var(--paper, #fcfbf8)" in style
    assert "prefers-color-scheme: dark" in style


def test_arrow_past_a_level_swings_out_and_a_neighbour_is_straight() -> None:
    rows = [node("a", "learning_growth", 0), node("b", "customer", 1), node("c", "financial", 2)]
    svg = ET.fromstring(strategy_map(rows, [link("a", "b"), link("a", "c"), link("c", "a")]))
    near, far, back = ([*map(float, re.findall(r"-?[\d.]+", path.get("d")))] for path in svg.findall(f"{SVG}path"))

    assert near[0] == near[2] == near[6]
    assert far[2] - far[0] > BOX_WIDTH / 2
    assert back[0] < far[0]
    assert back[2] < back[0] - BOX_WIDTH / 2


def test_what_has_no_side_lies_above_all() -> None:
    svg = ET.fromstring(strategy_map([*NODES, node("result", None, 4)], LINKS))

    assert svg.find(f"{SVG}text").text == "Above the four perspectives"


@pytest.mark.parametrize("rows", [[], [node("a", "customer", 0)]])
def test_map_of_little(rows: list[dict[str, Any]]) -> None:
    assert (strategy_map(rows, LINKS) == "") is not bool(rows)
