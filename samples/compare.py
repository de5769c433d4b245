"""Print how three churn rules do on plain and hard worlds: the rule of today, the reference's, and whom to call.

python samples/compare.py
python samples/compare.py --companies 80 --days 120      # a quick look: figures of few fades
python samples/compare.py --fleet-companies 30           # ours, if a country were told apart from 30 companies on
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing import Pool
from typing import NamedTuple

from evaluation.comparison import SHOWN, WARM_UP_DAYS, Figures, figures
from evaluation.fate import HORIZON_DAYS
from evaluation.shares import number, percent
from evaluation.worlds import SETTLING_DAYS, WEEK_DAYS, fates_of, flags_of
from generate import at_least_one
from simulation.rules.fleet import Fleet
from simulation.rules.pace import FLEET_COMPANIES
from simulation.rules.reference import reference
from simulation.rules.today import today
from simulation.rules.verdict import Verdicts
from simulation.rules.whom_to_call import whom_to_call
from simulation.worlds.hardness import DEALT, HARD, PLAIN
from simulation.worlds.world import world

WORKERS = 2
MIN_DAYS = 60
TUNED_SEEDS = (1, 2, 3, 4)  # hard worlds were set on these, with a look at those up to 32; no rule was
FRESH_SEEDS = (101, 102, 103, 104, 105, 106, 107, 108)
WORLDS = {"plain": PLAIN, "plain, countries dealt": DEALT, "hard": HARD}
RULES: dict[str, Callable[[Fleet], Verdicts]] = {"today": today, "reference": reference, "ours": whom_to_call}
# Per cent of the fades that the rule of today finds: where it finds others the worlds have moved, and no figure counts.
CALIBRATION = {"plain": (12.5, 25.0), "plain, countries dealt": (12.5, 25.0), "hard": (13.0, 27.0)}
DEFINITIONS = f"""
plain       the simulation of the samples; hard: with all that simulation/worlds/hardness.py names
dealt       in the cast a role has one country: half of a small one then fades at once. Dealt to companies, it does not
customer    a company that has used the product by date D and has not been gone for {HORIZON_DAYS} days
fade found  by the last day: at risk on some date from the first on which a user quits to the last active one
lead        days from the first such date to the last active one; the median of the fades found
delay       days from the first date without anybody to the first one at risk; the median of the churns flagged within
            {HORIZON_DAYS} days
right       a flag on D of a company that churned less than {HORIZON_DAYS} days ago or will within {HORIZON_DAYS} days
precision   right flags, of all flags on customers
recall      right flags, of all customer-days on which a flag would be right
alert       a company enters risk: it was not at risk on its row before. A churn: the flag is right, or users are
            quitting. Shrinking: a company that loses users and stays, until {SETTLING_DAYS} days after. Pause: one that
            pauses or closes for a week, until {WEEK_DAYS} days after. Noise: all else
first {SHOWN}    right ones among the first {SHOWN} of each date's list as it is shown. Ours: the most missing user-days
            first; today: the most reasons, then the most use in 60 days; reference: the fewest users
