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
    verdicts: Iterable[Verdict], remedy: str, besides: Sequence[CompanyActivityError] = ()
) -> list[Verdict]:
    """The verdicts, where no error is among them. A refusal carries what was found `besides`.

    Raises:
        GateRefused: naming the first error gate that did not pass, and how many more there are.
    """
    judged = list(verdicts)
    refused = [v for v in judged if v.is_refusal]
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise GateRefused(f"gate {refused[0]}{more}", remedy=remedy, verdicts=judged, besides=besides)
    return judged


def warnings_of(verdicts: Iterable[Verdict]) -> list[str]:
    """A sentence per gate that did not pass and yet lets the run go on.

    >>> warnings_of(Verdict("volume", f"2025-01-0{n}", False, "1", "9", "warn") for n in (1, 2, 3))
    ['volume on 2025-01-01: found 1, wanted 9 (and 2 more)']
    """
    failed: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if not verdict.passed and verdict.severity == "warn":
            failed.setdefault(verdict.gate, []).append(verdict)
    return [f"{first}{f' (and {len(more)} more)' if more else ''}" for first, *more in failed.values()]


def refuse_defects(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on rows that we made ourselves, where all pass: no one can accept what a defect of ours lost.

    Raises:
        GateRefused: as `refuse_unless_passed`.
    """
    return refuse_unless_passed(verdicts, remedy="the build lost or doubled rows: report it; nothing was written")


def key_checks(scope: str, rows: int, keys: int, nulls: int) -> list[Verdict]:
    """No key in two rows, no NULL where the table allows none.

    >>> [verdict.passed for verdict in key_checks("dim.companies", rows=3, keys=2, nulls=0)]
    [False, True]
    """
    return [equal("unique keys", scope, keys, rows), equal("not null", scope, nulls, 0)]


def equal(gate: str, scope: str, found: object, wanted: object) -> Verdict:
    """Both figures must be the same."""
    return Verdict(gate, scope, found == wanted, str(found), str(wanted))
