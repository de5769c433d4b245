"""Which JDBC driver answers: a pool may bring its own, older than the one that is pinned here."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Driver:
    """A JDBC driver, as it names itself.

    >>> str(Driver("PostgreSQL JDBC Driver", "42.7.7"))
    'PostgreSQL JDBC Driver 42.7.7'
    """

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def is_older_than(self, *numbers: int) -> bool:
        """Whether its version is below this one; a version without numbers is not.

        >>> [Driver("d", version).is_older_than(13, 1) for version in ("12.10.1.0", "13.1.0.0", "?")]
        [True, False, False]
        """
        own = numbers_in(self.version)
        return bool(own) and own < numbers


def numbers_in(version: str) -> tuple[int, ...]:
    """A version as numbers that compare.

    >>> numbers_in("2.9.0.post0") < numbers_in("2.10")
    True
    """
    return tuple(int(number) for number in re.findall(r"\d+", version))
