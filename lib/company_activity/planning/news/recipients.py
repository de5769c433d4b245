"""Who is told of a company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Audience(Protocol):
    """Those who are told news, each by a name."""

    @property
    def names(self) -> Sequence[str]:
        """Each of them once."""

    def of(self, owner: str | None) -> Sequence[str]:
        """Who is told of this owner's companies, each once."""


@dataclass(frozen=True)
class Recipients:
    """The recipient of each owner, the one of all other owners and of none, and those who are told everything.

    A recipient is whatever the settings name: here it only tells one from another. Owners are compared as the CRM
    writes them.
    """

    by_owner: Mapping[str, str]
    default: str
    of_all: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Each recipient once, in alphabetical order."""
        return sorted({*self.by_owner.values(), self.default, *self.of_all})

    def of(self, owner: str | None) -> list[str]:
        """Who is told of this owner's companies, each recipient once.

        >>> recipients = Recipients({"Ann": "ann@acme"}, default="team@acme", of_all=("lead@acme",))
        >>> recipients.of("Ann"), recipients.of(None)
        (['ann@acme', 'lead@acme'], ['team@acme', 'lead@acme'])
        """
        of_owner = self.default if owner is None else self.by_owner.get(owner, self.default)
        return list(dict.fromkeys([of_owner, *self.of_all]))
