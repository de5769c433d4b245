"""Verdicts that stay: each is a create-only file whose name tells what was decided about what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

ACCEPTED = "accepted"
REFUSED = "refused"
BROKEN = "broken"
PRECEDENCE = (ACCEPTED, BROKEN, REFUSED)


class VerdictFiles:
    """The verdict files of one place: listed once, however many verdicts are asked for.

    `names` lists the files that are there; `create` writes one that is not there yet.
    """

    def __init__(
        self, names: Callable[[], Iterable[str]], create: Callable[[str, str], object]
    ) -> None:
        self._list = names
        self._create = create

    def has(self, name: str) -> bool:
        """Whether a verdict of this name was kept."""
        return name in self._names

    def standing(self, name_of: Callable[[str], str]) -> str | None:
        """The verdict that counts, None if there is none: an acceptance outlasts every refusal.

        >>> VerdictFiles(lambda: ["refused_a", "accepted_a"], print).standing("{}_a".format)
        'accepted'
        """
        return next((one for one in PRECEDENCE if self.has(name_of(one))), None)

    def keep(self, name: str, content: Mapping[str, object]) -> None:
        """Keep a verdict; one that is there already stays as it is."""
        if not self.has(name):
            self._create(name, json.dumps(content, indent=1) + "\n")
            self._names.add(name)

    @cached_property
    def _names(self) -> set[str]:
        return set(self._list())
