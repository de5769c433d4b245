"""What a backtest is written as: a table, a CSV, and a page that names no company and asks for nothing."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

from company_activity.operations.backtest import Backtest
from company_activity.operations.backtest.figures import FIGURES, as_csv, table_lines
from company_activity.operations.backtest.page import page
from company_activity.operations.backtest.scores import Bin, Churns, Period, Scores

BINS = (Bin(None, None, 12, 1), Bin(0, 0, 900, 3), Bin(1, 4, 50, 5), Bin(5, 1200, 30, 20))
SCORES = Scores(992, 80, 40, 30, 7, 5, 25, 20, Churns((2, 4, 9), (1, 3), 1), BINS)
NONE = Scores(0, 0, 0, 0, 0, 0, 0, 0, Churns(), ())
EVIL = "<script>alert('1')</script>&.yaml"
FOUND = Backtest(
    Period(date(2025, 3, 1), date(2025, 6, 30)), {"in force": SCORES, EVIL: NONE}, ("too <few> to tell",), ("c_1",)
)


def test_the_table_has_a_column_for_each_set_of_constants() -> None:
    lines = list(table_lines(FOUND))
    assert lines[0].split() == ["in", "force", *EVIL.split()]
    told = {line[:36].strip(): line[36:].split() for line in lines[1:]}
    assert told["precision: of these, right"] == ["75.0", "%", "–"]
    assert told["recall: of these, at risk"] == ["37.5", "%", "–"]
    assert told["per 100 companies a week"] == ["4.9", "–"]
    assert told["lead in days, median"] == ["4.0", "–"]
    assert told["delay in days, median"] == ["2.0", "–"]
    assert told["share"] == ["50.0", "%", "–"]
    assert len({len(line) for line in lines}) == 1


def test_the_csv_has_each_figure_unrounded_and_the_picture_s() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(FOUND))))
    assert rows[0] == ["figure", "in force", EVIL]
    told = {name: values for name, *values in rows[1:]}
    assert list(told)[: len(FIGURES)] == [figure.name for figure in FIGURES]
    assert told["precision"] == ["0.75", ""]
    assert told["missing_0_low"] == ["", ""]
    assert told["missing_3_high"] == ["1200", ""]
    assert told["missing_3_churned"] == ["20", ""]


def test_the_page_is_one_file_with_every_text_escaped() -> None:
    html = page(FOUND)
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;.yaml" in html
    assert "too &lt;few&gt; to tell" in html
    assert set(re.findall(r"https?://[^\"' ]+", html)) <= {"http://www.w3.org/2000/svg"}
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", html)
    assert "c_1" not in html


def test_the_picture_says_how_often_churn_followed_and_of_how_many() -> None:
    html = page(FOUND)
    svg = html[html.index("<svg") : html.index("</svg>")]
    for words in ("5–1,200", "not known", ">30<", "5–1,200 missing 66.7%"):
        assert words in svg
    assert page(FOUND) == html
