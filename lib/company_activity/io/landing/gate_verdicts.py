"""Verdicts of the gates on landed generations: each is a file beside the manifest."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from company_activity.gates.arrived import (
    ACCEPTABLE,
    ArrivedDate,
    accepted_verdict,
    refused_before,
)
from company_activity.gates.verdict import Verdict
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.paths import generation_path
from company_activity.io.landing.verdict_files import ACCEPTED, REFUSED, VerdictFiles


@dataclass(frozen=True)
class GateVerdicts:
    """Refusals and acceptances in one landing. A newer generation has none yet."""

    landing: Landing

    def settled(self, verdict: Verdict, one: ArrivedDate, *, accepts: bool, run_id: str) -> Verdict:
        """The verdict that counts for a generation, kept where it is new.

        A refusal stands, whatever is usual by now, until someone `accepts` it: then it is a
        warning.
        """
        gate = verdict.gate
        standing = self._files.standing(lambda decided: _path(one, decided, gate))
        if standing == REFUSED:
            verdict = refused_before(gate, one.day, verdict)
        if verdict.passed or verdict.severity != "error":
            return verdict
        if standing == ACCEPTED:
            return accepted_verdict(verdict)
        if accepts:
            self._keep(ACCEPTED, verdict, one, run_id)
            return accepted_verdict(verdict)
        self._keep(REFUSED, verdict, one, run_id)
        return verdict

    @cached_property
    def _files(self) -> VerdictFiles:
        return VerdictFiles(self._paths, self._create)

    def _paths(self) -> Iterator[str]:
        for day, generations in self.landing.files().items():
            for generation, names in generations.items():
                for name in names:
                    yield generation_path(day, generation, name)

    def _create(self, path: str, text: str) -> bool:
        return self.landing.storage.create(self.landing.at(path), (text.encode(),))

    def _keep(self, decided: str, verdict: Verdict, one: ArrivedDate, run_id: str) -> None:
        content = {
            "gate": verdict.gate,
            "verdict": decided,
            "date": str(one.day),
            "generation": one.generation,
            "found": verdict.found,
            "wanted": verdict.wanted,
            "run_id": run_id,
        }
        self._files.keep(_path(one, decided, verdict.gate), content)


def refusals(names: Collection[str]) -> list[str]:
    """The gates that refused a generation which has files of these names, and that nobody accepted.

    >>> refusals({"manifest.json", "refused_volume.json", "refused_quarantine.json", "accepted_volume.json"})
    ['quarantine']
    """
    return [
        gate
        for gate in ACCEPTABLE
        if _name(REFUSED, gate) in names and _name(ACCEPTED, gate) not in names
    ]


def _path(one: ArrivedDate, decided: str, gate: str) -> str:
    return generation_path(one.day, one.generation, _name(decided, gate))


def _name(decided: str, gate: str) -> str:
    return f"{decided}_{gate}.json"
