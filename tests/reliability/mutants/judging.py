"""Mutate a part, let its tests judge, and say what no list allows."""

from __future__ import annotations

from dataclasses import dataclass

from reliability.mutants import verdicts, workshop
from reliability.mutants.parts import Part
from reliability.mutants.survivors import allowed
from reliability.mutants.verdicts import Verdicts, function_of


@dataclass(frozen=True)
class Judged:
    """The verdicts of a part; of its survivors those that are not listed, with what they change."""

    found: Verdicts
    unlisted: dict[str, str]
    unreached: tuple[str, ...]

    @property
    def note(self) -> str:
        """The score in words."""
        tested = len(self.found.killed) + len(self.found.timed_out) + len(self.found.survived) + len(self.found.other)
        return f"{self.found.score:.1f} % of {tested:,} mutants"


def judged(part: Part) -> Judged:
    """Run mutmut, unless it has finished with this code before; what was interrupted goes on where it stopped."""
    place = workshop.PLACE / part.name
    code = workshop.code_of(part)
    mark, finished = place / "code", place / "finished"
    if not mark.is_file() or mark.read_text("utf-8") != code:
        workshop.build(part, place)
        mark.write_text(code, "utf-8")
    if not finished.is_file():
        workshop.mutmut(place, "run", "--max-children", "2", *part.functions)
        hung = verdicts.read(part, place).timed_out
        if hung:
            workshop.mutmut(place, "run", "--max-children", "1", *hung)  # a busy machine is no hang
        finished.touch()
    return compared(part, verdicts.read(part, place))


def compared(part: Part, found: Verdicts) -> Judged:
    """What the part's list does not allow."""
    listed = allowed(part)
    changes = verdicts.diffs(workshop.PLACE / part.name, (*found.survived, *found.other))
    unlisted = {name: change for name, change in changes.items() if (function_of(name), change) not in listed.survivors}
    unreached = {function_of(name) for name in found.untested} - set(listed.elsewhere)
    return Judged(found, unlisted, tuple(sorted(unreached)))