reference   by each company's newest seven rows, deduplicated, on the day itself: better than it was
dates       from day {WARM_UP_DAYS} on, without the last {HORIZON_DAYS}: their future is unknown
"""


class Task(NamedTuple):
    """One world to judge."""

    kind: str
    seed: int
    companies: int
    days: int
    fleet_companies: int = FLEET_COMPANIES


def judged(task: Task) -> dict[str, Figures]:
    """The figures of each rule on one world."""
    made = world(task.seed, WORLDS[task.kind], task.companies, task.days)
    fates = fates_of(made)
    rules = RULES | {"ours": partial(whom_to_call, fleet_companies=task.fleet_companies)}
    return {name: figures(flags_of(rule(made.fleet)), fates, range(task.days)) for name, rule in rules.items()}


def summed(worlds: Iterable[dict[str, Figures]]) -> dict[str, Figures]:
    """The figures of each rule over all worlds."""
    by_rule = dict.fromkeys(RULES, Figures())
    for of_world in worlds:
        for name, of_rule in of_world.items():
            by_rule[name] += of_rule
    return by_rule


def with_progress(tasks: Sequence[Task], worlds: Iterable[dict[str, Figures]]) -> Iterator[dict[str, Figures]]:
    """The worlds as they come, each named on standard error."""
    for task, of_world in zip(tasks, worlds, strict=True):
        print(f"{task.kind}, seed {task.seed}", file=sys.stderr, flush=True)
        yield of_world


def told(kind: str, tuned: str, seeds: Sequence[int], by_rule: dict[str, Figures]) -> Iterator[str]:
    """The lines of one kind of world; `seeds` follow each other."""
    title = f"{kind}, seeds {seeds[0]} to {seeds[-1]} ({tuned})"
    yield f"{title:<54}" + "".join(f"{name:>12}" for name in by_rule)
    for name, text in LINES.items():
        yield f"  {name:<52}" + "".join(f"{text(of_rule):>12}" for of_rule in by_rule.values())


def calibration(kind: str, of_today: Figures) -> str:
    """Whether the worlds are where they should be.

    >>> calibration("hard", Figures(fades=120, leads=[1] * 6))
    'the rule of today finds 5.0 % of the fades, 13.0 to 27.0 expected: THE WORLDS HAVE MOVED'
    """
    low, high = CALIBRATION[kind]
    found = 100 * of_today.fades_found / max(1, of_today.fades)
    verdict = "as it should be" if low <= found <= high else "THE WORLDS HAVE MOVED"
    return f"the rule of today finds {found:.1f} % of the fades, {low} to {high} expected: {verdict}"


def alerts_on(kind: str) -> Callable[[Figures], str]:
    """The share of the alerts that met this."""
    return lambda of_rule: percent(of_rule.alert_share(kind))


LINES: dict[str, Callable[[Figures], str]] = {
    "fades found by the last day": lambda of_rule: f"{of_rule.fades_found} of {of_rule.fades}",
    "  lead, days": lambda of_rule: number(of_rule.lead),
    "churns flagged": lambda of_rule: f"{len(of_rule.delays)} of {of_rule.churns}",
    "  delay, days": lambda of_rule: number(of_rule.delay),
    "precision by day": lambda of_rule: percent(of_rule.precision),
    "recall by day": lambda of_rule: percent(of_rule.recall),
    "alerts": lambda of_rule: f"{of_rule.alerts.total():,}",
    "  per 100 customers a week": lambda of_rule: number(of_rule.alerts_a_week),
    "  churn": alerts_on("churn"),
    "  shrinking": alerts_on("shrinking"),
    "  pause": alerts_on("pause"),
    "  noise": alerts_on("noise"),
    f"right in the first {SHOWN} of the list": lambda of_rule: percent(of_rule.first_ten),
}


def command_line() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--companies", type=at_least_one, default=400, help="companies of a world (default 400)")
    parser.add_argument("--days", type=at_least_one, default=180, help=f"dates (default 180, at least {MIN_DAYS})")
    parser.add_argument(
        "--fleet-companies",
        type=at_least_one,
        default=FLEET_COMPANIES,
        help=f"as churn.fleet_companies (default {FLEET_COMPANIES})",
    )
    parser.add_argument("--worlds", choices=WORLDS, nargs="+", default=[*WORLDS], help="which kinds (default all)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the worlds, judge the rules on two processes, print; 2 where the command line is wrong."""
    parser = command_line()
    given = parser.parse_args(arguments)
    if given.days < MIN_DAYS:
        parser.error(f"--days {given.days} leaves no churn with a baseline before it")
    print(f"{given.companies} companies, {given.days} dates a world", DEFINITIONS, sep="\n", flush=True)
    with Pool(WORKERS) as pool:
        for kind in given.worlds:
            of_today = Figures()
            for name, seeds in {"tuned": TUNED_SEEDS, "not tuned": FRESH_SEEDS}.items():
                tasks = [Task(kind, seed, given.companies, given.days, given.fleet_companies) for seed in seeds]
                by_rule = summed(with_progress(tasks, pool.imap(judged, tasks)))
                of_today += by_rule["today"]
                print(*told(kind, name, seeds, by_rule), sep="\n", flush=True)
            print(f"  {calibration(kind, of_today)}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
