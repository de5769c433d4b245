"""The errors, as a small tree: each says what, where and the remedy, and has an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class CompanyActivityError(Exception):
    """The root. `str()` is the line that the person on call reads.

    >>> print(UsageError("2025-02-30 is not a date", remedy="give it as YYYY-MM-DD"))
    UsageError: 2025-02-30 is not a date — give it as YYYY-MM-DD
    """

    exit_code = 1

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        line = f"{type(self).__name__}: {self.what}"
        return f"{line} — {self.remedy}" if self.remedy else line


class LakeBusy(CompanyActivityError):
    """Another run holds the lake. Nothing is wrong: try again when it has ended."""


class LakeMoved(CompanyActivityError):
    """Another run has committed to a table since it was read. Nothing was written: the step is taken again."""


class LakeUnfit(CompanyActivityError):
    """This version can neither read nor extend a table of the lake."""


class UsageError(CompanyActivityError):
    """The command line asks for something impossible."""

    exit_code = 2


class SettingsError(CompanyActivityError):
    """A setting is unknown, missing or of the wrong type."""

    exit_code = 2


class CatalogError(CompanyActivityError):
    """A table cannot have its name in `lake.catalog`. Trying again changes nothing: somebody has to decide."""

    exit_code = 2


class RuntimeMissing(CompanyActivityError):
    """Java, a jar or a package that this machine needs is not there."""

    exit_code = 2


class SourceError(CompanyActivityError):
    """The usage API, a CRM file or the landing did not give what was asked for."""

    exit_code = 3


class ApiError(SourceError):
    """The usage API did not answer a date to its end."""


class LandingMissing(SourceError):
    """A date or a part that should have landed is not there."""


class LandingCorrupt(SourceError):
    """What has landed is not what its manifest says."""


class CrmFileRefused(SourceError):
    """A CRM file as a whole cannot be read."""


class GateRefused(CompanyActivityError):
    """A gate found the data not fit to go on; `verdicts` are all that were given with it.

    `besides` is what the step found wrong apart from that, each an error with an exit code of its
    own.
    """

    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        remedy: str = "",
        verdicts: Sequence[Any] = (),
        besides: Sequence[CompanyActivityError] = (),
    ) -> None:
        super().__init__(what, remedy=remedy)
        self.verdicts = tuple(verdicts)
        self.besides = tuple(besides)


class ImbalanceError(GateRefused):
    """Records got lost or doubled between two hops."""


class PublishError(CompanyActivityError):
    """The warehouse could not be brought to the lake's state, or does not show it."""

    exit_code = 5


class Undelivered(CompanyActivityError):
    """The data is done; a message about it is not delivered yet."""

    exit_code = 6
