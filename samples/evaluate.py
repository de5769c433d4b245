"""Print how well churn flag and monthly users tell what happened in a sample, next to the formulas they replace.

python samples/evaluate.py
python samples/evaluate.py --companies 400 --seed 7      # ten times the companies: steadier figures
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from company_activity.errors import CompanyActivityError
from company_activity.runtime.session import spark_session
from company_activity.settings.loading import load_settings
from company_activity.settings.model import MetricSettings

from evaluation.churn import ChurnScores, known_future, score_churn
from evaluation.methods import ours_as_shown, ours_by_engagement, reference
from evaluation.monthly import UserError, score_users, share_within_bounds
from evaluation.shares import number, percent
from evaluation.table import Tables, build_tables
from evaluation.truth import HORIZON, WARM_UP_DAYS, true_monthly_users, truth_of
from generate import Sample, at_least_one, generate

DAYS = HORIZON.days
MIN_DAYS = WARM_UP_DAYS + DAYS
DEFINITIONS = f"""
customer    a company that has used the product by date D and has not been gone for {DAYS} days
right       a flag on D of a company that churned less than {DAYS} days ago or will within {DAYS} days
precision   right flags, of all flags on customers
recall      flagged customer-days, of those on which a flag would be right
lift        how much oftener a flag would be right in the first tenth of each day's order than anywhere;
            ours is by the user-days that a company's week lacks, those at risk before the others
reference   its windows run over the rows of a company, not over days; churn is few users in 7 rows and no
            contact for more than 30 days before now. Here with our thresholds and deduplicated records, D for
            "now" and the CRM of D: better than it was. Read by the rows of D (a silent company has none) and
            by each company's newest row; its order is the flag, then the fewest users in 7 rows
dates       from day {WARM_UP_DAYS} on; for precision, recall and lift without the last {DAYS}: their future is unknown
"""


@dataclass(frozen=True)
class Evaluation:
    """The scores of a sample, each by the name of what was judged."""

    days: Sequence[date]
    churn: dict[str, ChurnScores]
    users: dict[str, UserError]
    mean_users: float
    within_bounds: float


def evaluate(sample: Sample, tables: Tables, metrics: MetricSettings) -> Evaluation:
    """Judge ours and the reference's on every date after the warm-up."""
    days, truth, months = judged_dates(sample), truth_of(sample), true_monthly_users(sample)
    patterns = {company.company_id: company.role.pattern for company in sample.companies}
    flags = {
        "ours": ours_as_shown(tables.activity),
        "by score": ours_by_engagement(tables.activity),
        "rows of D": reference(tables, metrics.contact, newest_row=False),
        "newest row": reference(tables, metrics.contact, newest_row=True),
    }
    churn = {name: score_churn(verdicts, truth, days, patterns) for name, verdicts in flags.items()}
    mean_users = sum(months.values()) / max(1, len(months))
    return Evaluation(days, churn, score_users(tables, months), mean_users, share_within_bounds(tables, months))


def judged_dates(sample: Sample) -> list[date]:
    """The dates that have 30 days of history."""
    return sample.dates[WARM_UP_DAYS - 1 :]


def told(evaluation: Evaluation) -> Iterator[str]:
    """The lines to print."""
    yield from told_churn(evaluation)
    yield ""
    yield from told_users(evaluation)


def told_churn(evaluation: Evaluation) -> Iterator[str]:
    """The churn flag: a line for each figure, a column for each method."""
    judged = known_future(evaluation.days)
    ours, by_score, *references = evaluation.churn.values()
    yield f"{f'Churn flag, {judged[0]} to {judged[-1]}':<44}{'ours':>10}{'reference: rows of D':>22}{'newest row':>12}"
    for name, text in FIGURES.items():
        cells = [text(scores) for scores in (ours, *references)]
        yield f"  {name:<42}{cells[0]:>10}{cells[1]:>22}{cells[2]:>12}"
    yield f"    ours by engagement score                {number(by_score.lift):>10}"
    yield f"    the best that an order can have         {number(ours.best_lift):>10}"
    alarms = ", ".join(f"{count} {pattern}" for pattern, count in ours.false_alarms.most_common())
    yield f"  our false alarms, by what the company did: {alarms or 'none'}"


def told_users(evaluation: Evaluation) -> Iterator[str]:
    """The monthly users: a line for each estimate."""
    first, last = evaluation.days[0], evaluation.days[-1]
    title = f"Monthly users, {first} to {last}, {evaluation.mean_users:.1f} on average"
    yield f"{title:<56}{'company-days':>14}{'error':>9}{'bias':>9}"
    for name, error in evaluation.users.items():
        yield f"  {name:<54}{error.company_days:>14,}{error.mean_absolute:>9.1f}{error.bias:>+9.1f}"
    yield f"  within our two bounds: {percent(evaluation.within_bounds)}"


FIGURES: dict[str, Callable[[ChurnScores], str]] = {
    "flags on customers": lambda scores: f"{scores.flagged:,}",
    "precision": lambda scores: percent(scores.precision),
    "  counting flags on companies long gone": lambda scores: percent(scores.precision_with_gone),
    "recall": lambda scores: percent(scores.recall),
    f"  in the {DAYS} days before the churn": lambda scores: percent(scores.share_of(scores.before)),
    f"  in the {DAYS} days from the churn on": lambda scores: percent(scores.share_of(scores.after)),
    f"churns flagged within {DAYS} days": lambda scores: f"{len(scores.caught)} of {len(scores.delays)}",
    "  days until the first flag, median": lambda scores: number(scores.delay),
    "top-decile lift": lambda scores: number(scores.lift),
}


def command_line() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--companies", type=at_least_one, default=40, help="number of companies (default 40)")
    parser.add_argument(
        "--days", type=at_least_one, default=90, help=f"number of dates (default 90, at least {MIN_DAYS})"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, other users (default 1, the samples)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate the sample, build its table, judge, print; 2 where the command line or the settings are wrong."""
    parser = command_line()
    given = parser.parse_args(arguments)
    if given.days < MIN_DAYS:
        parser.error(f"--days {given.days} leaves no date with 30 days before it and {DAYS} after it")
    try:
        settings = load_settings()
        spark = spark_session(settings.spark)
    except CompanyActivityError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    sample = generate(given.seed, given.days, given.companies)
    tables = build_tables(spark, sample, judged_dates(sample), settings.metrics)
    print(f"{given.companies} companies, {given.days} dates, seed {given.seed}; metric version", end=" ")
    print(settings.metrics.metric_version, DEFINITIONS, *told(evaluate(sample, tables, settings.metrics)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
