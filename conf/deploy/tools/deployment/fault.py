"""What a check of deployment files finds wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a file: `path` is relative to the platform's folder, `place` a path of keys within it.

    >>> print(Fault("pipeline/daily.json", "activities[2].dependsOn", "no activity act-stage"))
    pipeline/daily.json: activities[2].dependsOn: no activity act-stage
    """

    path: str
    place: str
    what: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.path, self.place, self.what)))
