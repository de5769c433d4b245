"""What a check found, and how checks are taken one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from company_activity.errors import CompanyActivityError
from company_activity.io.secrets.in_urls import without_secrets_in

AGAIN = "run the command that needs it with --debug"
Of = TypeVar("Of")


@dataclass(frozen=True)
class Finding:
    """What a check found.

    An `exit_code` other than 0 is a fault, and comes with a remedy. A remedy alone is advice: runs work as it is.
    """

    name: str
    what: str
    exit_code: int = 0
    remedy: str = ""
    is_looked_at: bool = True

    @property
    def is_fine(self) -> bool:
        return self.exit_code == 0

    @property
    def mark(self) -> str:
        """✗ for a fault, ! for advice, · where nothing was looked at, ✓ for what is as it must be."""
        if not self.is_fine:
            return "✗"
        if self.remedy:
            return "!"
        return "✓" if self.is_looked_at else "·"


Check = Callable[[Of], Finding | Iterable[Finding]]


def not_looked_at(name: str, why: str) -> Finding:
    """A thing that was left alone, and why."""
    return Finding(name, f"not looked at: {why}", is_looked_at=False)


def failed(name: str, error: CompanyActivityError) -> Finding:
    """An error as a finding."""
    return Finding(name, error.what, error.exit_code, error.remedy or AGAIN)


def looked(checks: Iterable[Check[Of]], at: Of) -> Iterator[Finding]:
    """What each check finds. One that fails is a finding, and the others go on."""
    for check in checks:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            found = check(at)
            yield from [found] if isinstance(found, Finding) else found
        except CompanyActivityError as error:
            yield failed(name, error)
        except Exception as error:
            first_line = f"{type(error).__name__}: {error}".strip().split("\n", 1)[0]
            yield Finding(name, without_secrets_in(first_line)[:300], 1, AGAIN)
