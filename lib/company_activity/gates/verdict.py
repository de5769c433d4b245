"""Gates: a named verdict on figures, and the refusal when an error gate does not pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from company_activity.errors import CompanyActivityError, GateRefused


@dataclass(frozen=True)
class Verdict:
    """What a gate found: where, the figure and what it should have been."""

    gate: str
    scope: str
    passed: bool
    found: str
    wanted: str
    severity: str = "error"

    @property
    def is_refusal(self) -> bool:
        """Whether it stops a run."""
        return not self.passed and self.severity == "error"

    def __str__(self) -> str:
        return f"{self.gate} on {self.scope}: found {self.found}, wanted {self.wanted}"


def refuse_unless_passed(
    verdicts: Iterable[Verdict],
    remedy: str,
    besides: Sequence[CompanyActivityError] = (),
) -> list[Verdict]:
    """The verdicts, where no error is among them. A refusal carries the other errors, `besides`.

    Raises:
        GateRefused: naming the first error gate that did not pass, and how many more there are.
    """
    judged = list(verdicts)
    refused = [verdict for verdict in judged if verdict.is_refusal]
    if refused:
        what = f"gate {_first_and_count(refused)}"
        raise GateRefused(what, remedy=remedy, verdicts=judged, besides=besides)
    return judged


def warnings_of(verdicts: Iterable[Verdict]) -> list[str]:
    """A sentence per gate that did not pass but only warns.

    >>> days = ("2025-01-01", "2025-01-02", "2025-01-03")
    >>> warnings_of(Verdict("volume", day, False, "1", "9", "warn") for day in days)
    ['volume on 2025-01-01: found 1, wanted 9 (and 2 more)']
    """
    failed: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if not verdict.passed and verdict.severity == "warn":
            failed.setdefault(verdict.gate, []).append(verdict)
    return [_first_and_count(verdicts) for verdicts in failed.values()]


def _first_and_count(verdicts: Sequence[Verdict]) -> str:
    more = len(verdicts) - 1
    return f"{verdicts[0]} (and {more} more)" if more else str(verdicts[0])


def refuse_defects(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on rows that we built, where all pass. A refusal here cannot be accepted.

    Raises:
        GateRefused: as `refuse_unless_passed`.
    """
    remedy = "the build lost or doubled rows: report it; nothing was written"
    return refuse_unless_passed(verdicts, remedy=remedy)


def key_checks(scope: str, rows: int, keys: int, nulls: int) -> list[Verdict]:
    """Two verdicts: no key in two rows, and no NULL where the table allows none.

    >>> [verdict.passed for verdict in key_checks("dim.companies", rows=3, keys=2, nulls=0)]
    [False, True]
    """
    return [
        equal("unique keys", scope, keys, rows),
        equal("not null", scope, nulls, 0),
    ]


def equal(gate: str, scope: str, found: object, wanted: object) -> Verdict:
    """Both figures must be the same."""
    return Verdict(gate, scope, found == wanted, str(found), str(wanted))
