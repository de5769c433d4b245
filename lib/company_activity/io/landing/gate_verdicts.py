"""What the gates said of landed generations: a verdict is a create-only file beside the manifest it is about."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from company_activity.gates.arrived import Arrived, accepted_verdict, refused_before
from company_activity.gates.verdict import Verdict
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.paths import Generations, generation_path

NAME = re.compile(r"(refused|accepted)_([a-z]+)\.json")


@dataclass(frozen=True)
class GateVerdicts:
    """Refusals and acceptances in one landing. A newer generation has none yet."""

    landing: Landing

    @cached_property
    def _files(self) -> Generations:
        return self.landing.files()

    def settled(self, verdict: Verdict, one: Arrived, *, accepts: bool, run_id: str) -> Verdict:
        """The verdict that counts for a generation, kept where it is new.

        A refusal stands, whatever is usual by now, until someone `accepts` it; it is then told, and no error.
        """
        said, gate = self.of(one.day, one.generation), verdict.gate
        stands = refused_before(gate, one.day, verdict) if said.get(gate) == "refused" else verdict
        if stands.passed or stands.severity != "error":
            return stands
        if said.get(gate) == "accepted":
            return accepted_verdict(stands)
        if accepts or gate not in said:
            self._note("accepted" if accepts else "refused", stands, one, run_id)
        return accepted_verdict(stands) if accepts else stands

    def of(self, day: date, generation: int) -> dict[str, str]:
        """Gate → `refused` or `accepted`; who accepts, accepts for good."""
        names = self._files.get(day, {}).get(generation, set())
        found = sorted((match.groups() for name in names if (match := NAME.fullmatch(name))), reverse=True)
        return {gate: said for said, gate in found}  # `accepted` comes after `refused`, and stays

    def _note(self, said: str, verdict: Verdict, one: Arrived, run_id: str) -> None:
        told = {"gate": verdict.gate, "verdict": said, "date": str(one.day), "generation": one.generation}
        text = json.dumps(told | {"found": verdict.found, "wanted": verdict.wanted, "run_id": run_id}, indent=1)
        path = generation_path(one.day, one.generation, f"{said}_{verdict.gate}.json")
        self.landing.storage.create(self.landing.at(path), (f"{text}\n".encode(),))
