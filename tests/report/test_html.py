"""The page of a study."""

import json
import re
from html.parser import HTMLParser

import pytest

from codesign.report.html import html_page
from codesign.report.results import read_results
from tests.report.folders import designs, make_results

ATTACK = '</script><script>alert("x")</script><img src=x onerror=alert(1)> & \u2028'


class Page(HTMLParser):
    """Elements with their attributes, the texts of the visible ones, and the content of the scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.scripts, self._open = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open == "script":
            self.scripts.append(data)
        elif self._open != "style":
            self.text.append(data)

    def count(self, tag):
        return sum(each == tag for each, _ in self.elements)

    @property
    def visible(self):
        return re.sub(r"\s+", " ", " ".join(self.text))

    @property
    def data(self):
        return json.loads(self.scripts[0])


@pytest.fixture(scope="module")
def page(folder):
    return Page(html_page(read_results(folder)))


def test_it_needs_nothing_from_elsewhere(page):
    assert not [attributes for _, attributes in page.elements if {"src", "href", "srcset", "action"} & set(attributes)]
    assert "plotly.js v" in page.scripts[1]
    assert "@import" not in page.visible


def test_it_says_what_is_known_and_where_it_came_from(page):
    for text in (
        "all 3,000 designs that meet the constraints were evaluated",
        "enumerated",
        "exhaustive, seed 0",
        "0.8123",
        "made.up",
        "A. Author 2020",
        "compute, loading and draining of all layers; no DRAM stalls",
        "3 % against RTL",
        "spaces/systolic/arrays.yaml",
        "title: Arrays",
        "array_rows <= 128",
        "cuts 25.000% of the designs",
        "at most 9",
        "3.11.7",
    ):
        assert text in page.visible, text


def test_the_table_holds_every_design_with_values_to_sort_by(page, folder):
    results = read_results(folder)
    rows = [attributes for tag, attributes in page.elements if tag == "tr" and "data-row" in attributes]
    assert len(rows) == len(results.frontier)
    cells = [a["data-value"] for tag, a in page.elements if tag == "td" and "data-value" in a]
    width = len(page.data["columns"])
    names = [column["name"] for column in page.data["columns"]]
    latencies = [float(value) for value in cells[names.index("latency_ms") :: width]]
    assert latencies == results.frontier.table["latency_ms"].tolist()


def test_the_data_of_the_figures(page, folder):
    results = read_results(folder)
    data = page.data
    assert data["frontier"]["energy_mj"] == results.frontier.table["energy_mj"].tolist()
    assert data["frontier"]["cache_kib"][0] is None
    assert data["objectives"] == {"latency_ms": "minimize", "energy_mj": "minimize"}
    assert (data["x"], data["y"], data["colour"]) == ("latency_ms", "energy_mj", "dataflow")
    assert data["varying"] == ["dataflow", "array_rows", "array_columns", "clock_mhz", "cache_kib"]
    assert len(data["cloud"]["latency_ms"]) == len(results.cloud) - len(results.frontier)
    assert {column["kind"] for column in data["columns"]} == {"parameter", "objective", "metric", "status"}


def test_texts_of_the_study_are_harmless(tmp_path):
    table = designs(400, dataflows=(ATTACK, "plain", "other"))
    folder = make_results(tmp_path, table, title=ATTACK, fixed={ATTACK: ATTACK}, objectives=("latency_ms", "energy_mj"))
    page = Page(html_page(read_results(folder)))
    assert page.count("script") == 3
    assert page.count("img") == 0
    assert 'alert("x")' in page.visible
    assert ATTACK in page.data["frontier"]["dataflow"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"objectives": ("energy_mj",)}, "designs on the frontier"),
        ({"table": designs(1)}, "designs on the frontier"),
        ({"table": designs(9).assign(feasible=False)}, "No feasible design was found."),
    ],
)
def test_small_and_empty_frontiers(tmp_path, changes, text):
    assert text in Page(html_page(read_results(make_results(tmp_path, **changes)))).visible


def test_dates_are_not_shown(tmp_path):
    folder = make_results(tmp_path, environment={"python": "3.11", "date": "2031-01-02", "started": "noon"})
    visible = Page(html_page(read_results(folder))).visible
    assert "2031-01-02" not in visible
    assert "noon" not in visible
