"""What `make evaluate` prints: the definitions on small cases, and ours against the reference on the samples."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

import pytest
from pyspark.sql import SparkSession

from company_activity.settings.model import ContactSettings, MetricSettings

from evaluate import Evaluation, evaluate, judged_dates, main, told
from evaluation.churn import right_among_first, score_churn
from evaluation.methods import Verdict, ours_as_shown, reference, rows_until
from evaluation.monthly import error_of
from evaluation.shares import number, percent
from evaluation.table import Tables, build_tables
from evaluation.truth import Truth, true_monthly_users, truth_of
from generate import generate

START = date(2025, 1, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


def row(company_id: str, at: int, **columns: object) -> dict[str, object]:
    usual = {"company_id": company_id, "activity_date": day(at), "contacted_on": None, "missing_user_days_7d": 0}
    return usual | {"is_churn_risk": False, "rolling_7d_active_users": 7, "mau_upper": 30} | columns


def test_a_flag_is_right_from_14_days_before_a_churn_to_13_days_after() -> None:
    truth = Truth(first_active={"a": day(0)}, churned_on={"a": day(40)})
    told_of = {at: dict(truth.customers(day(at))) for at in (25, 26, 53, 54)}
    assert told_of == {25: {"a": False}, 26: {"a": True}, 53: {"a": True}, 54: {}}
    assert [*truth.long_gone(day(53))] == []
    assert [*truth.long_gone(day(54))] == ["a"]


def test_a_company_is_no_customer_before_its_first_use() -> None:
    truth = Truth(first_active={"late": day(5)}, churned_on={})
    assert [*truth.customers(day(4))] == []
    assert [*truth.customers(day(5))] == [("late", False)]


def test_of_those_that_tie_for_the_last_places_the_expected_share_counts() -> None:
    order = [((0.0,), False), ((1.0,), True), ((1.0,), False), ((inf,), True)]
    assert right_among_first(order, 1) == 0
    assert right_among_first(order, 2) == 0.5
    assert right_among_first(order, 4) == 2


def test_scores_of_a_flag_that_comes_two_days_late() -> None:
    truth = Truth(first_active={"a": day(0), "b": day(0)}, churned_on={"a": day(20)})
    flag = {("a", day(at)): Verdict(True, (0.0,)) for at in range(22, 60)} | {("b", day(30)): Verdict(True, (1.0,))}
    scores = score_churn(flag, truth, [day(at) for at in range(60)], {"a": "stopped", "b": "steady"})
    assert scores.delays == [2]
    assert (scores.flagged, scores.right, scores.to_flag) == (13, 12, 28)
    assert scores.false_alarms == {"steady": 1}
    assert scores.share_of(scores.before) == 0
    assert scores.share_of(scores.after) == 12 / 14
    assert scores.long_gone[True] == 12  # days 34 to 45: the last 14 are not judged


def test_the_references_windows_count_rows_however_old() -> None:
    usage = [("a", day(at), 1) for at in (0, 10, 20, 30, 40)]
    seen = rows_until(usage, [("a", day(45))])["a", day(45)]
    assert (seen.newest, seen.week, seen.month_sum, seen.month_average) == (day(40), 5, 5, 30)


def test_the_reference_has_no_row_for_a_silent_company_unless_its_newest_is_read() -> None:
    tables = Tables([row("a", 40, contacted_on=day(0))], [("a", day(39), 2)])
    assert reference(tables, ContactSettings(), newest_row=False) == {}
    assert reference(tables, ContactSettings(), newest_row=True)["a", day(40)].is_flagged


def test_ours_calls_who_is_at_risk_and_lacks_most_first() -> None:
    rows = [
        row("unknown", 0, missing_user_days_7d=None, is_churn_risk=True),
        row("steady", 0, missing_user_days_7d=9),
        row("shrank", 0, missing_user_days_7d=5, is_churn_risk=True),
        row("silent", 0, missing_user_days_7d=7, is_churn_risk=True),
    ]
    order = sorted(ours_as_shown(rows).items(), key=lambda said: said[1].rank)
    assert [company_id for (company_id, _), _ in order] == ["silent", "shrank", "unknown", "steady"]


def test_errors_count_where_both_are_known() -> None:
    error = error_of({("a", START): 5.0, ("b", START): 1.0}, {("a", START): 3, ("b", START): 2, ("c", START): 9})
    assert error is not None
    assert (error.company_days, error.mean_absolute, error.bias) == (2, 1.5, 0.5)
    assert error_of({}, {("a", START): 3}) is None


def test_too_few_dates_end_in_2_before_spark_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--days", "43"])
    assert "--days 43 leaves no date" in capsys.readouterr().err


def test_figures_that_are_not_there_are_shown_as_a_dash() -> None:
    assert (percent(None), percent(0.314), number(None), number(2.25)) == ("–", "31 %", "–", "2.2")


@pytest.fixture(scope="module")
def on_the_samples(spark: SparkSession) -> Evaluation:
    sample = generate()
    tables = build_tables(spark, sample, judged_dates(sample), MetricSettings())
    return evaluate(sample, tables, MetricSettings())


@pytest.mark.long
def test_on_the_samples_ours_is_better_than_the_reference(on_the_samples: Evaluation) -> None:
    ours, _, *references = on_the_samples.churn.values()
    for other in references:
        assert (ours.precision or 0) > (other.precision or 0)
        assert (ours.recall or 0) > (other.recall or 0)
        assert (ours.lift or 0) > (other.lift or 0)
        assert len(ours.caught) > len(other.caught)
    error = {name: of.mean_absolute for name, of in on_the_samples.users.items()}
    assert error["ours"] < min(of for name, of in error.items() if name.startswith("reference"))


@pytest.mark.long
def test_on_the_samples_the_bounds_hold_and_every_churn_is_flagged_within_14_days(on_the_samples: Evaluation) -> None:
    assert on_the_samples.within_bounds == 1
    assert on_the_samples.churn["ours"].delays
    assert None not in on_the_samples.churn["ours"].delays


@pytest.mark.long
def test_the_lines_name_every_figure(on_the_samples: Evaluation) -> None:
    text = "\n".join(told(on_the_samples))
    for figure in ("precision", "recall", "top-decile lift", "false alarms", "binomial_moment", "30 × average row"):
        assert figure in text


def test_the_truth_judged_by_is_that_of_the_samples() -> None:
    sample = generate()
    truth, months = truth_of(sample), true_monthly_users(sample)
    assert truth.churned_on["c_126"] == date(2025, 11, 17)
    assert "c_135" not in truth.first_active
    assert {at for _, at in months} == set(judged_dates(sample))
    assert min(months.values()) == 1
