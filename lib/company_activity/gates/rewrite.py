"""The gate `rewrite`: how much of the tables a run may rewrite or drop that nobody asked it to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from company_activity.dates import spans
from company_activity.gates.arrived import REWRITE
from company_activity.gates.verdict import Verdict


@dataclass(frozen=True)
class Rewriting:
    """Built dates that a run would touch, and that nobody asked for.

    `upgraded` are rewritten because of newer rules, constants or formulas, whatever else moved (what newer rules let in
    may move a company), `rewritten` for other reasons alone.
    `dropped` are no longer complete; `lost` is what a table was built from and the state before it does not know.
    """

    rewritten: Collection[date] = ()
    upgraded: Collection[date] = ()
    dropped: Collection[date] = ()
    lost: Collection[date] = ()

    def without_upgraded(self) -> Rewriting:
        """The same, where someone has accepted the upgrade."""
        return Rewriting(self.rewritten, (), self.dropped, self.lost)


def judge_rewrite(scope: str, found: Rewriting, most: int) -> Verdict:
    """At most `most` dates rewritten, at most as many dropped, and none because a state could not be read.

    >>> days = [date(2025, 1, 1), date(2025, 1, 2)]
    >>> [judge_rewrite("t", found, 1).passed for found in (Rewriting(days[:1]), Rewriting(days), Rewriting(lost=days))]
    [True, False, False]
    >>> print(judge_rewrite("t", Rewriting(lost=days[:1]), 120))
    rewrite on t: found 1 dates that staging no longer knows (2025-01-01): its state could not be read, wanted none
    """
    phrases = []
    if found.lost:
        named = ", ".join(map(str, spans(found.lost)[:3]))
        phrases.append(
            f"{len(found.lost)} dates that staging no longer knows ({named}): its state could not be read"
        )
    if len(found.rewritten) + len(found.upgraded) > most:
        phrases.append(
            f"{len(found.rewritten) + len(found.upgraded)} built dates to rewrite that nobody asked for"
        )
    if len(found.dropped) > most:
        phrases.append(f"{len(found.dropped)} built dates to drop that nobody asked for")
    wanted = "none" if found.lost else f"at most {most}"
    return Verdict(REWRITE, scope, not phrases, "; ".join(phrases) or "no more", wanted)
