"""Settings to ingest by, and clocks that stand still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from company_activity.settings.model import (
    ApiSettings,
    LakeSettings,
    LandingSettings,
    ReportSettings,
    RunSettings,
    Secret,
    Settings,
    SqlSettings,
)

from support.api.usage_api import KEY


def settings_for(url: str, root: Path | str, *, refetch_days: int = 0, **more: dict[str, Any]) -> Settings:
    """The settings to ingest from an API into a directory; `api` and `landing` give further ones."""
    return Settings(
        api=ApiSettings(**{"url": url, "key": Secret(KEY), "max_attempts": 2, **more.get("api", {})}),
        landing=LandingSettings(**{"root": str(root), **more.get("landing", {})}),
        lake=LakeSettings(""),
        sql=SqlSettings(""),
        report=ReportSettings(""),
        run=RunSettings(refetch_days=refetch_days, settle_hours=2),
    )


def clock_at(text: str) -> Callable[[], datetime]:
    """A clock that says this time, UTC."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return lambda: moment
